// Looks up the responses of up to sixteen codewords on AVX2. A step, a channel of two pixels and 32 outputs, takes a
// shuffle and an addition and, with its share of AddHalves and of making the table, 3.8 operations: 600 binary
// multiply-adds a cycle on four pipes.

#include "core/integer/conv/bytes_avx2-inl.h"
#include "core/integer/conv/conv_kernels.h"
#include "core/integer/conv/lanes_avx2-inl.h"
#include "core/integer/conv/patterns_avx2-inl.h"
//
#include "core/integer/conv/finish-inl.h"
#include "core/integer/conv/rows-inl.h"
//
#include "core/integer/conv/codeword_pairs-inl.h"

namespace subbit {

const ConvKernels& Avx2CodewordPairs() {
  using Counter = CodewordPairCounter<Table16>;
  static constexpr ConvKernels kKernels = {SumMethod::kCodewordPairs,
                                           "look-up of pairs, avx2",
                                           Isa::kAvx2,
                                           kBytes,
                                           true,
                                           Counter::ScratchBytes,
                                           Convolve<Counter>,
                                           Pool};
  return kKernels;
}

}  // namespace subbit
