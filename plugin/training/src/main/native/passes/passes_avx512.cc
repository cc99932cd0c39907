// AVX-512 F, BW, DQ, VL and VPOPCNTDQ.

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace subbit {
namespace {

constexpr const char* kIsa = "avx512";
constexpr std::size_t kVectorBytes = 64;

inline std::uint16_t Signs16(const float* x, const float* shift) {
  const __m512 value = _mm512_add_ps(_mm512_loadu_ps(x), _mm512_loadu_ps(shift));
  return _mm512_cmp_ps_mask(value, _mm512_setzero_ps(), _CMP_GE_OQ);
}

}  // namespace
}  // namespace subbit

#include "passes/passes-inl.h"

namespace subbit {
namespace {

// The compiler is told to fuse nothing by itself; a product and a sum apart take half as long again.
inline Vector MultiplyAdd(float value, Vector vector, Vector sum) {
  return _mm512_fmadd_ps(_mm512_set1_ps(value), vector, sum);
}

}  // namespace
}  // namespace subbit

#include "passes/conv_passes-inl.h"

namespace subbit {
namespace {

void CountBlock(const std::uint64_t* patches, const std::uint64_t* weights, std::int64_t words,
                std::int64_t (&counts)[4][kOutputs]) {
  __m512i sums[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
  for (std::int64_t w = 0; w < words; ++w, weights += kOutputs) {
    const __m512i weight = _mm512_loadu_si512(weights);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const __m512i patch = _mm512_set1_epi64(static_cast<long long>(patches[i * words + w]));
      sums[i] = _mm512_add_epi64(sums[i], _mm512_popcnt_epi64(_mm512_xor_si512(patch, weight)));
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) _mm512_storeu_si512(counts[i], sums[i]);
}

}  // namespace

const Passes& Avx512Passes() {
  static constexpr Passes passes = WithConvs(kPasses);
  return passes;
}

}  // namespace subbit
