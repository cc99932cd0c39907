#pragma once

#include <cstdint>

#include "core/kernel/isa.h"
#include "core/kernel/phase_planes.h"
#include "core/operator/residual_scaling.h"

namespace subbit {

/// What is applied to the sum of one output channel.
struct ChannelFinish {
  float multiplier;           ///< scale, or the requantization multiplier
  float addend;               ///< bias of the float operators
  std::int32_t bias;          ///< B of the quantized operator
  std::int32_t y_zero_point;  ///< of the quantized operator
};

/// The unit of slots in bytes; an address can use it as its scale.
constexpr std::int64_t kSlotBytes = 8;

/// The largest number of vectors of positions that are processed at once.
constexpr int kMaxTileVectors = 2;

/// The number of maps of one input row: its patterns of signs.
constexpr int kRowPatterns = 8;

/// A codeword whose top row is known: the slots of its other two row maps, each counted from its row's first.
struct LowerRowSlots {
  std::uint8_t middle;
  std::uint8_t bottom;
};

/// Codewords in the order of their top rows' patterns: those of pattern p come before number end[p].
struct CodewordList {
  const LowerRowSlots* codewords;
  const std::uint16_t* end;  ///< [kRowPatterns]
};

/// One pass of a tile over all output channels of a group, for one block of input channels. A, E and Y are those of
/// MapKernels.
template <class E, class A, class Y>
struct MapPass {
  const E* maps;                ///< of the first vector
  std::int64_t map_stride;      ///< values from the maps of a vector to those of the next
  const std::uint16_t* slots;   ///< [outs / kOutputs, rounded up][count][kOutputs]
  int count;                    ///< maps that an output channel adds
  std::int64_t outs;            ///< output channels
  A* sums;                      ///< of the blocks before; [outs, rounded up][vectors][lanes], lanes in any order
  bool first;                   ///< `sums` is yet to be written
  bool last;                    ///< the sums are finished and stored to y
  const float* scale;           ///< what this block's sums are multiplied by, [outs, rounded up]; null for 1
  const ChannelFinish* finish;  ///< [outs]
  const PixelRun* runs[kMaxTileVectors + 1];  ///< the pixels of vector v: from runs[v] up to runs[v + 1]
  const Y* residual;                          ///< of QLinearSubBitBlock, laid out as y; else null
  ResidualScaling residual_scaling;
  Y* y;                   ///< the first output channel's plane
  std::int64_t y_stride;  ///< values from one output channel's plane to the next
};

/// The inner loops of MapConv for one instruction set; map_conv.h explains the algorithm and its words. A map is one
/// vector of `lanes` values of type E, for as many neighbouring positions; maps lie one after the other at a cache-line
/// boundary.
///
/// X is the operator's input type, E the type that maps are computed in, A the type that they are summed up in over all
/// channels, Y the output type.
template <class X, class E, class A, class Y>
struct MapKernels {
  Isa isa;
  int lanes;
  int outputs_at_once;  ///< kOutputs: output channels whose slots lie side by side
  int max_channels;     ///< the responses of this many channels can be added in E without overflow

  /// out[i] = x[i * stride] as the operator reads it, for i < n: unchanged for SubBitConv, -1 or +1 for
  /// BinarySubBitConv, minus `offset` for QLinearSubBitConv.
  void (*convert)(const X* x, std::int64_t n, std::int64_t stride, std::int32_t offset, E* out);

  /// All make maps of one channel for one vector of positions; `plane` is the channel at the vector's first position.
  /// maps[8 * row + pattern]: the three taps of each of `count` rows added with the signs of `pattern` (bit j set: +tap
  /// j).
  void (*rows)(const E* plane, const std::int64_t* tap_offset, int count, E* maps);
  /// maps[pattern] for taps 0..4, then maps[32 + pattern] for taps 5..8.
  void (*halves)(const E* plane, const std::int64_t* tap_offset, E* maps);
  /// maps[k] = the response of codeword k; [1] makes at maps + map_stride those of the pixels below as well.
  void (*responses[2])(const E* plane, const std::int64_t* tap_offset, const CodewordList& list, E* maps,
                       std::int64_t map_stride);

  /// Adds maps[slots[...]] up for each output channel; sum[v - 1] works on v vectors at once.
  void (*sum[kMaxTileVectors])(const MapPass<E, A, Y>& pass);
};

/// All tables of one instruction set.
struct MapKernelSet {
  MapKernels<float, float, float, float> real;
  MapKernels<float, std::int8_t, std::int16_t, float> binary;        ///< up to kMaxNarrowBinaryChannels channels
  MapKernels<float, std::int16_t, std::int32_t, float> wide_binary;  ///< any number of channels
  MapKernels<std::uint8_t, std::int16_t, std::int32_t, std::uint8_t> quantized_u8;
  MapKernels<std::int8_t, std::int16_t, std::int32_t, std::int8_t> quantized_i8;
};

/// Nine taps of -1 or +1 over this many channels fit into 16 bits.
constexpr std::int64_t kMaxNarrowBinaryChannels = 32767 / 9;

const MapKernelSet& PortableMapKernels();
#ifdef SUBBIT_X86_KERNELS
const MapKernelSet& Avx2MapKernels();
const MapKernelSet& Avx512MapKernels();
#endif
#ifdef SUBBIT_NEON_KERNELS
const MapKernelSet& NeonMapKernels();
#endif

}  // namespace subbit
