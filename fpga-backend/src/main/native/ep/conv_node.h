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

/// A QLinearSubBitConv or BinarySubBitConv node, copied out of the graph and checked: everything that running it needs.
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

/// Whether `next` can run on what `node` has left in device memory: both are 8-bit convolutions, and the output of `node`
/// goes nowhere but to the first input of `next`. (Binary ones meet on the host, where they are scaled and binarised.)
bool Follows(const Ort::ConstNode& node, const Ort::ConstNode& next);

/// Reads a node for which IsConvNode holds. Models are untrusted: every attribute, shape and value is checked. Throws
/// InvalidOperator and NodeNotTaken.
ConvNode ReadConvNode(const Ort::ConstNode& node);

}  // namespace subbit::fpga
