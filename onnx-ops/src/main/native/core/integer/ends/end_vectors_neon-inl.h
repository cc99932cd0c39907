// The operations of end_kernels-inl.h on NEON's 128-bit vectors.

#include <arm_neon.h>

#define SUBBIT_VECTOR_BYTES 16
#include "core/integer/ends/end_vectors-inl.h"

namespace subbit {
namespace {

constexpr const char* kIsaName = "neon";

// The four outputs' weights of a step's first value, then those of its second: a multiplication takes one value of a
// pixel and four weights.
constexpr int kLaneStride = 1;
constexpr int kValueStride = 4;
// 20 sums, 4 weights and 5 pixels leave a few of 32 registers.
constexpr int kPixelsAtOnce = 5;
constexpr int kGroupsAtOnce = 2;
using Pixel = std::int16_t;

inline Values Largest(Values a, Values b) { return (Values)vmaxq_s16((int16x8_t)a, (int16x8_t)b); }
inline Values Least(Values a, Values b) { return (Values)vminq_s16((int16x8_t)a, (int16x8_t)b); }
inline Values AddSaturated(Values a, Values b) { return (Values)vqaddq_s16((int16x8_t)a, (int16x8_t)b); }
/// Saturates only -32768 * -32768, and no multiplier is -32768.
inline Values MultiplyHigh(Values a, Values m) { return (Values)vqrdmulhq_s16((int16x8_t)a, (int16x8_t)m); }
inline Values Pack(Sums a, Sums b) { return (Values)vcombine_s16(vqmovn_s32((int32x4_t)a), vqmovn_s32((int32x4_t)b)); }

/// Two values of a pixel.
using Step = int16x4_t;
inline Step LoadStep(const char* p) {
  std::int32_t value;
  __builtin_memcpy(&value, p, sizeof value);
  return vreinterpret_s16_s32(vdup_n_s32(value));
}
inline void MultiplyPairs(Step x, Values weights, Sums* sums) {
  const int32x4_t first = vmlal_lane_s16((int32x4_t)*sums, vget_low_s16((int16x8_t)weights), x, 0);
  *sums = (Sums)vmlal_high_lane_s16(first, (int16x8_t)weights, x, 1);
}

inline void AddProducts(Values a, Values b, Sums* sums) {
  const int32x4_t first = vmlal_s16((int32x4_t)*sums, vget_low_s16((int16x8_t)a), vget_low_s16((int16x8_t)b));
  *sums = (Sums)vmlal_high_s16(first, (int16x8_t)a, (int16x8_t)b);
}
inline Values Widened(const std::int8_t* p) { return (Values)vmovl_s8(vld1_s8(p)); }
/// out[i] = the sum of sums[i]'s lanes.
inline void AddLanes(const Sums* sums, std::int32_t* out) {
  for (int i = 0; i < 4; ++i) out[i] = vaddvq_s32((int32x4_t)sums[i]);
}

/// Bit i is set where lane i of `values` is at least that of `threshold`.
inline std::uint64_t AtLeast(Values values, Values threshold) {
  const uint16x8_t bits = {1, 2, 4, 8, 16, 32, 64, 128};
  return vaddvq_u16(vandq_u16(vcgeq_s16((int16x8_t)values, (int16x8_t)threshold), bits));
}

/// Rounds half to even and saturates; not-a-number becomes 0.
inline void PixelBlock(const float* x, Pixel* out) {
  for (int half = 0; half < 2; ++half, x += 8, out += 8) {
    const int16x4_t low = vqmovn_s32(vcvtnq_s32_f32(vld1q_f32(x)));
    const int16x4_t high = vqmovn_s32(vcvtnq_s32_f32(vld1q_f32(x + 4)));
    const uint8x8_t bytes = vqmovun_s16(vcombine_s16(low, high));
    vst1q_s16(out, vreinterpretq_s16_u16(vmovl_u8(bytes)));
  }
}
inline void PixelBlock(const std::uint8_t* x, Pixel* out) {
  const uint8x16_t bytes = vld1q_u8(x);
  vst1q_s16(out, vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(bytes))));
  vst1q_s16(out + 8, vreinterpretq_s16_u16(vmovl_high_u8(bytes)));
}

/// out[3 * i + c] = planes[c][i] for 16 pixels of 3 channels.
inline void InterleaveBlock(const Pixel (*planes)[kPixelBlock], Pixel* out) {
  for (int half = 0; half < 2; ++half) {
    int16x8x3_t x;
    for (int c = 0; c < 3; ++c) x.val[c] = vld1q_s16(planes[c] + 8 * half);
    vst3q_s16(out + 24 * half, x);
  }
}

}  // namespace
}  // namespace subbit
