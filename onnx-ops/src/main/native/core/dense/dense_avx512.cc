// AVX-512 F, BW, DQ, VL and VNNI. A step multiplies 4 unsigned by 4 signed bytes in each of 16 lanes and adds the
// products to a 32-bit sum, exactly. Everything is in an unnamed namespace, see map_kernels-inl.h.

#include <immintrin.h>

#include "core/dense/dense_kernels.h"

namespace subbit {
namespace {

constexpr int kLanes = DensePass::kLanes;
constexpr int kOutputs = DensePass::kOutputs;

__mmask16 Lanes(const PixelRun& run) { return static_cast<__mmask16>(((1u << run.length) - 1) << run.offset); }

void Pack(const std::uint8_t* x, std::int64_t channel_stride, int channels, std::int64_t n, std::int64_t stride,
          std::uint8_t flip, std::uint32_t* out) {
  if (stride != 1) {
    for (std::int64_t i = 0; i < n; ++i) {
      std::uint32_t word = 0;
      for (int c = 0; c < channels; ++c) {
        word |= static_cast<std::uint32_t>(x[c * channel_stride + i * stride] ^ flip) << (8 * c);
      }
      out[i] = word;
    }
    return;
  }
  const __m128i flips = _mm_set1_epi8(static_cast<char>(flip));
  for (std::int64_t i = 0; i < n; i += kLanes) {
    const auto lanes = static_cast<__mmask16>(n - i >= kLanes ? 0xffff : (1 << (n - i)) - 1);
    __m512i words = _mm512_setzero_si512();
    for (int c = channels - 1; c >= 0; --c) {
      const __m128i bytes = _mm_xor_si128(_mm_maskz_loadu_epi8(lanes, x + c * channel_stride + i), flips);
      words = _mm512_or_si512(_mm512_slli_epi32(words, 8), _mm512_cvtepu8_epi32(bytes));
    }
    _mm512_mask_storeu_epi32(out + i, lanes, words);
  }
}

void Gather(const DensePass& pass, int vectors, std::uint32_t* patches) {
  const std::uint32_t* word = pass.x;
  for (std::int64_t w = 0; w < pass.words; ++w, word += pass.x_stride) {
    for (int tap = 0; tap < 9; ++tap) {
      const std::uint32_t* const at = word + pass.tap_offset[tap];
      for (int v = 0; v < vectors; ++v, patches += kLanes) {
        __m512i values = _mm512_setzero_si512();
        for (const PixelRun* run = pass.runs[v]; run != pass.runs[v + 1]; ++run) {
          values = _mm512_mask_loadu_epi32(values, Lanes(*run), at + run->pixel - run->offset);
        }
        _mm512_store_si512(patches, values);
      }
    }
  }
}

/// ScaledResidual (requantization.h) of a vector's pixels; `plane` is the output channel's residual, or null for zeros.
__m512 ScaledResiduals(const DensePass& pass, const std::uint8_t* plane, const PixelRun* run, const PixelRun* end) {
  if (plane == nullptr) return _mm512_setzero_ps();
  __m128i bytes = _mm_setzero_si128();
  for (; run != end; ++run) {
    bytes = _mm_mask_loadu_epi8(bytes, Lanes(*run), plane + run->pixel - run->offset);
  }
  bytes = _mm_xor_si128(bytes, _mm_set1_epi8(static_cast<char>(pass.flip)));
  const __m512i zero_point = _mm512_set1_epi32(pass.residual_scaling.zero_point);
  const __m512 values = _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_cvtepu8_epi32(bytes), zero_point));
  return _mm512_mul_ps(values, _mm512_set1_ps(pass.residual_scaling.multiplier));
}

/// Requantize (requantization.h) of a sum that holds the bias already.
__m128i Requantized(__m512i sum, const ChannelFinish& channel, __m512 residual, __m512 low, __m512 high) {
  __m512 value = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_set1_ps(channel.multiplier));
  value = _mm512_add_ps(value, residual);
  value = _mm512_min_ps(_mm512_max_ps(value, low), high);
  const __m512i rounded = _mm512_cvt_roundps_epi32(value, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  return _mm512_cvtepi32_epi8(_mm512_add_epi32(rounded, _mm512_set1_epi32(channel.y_zero_point)));
}

/// sum += the four products of bytes in each lane. In place of _mm512_dpbusd_epi32, around which GCC 12 copies every
/// sum twice and spills half of them.
inline void MultiplyAdd(__m512i x, __m512i weight, __m512i* sum) {
  asm("vpdpbusd %[weight], %[x], %[sum]" : [sum] "+v"(*sum) : [x] "v"(x), [weight] "v"(weight));
}

/// The words of vector v for one tap, which is at `at`. A vector that is put together costs one or two masked loads
/// more for every kOutputs multiplications.
template <int kSpans>
inline __m512i LoadWords(const DensePass& pass, const std::uint32_t* at, int v) {
  if constexpr (kSpans == 0) {
    return _mm512_loadu_si512(at + v * kLanes);
  } else {
    const DensePass::Spans& spans = pass.spans[v];
    __m512i words = _mm512_loadu_si512(at + spans.at[0]);
#pragma GCC unroll 3
    for (int s = 1; s < kSpans; ++s) {
      words = _mm512_mask_loadu_epi32(words, spans.lanes[s], at + spans.at[s]);
    }
    return words;
  }
}

/// Whether all lanes of a vector are neighbouring pixels, which need no mask.
inline bool IsWhole(const PixelRun* run) { return run->length == kLanes; }

/// kOutputs output channels from number `first` on. The loops over them are unrolled by force: only then are the sums
/// registers from beginning to end.
template <int kVectors, int kSpans>
void MultiplyOutputs(const DensePass& pass, std::int64_t first, const std::uint32_t* weights) {
  __m512i sums[kOutputs][kVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kOutputs; ++i) {
    const __m512i bias = _mm512_set1_epi32(pass.finish[first + i].bias);
#pragma GCC unroll 3
    for (int v = 0; v < kVectors; ++v) sums[i][v] = bias;
  }
  const std::uint32_t* word = pass.x;
  for (std::int64_t w = 0; w < pass.words; ++w, word += pass.x_stride) {
    for (int tap = 0; tap < 9; ++tap, weights += kOutputs) {
      const std::uint32_t* const at = word + pass.tap_offset[tap];
      __m512i x[kVectors];
#pragma GCC unroll 3
      for (int v = 0; v < kVectors; ++v) x[v] = LoadWords<kSpans>(pass, at, v);
#pragma GCC unroll 8
      for (int i = 0; i < kOutputs; ++i) {
        const __m512i weight = _mm512_set1_epi32(static_cast<int>(weights[i]));
#pragma GCC unroll 3
        for (int v = 0; v < kVectors; ++v) MultiplyAdd(x[v], weight, &sums[i][v]);
      }
    }
  }
  const __m512 low = _mm512_set1_ps(pass.low);
  const __m512 high = _mm512_set1_ps(pass.high);
#pragma GCC unroll 8
  for (int i = 0; i < kOutputs; ++i) {
    if (first + i >= pass.outs) break;
    std::uint8_t* const y = pass.y + (first + i) * pass.y_stride;
    const std::uint8_t* const plane = pass.residual == nullptr ? nullptr : pass.residual + (first + i) * pass.y_stride;
#pragma GCC unroll 3
    for (int v = 0; v < kVectors; ++v) {
      const PixelRun* run = pass.runs[v];
      const __m512 residual = ScaledResiduals(pass, plane, run, pass.runs[v + 1]);
      const __m128i bytes = Requantized(sums[i][v], pass.finish[first + i], residual, low, high);
      if (run != pass.runs[v + 1] && IsWhole(run)) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(y + run->pixel), bytes);
        continue;
      }
      for (; run != pass.runs[v + 1]; ++run) {
        _mm_mask_storeu_epi8(y + run->pixel - run->offset, Lanes(*run), bytes);
      }
    }
  }
}

template <int kVectors, int kSpans>
void MultiplyAll(const DensePass& pass) {
  for (std::int64_t o = 0; o < pass.outs; o += kOutputs) {
    MultiplyOutputs<kVectors, kSpans>(pass, o, pass.weights + o * pass.words * 9);
  }
}

template <int kVectors>
void Multiply(const DensePass& pass) {
  if (pass.most_spans == 0) return MultiplyAll<kVectors, 0>(pass);
  if (pass.most_spans == 2) return MultiplyAll<kVectors, 2>(pass);
  MultiplyAll<kVectors, 3>(pass);
}

}  // namespace

const DenseKernels& Avx512VnniDenseKernels() {
  static constexpr DenseKernels kKernels = {"avx512 vnni", 4.5,    true,
                                            Pack,          Gather, {Multiply<1>, Multiply<2>, Multiply<3>}};
  return kKernels;
}

}  // namespace subbit
