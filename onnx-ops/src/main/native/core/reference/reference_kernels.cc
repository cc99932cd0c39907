#include "core/reference/reference_kernels.h"

#include <utility>

#include "core/reference/reference.h"

namespace subbit {
namespace {

using FloatReference = decltype(&ReferenceSubBitConv);

class FloatReferenceKernel : public ConvKernel<float> {
 public:
  FloatReferenceKernel(FloatReference reference, SubBitWeights weights, std::vector<float> scale,
                       std::vector<float> bias)
      : reference_(reference), weights_(std::move(weights)), scale_(std::move(scale)), bias_(std::move(bias)) {}

  std::string Name() const override { return "reference"; }

  std::size_t ScratchBytes(const ConvGeometry&) const override { return 0; }

  void Run(const ConvGeometry& geometry, const ConvInputs<float, float>& inputs, float* y, void*,
           ParallelFor parallel_for) const override {
    reference_(geometry, weights_, scale_, bias_, inputs.x, y, parallel_for);
  }

 private:
  const FloatReference reference_;
  const SubBitWeights weights_;
  const std::vector<float> scale_;
  const std::vector<float> bias_;
};

class StagedReferenceKernel : public ConvKernel<float> {
 public:
  StagedReferenceKernel(std::vector<WeightStage> stages, std::vector<float> bias)
      : stages_(std::move(stages)), bias_(std::move(bias)) {}

  std::string Name() const override { return "reference"; }

  std::size_t ScratchBytes(const ConvGeometry&) const override { return 0; }

  void Run(const ConvGeometry& geometry, const ConvInputs<float, float>& inputs, float* y, void*,
           ParallelFor parallel_for) const override {
    ReferenceStagedSubBitConv(geometry, stages_, bias_, inputs.x, y, parallel_for);
  }

 private:
  const std::vector<WeightStage> stages_;
  const std::vector<float> bias_;
};

class PackSignsReferenceKernel : public PackSignsKernel {
 public:
  explicit PackSignsReferenceKernel(std::vector<float> shift) : shift_(std::move(shift)) {}

  std::string Name() const override { return "reference"; }

  std::int64_t Channels() const override { return static_cast<std::int64_t>(shift_.size()); }

  std::size_t ScratchBytes(const SignsShape&) const override { return 0; }

  void Run(const SignsShape& shape, const float* x, std::uint8_t* b, void*, ParallelFor parallel_for) const override {
    ReferencePackSigns(shape, shift_, x, b, parallel_for);
  }

 private:
  const std::vector<float> shift_;
};

class PackedConvReferenceKernel : public PackedConvKernel {
 public:
  PackedConvReferenceKernel(SubBitWeights weights, std::vector<float> scale, std::vector<float> bias)
      : weights_(std::move(weights)), scale_(std::move(scale)), bias_(std::move(bias)) {}

  std::string Name() const override { return "reference"; }

  std::size_t ScratchBytes(const ConvGeometry&) const override { return 0; }

  void Run(const ConvGeometry& geometry, const PackedInputs& inputs, const PackedOutputs& outputs, void*,
           ParallelFor parallel_for) const override {
    ReferencePackedBinarySubBitConv(geometry, weights_, scale_, bias_, inputs.b, outputs, parallel_for);
  }

 private:
  const SubBitWeights weights_;
  const std::vector<float> scale_;
  const std::vector<float> bias_;
};

class BlockReferenceKernel : public PackedConvKernel {
 public:
  BlockReferenceKernel(SubBitWeights weights, std::vector<float> scale, std::vector<float> bias, BlockParameters block)
      : weights_(std::move(weights)), scale_(std::move(scale)), bias_(std::move(bias)), block_(std::move(block)) {}

  std::string Name() const override { return "reference"; }

  std::size_t ScratchBytes(const ConvGeometry&) const override { return 0; }

  void Run(const ConvGeometry& geometry, const PackedInputs& inputs, const PackedOutputs& outputs, void*,
           ParallelFor parallel_for) const override {
    ReferenceBinarySubBitBlock(geometry, weights_, scale_, bias_, block_, inputs, outputs, parallel_for);
  }

 private:
  const SubBitWeights weights_;
  const std::vector<float> scale_;
  const std::vector<float> bias_;
  const BlockParameters block_;
};

template <class Q>
class QLinearReferenceKernel : public ConvKernel<Q> {
 public:
  QLinearReferenceKernel(SubBitWeights weights, Requantization requantization)
      : weights_(std::move(weights)), requantization_(std::move(requantization)) {}

  std::string Name() const override { return "reference"; }

  std::size_t ScratchBytes(const ConvGeometry&) const override { return 0; }

  void Run(const ConvGeometry& geometry, const ConvInputs<Q, Q>& inputs, Q* y, void*,
           ParallelFor parallel_for) const override {
    if (inputs.residual == nullptr) {
      ReferenceQLinearSubBitConv<Q>(geometry, weights_, requantization_, inputs.x, y, parallel_for);
    } else {
      ReferenceQLinearSubBitBlock<Q>(geometry, weights_, requantization_, inputs.x, inputs.residual, y, parallel_for);
    }
  }

 private:
  const SubBitWeights weights_;
  const Requantization requantization_;
};

}  // namespace

std::unique_ptr<ConvKernel<float>> MakeReferenceSubBitConv(SubBitWeights weights, std::vector<float> scale,
                                                           std::vector<float> bias) {
  return std::make_unique<FloatReferenceKernel>(ReferenceSubBitConv, std::move(weights), std::move(scale),
                                                std::move(bias));
}

std::unique_ptr<ConvKernel<float>> MakeReferenceStagedSubBitConv(std::vector<WeightStage> stages,
                                                                 std::vector<float> bias) {
  return std::make_unique<StagedReferenceKernel>(std::move(stages), std::move(bias));
}

std::unique_ptr<ConvKernel<float>> MakeReferenceBinarySubBitConv(SubBitWeights weights, std::vector<float> scale,
                                                                 std::vector<float> bias) {
  return std::make_unique<FloatReferenceKernel>(ReferenceBinarySubBitConv, std::move(weights), std::move(scale),
                                                std::move(bias));
}

std::unique_ptr<PackSignsKernel> MakeReferencePackSigns(std::vector<float> shift) {
  return std::make_unique<PackSignsReferenceKernel>(std::move(shift));
}

std::unique_ptr<PackedConvKernel> MakeReferencePackedBinarySubBitConv(SubBitWeights weights, std::vector<float> scale,
                                                                      std::vector<float> bias) {
  return std::make_unique<PackedConvReferenceKernel>(std::move(weights), std::move(scale), std::move(bias));
}

std::unique_ptr<PackedConvKernel> MakeReferenceBinarySubBitBlock(SubBitWeights weights, std::vector<float> scale,
                                                                 std::vector<float> bias, BlockParameters block) {
  return std::make_unique<BlockReferenceKernel>(std::move(weights), std::move(scale), std::move(bias),
                                                std::move(block));
}

template <class Q>
std::unique_ptr<ConvKernel<Q>> MakeReferenceQLinearSubBitConv(SubBitWeights weights, Requantization requantization) {
  return std::make_unique<QLinearReferenceKernel<Q>>(std::move(weights), std::move(requantization));
}

template std::unique_ptr<ConvKernel<std::uint8_t>> MakeReferenceQLinearSubBitConv(SubBitWeights, Requantization);
template std::unique_ptr<ConvKernel<std::int8_t>> MakeReferenceQLinearSubBitConv(SubBitWeights, Requantization);

}  // namespace subbit
