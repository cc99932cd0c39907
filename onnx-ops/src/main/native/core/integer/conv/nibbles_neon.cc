// Counts differing signs four at a time on NEON, whose table instruction looks up sixteen values. A step, four signs of
// two pixels and 16 outputs, takes a look-up and an addition and, with its share of AddHalves, 2.4 operations: 106
// binary multiply-adds a cycle on two pipes, by counting; no such processor was available.

#include "core/integer/conv/bytes_neon-inl.h"
#include "core/integer/conv/conv_kernels.h"
#include "core/integer/conv/lanes_neon-inl.h"
//
#include "core/integer/conv/finish-inl.h"
#include "core/integer/conv/rows-inl.h"
//
#include "core/integer/conv/nibble_offsets_neon-inl.h"
#include "core/integer/conv/nibbles-inl.h"

namespace subbit {

const ConvKernels& NeonNibbles() {
  static constexpr ConvKernels kKernels = {
      SumMethod::kNibbles,         "nibble look-up, neon",  Isa::kNeon, kBytes, false,
      NibbleCounter::ScratchBytes, Convolve<NibbleCounter>, Pool};
  return kKernels;
}

}  // namespace subbit
