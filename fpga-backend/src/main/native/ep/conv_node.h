#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/operator/conv_attributes.h"
#include "core/operator/conv_weights.h"
#include "core/operator/requantization.h"
#include "driver/conv_layer.h"
#include "ep/ort_api.h"
#include "tables/operators.h"

namespace subbit::fpga {

/// The node meets its operator's specification as far as it was read, but not what the provider needs, such as constant
/// weights. The message says what, for the log.
class NodeNotTaken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The float tensors that a ConstantOfShape fills, by name, and what with. In the function bodies of integer networks
/// they are the scales and biases of BinarySubBitConv. While nodes are claimed ONNX Runtime may not have folded them
/// into constants yet, and if optimizations are off it never does; a compiled subgraph does not hold the node that
/// fills them.
using FilledTensors = std::map<std::string, float>;

/// How ONNX Runtime holds a tensor that a node reads or writes: 8 bits per element, floats, or the signs of eight
/// channels per byte (docs/OPERATORS.md). Only the first is also the device's form.
enum class HostForm { kBytes, kFloats, kPackedSigns };

/// A QLinearSubBitConv, QLinearSubBitBlock, BinarySubBitConv or PackedBinarySubBitConv node, copied out of the graph
/// and checked: everything that running it needs.
struct ConvNode {
  OpName op;
  ConvAttributes attributes;
  /// Of its input and its output.
  HostForm input_form = HostForm::kBytes;
  HostForm output_form = HostForm::kBytes;
  SubBitWeights weights;
  /// The weights and everything else in the form that the driver expects.
  ConvLayer layer;
  /// For binary activations only, one per output channel. If the node outputs floats, the host applies them to the
  /// accumulators; if it outputs signs, the layer's sign rules follow from them.
  std::vector<float> scale;
  std::vector<float> bias;
};

/// Whether the provider may claim such a node at all: it has one of the operators and, if it is a
/// PackedBinarySubBitConv, outputs either values or signs. One that outputs both is left to its function body.
bool IsConvNode(const Ort::ConstNode& node);

/// Whether a node for which IsConvNode holds is one on packed signs.
bool ReadsPackedSigns(const Ort::ConstNode& node);

/// Whether `reader` can read the output of `giver` as it lies in device memory. Both have been read without an error,
/// and `reader` reads a tensor that `giver` writes.
bool CanJoin(const Ort::ConstNode& giver, const Ort::ConstNode& reader);

/// The name of the only tensor that such a node writes.
std::string OutputName(const Ort::ConstNode& node);

/// Names of the tensors that such a node reads besides its constants: its input and, of a QLinearSubBitBlock, the
/// residual.
std::vector<std::string> VariableInputs(const Ort::ConstNode& node);

/// Reads a node for which IsConvNode holds. Models are untrusted: every attribute, shape and value is checked. Adds to
/// `filled` the inputs that a node of the same graph fills, and knows the others in it as constants. Throws
/// InvalidOperator and NodeNotTaken.
ConvNode ReadConvNode(const Ort::ConstNode& node, FilledTensors* filled);

}  // namespace subbit::fpga
