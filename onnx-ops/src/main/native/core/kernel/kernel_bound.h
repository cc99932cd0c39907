#pragma once

#include "core/kernel/isa.h"

namespace subbit {

/// A step of a kernel's inner loop: one vector of an instruction set.
enum class VectorStep {
  kNone,        ///< the kernel states no bound
  kAddFloat,    ///< an addition of 32-bit floats
  kAddInt,      ///< an addition of integers of any width
  kCountPairs,  ///< a carry-save addition of two words of differing signs (popcount_conv.h), a count and an addition
  kLookUps,     ///< a look-up of bytes by a shuffle within 16 of them, and an addition of bytes
};

/// The least work of a kernel in one run: a number of steps of one kind. Reading indices, laying out the input, padding
/// and writing the output are excluded, so no run can be as fast as its bound.
struct KernelBound {
  VectorStep step = VectorStep::kNone;
  Isa isa = Isa::kReference;
  double count = 0;
};

}  // namespace subbit
