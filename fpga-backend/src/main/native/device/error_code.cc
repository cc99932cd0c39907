#include "device/error_code.h"

namespace subbit::fpga {

const char* Describe(ErrorCode code) {
  for (const ErrorRow& row : kErrors) {
    if (row.code == code) {
      return row.meaning;
    }
  }
  return "the device reported an error code that this driver does not know";
}

}  // namespace subbit::fpga
