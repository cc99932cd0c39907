#pragma once

#include <onnxruntime_c_api.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "core/choice/kernel_policy.h"
#include "core/kernel/conv_kernel.h"
#include "core/kernel/isa.h"
#include "core/kernel/packed_kernels.h"
#include "core/operator/conv_attributes.h"
#include "ort/node_attributes.h"
#include "ort/node_io.h"
#include "ort/shape_inference.h"
#include "tables/operators.h"

/// What tells the operators apart, besides their rows in the table of operators: how parameters become a kernel and how
/// it is run. Everything else is shared (node.h, custom_op.h).
namespace subbit::ort {

/// Everything from which a kernel is created, in addition to the attributes.
struct Preparation {
  const OrtApi& api;
  const OpName& op;
  Isa isa;
  KernelPolicy policy;
  InputOf input;
  std::size_t input_count;  ///< of the node
};

/// What the convolutions with one input of activations and one output, of the same type, have in common.
template <class Row, class T>
struct ConvDefinition {
  using Table = Row;
  using Attributes = ConvAttributes;
  using Kernel = ConvKernel<T>;
  /// What inputs and outputs of 8 bits hold.
  static constexpr ONNXTensorElementDataType kActivations = ElementType<T>();
  static void Run(const Kernel& kernel, const OpName& op, const ConvAttributes& attributes, const RunIo& io,
                  const std::vector<bool>& has_output);
  static void InferShapes(const OrtApi& api, const OpName& op, OrtShapeInferContext* context) {
    InferConvShape(api, op, context, Table::kX, Table::kOutputY);
  }
};

struct SubBitConvDefinition : ConvDefinition<operators::SubBitConv, float> {
  static std::unique_ptr<Kernel> Prepare(const Preparation& preparation, const ConvAttributes& attributes);
};

struct StagedSubBitConvDefinition : ConvDefinition<operators::StagedSubBitConv, float> {
  static std::unique_ptr<Kernel> Prepare(const Preparation& preparation, const ConvAttributes& attributes);
};

struct BinarySubBitConvDefinition : ConvDefinition<operators::BinarySubBitConv, float> {
  static std::unique_ptr<Kernel> Prepare(const Preparation& preparation, const ConvAttributes& attributes);
};

/// Q is uint8_t or int8_t; ONNX Runtime knows the two as one operator with a type constraint.
template <class Q>
struct QLinearSubBitConvDefinition : ConvDefinition<operators::QLinearSubBitConv, Q> {
  static std::unique_ptr<ConvKernel<Q>> Prepare(const Preparation& preparation, const ConvAttributes& attributes);
};

extern template struct QLinearSubBitConvDefinition<std::uint8_t>;
extern template struct QLinearSubBitConvDefinition<std::int8_t>;

/// Q is uint8_t or int8_t, as above.
template <class Q>
struct QLinearSubBitBlockDefinition : ConvDefinition<operators::QLinearSubBitBlock, Q> {
  using Kernel = ConvKernel<Q>;
  static std::unique_ptr<Kernel> Prepare(const Preparation& preparation, const ConvAttributes& attributes);
  static void Run(const Kernel& kernel, const OpName& op, const ConvAttributes& attributes, const RunIo& io,
                  const std::vector<bool>& has_output);
};

extern template struct QLinearSubBitBlockDefinition<std::uint8_t>;
extern template struct QLinearSubBitBlockDefinition<std::int8_t>;

struct PackSignsDefinition {
  using Table = operators::PackSigns;
  using Attributes = NoAttributes;
  using Kernel = PackSignsKernel;
  static constexpr ONNXTensorElementDataType kActivations = ElementType<float>();
  static std::unique_ptr<Kernel> Prepare(const Preparation& preparation, const NoAttributes& attributes);
  static void Run(const Kernel& kernel, const OpName& op, const NoAttributes& attributes, const RunIo& io,
                  const std::vector<bool>& has_output);
  static constexpr auto InferShapes = InferPackSignsShape;
};

/// What the convolutions of packed signs have in common.
template <class Row>
struct PackedConvDefinition {
  using Table = Row;
  using Attributes = ConvAttributes;
  using Kernel = PackedConvKernel;
  static constexpr ONNXTensorElementDataType kActivations = ElementType<std::uint8_t>();
  static std::unique_ptr<Kernel> Prepare(const Preparation& preparation, const ConvAttributes& attributes);
  static void Run(const Kernel& kernel, const OpName& op, const ConvAttributes& attributes, const RunIo& io,
                  const std::vector<bool>& has_output);
  static void InferShapes(const OrtApi& api, const OpName& op, OrtShapeInferContext* context) {
    InferPackedConvShapes(api, op, context, Table::kB, Table::kOutputY, Table::kOutputS);
  }
};

using PackedBinarySubBitConvDefinition = PackedConvDefinition<operators::PackedBinarySubBitConv>;
using BinarySubBitBlockDefinition = PackedConvDefinition<operators::BinarySubBitBlock>;

template <>
std::unique_ptr<PackedConvKernel> PackedBinarySubBitConvDefinition::Prepare(const Preparation& preparation,
                                                                            const ConvAttributes& attributes);
template <>
std::unique_ptr<PackedConvKernel> BinarySubBitBlockDefinition::Prepare(const Preparation& preparation,
                                                                       const ConvAttributes& attributes);

}  // namespace subbit::ort
