#include "core/choice/map_or_dense_conv.h"

#include <algorithm>
#include <utility>

#include "core/dense/dense_conv.h"
#include "core/kernel/phase_planes.h"

namespace subbit {
namespace {

constexpr std::int64_t kMapLanes = 32;

template <class Q>
class MapOrDenseConv : public ConvKernel<Q> {
 public:
  MapOrDenseConv(std::unique_ptr<ConvKernel<Q>> maps, std::unique_ptr<ConvKernel<Q>> dense, QuantizedCosts costs)
      : maps_(std::move(maps)), dense_(std::move(dense)), costs_(costs) {}

  std::string Name() const override { return maps_->Name() + ", or " + dense_->Name() + " where rows are short"; }

  std::size_t ScratchBytes(const ConvGeometry& geometry) const override {
    return Choice(geometry).ScratchBytes(geometry);
  }

  KernelBound Bound(const ConvGeometry& geometry) const override { return Choice(geometry).Bound(geometry); }

  void Run(const ConvGeometry& geometry, const ConvInputs<Q, Q>& inputs, Q* y, void* scratch,
           ParallelFor parallel_for) const override {
    Choice(geometry).Run(geometry, inputs, y, scratch, parallel_for);
  }

 private:
  const ConvKernel<Q>& Choice(const ConvGeometry& geometry) const {
    const PhasePlanes planes(geometry);
    const auto map_vectors = static_cast<double>((planes.positions + kMapLanes - 1) / kMapLanes);
    const double dense_vectors =
        DensePacing(planes, geometry.OutputChannelsPerGroup()).vectors * DensePass::kLanes / kMapLanes;
    return costs_.maps * map_vectors <= costs_.dense * dense_vectors ? *maps_ : *dense_;
  }

  const std::unique_ptr<ConvKernel<Q>> maps_;
  const std::unique_ptr<ConvKernel<Q>> dense_;
  const QuantizedCosts costs_;
};

}  // namespace

QuantizedCosts QuantizedCostsOf(const MapCost& maps, std::int64_t outs) {
  constexpr double kMaking = 1.2;  // both measured on Zen 4
  constexpr double kSumming = 2;
  constexpr double kStepsOfOutput = 9.0 / 4 * kMapLanes / DensePass::kLanes;
  return {kMaking * maps.making + kSumming * maps.summing, kStepsOfOutput * static_cast<double>(outs)};
}

template <class Q>
std::unique_ptr<ConvKernel<Q>> MakeMapOrDenseConv(std::unique_ptr<ConvKernel<Q>> maps,
                                                  std::unique_ptr<ConvKernel<Q>> dense, QuantizedCosts costs) {
  return std::make_unique<MapOrDenseConv<Q>>(std::move(maps), std::move(dense), costs);
}

template std::unique_ptr<ConvKernel<std::uint8_t>> MakeMapOrDenseConv(std::unique_ptr<ConvKernel<std::uint8_t>>,
                                                                      std::unique_ptr<ConvKernel<std::uint8_t>>,
                                                                      QuantizedCosts);
template std::unique_ptr<ConvKernel<std::int8_t>> MakeMapOrDenseConv(std::unique_ptr<ConvKernel<std::int8_t>>,
                                                                     std::unique_ptr<ConvKernel<std::int8_t>>,
                                                                     QuantizedCosts);

}  // namespace subbit
