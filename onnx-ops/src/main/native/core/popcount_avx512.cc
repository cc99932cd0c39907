// AVX-512 F, BW, VL and VPOPCNTDQ. Sixteen positions a vector; a step of count_differences does 16 * 32 binary
// multiply-adds with an exclusive or, a population count and an addition. Everything is in an unnamed namespace, see
// map_kernels-inl.h.

#include <immintrin.h>

#include "core/popcount_kernels.h"

namespace subbit {
namespace {

constexpr int kLanes = 16;

void Pack(const float* x, std::int64_t channel_stride, int channels, std::int64_t n, std::int64_t stride,
          std::uint32_t* out) {
  const __m512i columns = _mm512_mullo_epi32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                                             _mm512_set1_epi32(static_cast<int>(stride)));
  for (std::int64_t i = 0; i < n; i += kLanes) {
    const auto lanes = static_cast<__mmask16>(n - i >= kLanes ? 0xffff : (1 << (n - i)) - 1);
    const float* channel = x + i * stride;
    __m512i bits = _mm512_setzero_si512();
    for (int c = 0; c < channels; ++c, channel += channel_stride) {
      const __m512 values = stride == 1 ? _mm512_maskz_loadu_ps(lanes, channel)
                                        : _mm512_mask_i32gather_ps(_mm512_setzero_ps(), lanes, columns, channel, 4);
      const __mmask16 set = _mm512_cmp_ps_mask(values, _mm512_setzero_ps(), _CMP_GE_OQ);
      bits = _mm512_mask_or_epi32(bits, set, bits, _mm512_set1_epi32(static_cast<int>(1u << c)));
    }
    _mm512_mask_storeu_epi32(out + i, lanes, bits);
  }
}

void CountDifferences(const std::uint32_t* patches, const std::uint32_t* weights, int count,
                      std::int32_t* differences) {
  constexpr int kVectors = PopcountKernels::kTile / kLanes;
  __m512i sums[PopcountKernels::kOutputs][kVectors];
  for (auto& row : sums) {
    for (auto& sum : row) sum = _mm512_setzero_si512();
  }
  for (int k = 0; k < count; ++k, patches += PopcountKernels::kTile, weights += PopcountKernels::kOutputs) {
    for (int o = 0; o < PopcountKernels::kOutputs; ++o) {
      const __m512i weight = _mm512_set1_epi32(static_cast<int>(weights[o]));
      for (int v = 0; v < kVectors; ++v) {
        const __m512i patch = _mm512_load_si512(patches + v * kLanes);
        sums[o][v] = _mm512_add_epi32(sums[o][v], _mm512_popcnt_epi32(_mm512_xor_si512(patch, weight)));
      }
    }
  }
  for (int o = 0; o < PopcountKernels::kOutputs; ++o) {
    for (int v = 0; v < kVectors; ++v) {
      _mm512_store_si512(differences + o * PopcountKernels::kTile + v * kLanes, sums[o][v]);
    }
  }
}

/// Entry mask[i] of a table of 64 numbers, for masks below 64. Cheaper than a gather.
__m512i LookUp(const __m512i* table, __m512i mask) {
  const __m512i low = _mm512_permutex2var_epi32(table[0], mask, table[1]);
  const __m512i high = _mm512_permutex2var_epi32(table[2], mask, table[3]);
  return _mm512_mask_mov_epi32(low, _mm512_test_epi32_mask(mask, _mm512_set1_epi32(32)), high);
}

void Finish(const std::int32_t* differences, std::int64_t n, std::int32_t taps, const std::uint8_t* masks,
            const std::int32_t* padding_of_mask, const ChannelFinish& channel, float* y) {
  const __m512 multiplier = _mm512_set1_ps(channel.multiplier);
  const __m512 addend = _mm512_set1_ps(channel.addend);
  __m512i table[4];
  for (int i = 0; i < 4; ++i) table[i] = _mm512_loadu_si512(padding_of_mask + i * kLanes);
  for (std::int64_t i = 0; i < n; i += kLanes) {
    const auto lanes = static_cast<__mmask16>(n - i >= kLanes ? 0xffff : (1 << (n - i)) - 1);
    const __m512i counted = _mm512_maskz_loadu_epi32(lanes, differences + i);
    __m512i sum = _mm512_sub_epi32(_mm512_set1_epi32(taps), _mm512_slli_epi32(counted, 1));
    if (masks != nullptr) {
      sum = _mm512_add_epi32(sum, LookUp(table, _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(lanes, masks + i))));
    }
    const __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), multiplier);
    _mm512_mask_storeu_ps(y + i, lanes, _mm512_add_ps(product, addend));
  }
}

}  // namespace

const PopcountKernels& Avx512PopcountKernels() {
  static constexpr PopcountKernels kKernels = {"avx512 vpopcntdq", Pack, CountDifferences, Finish};
  return kKernels;
}

}  // namespace subbit
