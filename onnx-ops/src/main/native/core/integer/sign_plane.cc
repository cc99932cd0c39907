#include "core/integer/sign_plane.h"

#include <algorithm>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace subbit {
namespace {

constexpr std::int64_t kSignsTogether = 16;

/// Bit i is set where x[i] >= threshold[i], for kSignsTogether values. Every processor of a platform has these
/// instructions, so no kernel of an instruction set is needed.
std::uint64_t SignsOf(const std::int16_t* x, const std::int16_t* threshold) {
#if defined(__SSE2__)
  const auto below = [&](int i) {
    return _mm_cmpgt_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(threshold + i)),
                           _mm_loadu_si128(reinterpret_cast<const __m128i*>(x + i)));
  };
  return static_cast<std::uint64_t>(_mm_movemask_epi8(_mm_packs_epi16(below(0), below(8))) ^ 0xffff);
#elif defined(__ARM_NEON)
  static constexpr std::uint16_t kBits[8] = {1, 2, 4, 8, 16, 32, 64, 128};
  const auto bits = [&](int i) -> std::uint64_t {
    return vaddvq_u16(vandq_u16(vcgeq_s16(vld1q_s16(x + i), vld1q_s16(threshold + i)), vld1q_u16(kBits)));
  };
  return bits(0) | bits(8) << 8;
#else
  std::uint64_t signs = 0;
  for (std::int64_t i = 0; i < kSignsTogether; ++i) signs |= static_cast<std::uint64_t>(x[i] >= threshold[i]) << i;
  return signs;
#endif
}

/// A word of signs, of which `count` are those of values.
std::uint64_t WordOfSigns(const std::int16_t* x, const std::int16_t* threshold, std::int64_t count) {
  std::uint64_t signs = 0;
  std::int64_t i = 0;
  for (; i + kSignsTogether <= count; i += kSignsTogether) signs |= SignsOf(x + i, threshold + i) << i;
  for (; i < count; ++i) signs |= static_cast<std::uint64_t>(x[i] >= threshold[i]) << i;
  return signs;
}

}  // namespace

void ClearBorder(const SignPlane& plane, RowRange rows) {
  const std::int64_t words = plane.Words();
  if (rows.begin == 0) std::fill_n(plane.At(-1, -1), plane.Pitch(), std::uint64_t{0});
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    std::fill_n(plane.At(row, -1), words, std::uint64_t{0});
    std::fill_n(plane.At(row, plane.shape.width), words, std::uint64_t{0});
  }
  if (rows.end == plane.shape.height) std::fill_n(plane.At(rows.end, -1), plane.Pitch(), std::uint64_t{0});
}

void WriteSigns(const std::int16_t* x, const std::int16_t* threshold, RowRange rows, const SignPlane& plane) {
  const std::int64_t channels = plane.shape.channels;
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    const std::int16_t* pixel = x + row * plane.shape.width * channels;
    std::uint64_t* to = plane.At(row, 0);
    for (std::int64_t column = 0; column < plane.shape.width; ++column, pixel += channels) {
      for (std::int64_t first = 0; first < channels; first += 64) {
        *to++ = WordOfSigns(pixel + first, threshold + first, std::min<std::int64_t>(64, channels - first));
      }
    }
  }
}

}  // namespace subbit
