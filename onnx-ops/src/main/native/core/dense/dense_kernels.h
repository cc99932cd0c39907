#pragma once

#include <cstdint>

#include "core/response/map_kernels.h"

namespace subbit {

/// One pass of a tile over all output channels of a group.
struct DensePass {
  static constexpr int kLanes = 16;      ///< positions of a vector
  static constexpr int kMaxVectors = 3;  ///< of a tile
  static constexpr int kOutputs = 8;     ///< output channels whose sums are in registers together
  static constexpr int kMostSpans = 3;   ///< of a vector that is loaded in spans

  /// Where the neighbouring pixels of a vector lie that are not neighbouring positions, because rows end between them:
  /// lane i of span s is the word at[s] + i after pass.x, for the lanes of its mask. The first span has all lanes, of
  /// which the others replace some.
  struct Spans {
    std::int64_t at[kMostSpans];
    std::uint16_t lanes[kMostSpans];
  };

  const std::uint32_t* x;          ///< the first word of four channels at the tile's first position
  std::int64_t x_stride;           ///< from a word of four channels to the next
  const std::int64_t* tap_offset;  ///< of nine taps
  std::int64_t words;              ///< of four channels
  const std::uint32_t* weights;    ///< [outs / kOutputs, rounded up][words][9][kOutputs], four signed bytes each
  int most_spans;                  ///< of any vector; 0: all vectors are kLanes words that follow each other
  Spans spans[kMaxVectors];        ///< of each vector, with most_spans of them
  std::int64_t outs;               ///< output channels
  const ChannelFinish* finish;     ///< [outs, rounded up]
  float low;                       ///< of the output type, less the zero point
  float high;
  const PixelRun* runs[kMaxVectors + 1];  ///< the pixels of vector v: from runs[v] up to runs[v + 1]
  const std::uint8_t* residual;           ///< of QLinearSubBitBlock, laid out as y; else null
  std::uint8_t flip;                      ///< the exclusive or with this makes the residual's bytes unsigned
  ResidualScaling residual_scaling;       ///< of the unsigned bytes
  std::uint8_t* y;                        ///< the first output channel's plane
  std::int64_t y_stride;                  ///< from one output channel's plane to the next
};

/// The inner loops of DenseConv for one instruction set; dense_conv.h explains the layout.
struct DenseKernels {
  const char* isa;

  /// What an output channel takes for one input channel at 32 positions, in the unit in which kernel_choice.cc counts
  /// the cost of maps.
  double output_cost;

  /// Whether `multiply` can load in spans.
  bool loads_spans;

  /// Byte c of out[i] becomes x[c * channel_stride + i * stride] ^ flip, for i < n and c < channels <= 4; other bytes
  /// become 0.
  void (*pack)(const std::uint8_t* x, std::int64_t channel_stride, int channels, std::int64_t n, std::int64_t stride,
               std::uint8_t flip, std::uint32_t* out);

  /// patches[(word * 9 + tap) * vectors * kLanes + v * kLanes + i] = the tap's word for pixel i of vector v. Here a
  /// run's `pixel` is a position: runs[v] up to runs[v + 1] of `pass` are where the pixels lie.
  void (*gather)(const DensePass& pass, int vectors, std::uint32_t* patches);

  /// Multiplies, adds up, requantises and stores; multiply[v - 1] works on v vectors of positions at once.
  void (*multiply[DensePass::kMaxVectors])(const DensePass& pass);
};

#ifdef SUBBIT_X86_KERNELS
const DenseKernels& Avx2DenseKernels();
/// Needs HasAvx512Vnni().
const DenseKernels& Avx512VnniDenseKernels();
#endif

}  // namespace subbit
