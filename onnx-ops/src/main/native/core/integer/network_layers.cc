#include "core/integer/network_layers.h"

#include <utility>

#include "core/integer/integer_conv.h"
#include "core/integer/integer_ends.h"

namespace subbit {
namespace {

/// Makes the kernel of a layer from its parameters.
struct Make {
  Isa isa;
  KernelPolicy policy;

  std::unique_ptr<IntegerLayer> operator()(StemParameters p) const { return MakeIntegerStem(isa, std::move(p)); }
  std::unique_ptr<IntegerLayer> operator()(const IntegerConvParameters& p) const {
    return ChooseIntegerConv(isa, policy, p);
  }
  std::unique_ptr<IntegerLayer> operator()(ShortcutParameters p) const {
    return MakeIntegerShortcut(isa, std::move(p));
  }
  std::unique_ptr<IntegerLayer> operator()(ClassifierParameters p) const {
    return MakeIntegerClassifier(isa, std::move(p));
  }
};

}  // namespace

std::unique_ptr<IntegerLayer> MakeLayer(Isa isa, KernelPolicy policy, const OpName& op, const AnyLayer& layer,
                                        const std::vector<AnyTensor>& parameters) {
  return std::visit(Make{isa, policy}, MakeParameters(op, layer, parameters));
}

std::unique_ptr<IntegerNetwork> MakeLayerNetwork(Isa isa, KernelPolicy policy, const OpName& op, const AnyLayer& layer,
                                                 const std::vector<AnyTensor>& parameters) {
  std::unique_ptr<IntegerLayer> made = MakeLayer(isa, policy, op, layer, parameters);
  const std::int64_t residual = made->AddsResidual() ? NetworkLayer::kResidualInput : NetworkLayer::kNone;
  std::vector<NetworkLayer> layers;
  layers.push_back({op, std::move(made), NetworkLayer::kInput, residual});
  return std::make_unique<IntegerNetwork>(op, std::move(layers));
}

std::unique_ptr<IntegerNetwork> MakeNetwork(Isa isa, KernelPolicy policy, const OpName& op,
                                            const NetworkAttributes& attributes,
                                            const std::vector<AnyTensor>& parameters) {
  std::vector<NetworkLayer> layers;
  for (NetworkLayerParameters& layer : MakeNetworkParameters(op, attributes, parameters)) {
    layers.push_back(
        {layer.op, std::visit(Make{isa, policy}, std::move(layer.parameters)), layer.reads, layer.residual});
  }
  return std::make_unique<IntegerNetwork>(op, std::move(layers));
}

}  // namespace subbit
