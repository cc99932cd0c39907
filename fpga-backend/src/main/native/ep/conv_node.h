#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "driver/conv_layer.h"
#include "ep/ort_api.h"

namespace subbit::fpga {

/// Domain of the sub-bit operators.
inline constexpr const char* kDomain = "dev.subbit";

/// The node is one that the provider does not take; the message says why, for the log.
class NodeNotTaken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A QLinearSubBitConv or BinarySubBitConv node, copied out of the graph and checked: everything that running it needs.
struct ConvNode {
  std::string name;
  std::string op_type;
  ConvLayer layer;
  /// Of BinarySubBitConv only, applied on the host to the accumulators: one an output channel.
  std::vector<float> scale;
  std::vector<float> bias;

  bool binary() const { return layer.shape.input_format == InputFormat::kBits; }
};

/// Whether the provider is interested in nodes of this type at all.
bool IsConvNode(const Ort::ConstNode& node);

/// Reads a node for which IsConvNode holds. Models are untrusted: every attribute, shape and value is checked. Throws NodeNotTaken.
ConvNode ReadConvNode(const Ort::ConstNode& node);

}  // namespace subbit::fpga
