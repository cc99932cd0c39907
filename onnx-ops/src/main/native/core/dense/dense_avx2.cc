// AVX2. A step multiplies 32 unsigned bytes by 32 taps of -1 and +1 and adds neighbouring products, which lie within
// twice 255, to sums of 16 bits, exactly; these are widened before they could overflow. A vector of DensePass is a pair
// of registers here. Everything is in an unnamed namespace, see map_kernels-inl.h.

#include <immintrin.h>

#include "core/dense/dense_kernels.h"

namespace subbit {
namespace {

constexpr int kLanes = DensePass::kLanes;
constexpr int kOutputs = DensePass::kOutputs;
constexpr int kHalf = kLanes / 2;  // lanes of a register
/// Output channels whose sums are in registers together.
constexpr int kTogether = 4;
/// Words of four channels whose taps add up to at most 7 * 9 * 510 <= 32767.
constexpr std::int64_t kNarrowWords = 7;

/// Copies `n` bytes, at most 16, in at most two steps that may overlap.
inline void CopyFew(const void* from, void* to, std::int64_t n) {
  const auto* const f = static_cast<const char*>(from);
  auto* const t = static_cast<char*>(to);
  if (n >= 8) {
    __builtin_memcpy(t, f, 8);
    __builtin_memcpy(t + n - 8, f + n - 8, 8);
  } else if (n >= 4) {
    __builtin_memcpy(t, f, 4);
    __builtin_memcpy(t + n - 4, f + n - 4, 4);
  } else {
    for (std::int64_t i = 0; i < n; ++i) t[i] = f[i];
  }
}

/// Copies `n` words, at most 16, likewise.
inline void CopyWords(const std::uint32_t* from, std::uint32_t* to, std::int64_t n) {
  if (n >= kHalf) {
    const __m256i first = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    const __m256i last = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + n - kHalf));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), first);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + n - kHalf), last);
  } else if (n >= 4) {
    __builtin_memcpy(to, from, 16);
    __builtin_memcpy(to + n - 4, from + n - 4, 16);
  } else {
    CopyFew(from, to, n * 4);
  }
}

/// The words of 16 positions, from up to 16 bytes of each channel: `n` of them are read.
inline void PackVector(const std::uint8_t* x, std::int64_t channel_stride, int channels, std::int64_t n, __m128i flips,
                       __m128i* words) {
  __m128i bytes[4] = {};
  for (int c = 0; c < channels; ++c) {
    const std::uint8_t* const from = x + c * channel_stride;
    if (n == kLanes) {
      bytes[c] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    } else {
      CopyFew(from, &bytes[c], n);
    }
    bytes[c] = _mm_xor_si128(bytes[c], flips);
  }
  const __m128i low01 = _mm_unpacklo_epi8(bytes[0], bytes[1]);
  const __m128i high01 = _mm_unpackhi_epi8(bytes[0], bytes[1]);
  const __m128i low23 = _mm_unpacklo_epi8(bytes[2], bytes[3]);
  const __m128i high23 = _mm_unpackhi_epi8(bytes[2], bytes[3]);
  words[0] = _mm_unpacklo_epi16(low01, low23);
  words[1] = _mm_unpackhi_epi16(low01, low23);
  words[2] = _mm_unpacklo_epi16(high01, high23);
  words[3] = _mm_unpackhi_epi16(high01, high23);
}

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
    const std::int64_t count = n - i < kLanes ? n - i : kLanes;
    alignas(16) std::uint32_t words[kLanes];
    PackVector(x + i, channel_stride, channels, count, flips, reinterpret_cast<__m128i*>(words));
    CopyWords(words, out + i, count);
  }
}

void Gather(const DensePass& pass, int vectors, std::uint32_t* patches) {
  const std::uint32_t* word = pass.x;
  for (std::int64_t w = 0; w < pass.words; ++w, word += pass.x_stride) {
    for (int tap = 0; tap < 9; ++tap) {
      const std::uint32_t* const at = word + pass.tap_offset[tap];
      for (int v = 0; v < vectors; ++v, patches += kLanes) {
        std::int64_t filled = 0;
        for (const PixelRun* run = pass.runs[v]; run != pass.runs[v + 1]; ++run) {
          CopyWords(at + run->pixel, patches + run->offset, run->length);
          filled += run->length;
        }
        for (; filled < kLanes; ++filled) patches[filled] = 0;
      }
    }
  }
}

/// ScaledResidual (requantization.h) of a vector's pixels; `plane` is the output channel's residual, or null for zeros.
inline void ScaledResiduals(const DensePass& pass, const std::uint8_t* plane, const PixelRun* run, const PixelRun* end,
                            __m256* scaled) {
  scaled[0] = scaled[1] = _mm256_setzero_ps();
  if (plane == nullptr) return;
  alignas(16) std::uint8_t bytes[kLanes] = {};
  for (; run != end; ++run) CopyFew(plane + run->pixel, bytes + run->offset, run->length);
  const __m128i values = _mm_xor_si128(_mm_load_si128(reinterpret_cast<const __m128i*>(bytes)),
                                       _mm_set1_epi8(static_cast<char>(pass.flip)));
  const __m256i zero_point = _mm256_set1_epi32(pass.residual_scaling.zero_point);
  const __m256 multiplier = _mm256_set1_ps(pass.residual_scaling.multiplier);
  const __m256i halves[2] = {_mm256_cvtepu8_epi32(values), _mm256_cvtepu8_epi32(_mm_srli_si128(values, kHalf))};
  for (int h = 0; h < 2; ++h) {
    scaled[h] = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(halves[h], zero_point)), multiplier);
  }
}

/// Requantize (requantization.h) of a sum that holds the bias already.
inline __m256i Requantized(__m256i sum, const ChannelFinish& channel, __m256 residual, __m256 low, __m256 high) {
  __m256 value = _mm256_mul_ps(_mm256_cvtepi32_ps(sum), _mm256_set1_ps(channel.multiplier));
  value = _mm256_add_ps(value, residual);
  value = _mm256_min_ps(_mm256_max_ps(value, low), high);
  value = _mm256_round_ps(value, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  return _mm256_add_epi32(_mm256_cvtps_epi32(value), _mm256_set1_epi32(channel.y_zero_point));
}

/// The lowest bytes of 16 numbers.
inline __m128i LowBytes(__m256i first, __m256i last) {
  const __m256i mask = _mm256_set1_epi32(0xff);
  const __m256i words = _mm256_packus_epi32(_mm256_and_si256(first, mask), _mm256_and_si256(last, mask));
  const __m256i ordered = _mm256_permute4x64_epi64(words, 0xd8);
  return _mm_packus_epi16(_mm256_castsi256_si128(ordered), _mm256_extracti128_si256(ordered, 1));
}

/// Finishes the sums of one output channel at one vector of positions, and stores them.
inline void Finish(const DensePass& pass, std::int64_t o, int v, const __m256i* sums) {
  const ChannelFinish& channel = pass.finish[o];
  const std::uint8_t* const plane = pass.residual == nullptr ? nullptr : pass.residual + o * pass.y_stride;
  const __m256i bias = _mm256_set1_epi32(channel.bias);
  const __m256 low = _mm256_set1_ps(pass.low);
  const __m256 high = _mm256_set1_ps(pass.high);
  __m256 residual[2];
  ScaledResiduals(pass, plane, pass.runs[v], pass.runs[v + 1], residual);
  const __m128i bytes = LowBytes(Requantized(_mm256_add_epi32(sums[0], bias), channel, residual[0], low, high),
                                 Requantized(_mm256_add_epi32(sums[1], bias), channel, residual[1], low, high));
  std::uint8_t* const y = pass.y + o * pass.y_stride;
  const PixelRun* run = pass.runs[v];
  if (run != pass.runs[v + 1] && run->length == kLanes) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y + run->pixel), bytes);
    return;
  }
  alignas(16) std::uint8_t values[kLanes];
  _mm_store_si128(reinterpret_cast<__m128i*>(values), bytes);
  for (; run != pass.runs[v + 1]; ++run) CopyFew(values + run->offset, y + run->pixel, run->length);
}

/// sum += the products of bytes, added in pairs. The addition is spelt out because GCC 12 otherwise sorts the additions
/// of all taps anew and keeps their products in memory.
inline void MultiplyAdd(__m256i x, __m256i taps, __m256i* sum) {
  const __m256i products = _mm256_maddubs_epi16(x, taps);
  asm("vpaddw %[products], %[sum], %[sum]" : [sum] "+x"(*sum) : [products] "x"(products));
}

/// kTogether output channels from number `first` on at vector v; their taps are at `weights` and then every kOutputs
/// words. The loops over them are unrolled by force: only then are the sums registers from beginning to end.
void MultiplyOutputs(const DensePass& pass, std::int64_t first, int v, const std::uint32_t* weights) {
  __m256i sums[kTogether][2];
#pragma GCC unroll 4
  for (int i = 0; i < kTogether; ++i) sums[i][0] = sums[i][1] = _mm256_setzero_si256();
  const __m256i ones = _mm256_set1_epi16(1);
  const std::uint32_t* word = pass.x + v * kLanes;
  for (std::int64_t begin = 0; begin < pass.words; begin += kNarrowWords) {
    const std::int64_t end = begin + kNarrowWords < pass.words ? begin + kNarrowWords : pass.words;
    __m256i narrow[kTogether][2];
#pragma GCC unroll 4
    for (int i = 0; i < kTogether; ++i) narrow[i][0] = narrow[i][1] = _mm256_setzero_si256();
    for (std::int64_t w = begin; w < end; ++w, word += pass.x_stride) {
      for (int tap = 0; tap < 9; ++tap, weights += kOutputs) {
        const std::uint32_t* const at = word + pass.tap_offset[tap];
        const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
        const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + kHalf));
#pragma GCC unroll 4
        for (int i = 0; i < kTogether; ++i) {
          const __m256i taps = _mm256_set1_epi32(static_cast<int>(weights[i]));
          MultiplyAdd(low, taps, &narrow[i][0]);
          MultiplyAdd(high, taps, &narrow[i][1]);
        }
      }
    }
#pragma GCC unroll 4
    for (int i = 0; i < kTogether; ++i) {
      sums[i][0] = _mm256_add_epi32(sums[i][0], _mm256_madd_epi16(narrow[i][0], ones));
      sums[i][1] = _mm256_add_epi32(sums[i][1], _mm256_madd_epi16(narrow[i][1], ones));
    }
  }
  for (int i = 0; i < kTogether && first + i < pass.outs; ++i) Finish(pass, first + i, v, sums[i]);
}

template <int kVectors>
void Multiply(const DensePass& pass) {
  for (std::int64_t o = 0; o < pass.outs; o += kTogether) {
    const std::uint32_t* const weights = pass.weights + o / kOutputs * kOutputs * pass.words * 9 + o % kOutputs;
    for (int v = 0; v < kVectors; ++v) MultiplyOutputs(pass, o, v, weights);
  }
}

}  // namespace

const DenseKernels& Avx2DenseKernels() {
  static constexpr DenseKernels kKernels = {"avx2", 7.3, false, Pack, Gather, {Multiply<1>, Multiply<2>, Multiply<3>}};
  return kKernels;
}

}  // namespace subbit
