#pragma once

#include <cstdint>

namespace subbit {

/// What happens to the sum of one output channel.
struct ChannelFinish {
  float multiplier;           ///< scale, or the requantization multiplier
  float addend;               ///< bias of the float operators
  std::int32_t bias;          ///< B of the quantized operator
  std::int32_t y_zero_point;  ///< of the quantized operator
};

/// The inner loops of MapConv for one instruction set; map_conv.h explains the algorithm and its words. A map is a
/// vector of `tile` values of type E, one for each of `tile` neighbouring positions; maps lie one after the other at a
/// cache-line boundary.
///
/// X is the operator's input type, E the type that responses are computed in, A the type that they are summed up in
/// over all channels, Y the output type.
template <class X, class E, class A, class Y>
struct MapKernels {
  const char* isa;
  int tile;
  int max_channels;  ///< responses of so many channels may be added in E without overflow

  /// out[i] = x[i * stride] as the operator reads it, for i < n: as it is for SubBitConv, -1 or +1 for
  /// BinarySubBitConv, minus the zero point for QLinearSubBitConv.
  void (*convert)(const X* x, std::int64_t n, std::int64_t stride, std::int32_t zero_point, E* out);

  /// maps[row * 8 + pattern]: the three taps of kernel row `row` added with the signs of `pattern` (bit j set: +tap j).
  /// `plane` is a channel at the tile's first position.
  void (*row_maps)(const E* plane, const std::int64_t* tap_offset, E* maps);

  /// maps[k] = the response of codeword k: its three row patterns added.
  void (*responses)(const E* row_maps, const std::uint16_t* codewords, int count, E* maps);

  /// sums[o] += maps[slots[o * count + 0]] + ... + maps[slots[o * count + count - 1]] for o < outs; sums is
  /// [outs][tile].
  void (*add)(const E* maps, const std::uint16_t* slots, int outs, int count, A* sums);

  /// y[i] from sums[i], for a whole tile.
  void (*finish)(const A* sums, const ChannelFinish& channel, Y* y);
};

/// All tables of one instruction set.
struct MapKernelSet {
  MapKernels<float, float, float, float> real;
  MapKernels<float, std::int8_t, std::int16_t, float> binary;        ///< up to kMaxNarrowBinaryChannels channels
  MapKernels<float, std::int16_t, std::int32_t, float> wide_binary;  ///< any number of channels
  MapKernels<std::uint8_t, std::int16_t, std::int32_t, std::uint8_t> quantized_u8;
  MapKernels<std::int8_t, std::int16_t, std::int32_t, std::int8_t> quantized_i8;
};

/// Nine taps of -1 or +1 over so many channels fit in 16 bits.
constexpr std::int64_t kMaxNarrowBinaryChannels = 32767 / 9;

const MapKernelSet& PortableMapKernels();
#ifdef SUBBIT_X86_KERNELS
const MapKernelSet& Avx2MapKernels();
const MapKernelSet& Avx512MapKernels();
#endif

}  // namespace subbit
