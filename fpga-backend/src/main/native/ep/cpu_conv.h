#pragma once

#include "core/conv_geometry.h"
#include "ep/conv_node.h"

namespace subbit::fpga {

/// A node's convolution on the CPU, by the operators' reference: the same bits as the device gives, at leisure. What a
/// session falls back to when its device fails. Immutable; Run may be called by many threads at once.
class CpuConv {
 public:
  explicit CpuConv(const ConvNode& node);

  /// `x` and `y` have the node's own types: float for BinarySubBitConv, 8 bits for QLinearSubBitConv; NCHW, without gaps.
  void Run(const ConvGeometry& geometry, const void* x, void* y) const;

 private:
  const InputFormat input_format_;
  const SubBitWeights weights_;
  const std::vector<float> scale_;
  const std::vector<float> bias_;
  const Requantization requantization_;
};

}  // namespace subbit::fpga
