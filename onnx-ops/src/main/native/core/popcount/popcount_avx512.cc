// AVX-512 F, BW, VL and VPOPCNTDQ. Sixteen pixels a vector; a pair of words of one output channel, 16 * 64 binary
// multiply-adds, takes five operations. Everything is in an unnamed namespace, see map_kernels-inl.h.

#include <immintrin.h>

#include "core/packing/sign_words_avx512.h"
#include "core/popcount/count_pair_avx512-inl.h"
#include "core/popcount/popcount_kernels.h"

namespace subbit {
namespace {

constexpr int kLanes = 16;
constexpr int kTile = PopcountKernels::kTile;
constexpr int kVectors = kTile / kLanes;
constexpr int kOutputs = PopcountKernels::kOutputs;
constexpr int kClassBlock = 16;  // PaddingSums::kBlock, whose header holds inline functions

/// differences[o][v]: how many signs differ between the patches of vector v and kernel o; popcount_conv.h has the
/// method.
void CountDifferences(const std::uint32_t* patches, const std::uint32_t* weights, std::int64_t words,
                      __m512i (&differences)[kOutputs][kVectors]) {
  __m512i ones[kOutputs][kVectors];
  __m512i twos[kOutputs][kVectors];
#pragma GCC unroll 4
  for (int o = 0; o < kOutputs; ++o) {
    for (int v = 0; v < kVectors; ++v) ones[o][v] = twos[o][v] = _mm512_setzero_si512();
  }
  std::int64_t k = 0;
  for (; k + 2 <= words; k += 2, patches += 2 * kTile, weights += 2 * kOutputs) {
    WordPairs x;
    for (int v = 0; v < kVectors; ++v) {
      x.first[v] = _mm512_load_si512(patches + v * kLanes);
      x.both[v] = _mm512_load_si512(patches + kTile + v * kLanes);
    }
#pragma GCC unroll 4
    for (int o = 0; o < kOutputs; ++o) {
      CountPair(x, _mm512_set1_epi32(static_cast<int>(weights[o])),
                _mm512_set1_epi32(static_cast<int>(weights[kOutputs + o])), ones[o], twos[o]);
    }
  }
#pragma GCC unroll 4
  for (int o = 0; o < kOutputs; ++o) {
    for (int v = 0; v < kVectors; ++v) {
      differences[o][v] = _mm512_add_epi32(_mm512_add_epi32(twos[o][v], twos[o][v]), _mm512_popcnt_epi32(ones[o][v]));
      if (k < words) {
        const __m512i last =
            _mm512_xor_si512(_mm512_load_si512(patches + v * kLanes), _mm512_set1_epi32(static_cast<int>(weights[o])));
        differences[o][v] = _mm512_add_epi32(differences[o][v], _mm512_popcnt_epi32(last));
      }
    }
  }
}

/// Applies to the differences of one output channel everything that the operator does with them. Holds what is constant
/// for a tile.
class Finisher {
 public:
  explicit Finisher(const SignConvTile& tile)
      : finish_(*tile.finish),
        sums_of_class_(tile.sums_of_class),
        class_stride_(tile.out_channels * kClassBlock),
        out_plane_(tile.out_plane),
        last_channel_(tile.out_channels - 1),
        common_classes_(tile.common_classes),
        y_(tile.y),
        residual_(tile.residual),
        s_(tile.s),
        pixels_(static_cast<__mmask32>(tile.pixels == kTile ? ~0u : (1u << tile.pixels) - 1u)),
        signs_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(tile.unfinished_signs))) {
    for (int v = 0; v < kVectors; ++v) {
      classes_[v] = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(tile.classes + v * kLanes)));
    }
  }

  void Finish(std::int64_t channel, const __m512i (&differences)[kVectors]) {
    const std::int64_t out = channel * out_plane_;
    __mmask32 positive = 0;
    for (int v = 0; v < kVectors; ++v) {
      const __m512 sum = _mm512_fnmadd_ps(_mm512_set1_ps(2.0f), _mm512_cvtepi32_ps(differences[v]),
                                          SumsOfClass(channel, classes_[v]));  // whole numbers, exact
      const __m512 conv = _mm512_add_ps(_mm512_mul_ps(sum, _mm512_set1_ps(finish_.scale[channel])),
                                        _mm512_set1_ps(finish_.bias[channel]));
      const auto lanes = static_cast<__mmask16>(pixels_ >> (v * kLanes));
      if (residual_ == nullptr) {
        Store(out + v * kLanes, lanes, conv);
        if (s_ != nullptr) positive |= Positive(conv) << (v * kLanes);
      } else {
        const __m512 y = Block(channel, conv, _mm512_maskz_loadu_ps(lanes, residual_ + out + v * kLanes));
        Store(out + v * kLanes, lanes, y);
        if (s_ != nullptr) {
          positive |= Positive(_mm512_add_ps(y, _mm512_set1_ps(finish_.next_shift[channel]))) << (v * kLanes);
        }
      }
    }
    if (s_ != nullptr) AddSigns(channel, positive);
  }

  __m256i signs() const { return signs_; }

 private:
  /// The start values of the sums of sixteen pixels, by their padding classes; see PaddingSums::Data.
  __m512 SumsOfClass(std::int64_t channel, __m512i classes) const {
    const float* const table = sums_of_class_ + channel * kClassBlock;
    if (common_classes_) return _mm512_permutexvar_ps(classes, _mm512_loadu_ps(table));
    const __m512 low = _mm512_permutex2var_ps(_mm512_loadu_ps(table), classes, _mm512_loadu_ps(table + class_stride_));
    const __m512 high = _mm512_permutex2var_ps(_mm512_loadu_ps(table + 2 * class_stride_), classes,
                                               _mm512_loadu_ps(table + 3 * class_stride_));
    return _mm512_mask_mov_ps(low, _mm512_test_epi32_mask(classes, _mm512_set1_epi32(2 * kClassBlock)), high);
  }

  /// Applies the steps of BinarySubBitBlock to the results of the convolution.
  __m512 Block(std::int64_t channel, __m512 conv, __m512 residual) const {
    const __m512 shifted = _mm512_add_ps(_mm512_add_ps(conv, residual), _mm512_set1_ps(finish_.shift_in[channel]));
    const __mmask16 negative = _mm512_cmp_ps_mask(shifted, _mm512_setzero_ps(), _CMP_NGE_UQ);
    const __m512 sloped = _mm512_mask_mul_ps(shifted, negative, shifted, _mm512_set1_ps(finish_.slope[channel]));
    return _mm512_add_ps(sloped, _mm512_set1_ps(finish_.shift_out[channel]));
  }

  static __mmask32 Positive(__m512 values) { return _mm512_cmp_ps_mask(values, _mm512_setzero_ps(), _CMP_GE_OQ); }

  void Store(std::int64_t at, __mmask16 lanes, __m512 values) const {
    if (y_ == nullptr) return;
    if (lanes == 0xffff) {
      _mm512_storeu_ps(y_ + at, values);
    } else {
      _mm512_mask_storeu_ps(y_ + at, lanes, values);
    }
  }

  /// Adds the channel's bit to the bytes of signs, and stores them if it is the last of a byte.
  void AddSigns(std::int64_t channel, __mmask32 positive) {
    signs_ = _mm256_mask_add_epi8(signs_, positive, signs_, _mm256_set1_epi8(static_cast<char>(1 << (channel % 8))));
    if (channel % 8 != 7 && channel != last_channel_) return;
    _mm256_mask_storeu_epi8(s_ + channel / 8 * out_plane_, pixels_, signs_);
    signs_ = _mm256_setzero_si256();
  }

  const SignConvFinish finish_;
  const float* const sums_of_class_;
  const std::int64_t class_stride_;
  const std::int64_t out_plane_;
  const std::int64_t last_channel_;
  const bool common_classes_;
  float* const y_;
  const float* const residual_;
  std::uint8_t* const s_;
  const __mmask32 pixels_;
  __m256i signs_;
  __m512i classes_[kVectors];
};

void ConvolveTile(const PopcountTile& tile) {
  Finisher finisher(tile);
  const std::uint32_t* weights = tile.weights;
  for (std::int64_t first = 0; first < tile.outs; first += kOutputs, weights += tile.words * kOutputs) {
    __m512i differences[kOutputs][kVectors];
    CountDifferences(tile.patches, weights, tile.words, differences);
#pragma GCC unroll 4
    for (int o = 0; o < kOutputs; ++o) {
      if (first + o < tile.outs) finisher.Finish(tile.first_out + first + o, differences[o]);
    }
  }
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(tile.unfinished_signs), finisher.signs());
}

}  // namespace

const PopcountKernels& Avx512PopcountKernels() {
  static constexpr PopcountKernels kKernels = {"avx512 vpopcntdq", Isa::kAvx512,      kLanes,       PackAvx512,
                                               PackBytesAvx512,    UnpackBytesAvx512, GatherAvx512, ConvolveTile};
  return kKernels;
}

}  // namespace subbit
