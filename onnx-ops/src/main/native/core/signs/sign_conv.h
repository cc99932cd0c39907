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
#include "core/popcount/popcount_kernels.h"
#include "core/signs/padding_sums.h"

namespace subbit {

/// The parameters that are applied to the sums.
struct SignConvParameters {
  std::vector<float> scale;  ///< one value per output channel, as the bias
  std::vector<float> bias;
  BlockParameters block = {};  ///< empty unless the operator is BinarySubBitBlock
};

/// The convolution of signs that all three operators share: from signs in any form to outputs in any form. Subclasses
/// find the sums, by counting bits (PopcountConv) or by looking up responses (ResponseConv). How it is split into
/// tasks:
///
/// 1. The signs of an image are packed into words, in chunks of word planes.
/// 2. Tiles are gathered and convolved. If an image has few tiles, they are gathered first and then split over output
///    channels too.
///
/// If a batch has many images, each is a task of its own that is not split further.
class SignConv {
 public:
  virtual ~SignConv() = default;
  SignConv(const SignConv&) = delete;
  SignConv& operator=(const SignConv&) = delete;

  /// Packs and gathers the signs.
  const PopcountKernels& kernels() const { return kernels_; }

  /// Algorithm and instruction set, for logs.
  virtual std::string Name() const = 0;

  virtual KernelBound Bound(const ConvGeometry& geometry) const = 0;

  std::size_t ScratchBytes(const ConvGeometry& geometry) const;

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

  /// `pack` is called from several threads. Small layers are computed on the caller's thread alone, whatever `threads`
  /// offers.
  void Run(const ConvGeometry& geometry, PackSigns pack, const Tensors& tensors, void* scratch,
           ParallelFor threads) const;

 protected:
  /// `kernels` must stay valid; patches are laid out as `layout` says.
  SignConv(const PopcountKernels& kernels, PatchLayout layout, const SubBitWeights& weights,
           SignConvParameters parameters);

  /// The number of words that Prepare adds to the gathered ones of a tile.
  virtual std::int64_t PreparedWords() const = 0;

  /// Output channels are split between tasks at multiples of this: tasks must share neither a byte of signs nor a
  /// vector of the subclass.
  virtual std::int64_t OutputUnit() const = 0;

  /// Converts a tile's gathered words, layout().Size() * kTile of them, to what Convolve reads. PreparedWords() more
  /// words follow them.
  virtual void Prepare(std::uint32_t* patches) const = 0;

  /// Computes output channels first .. first + tile.outs - 1 of a group from the result of Prepare.
  virtual void Convolve(const SignConvTile& tile, std::int64_t group, std::int64_t first,
                        const std::uint32_t* patches) const = 0;

  const PatchLayout& layout() const { return layout_; }
  std::int64_t groups() const { return groups_; }
  /// Output and input channels of one group.
  std::int64_t outs() const { return outs_; }
  std::int64_t channels() const { return channels_; }

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
  const PatchLayout layout_;
  const std::int64_t groups_;
  const std::int64_t outs_;
  const std::int64_t channels_;
  const SignConvParameters parameters_;
  const SignConvFinish finish_;
  const PaddingSums padding_;
};

}  // namespace subbit
