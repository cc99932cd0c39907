// Packing, unpacking and gathering for Avx512PopcountKernels, sixteen words a vector. Everything but the entry points
// is in an unnamed namespace, see map_kernels-inl.h.

#include "core/packing/sign_words_avx512.h"

#include <immintrin.h>

namespace subbit {
namespace {

constexpr int kLanes = 16;

__mmask16 FirstLanes(std::int64_t n) { return static_cast<__mmask16>(n >= kLanes ? 0xffff : (1 << n) - 1); }

/// kVectors vectors of words, so that a channel's values are read some cache lines at a time.
template <int kVectors>
void PackVectors(const float* x, std::int64_t plane, int channels, const float* shift, std::int64_t n,
                 std::uint32_t* out) {
  __m512i words[kVectors];
  __mmask16 lanes[kVectors];
  for (int v = 0; v < kVectors; ++v) {
    words[v] = _mm512_setzero_si512();
    lanes[v] = n - v * kLanes <= 0 ? __mmask16{0} : FirstLanes(n - v * kLanes);
  }
  for (int c = 0; c < channels; ++c, x += plane) {
    const __m512i bit = _mm512_set1_epi32(static_cast<int>(1u << c));
    for (int v = 0; v < kVectors; ++v) {
      __m512 values = _mm512_maskz_loadu_ps(lanes[v], x + v * kLanes);
      if (shift != nullptr) values = _mm512_add_ps(values, _mm512_set1_ps(shift[c]));
      const __mmask16 set = _mm512_cmp_ps_mask(values, _mm512_setzero_ps(), _CMP_GE_OQ);
      words[v] = _mm512_mask_or_epi32(words[v], set, words[v], bit);
    }
  }
  for (int v = 0; v < kVectors; ++v) _mm512_mask_storeu_epi32(out + v * kLanes, lanes[v], words[v]);
}

}  // namespace

void PackAvx512(const float* x, std::int64_t plane, int channels, const float* shift, std::int64_t n,
                std::uint32_t* out) {
  constexpr int kVectors = 8;
  std::int64_t i = 0;
  for (; i + kVectors * kLanes <= n; i += kVectors * kLanes) {
    PackVectors<kVectors>(x + i, plane, channels, shift, kVectors * kLanes, out + i);
  }
  for (; i < n; i += 2 * kLanes) PackVectors<2>(x + i, plane, channels, shift, n - i, out + i);
}

void PackBytesAvx512(const std::uint8_t* b, std::int64_t plane, int first, int channels, std::int64_t n,
                     std::uint32_t* out) {
  const __m512i used = _mm512_set1_epi32(static_cast<int>(channels == 32 ? ~0u : (1u << channels) - 1u));
  const int bytes = (first + channels + 7) / 8;
  for (std::int64_t i = 0; i < n; i += kLanes) {
    const __mmask16 lanes = FirstLanes(n - i);
    __m512i word = _mm512_srl_epi32(_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(lanes, b + i)), _mm_cvtsi32_si128(first));
    for (int j = 1; j < bytes; ++j) {
      const __m512i byte = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(lanes, b + j * plane + i));
      word = _mm512_or_si512(word, _mm512_sll_epi32(byte, _mm_cvtsi32_si128(8 * j - first)));
    }
    _mm512_mask_storeu_epi32(out + i, lanes, _mm512_and_si512(word, used));
  }
}

void UnpackBytesAvx512(const std::uint32_t* words, std::int64_t n, int bytes, std::int64_t plane, std::uint8_t* out) {
  for (std::int64_t i = 0; i < n; i += kLanes) {
    const __mmask16 lanes = FirstLanes(n - i);
    __m512i word = _mm512_maskz_loadu_epi32(lanes, words + i);
    for (int j = 0; j < bytes; ++j, word = _mm512_srli_epi32(word, 8)) {
      _mm_mask_storeu_epi8(out + j * plane + i, lanes, _mm512_cvtepi32_epi8(word));
    }
  }
}

void GatherAvx512(const TapRun* runs, int count, const TapSlots& slots, const std::uint32_t* plane, std::int64_t stride,
                  std::uint32_t* patches) {
  const __m512i columns = _mm512_mullo_epi32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                                             _mm512_set1_epi32(static_cast<int>(stride)));
  for (int r = 0; r < count; ++r) {
    const TapRun& run = runs[r];
    const __m128i shift = _mm_cvtsi32_si128(slots.shift[run.tap]);
    std::uint32_t* to = patches + slots.slot[run.tap] * PopcountKernels::kTile + run.offset;
    for (int i = 0; i < run.length; i += kLanes) {
      const __mmask16 lanes = FirstLanes(run.length - i);
      const std::uint32_t* from = plane + run.from + i * stride;
      const __m512i words = stride == 1 ? _mm512_maskz_loadu_epi32(lanes, from)
                                        : _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), lanes, columns, from, 4);
      const __m512i before = _mm512_maskz_loadu_epi32(lanes, to + i);
      _mm512_mask_storeu_epi32(to + i, lanes, _mm512_or_si512(before, _mm512_sll_epi32(words, shift)));
    }
  }
}

}  // namespace subbit
