// The loops of map_kernels.h, written once with the compiler's vector types. Each map_kernels_<isa>.cc defines
// SUBBIT_VECTOR_BYTES and includes this file under its own compiler flags. This file adds the maps up; how they are
// made is in map_making-inl.h.
//
// Everything here is in an unnamed namespace, and nothing here calls an inline function of a header: a function
// compiled for one instruction set must never be merged with the same function of another.

#include <cstdint>

#include "core/response/map_kernels.h"
#include "core/response/map_vectors-inl.h"
// The vector types must be included first.
#include "core/response/map_making-inl.h"

namespace subbit {
namespace {

/// Sums of one vector of maps, kept in the type A. Where A is wider than E the even lanes come first and then the odd
/// ones.
template <class E, class A>
void SetSums(Vector<E> part, A* sums) {
  if constexpr (sizeof(E) == sizeof(A)) {
    At(sums, 0) = part;
  } else {
    At(sums, 0) = Even<E>(part);
    At(sums, 1) = Odd<E>(part);
  }
}
template <class E, class A>
void AddToSums(Vector<E> part, A* sums) {
  if constexpr (sizeof(E) == sizeof(A)) {
    At(sums, 0) += part;
  } else {
    At(sums, 0) += Even<E>(part);
    At(sums, 1) += Odd<E>(part);
  }
}

inline Vector<float> Affine(Vector<float> sum, const ChannelFinish& channel) {
  const Vector<float> product = sum * channel.multiplier;
  return product + channel.addend;
}

/// ScaledResidual (requantization.h).
inline Vector<float> Scaled(Vector<std::int32_t> values, const ResidualScaling& residual) {
  return ToFloat(values - residual.zero_point) * residual.multiplier;
}

/// Requantize (requantization.h). Adding and subtracting 1.5 * 2^23 rounds a float of magnitude below 2^22 half to
/// even, in any vector width.
template <int kLow, int kHigh>
Vector<std::int32_t> Requantized(Vector<std::int32_t> sum, const ChannelFinish& channel, Vector<float> residual) {
  const Vector<std::uint32_t> total = (Vector<std::uint32_t>)sum + static_cast<std::uint32_t>(channel.bias);
  const Vector<float> low = Vector<float>{} + static_cast<float>(kLow - channel.y_zero_point);
  const Vector<float> high = Vector<float>{} + static_cast<float>(kHigh - channel.y_zero_point);
  constexpr float kRound = 12582912.0f;
  Vector<float> value = ToFloat((Vector<std::int32_t>)total) * channel.multiplier;
  value = value + residual;
  value = value > low ? value : low;
  value = value < high ? value : high;
  value = (value + kRound) - kRound;
  return __builtin_convertvector(value, Vector<std::int32_t>) + channel.y_zero_point;
}

/// Finishes and stores the complete sums of one vector, laid out as Accumulate does.
inline void Finish(const float* sums, const ChannelFinish& channel, const PixelRun* run, const PixelRun* end,
                   float* y) {
  StorePixels(Affine(At(sums, 0), channel), 0, run, end, y);
}
inline void Finish(const std::int32_t* sums, const ChannelFinish& channel, const PixelRun* run, const PixelRun* end,
                   float* y) {
  Vector<float> low;
  Vector<float> high;
  Interleave(Affine(ToFloat(At(sums, 0)), channel), Affine(ToFloat(At(sums, 1)), channel), &low, &high);
  StorePixels(low, 0, run, end, y);
  StorePixels(high, kLanes<float>, run, end, y);
}
inline void Finish(const std::int16_t* sums, const ChannelFinish& channel, const PixelRun* run, const PixelRun* end,
                   float* y) {
  Vector<float> even[2];
  Vector<float> odd[2];
  Vector<float> ordered[2];
  const auto finished = [&](Vector<std::int32_t> sum) { return Affine(ToFloat(sum), channel); };
  Interleave(finished(Even<std::int16_t>(At(sums, 0))), finished(Odd<std::int16_t>(At(sums, 0))), &even[0], &even[1]);
  Interleave(finished(Even<std::int16_t>(At(sums, 1))), finished(Odd<std::int16_t>(At(sums, 1))), &odd[0], &odd[1]);
  for (int half = 0; half < 2; ++half) {
    Interleave(even[half], odd[half], &ordered[0], &ordered[1]);
    for (int i = 0; i < 2; ++i) StorePixels(ordered[i], (2 * half + i) * kLanes<float>, run, end, y);
  }
}
template <class Q, int kLow, int kHigh>
void FinishQuantized(const std::int32_t* sums, const ChannelFinish& channel, const PixelRun* run, const PixelRun* end,
                     const Q* residual, const ResidualScaling& scaling, Q* y) {
  Vector<float> even_residual{};
  Vector<float> odd_residual{};
  if (residual != nullptr) {
    const Vector<std::int16_t> values = LoadPixels(run, end, residual);
    even_residual = Scaled(Even<std::int16_t>(values), scaling);
    odd_residual = Scaled(Odd<std::int16_t>(values), scaling);
  }
  const Vector<std::int32_t> even = Requantized<kLow, kHigh>(At(sums, 0), channel, even_residual);
  const Vector<std::int32_t> odd = Requantized<kLow, kHigh>(At(sums, 1), channel, odd_residual);
  const Vector<std::uint32_t> both = ((Vector<std::uint32_t>)even & 0xffffu) | ((Vector<std::uint32_t>)odd << 16);
  StorePixels((Vector<std::int16_t>)both, run, end, y);
}

/// Finishes output channel o's sums of vector v and stores them.
template <class E, class A, class Y>
void FinishVector(const MapPass<E, A, Y>& pass, std::int64_t o, int v, const A* sums) {
  Y* const y = pass.y + o * pass.y_stride;
  if constexpr (sizeof(Y) == 1) {
    constexpr bool kSigned = static_cast<Y>(-1) < 0;
    const Y* const residual = pass.residual == nullptr ? nullptr : pass.residual + o * pass.y_stride;
    FinishQuantized<Y, kSigned ? -128 : 0, kSigned ? 127 : 255>(sums, pass.finish[o], pass.runs[v], pass.runs[v + 1],
                                                                residual, pass.residual_scaling, y);
  } else {
    Finish(sums, pass.finish[o], pass.runs[v], pass.runs[v + 1], y);
  }
}

/// Output channels whose sums are in registers together: they hide the latency of an addition, and leave registers for
/// the loop.
constexpr int kOutputs = kVectorBytes == 64 ? 8 : 4;

/// Adds maps up for kOutputs output channels from `first_output` on. The loops over outputs are unrolled by force: only
/// then are the sums registers from beginning to end.
template <int kTileVectors, class E, class A, class Y>
void SumOutputs(const MapPass<E, A, Y>& pass, std::int64_t first_output, const std::uint16_t* slots, A* sums) {
  Vector<E> part[kOutputs][kTileVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kOutputs; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < kTileVectors; ++v) part[i][v] = Vector<E>{};
  }
  const E* const second = pass.maps + pass.map_stride;
  for (int j = 0; j < pass.count; ++j, slots += kOutputs) {
    std::uint64_t packed = 0;
#pragma GCC unroll 8
    for (int i = 0; i < kOutputs; ++i, packed >>= 16) {
      if (i % 4 == 0) __builtin_memcpy(&packed, slots + i, sizeof packed);
      const auto slot = static_cast<std::uint16_t>(packed);
      part[i][0] += AtSlot(pass.maps, slot);
      if constexpr (kTileVectors == 2) part[i][1] += AtSlot(second, slot);
    }
  }
  if constexpr (sizeof(E) == sizeof(float)) {  // weights of several stages are float
    if (pass.scale != nullptr) {
#pragma GCC unroll 8
      for (int i = 0; i < kOutputs; ++i) {
#pragma GCC unroll 2
        for (int v = 0; v < kTileVectors; ++v) part[i][v] *= pass.scale[first_output + i];
      }
    }
  }
  if (pass.first) {
#pragma GCC unroll 8
    for (int i = 0; i < kOutputs; ++i) {
#pragma GCC unroll 2
      for (int v = 0; v < kTileVectors; ++v) SetSums<E>(part[i][v], sums + (i * kTileVectors + v) * kLanes<E>);
    }
  } else {
#pragma GCC unroll 8
    for (int i = 0; i < kOutputs; ++i) {
#pragma GCC unroll 2
      for (int v = 0; v < kTileVectors; ++v) AddToSums<E>(part[i][v], sums + (i * kTileVectors + v) * kLanes<E>);
    }
  }
}

template <int kTileVectors, class E, class A, class Y>
void Sum(const MapPass<E, A, Y>& pass) {
  constexpr int kSums = kTileVectors * kLanes<E>;  // of one output channel
  const std::uint16_t* slots = pass.slots;
  A* sums = pass.sums;
  for (std::int64_t o = 0; o < pass.outs; o += kOutputs, slots += pass.count * kOutputs, sums += kOutputs * kSums) {
    SumOutputs<kTileVectors>(pass, o, slots, sums);
    if (!pass.last) continue;
    for (int i = 0; i < kOutputs && o + i < pass.outs; ++i) {
      for (int v = 0; v < kTileVectors; ++v) {
        FinishVector(pass, o + i, v, sums + i * kSums + v * kLanes<E>);
      }
    }
  }
}

/// The number of channels whose responses fit into E together. 14 * 9 <= 127 for activations of magnitude 1 in 8 bits;
/// 28 * 9 * 128 <= 32767 for activations of magnitude 128 in 16 bits. Floats do not overflow; there the bound only
/// keeps slots in 16 bits.
template <class E>
constexpr int kMaxBlockChannels = sizeof(E) == 1   ? 14
                                  : sizeof(E) == 2 ? 28
                                                   : 64;

template <class X, class E, class A, class Y>
constexpr MapKernels<X, E, A, Y> Table(Isa isa) {
  return {isa,
          kLanes<E>,
          kOutputs,
          kMaxBlockChannels<E>,
          Convert<X, E>,
          MakeRows<E>,
          MakeHalves<E>,
          {MakeResponses<1, E>, MakeResponses<2, E>},
          {Sum<1, E, A, Y>, Sum<2, E, A, Y>}};
}

constexpr MapKernelSet MakeMapKernelSet(Isa isa) {
  return {Table<float, float, float, float>(isa), Table<float, std::int8_t, std::int16_t, float>(isa),
          Table<float, std::int16_t, std::int32_t, float>(isa),
          Table<std::uint8_t, std::int16_t, std::int32_t, std::uint8_t>(isa),
          Table<std::int8_t, std::int16_t, std::int32_t, std::int8_t>(isa)};
}

}  // namespace
}  // namespace subbit
