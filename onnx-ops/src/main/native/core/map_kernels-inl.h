// The loops of map_kernels.h, written once with the compiler's vector types. Each map_kernels_<isa>.cc defines
// SUBBIT_VECTOR_BYTES and includes this file under its own compiler flags.
//
// Everything here is in an unnamed namespace, and nothing here calls an inline function of a header: a function
// compiled for one instruction set must never be merged with the same function of another.

#include <cstdint>

#include "core/map_kernels.h"

namespace subbit {
namespace {

constexpr int kVectorBytes = SUBBIT_VECTOR_BYTES;
template <class E>
struct VectorOf {
  typedef E Type __attribute__((vector_size(kVectorBytes)));
  static constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(E));
  /// Positions of a tile: a wider map saves index loads, a narrower one leaves less of a small image's last tile
  /// unused.
  static constexpr int kTile = sizeof(E) == 4 ? 32 : 64;
  static constexpr int kVectors = kTile / kLanes;  // of one map
};

template <class E>
using Vector = typename VectorOf<E>::Type;

template <class E>
Vector<E> LoadUnaligned(const E* p) {
  Vector<E> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

template <class E>
Vector<E>& At(E* p, int vector) {
  return reinterpret_cast<Vector<E>*>(p)[vector];
}

template <class E>
const Vector<E>& At(const E* p, int vector) {
  return reinterpret_cast<const Vector<E>*>(p)[vector];
}

/// One input value as the operator reads it; the types tell the operators apart.
template <class E, class X>
E ConvertOne(X x, std::int32_t zero_point) {
  if constexpr (sizeof(X) == 1) {
    return static_cast<E>(x - zero_point);
  } else if constexpr (sizeof(E) == sizeof(X)) {
    return x;
  } else {
    return static_cast<E>(2 * static_cast<int>(x >= 0) - 1);  // no branch: signs cannot be predicted
  }
}

/// Converts n >= kBlock values block by block, the last block over the end of the one before: rows are often shorter
/// than what the compiler would unroll a plain loop to.
template <int kBlock, class X, class E>
void ConvertBlocks(const X* __restrict x, std::int64_t n, std::int32_t zero_point, E* __restrict out) {
  for (std::int64_t first = 0; first < n; first += kBlock) {
    const std::int64_t at = first + kBlock <= n ? first : n - kBlock;
    for (int i = 0; i < kBlock; ++i) out[at + i] = ConvertOne<E>(x[at + i], zero_point);
  }
}

template <class X, class E>
void Convert(const X* x, std::int64_t n, std::int64_t stride, std::int32_t zero_point, E* out) {
  if (stride == 1 && n >= 32) {
    ConvertBlocks<32>(x, n, zero_point, out);
  } else if (stride == 1 && n >= 16) {
    ConvertBlocks<16>(x, n, zero_point, out);
  } else if (stride == 1 && n >= 4) {
    ConvertBlocks<4>(x, n, zero_point, out);
  } else {
    for (std::int64_t i = 0; i < n; ++i) out[i] = ConvertOne<E>(x[i * stride], zero_point);
  }
}

template <class E>
void RowMaps(const E* plane, const std::int64_t* tap_offset, E* maps) {
  constexpr int kLanes = VectorOf<E>::kLanes;
  constexpr int kTile = VectorOf<E>::kTile;
  for (int row = 0; row < 3; ++row, maps += 8 * kTile, tap_offset += 3) {
    for (int v = 0; v < VectorOf<E>::kVectors; ++v) {
      const Vector<E> a = LoadUnaligned(plane + tap_offset[0] + v * kLanes);
      const Vector<E> b = LoadUnaligned(plane + tap_offset[1] + v * kLanes);
      const Vector<E> c = LoadUnaligned(plane + tap_offset[2] + v * kLanes);
      const Vector<E> sum = a + b;
      const Vector<E> difference = a - b;
      At(maps + 0 * kTile, v) = -sum - c;
      At(maps + 1 * kTile, v) = difference - c;
      At(maps + 2 * kTile, v) = -difference - c;
      At(maps + 3 * kTile, v) = sum - c;
      At(maps + 4 * kTile, v) = c - sum;
      At(maps + 5 * kTile, v) = c + difference;
      At(maps + 6 * kTile, v) = c - difference;
      At(maps + 7 * kTile, v) = c + sum;
    }
  }
}

template <class E>
void Responses(const E* row_maps, const std::uint16_t* codewords, int count, E* maps) {
  constexpr int kTile = VectorOf<E>::kTile;
  for (int k = 0; k < count; ++k, maps += kTile) {
    const E* top = row_maps + (codewords[k] & 7) * kTile;
    const E* middle = row_maps + (8 + ((codewords[k] >> 3) & 7)) * kTile;
    const E* bottom = row_maps + (16 + (codewords[k] >> 6)) * kTile;
    for (int v = 0; v < VectorOf<E>::kVectors; ++v) At(maps, v) = At(top, v) + At(middle, v) + At(bottom, v);
  }
}

/// sums += the vectors of `part`, lane by lane in the wider type.
template <class E, class A>
void Accumulate(const Vector<E>* part, A* sums) {
  if constexpr (sizeof(E) == sizeof(A)) {
    for (int v = 0; v < VectorOf<E>::kVectors; ++v) At(sums, v) += part[v];
  } else {
    alignas(64) E lanes[VectorOf<E>::kTile];
    for (int v = 0; v < VectorOf<E>::kVectors; ++v) At(lanes, v) = part[v];
    for (int i = 0; i < VectorOf<E>::kTile; ++i) sums[i] = static_cast<A>(sums[i] + lanes[i]);
  }
}

template <int kOutputs, class E, class A>
void AddTo(const E* maps, const std::uint16_t* slots, int count, A* sums) {
  constexpr int kTile = VectorOf<E>::kTile;
  Vector<E> part[kOutputs][VectorOf<E>::kVectors] = {};
  for (int j = 0; j < count; ++j) {
    for (int o = 0; o < kOutputs; ++o) {
      const E* map = maps + slots[o * count + j] * kTile;
      for (int v = 0; v < VectorOf<E>::kVectors; ++v) part[o][v] += At(map, v);
    }
  }
  for (int o = 0; o < kOutputs; ++o) Accumulate<E, A>(part[o], sums + o * kTile);
}

template <class E, class A>
void Add(const E* maps, const std::uint16_t* slots, int outs, int count, A* sums) {
  constexpr int kTile = VectorOf<E>::kTile;
  // Four sums in flight hide the latency of an addition.
  constexpr int kOutputsAtOnce = VectorOf<E>::kVectors >= 4 ? 1 : 4 / VectorOf<E>::kVectors;
  int o = 0;
  for (; o + kOutputsAtOnce <= outs; o += kOutputsAtOnce) {
    AddTo<kOutputsAtOnce>(maps, slots + o * count, count, sums + o * kTile);
  }
  for (; o < outs; ++o) AddTo<1>(maps, slots + o * count, count, sums + o * kTile);
}

template <class A, int kTile>
void FinishFloat(const A* __restrict sums, const ChannelFinish& channel, float* __restrict y) {
  const float multiplier = channel.multiplier;
  const float addend = channel.addend;
  for (int i = 0; i < kTile; ++i) {
    const float product = static_cast<float>(sums[i]) * multiplier;
    y[i] = product + addend;
  }
}

/// Requantize (requantization.h) for a whole tile. Adding and subtracting 1.5 * 2^23 rounds a float of magnitude below
/// 2^22 half to even, in any vector width.
template <class Q, int kLow, int kHigh, int kTile>
void FinishQuantized(const std::int32_t* __restrict sums, const ChannelFinish& channel, Q* __restrict y) {
  const float low = static_cast<float>(kLow - channel.y_zero_point);
  const float high = static_cast<float>(kHigh - channel.y_zero_point);
  const float multiplier = channel.multiplier;
  const auto bias = static_cast<std::uint32_t>(channel.bias);
  const std::int32_t zero_point = channel.y_zero_point;
  constexpr float kRound = 12582912.0f;
  for (int i = 0; i < kTile; ++i) {
    const auto total = static_cast<std::int32_t>(static_cast<std::uint32_t>(sums[i]) + bias);
    float value = static_cast<float>(total) * multiplier;
    value = value > low ? value : low;
    value = value < high ? value : high;
    value = (value + kRound) - kRound;
    y[i] = static_cast<Q>(static_cast<std::int32_t>(value) + zero_point);
  }
}

/// 14 responses of nine taps fit: 14 * 9 <= 127 for taps of magnitude 1 in 8 bits, 14 * 9 * 255 <= 32767 for taps of
/// magnitude 255 in 16 bits. Floats do not overflow; there the bound only keeps the slots in cache.
constexpr int kMaxChannels = 14;

template <class X, class E, class A, class Y>
constexpr MapKernels<X, E, A, Y> Table(const char* isa, void (*finish)(const A*, const ChannelFinish&, Y*)) {
  return {isa, VectorOf<E>::kTile, kMaxChannels, Convert<X, E>, RowMaps<E>, Responses<E>, Add<E, A>, finish};
}

constexpr MapKernelSet MakeMapKernelSet(const char* isa) {
  return {Table<float, float, float>(isa, FinishFloat<float, VectorOf<float>::kTile>),
          Table<float, std::int8_t, std::int16_t>(isa, FinishFloat<std::int16_t, VectorOf<std::int8_t>::kTile>),
          Table<float, std::int16_t, std::int32_t>(isa, FinishFloat<std::int32_t, VectorOf<std::int16_t>::kTile>),
          Table<std::uint8_t, std::int16_t, std::int32_t>(
              isa, FinishQuantized<std::uint8_t, 0, 255, VectorOf<std::int16_t>::kTile>),
          Table<std::int8_t, std::int16_t, std::int32_t>(
              isa, FinishQuantized<std::int8_t, -128, 127, VectorOf<std::int16_t>::kTile>)};
}

}  // namespace
}  // namespace subbit
