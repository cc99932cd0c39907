// Counts differing signs four at a time on AVX2, whose byte shuffle looks up sixteen values. A step, four signs of two
// pixels and 32 outputs, takes a shuffle and an addition and, with its share of AddHalves, 2.6 operations: 394 binary
// multiply-adds a cycle on four pipes.

#include "core/integer/conv/bytes_avx2-inl.h"
#include "core/integer/conv/conv_kernels.h"
#include "core/integer/conv/lanes_avx2-inl.h"
//
#include "core/integer/conv/finish-inl.h"
#include "core/integer/conv/rows-inl.h"
//
#include "core/integer/conv/nibble_offsets_avx2-inl.h"
#include "core/integer/conv/nibbles-inl.h"

namespace subbit {

const ConvKernels& Avx2Nibbles() {
  static constexpr ConvKernels kKernels = {SumMethod::kNibbles,
                                           "nibble look-up, avx2",
                                           Isa::kAvx2,
                                           kBytes,
                                           true,
                                           NibbleCounter::ScratchBytes,
                                           Convolve<NibbleCounter>,
                                           Pool};
  return kKernels;
}

}  // namespace subbit
