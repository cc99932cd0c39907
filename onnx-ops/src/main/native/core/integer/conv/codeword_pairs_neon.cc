// Looks up the responses of up to 32 codewords on NEON, whose table instructions look up values in one or two vectors.
// A step, a channel of two pixels and 16 outputs, takes a look-up and an addition and, with its share of AddHalves and
// of making the table, 3.5 operations: 165 binary multiply-adds a cycle on two pipes, by counting; no such processor
// was available.

#include "core/integer/conv/bytes_neon-inl.h"
#include "core/integer/conv/conv_kernels.h"
#include "core/integer/conv/lanes_neon-inl.h"
#include "core/integer/conv/patterns_neon-inl.h"
//
#include "core/integer/conv/finish-inl.h"
#include "core/integer/conv/rows-inl.h"
//
#include "core/integer/conv/codeword_pairs-inl.h"

namespace subbit {
namespace {

std::int64_t ScratchBytes(std::int64_t channels, std::int64_t steps, std::int64_t columns) {
  return CodewordPairCounter<Table32>::ScratchBytes(channels, steps, columns);
}

void ConvolveRows(const ConvTask& task, void* scratch) {
  if (task.row_bytes == Table16::kRowBytes) return Convolve<CodewordPairCounter<Table16>>(task, scratch);
  Convolve<CodewordPairCounter<Table32>>(task, scratch);
}

}  // namespace

const ConvKernels& NeonCodewordPairs() {
  static constexpr ConvKernels kKernels = {
      SumMethod::kCodewordPairs, "look-up of pairs, neon", Isa::kNeon, kBytes, false, ScratchBytes, ConvolveRows, Pool};
  return kKernels;
}

}  // namespace subbit
