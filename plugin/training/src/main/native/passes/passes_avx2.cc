#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace subbit {
namespace {

constexpr const char* kIsa = "avx2";
constexpr std::size_t kVectorBytes = 32;

inline std::uint16_t Signs16(const float* x, const float* shift) {
  unsigned bits = 0;
  for (int half = 0; half < 2; ++half) {
    const __m256 value = _mm256_add_ps(_mm256_loadu_ps(x + 8 * half), _mm256_loadu_ps(shift + 8 * half));
    const int positive = _mm256_movemask_ps(_mm256_cmp_ps(value, _mm256_setzero_ps(), _CMP_GE_OQ));
    bits |= static_cast<unsigned>(positive) << (8 * half);
  }
  return static_cast<std::uint16_t>(bits);
}

}  // namespace
}  // namespace subbit

#include "passes/passes-inl.h"
//
#include "passes/count_words-inl.h"

namespace subbit {
namespace {

// The compiler is told to fuse nothing by itself.
inline Vector MultiplyAdd(float value, Vector vector, Vector sum) {
  return _mm256_fmadd_ps(_mm256_set1_ps(value), vector, sum);
}

}  // namespace
}  // namespace subbit

#include "passes/conv_passes-inl.h"

namespace subbit {

const Passes& Avx2Passes() {
  static constexpr Passes passes = WithConvs(kPasses);
  return passes;
}

}  // namespace subbit
