#pragma once

#include <onnxruntime_c_api.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/kernel/conv_kernel.h"
#include "core/kernel/isa.h"
#include "core/kernel/packed_kernels.h"
#include "core/operator/conv_attributes.h"
#include "ort/node_attributes.h"
#include "ort/node_io.h"
#include "ort/shape_inference.h"

/// Everything in which the operators differ: their names, their inputs and outputs, how parameters become a kernel, and
/// how it is run. Everything else is shared (node.h, custom_op.h).
namespace subbit::ort {

/// Everything from which a kernel is created, in addition to the attributes.
struct Preparation {
  const OrtApi& api;
  const OpName& op;
  Isa isa;
  InputOf input;
};

/// What is common to the operators with one input of activations and one output of the same type.
template <class T>
struct ConvDefinition {
  using Attributes = ConvAttributes;
  using Kernel = ConvKernel<T>;
  static void Run(const Kernel& kernel, const OpName& op, const ConvAttributes& attributes, const RunIo& io,
                  const std::vector<bool>& has_output);
  static constexpr auto InferShapes = InferConvShape;
};

struct SubBitConvDefinition : ConvDefinition<float> {
  static constexpr char kName[] = "SubBitConv";
  static constexpr std::array<InputDefinition, 5> kInputs = {
      {{"X", ElementType<float>(), InputUse::kData},
       {"index", ElementType<std::uint8_t>()},
       {"codebook", ElementType<std::int8_t>()},
       {"scale", ElementType<float>()},
       {"bias", ElementType<float>(), InputUse::kOptionalParameter}}};
  static constexpr std::array<OutputDefinition, 1> kOutputs = {{{"Y", ElementType<float>()}}};
  static std::unique_ptr<Kernel> Prepare(const Preparation& preparation, const ConvAttributes& attributes);
};

struct BinarySubBitConvDefinition : ConvDefinition<float> {
  static constexpr char kName[] = "BinarySubBitConv";
  static constexpr auto kInputs = SubBitConvDefinition::kInputs;
  static constexpr auto kOutputs = SubBitConvDefinition::kOutputs;
  static std::unique_ptr<Kernel> Prepare(const Preparation& preparation, const ConvAttributes& attributes);
};

/// Q is uint8_t or int8_t; ONNX Runtime knows the two as one operator with a type constraint.
template <class Q>
struct QLinearSubBitConvDefinition : ConvDefinition<Q> {
  static constexpr char kName[] = "QLinearSubBitConv";
  static constexpr std::array<InputDefinition, 9> kInputs = {
      {{"x", ElementType<Q>(), InputUse::kData},
       {"x_scale", ElementType<float>()},
       {"x_zero_point", ElementType<Q>()},
       {"index", ElementType<std::uint8_t>()},
       {"codebook", ElementType<std::int8_t>()},
       {"w_scale", ElementType<float>()},
       {"y_scale", ElementType<float>()},
       {"y_zero_point", ElementType<Q>()},
       {"B", ElementType<std::int32_t>(), InputUse::kOptionalParameter}}};
  static constexpr std::array<OutputDefinition, 1> kOutputs = {{{"y", ElementType<Q>()}}};
  static std::unique_ptr<ConvKernel<Q>> Prepare(const Preparation& preparation, const ConvAttributes& attributes);
};

extern template struct QLinearSubBitConvDefinition<std::uint8_t>;
extern template struct QLinearSubBitConvDefinition<std::int8_t>;

/// Q is uint8_t or int8_t, as above.
template <class Q>
struct QLinearSubBitBlockDefinition {
  using Attributes = ConvAttributes;
  using Kernel = ConvKernel<Q>;
  static constexpr char kName[] = "QLinearSubBitBlock";
  static constexpr std::array<InputDefinition, 12> kInputs = {{{"x", ElementType<Q>(), InputUse::kData},
                                                               {"x_scale", ElementType<float>()},
                                                               {"x_zero_point", ElementType<Q>()},
                                                               {"index", ElementType<std::uint8_t>()},
                                                               {"codebook", ElementType<std::int8_t>()},
                                                               {"w_scale", ElementType<float>()},
                                                               {"y_scale", ElementType<float>()},
                                                               {"y_zero_point", ElementType<Q>()},
                                                               {"B", ElementType<std::int32_t>()},
                                                               {"residual", ElementType<Q>(), InputUse::kData},
                                                               {"residual_scale", ElementType<float>()},
                                                               {"residual_zero_point", ElementType<Q>()}}};
  static constexpr std::array<OutputDefinition, 1> kOutputs = {{{"y", ElementType<Q>()}}};
  static std::unique_ptr<Kernel> Prepare(const Preparation& preparation, const ConvAttributes& attributes);
  static void Run(const Kernel& kernel, const OpName& op, const ConvAttributes& attributes, const RunIo& io,
                  const std::vector<bool>& has_output);
  static constexpr auto InferShapes = InferConvShape;
};

extern template struct QLinearSubBitBlockDefinition<std::uint8_t>;
extern template struct QLinearSubBitBlockDefinition<std::int8_t>;

struct PackSignsDefinition {
  using Attributes = NoAttributes;
  using Kernel = PackSignsKernel;
  static constexpr char kName[] = "PackSigns";
  static constexpr std::array<InputDefinition, 2> kInputs = {
      {{"X", ElementType<float>(), InputUse::kData}, {"shift", ElementType<float>()}}};
  static constexpr std::array<OutputDefinition, 1> kOutputs = {{{"B", ElementType<std::uint8_t>()}}};
  static std::unique_ptr<Kernel> Prepare(const Preparation& preparation, const NoAttributes& attributes);
  static void Run(const Kernel& kernel, const OpName& op, const NoAttributes& attributes, const RunIo& io,
                  const std::vector<bool>& has_output);
  static constexpr auto InferShapes = InferPackSignsShape;
};

/// What is common to the convolutions of packed signs. A residual, if there is one, is input 5.
struct PackedConvDefinition {
  using Attributes = ConvAttributes;
  using Kernel = PackedConvKernel;
  static constexpr std::array<OutputDefinition, 2> kOutputs = {
      {{"Y", ElementType<float>(), true}, {"S", ElementType<std::uint8_t>(), true}}};
  static constexpr auto InferShapes = InferPackedConvShapes;

 protected:
  static void RunPacked(const Kernel& kernel, const OpName& op, const ConvAttributes& attributes, const RunIo& io,
                        const std::vector<bool>& has_output, bool has_residual);
};

struct PackedBinarySubBitConvDefinition : PackedConvDefinition {
  static constexpr char kName[] = "PackedBinarySubBitConv";
  static constexpr std::array<InputDefinition, 5> kInputs = {{{"B", ElementType<std::uint8_t>(), InputUse::kData},
                                                              {"index", ElementType<std::uint8_t>()},
                                                              {"codebook", ElementType<std::int8_t>()},
                                                              {"scale", ElementType<float>()},
                                                              {"bias", ElementType<float>()}}};
  static std::unique_ptr<Kernel> Prepare(const Preparation& preparation, const ConvAttributes& attributes);
  static void Run(const Kernel& kernel, const OpName& op, const ConvAttributes& attributes, const RunIo& io,
                  const std::vector<bool>& has_output) {
    RunPacked(kernel, op, attributes, io, has_output, false);
  }
};

struct BinarySubBitBlockDefinition : PackedConvDefinition {
  static constexpr char kName[] = "BinarySubBitBlock";
  static constexpr std::array<InputDefinition, 10> kInputs = {{{"B", ElementType<std::uint8_t>(), InputUse::kData},
                                                               {"index", ElementType<std::uint8_t>()},
                                                               {"codebook", ElementType<std::int8_t>()},
                                                               {"scale", ElementType<float>()},
                                                               {"bias", ElementType<float>()},
                                                               {"residual", ElementType<float>(), InputUse::kData},
                                                               {"shift_in", ElementType<float>()},
                                                               {"slope", ElementType<float>()},
                                                               {"shift_out", ElementType<float>()},
                                                               {"next_shift", ElementType<float>()}}};
  static std::unique_ptr<Kernel> Prepare(const Preparation& preparation, const ConvAttributes& attributes);
  static void Run(const Kernel& kernel, const OpName& op, const ConvAttributes& attributes, const RunIo& io,
                  const std::vector<bool>& has_output) {
    RunPacked(kernel, op, attributes, io, has_output, true);
  }
};

}  // namespace subbit::ort
