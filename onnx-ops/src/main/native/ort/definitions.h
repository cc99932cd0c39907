#pragma once

#include <onnxruntime_c_api.h>

#include <array>
#include <functional>
#include <memory>

#include "core/conv_attributes.h"
#include "core/conv_kernel.h"
#include "core/isa.h"
#include "ort/tensors.h"

/// What tells the operators apart: their names, their inputs and how these become a kernel. Everything else is shared
/// (conv_op.h).
namespace subbit::ort {

struct InputDefinition {
  const char* name;
  ONNXTensorElementDataType type;
  bool optional = false;
};

/// All that a kernel is made from. `input(i)` gives input i, or null for an optional input that is absent.
struct Preparation {
  const OrtApi& api;
  const OpName& op;
  const ConvAttributes& attributes;
  Isa isa;
  std::function<const OrtValue*(std::size_t)> input;
};

struct SubBitConvDefinition {
  using Element = float;
  static constexpr char kName[] = "SubBitConv";
  static constexpr std::array<InputDefinition, 5> kInputs = {{{"X", ElementType<float>()},
                                                              {"index", ElementType<std::uint8_t>()},
                                                              {"codebook", ElementType<std::int8_t>()},
                                                              {"scale", ElementType<float>()},
                                                              {"bias", ElementType<float>(), true}}};
  static std::unique_ptr<ConvKernel<float>> Prepare(const Preparation& preparation);
};

struct BinarySubBitConvDefinition {
  using Element = float;
  static constexpr char kName[] = "BinarySubBitConv";
  static constexpr auto kInputs = SubBitConvDefinition::kInputs;
  static std::unique_ptr<ConvKernel<float>> Prepare(const Preparation& preparation);
};

/// Q is uint8_t or int8_t; ONNX Runtime knows the two as one operator with a type constraint.
template <class Q>
struct QLinearSubBitConvDefinition {
  using Element = Q;
  static constexpr char kName[] = "QLinearSubBitConv";
  static constexpr std::array<InputDefinition, 9> kInputs = {{{"x", ElementType<Q>()},
                                                              {"x_scale", ElementType<float>()},
                                                              {"x_zero_point", ElementType<Q>()},
                                                              {"index", ElementType<std::uint8_t>()},
                                                              {"codebook", ElementType<std::int8_t>()},
                                                              {"w_scale", ElementType<float>()},
                                                              {"y_scale", ElementType<float>()},
                                                              {"y_zero_point", ElementType<Q>()},
                                                              {"B", ElementType<std::int32_t>(), true}}};
  static std::unique_ptr<ConvKernel<Q>> Prepare(const Preparation& preparation);
};

extern template struct QLinearSubBitConvDefinition<std::uint8_t>;
extern template struct QLinearSubBitConvDefinition<std::int8_t>;

}  // namespace subbit::ort
