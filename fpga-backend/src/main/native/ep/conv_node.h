#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "core/conv_attributes.h"
#include "core/conv_weights.h"
#include "core/requantization.h"
#include "driver/conv_layer.h"
#include "ep/ort_api.h"

namespace subbit::fpga {

/// Domain of the sub-bit operators.
inline constexpr const char* kDomain = "dev.subbit";

/// The node meets its operator's specification as far as it was read, but not what the provider needs, such as constant
/// weights. The message says what, for the log.
class NodeNotTaken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A QLinearSubBitConv, QLinearSubBitBlock or BinarySubBitConv node, copied out of the graph and checked: everything that running it needs.
struct ConvNode {
  OpName op;
  ConvAttributes attributes;
  SubBitWeights weights;
  /// The same weights and all the rest as the driver takes them.
  ConvLayer layer;
  /// Of BinarySubBitConv only, applied on the host to the accumulators: one an output channel.
  std::vector<float> scale;
  std::vector<float> bias;
};

/// Whether the provider is interested in nodes of this type at all.
bool IsConvNode(const Ort::ConstNode& node);

/// Whether a node for which IsConvNode holds reads and gives 8 bits.
bool HasEightBits(const Ort::ConstNode& node);

/// Names of the tensors that such a node reads besides its constants: its input and, of a QLinearSubBitBlock, the residual.
std::vector<std::string> VariableInputs(const Ort::ConstNode& node);

/// Reads a node for which IsConvNode holds. Models are untrusted: every attribute, shape and value is checked. Throws
/// InvalidOperator and NodeNotTaken.
ConvNode ReadConvNode(const Ort::ConstNode& node);

}  // namespace subbit::fpga
