#include "core/response/response_tables.h"

#include "core/response/response_kernels.h"

namespace subbit {
namespace {

constexpr int kTableSize = ResponseKernels::kTableSize;
constexpr std::int64_t kVectorOutputs = ResponseKernels::kOutputs;
constexpr std::uint8_t kOtherTable = 0x80;

}  // namespace

int ResponseTablesPerPattern(int tau) { return (1 << tau) <= kTableSize ? 1 : (1 << tau) / kTableSize; }

std::vector<std::uint8_t> MakeResponses(const SubBitWeights& weights) {
  constexpr unsigned kPatterns = 1u << kTaps;
  const auto row = static_cast<std::size_t>(ResponseTablesPerPattern(weights.tau) * kTableSize);
  std::vector<std::uint8_t> responses(kPatterns * row, 0);
  for (unsigned pattern = 0; pattern < kPatterns; ++pattern) {
    for (std::size_t k = 0; k < weights.codewords.size(); ++k) {
      responses[pattern * row + k] = static_cast<std::uint8_t>(__builtin_popcount(pattern ^ weights.codewords[k]));
    }
  }
  return responses;
}

std::vector<std::uint8_t> MakeResponseIndices(const SubBitWeights& weights) {
  const int tables = ResponseTablesPerPattern(weights.tau);
  const std::int64_t outs = weights.out_channels / weights.group;
  const std::int64_t vectors = (outs + kVectorOutputs - 1) / kVectorOutputs;
  std::vector<std::uint8_t> indices;
  indices.reserve(static_cast<std::size_t>(weights.group * vectors * weights.in_channels * tables * kVectorOutputs));
  for (std::int64_t vector = 0; vector < weights.group * vectors; ++vector) {
    for (std::int64_t c = 0; c < weights.in_channels; ++c) {
      for (int table = 0; table < tables; ++table) {
        for (std::int64_t i = 0; i < kVectorOutputs; ++i) {
          const std::int64_t o = vector % vectors * kVectorOutputs + i;
          const std::int64_t kernel = (vector / vectors * outs + o) * weights.in_channels + c;
          const int index = o < outs ? weights.index[static_cast<std::size_t>(kernel)] : 0;
          indices.push_back(index / kTableSize == table ? static_cast<std::uint8_t>(index % kTableSize) : kOtherTable);
        }
      }
    }
  }
  return indices;
}

}  // namespace subbit
