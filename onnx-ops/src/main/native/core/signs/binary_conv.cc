#include "core/signs/binary_conv.h"

#include <string>
#include <utility>

#include "core/operator/packed_bits.h"

namespace subbit {
namespace {

/// BinarySubBitConv, which reads floats.
class BinaryConv : public ConvKernel<float> {
 public:
  explicit BinaryConv(std::unique_ptr<SignConv> conv) : conv_(std::move(conv)) {}

  std::string Name() const override { return conv_->Name(); }

  std::size_t ScratchBytes(const ConvGeometry& geometry) const override { return conv_->ScratchBytes(geometry); }

  KernelBound Bound(const ConvGeometry& geometry) const override { return conv_->Bound(geometry); }

  void Run(const ConvGeometry& geometry, const ConvInputs<float, float>& inputs, float* y, void* scratch,
           ParallelFor parallel_for) const override {
    const std::int64_t plane = geometry.height * geometry.width;
    const auto pack = [&](const SignConv::SignRange& range) {
      const float* from = inputs.x + (range.image * geometry.InputChannels() + range.channel) * plane + range.first;
      conv_->kernels().pack(from, plane, range.channels, nullptr, range.n, range.out);
    };
    conv_->Run(geometry, pack, {y, nullptr, nullptr}, scratch, parallel_for);
  }

 private:
  const std::unique_ptr<const SignConv> conv_;
};

/// The operators that read packed signs.
class PackedBinaryConv : public PackedConvKernel {
 public:
  explicit PackedBinaryConv(std::unique_ptr<SignConv> conv) : conv_(std::move(conv)) {}

  std::string Name() const override { return conv_->Name(); }

  std::size_t ScratchBytes(const ConvGeometry& geometry) const override { return conv_->ScratchBytes(geometry); }

  KernelBound Bound(const ConvGeometry& geometry) const override { return conv_->Bound(geometry); }

  void Run(const ConvGeometry& geometry, const PackedInputs& inputs, const PackedOutputs& outputs, void* scratch,
           ParallelFor parallel_for) const override {
    const std::int64_t plane = geometry.height * geometry.width;
    const std::int64_t image_bytes = PackedBytes(geometry.InputChannels()) * plane;
    const auto pack = [&](const SignConv::SignRange& range) {
      const std::uint8_t* from =
          inputs.b + range.image * image_bytes + range.channel / kChannelsPerByte * plane + range.first;
      conv_->kernels().pack_bytes(from, plane, static_cast<int>(range.channel % kChannelsPerByte), range.channels,
                                  range.n, range.out);
    };
    conv_->Run(geometry, pack, {outputs.y, inputs.residual, outputs.s}, scratch, parallel_for);
  }

 private:
  const std::unique_ptr<const SignConv> conv_;
};

}  // namespace

std::unique_ptr<ConvKernel<float>> MakeBinaryConv(std::unique_ptr<SignConv> conv) {
  return std::make_unique<BinaryConv>(std::move(conv));
}

std::unique_ptr<PackedConvKernel> MakePackedBinaryConv(std::unique_ptr<SignConv> conv) {
  return std::make_unique<PackedBinaryConv>(std::move(conv));
}

}  // namespace subbit
