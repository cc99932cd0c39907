#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/kernel/kernel_bound.h"
#include "core/kernel/parallel_for.h"
#include "core/kernel/scratch.h"
#include "core/operator/block_parameters.h"
#include "core/operator/conv_geometry.h"
#include "core/packing/patch_layout.h"
#include "core/popcount/padding_sums.h"
#include "core/popcount/popcount_kernels.h"
#include "core/response/response_kernels.h"

namespace subbit {

/// The convolution of signs that all three operators share: from signs in any form to outputs in any form, either by
/// counting bits (binary_conv.h) or by looking up responses (binary_conv.h). How it is split into tasks:
///
/// 1. The signs of an image are packed into words, in chunks of word planes.
/// 2. Tiles are gathered and convolved. Where an image has few tiles, they are gathered first and then split over
/// output
///    channels too.
///
/// Where a batch has many images they are tasks of their own, without a split inside.
class SignConv {
 public:
  /// `kernels` and `responses` must stay valid. `responses` is null to count bits; `block` is null unless the operator
  /// is BinarySubBitBlock.
  SignConv(const PopcountKernels& kernels, const ResponseKernels* responses, const SubBitWeights& weights,
           std::vector<float> scale, std::vector<float> bias, const BlockParameters* block);

  SignConv(const SignConv&) = delete;
  SignConv& operator=(const SignConv&) = delete;

  const PopcountKernels& kernels() const { return kernels_; }

  /// Algorithm and instruction set, for logs.
  std::string Name() const;

  std::size_t ScratchBytes(const ConvGeometry& geometry) const;

  KernelBound Bound(const ConvGeometry& geometry) const;

  /// Signs of `channels` input channels (at most 32) from number `channel` on, for `n` pixels of an image from number
  /// `first` on, as words at `out`.
  struct SignRange {
    std::int64_t image;
    std::int64_t channel;
    int channels;
    std::int64_t first;
    std::int64_t n;
    std::uint32_t* out;
  };
  using PackSigns = FunctionRef<void(const SignRange&)>;

  /// Whole tensors; null where there is none.
  struct Tensors {
    float* y = nullptr;
    const float* residual = nullptr;
    std::uint8_t* s = nullptr;
  };

  /// `pack` is called from several threads. Small layers are computed on the caller's alone, whatever `threads` offers.
  void Run(const ConvGeometry& geometry, PackSigns pack, const Tensors& tensors, void* scratch,
           ParallelFor threads) const;

 private:
  bool IsWorthThreads(const ConvGeometry& geometry) const;
  struct Plan;
  struct Image;

  void PackPlane(const Image& image, std::int64_t unit, std::int64_t first, std::int64_t n, PackSigns pack) const;
  void PackInTasks(const Image& image, PackSigns pack, ParallelFor parallel_for) const;
  void ConvolveSplitTiles(const Image& image, std::uint32_t* patches, ParallelFor parallel_for) const;
  void GatherTile(const Image& image, std::int64_t tile, std::int64_t group, std::uint32_t* patches) const;
  void ConvolveTile(const Image& image, std::int64_t tile, std::uint32_t* patches) const;
  void ConvolveOutputs(const Image& image, std::int64_t tile, std::int64_t group, std::int64_t first, std::int64_t outs,
                       const std::uint32_t* patches, std::uint8_t* unfinished_signs) const;

  const PopcountKernels& kernels_;
  const ResponseKernels* const response_kernels_;  // null to count bits
  const PatchLayout layout_;
  const std::int64_t groups_;
  const std::int64_t outs_;      // output channels of one group
  const std::int64_t channels_;  // input channels of one group
  const std::vector<float> scale_;
  const std::vector<float> bias_;
  const BlockParameters block_;
  const SignConvFinish finish_;
  const PaddingSums padding_;
  const int tables_;                              // of a pattern
  const std::vector<std::uint32_t> kernel_bits_;  // to count bits
  const std::vector<std::uint8_t> responses_;     // to look up responses, as the next
  const std::vector<std::uint8_t> indices_;
};

}  // namespace subbit
