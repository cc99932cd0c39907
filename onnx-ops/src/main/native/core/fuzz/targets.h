#pragma once

#include "core/fuzz/fuzz_target.h"

namespace subbit {

/// Attributes, shapes and tensors of single operators: each is refused, or gives weights and sizes that agree.
void FuzzOperators(FuzzInput* input);

/// Layers of any geometry: every kernel of this processor gives what the reference does.
void FuzzKernels(FuzzInput* input);

/// IntegerNetwork nodes, sound or damaged: refused, or run with the same bits on every instruction set.
void FuzzIntegerNetwork(FuzzInput* input);

}  // namespace subbit
