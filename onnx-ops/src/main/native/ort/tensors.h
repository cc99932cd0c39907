#pragma once

#include <onnxruntime_c_api.h>

#include <string>
#include <vector>

#include "core/operator/conv_weights.h"
#include "ort/status.h"
#include "tables/operators.h"

namespace subbit::ort {

/// ONNX's number for a C++ element type.
template <class T>
constexpr ONNXTensorElementDataType ElementType();
template <>
constexpr ONNXTensorElementDataType ElementType<float>() {
  return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
}
template <>
constexpr ONNXTensorElementDataType ElementType<std::uint8_t>() {
  return ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8;
}
template <>
constexpr ONNXTensorElementDataType ElementType<std::int8_t>() {
  return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8;
}
template <>
constexpr ONNXTensorElementDataType ElementType<std::int32_t>() {
  return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32;
}
template <>
constexpr ONNXTensorElementDataType ElementType<std::int16_t>() {
  return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16;
}

/// ONNX's number for the elements of an input or output of a node whose 8-bit values or pixels are of type `chosen`.
constexpr ONNXTensorElementDataType OnnxType(operators::Element element, ONNXTensorElementDataType chosen) {
  switch (element) {
    case operators::Element::kFloat:
      return ElementType<float>();
    case operators::Element::kUint8:
      return ElementType<std::uint8_t>();
    case operators::Element::kInt8:
      return ElementType<std::int8_t>();
    case operators::Element::kInt32:
      return ElementType<std::int32_t>();
    case operators::Element::kInt16:
      return ElementType<std::int16_t>();
    case operators::Element::kEightBits:
    case operators::Element::kPixels:
      return chosen;
    case operators::Element::kAny:
      break;  // ONNX Runtime takes a type that is not defined for any
  }
  return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
}

/// Element type and dimensions of a tensor; dimensions that a model leaves open are -1.
struct TensorInfo {
  ONNXTensorElementDataType type;
  std::vector<std::int64_t> shape;
};

/// Reads and does not release `info`.
TensorInfo ReadTensorInfo(const OrtApi& api, const OrtTensorTypeAndShapeInfo* info);

/// The type of a tensor's elements.
ONNXTensorElementDataType TypeOf(const OrtApi& api, const OrtValue* value);

/// A view of `value`, which must outlive it. Throws InvalidOperator if its elements are not of type T.
template <class T>
TensorView<T> View(const OrtApi& api, const OpName& op, const char* input, const OrtValue* value);

extern template TensorView<float> View(const OrtApi&, const OpName&, const char*, const OrtValue*);
extern template TensorView<std::uint8_t> View(const OrtApi&, const OpName&, const char*, const OrtValue*);
extern template TensorView<std::int8_t> View(const OrtApi&, const OpName&, const char*, const OrtValue*);
extern template TensorView<std::int32_t> View(const OrtApi&, const OpName&, const char*, const OrtValue*);
extern template TensorView<std::int16_t> View(const OrtApi&, const OpName&, const char*, const OrtValue*);

}  // namespace subbit::ort
