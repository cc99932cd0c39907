#pragma once

#include <memory>
#include <vector>

#include "core/integer/integer_network.h"
#include "ort/definitions.h"

/// The integer operators. A layer as a node of its own is a network of one layer.
namespace subbit::ort {

/// An integer layer whose X holds elements of type T: float or uint8_t for IntegerStem, int16_t for the others.
template <class Row, class T>
struct IntegerLayerDefinition {
  using Table = Row;
  using Attributes = LayerAttributes<Row>;
  using Kernel = IntegerNetwork;
  static constexpr ONNXTensorElementDataType kActivations = ElementType<T>();
  static std::unique_ptr<Kernel> Prepare(const Preparation& preparation, const Attributes& attributes);
  static void Run(const Kernel& kernel, const OpName& op, const Attributes& attributes, const RunIo& io,
                  const std::vector<bool>& has_output);
  static void InferShapes(const OrtApi& api, const OpName& op, OrtShapeInferContext* context) {
    InferIntegerLayerShape(api, op, context, Table{});
  }
};

template <class T>
using IntegerStemDefinition = IntegerLayerDefinition<operators::IntegerStem, T>;
using IntegerSubBitConvDefinition = IntegerLayerDefinition<operators::IntegerSubBitConv, std::int16_t>;
using IntegerSubBitBlockDefinition = IntegerLayerDefinition<operators::IntegerSubBitBlock, std::int16_t>;
using IntegerShortcutDefinition = IntegerLayerDefinition<operators::IntegerShortcut, std::int16_t>;
using IntegerClassifierDefinition = IntegerLayerDefinition<operators::IntegerClassifier, std::int16_t>;

extern template struct IntegerLayerDefinition<operators::IntegerStem, float>;
extern template struct IntegerLayerDefinition<operators::IntegerStem, std::uint8_t>;
extern template struct IntegerLayerDefinition<operators::IntegerSubBitConv, std::int16_t>;
extern template struct IntegerLayerDefinition<operators::IntegerSubBitBlock, std::int16_t>;
extern template struct IntegerLayerDefinition<operators::IntegerShortcut, std::int16_t>;
extern template struct IntegerLayerDefinition<operators::IntegerClassifier, std::int16_t>;

/// A whole network, whose pixels are of type T: float or uint8_t.
template <class T>
struct IntegerNetworkDefinition {
  using Table = operators::IntegerNetwork;
  using Attributes = NetworkAttributes;
  using Kernel = IntegerNetwork;
  static constexpr ONNXTensorElementDataType kActivations = ElementType<T>();
  static std::unique_ptr<Kernel> Prepare(const Preparation& preparation, const Attributes& attributes);
  static void Run(const Kernel& kernel, const OpName& op, const Attributes& attributes, const RunIo& io,
                  const std::vector<bool>& has_output);
  static constexpr auto InferShapes = InferIntegerNetworkShape;
};

extern template struct IntegerNetworkDefinition<float>;
extern template struct IntegerNetworkDefinition<std::uint8_t>;

}  // namespace subbit::ort
