#pragma once

#include "tables/device.h"

namespace subbit::fpga {

/// One sentence for a person, without a full stop. Any value may be passed, also one that is not in the list.
const char* Describe(ErrorCode code);

}  // namespace subbit::fpga
