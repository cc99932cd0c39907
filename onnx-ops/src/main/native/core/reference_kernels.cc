#include "core/reference_kernels.h"

#include <utility>

#include "core/reference.h"

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

  void Run(const ConvGeometry& geometry, const float* x, float* y, void*, ParallelFor parallel_for) const override {
    reference_(geometry, weights_, scale_, bias_, x, y, parallel_for);
  }

 private:
  const FloatReference reference_;
  const SubBitWeights weights_;
  const std::vector<float> scale_;
  const std::vector<float> bias_;
};

template <class Q>
class QLinearReferenceKernel : public ConvKernel<Q> {
 public:
  QLinearReferenceKernel(SubBitWeights weights, Requantization requantization)
      : weights_(std::move(weights)), requantization_(std::move(requantization)) {}

  std::string Name() const override { return "reference"; }

  std::size_t ScratchBytes(const ConvGeometry&) const override { return 0; }

  void Run(const ConvGeometry& geometry, const Q* x, Q* y, void*, ParallelFor parallel_for) const override {
    ReferenceQLinearSubBitConv<Q>(geometry, weights_, requantization_, x, y, parallel_for);
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

std::unique_ptr<ConvKernel<float>> MakeReferenceBinarySubBitConv(SubBitWeights weights, std::vector<float> scale,
                                                                 std::vector<float> bias) {
  return std::make_unique<FloatReferenceKernel>(ReferenceBinarySubBitConv, std::move(weights), std::move(scale),
                                                std::move(bias));
}

template <class Q>
std::unique_ptr<ConvKernel<Q>> MakeReferenceQLinearSubBitConv(SubBitWeights weights, Requantization requantization) {
  return std::make_unique<QLinearReferenceKernel<Q>>(std::move(weights), std::move(requantization));
}

template std::unique_ptr<ConvKernel<std::uint8_t>> MakeReferenceQLinearSubBitConv(SubBitWeights, Requantization);
template std::unique_ptr<ConvKernel<std::int8_t>> MakeReferenceQLinearSubBitConv(SubBitWeights, Requantization);

}  // namespace subbit
