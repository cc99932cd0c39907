#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/integer/integer_attributes.h"

namespace subbit {

/// The attributes of IntegerNetwork, as they are in the model; see docs/OPERATORS.md.
struct NetworkAttributes {
  std::vector<std::int64_t> kinds;
  std::vector<std::int64_t> reads;
  std::vector<std::int64_t> residuals;
  std::vector<std::int64_t> settings;
};

/// The type of an operator's attributes; only declared.
StemAttributes AttributesOf(operators::IntegerStem);
IntegerConvAttributes AttributesOf(operators::IntegerSubBitConv);
IntegerConvAttributes AttributesOf(operators::IntegerSubBitBlock);
ShortcutAttributes AttributesOf(operators::IntegerShortcut);
ClassifierAttributes AttributesOf(operators::IntegerClassifier);

/// A layer of the operator with these rows in the table of operators.
template <class Row>
struct LayerOf {
  using Table = Row;
  decltype(AttributesOf(Row{})) attributes;
};

/// A layer of any operator; its index is the layer's kind in IntegerNetwork.
using AnyLayer = std::variant<LayerOf<operators::IntegerStem>, LayerOf<operators::IntegerSubBitConv>,
                              LayerOf<operators::IntegerSubBitBlock>, LayerOf<operators::IntegerShortcut>,
                              LayerOf<operators::IntegerClassifier>>;

/// One layer of an IntegerNetwork, checked.
struct NetworkLayerAttributes {
  OpName op;  ///< the layer's operator; the node is the network's and the layer's number
  AnyLayer layer;
  std::int64_t reads;     ///< 0 for the network's X, or i for the output of layer i, counted from 1
  std::int64_t residual;  ///< likewise, 1 and up; -1 for layers that are not blocks
};

/// The most layers of a network.
constexpr std::size_t kMaxLayers = 1024;

/// Takes the lists apart. Throws InvalidOperator unless there are 2 to kMaxLayers layers and as many reads and
/// residuals; stems, of which the first layer is one, read the network's X and all others an earlier layer; the last
/// layer, and no other, is a classifier; blocks, and no others, have a residual; every layer's output but the last is
/// read; and the settings are the attributes of all layers, valid, and no number more.
std::vector<NetworkLayerAttributes> SplitNetwork(const OpName& op, const NetworkAttributes& attributes);

/// What messages and logs call a layer of a network; layers are counted from 1.
OpName LayerName(const OpName& network, const char* type, std::size_t layer);

}  // namespace subbit
