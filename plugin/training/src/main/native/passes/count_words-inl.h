// CountBlock of passes-inl.h by the population count of single words; included behind it.

namespace subbit {
namespace {

void CountBlock(const std::uint64_t* patches, const std::uint64_t* weights, std::int64_t words,
                std::int64_t (&counts)[4][kOutputs]) {
  std::memset(counts, 0, sizeof counts);
  for (std::int64_t w = 0; w < words; ++w, weights += kOutputs) {
    for (std::int64_t i = 0; i < 4; ++i) {
      const std::uint64_t patch = patches[i * words + w];
      for (std::int64_t o = 0; o < kOutputs; ++o) counts[i][o] += __builtin_popcountll(patch ^ weights[o]);
    }
  }
}

}  // namespace
}  // namespace subbit
