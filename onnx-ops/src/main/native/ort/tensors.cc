#include "ort/tensors.h"

#include "core/operator/element_type.h"

namespace subbit::ort {

TensorInfo ReadTensorInfo(const OrtApi& api, const OrtTensorTypeAndShapeInfo* info) {
  TensorInfo result{};
  std::size_t rank = 0;
  Check(api, api.GetTensorElementType(info, &result.type));
  Check(api, api.GetDimensionsCount(info, &rank));
  result.shape.resize(rank);
  Check(api, api.GetDimensions(info, result.shape.data(), rank));
  return result;
}

ONNXTensorElementDataType TypeOf(const OrtApi& api, const OrtValue* value) {
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  const std::int64_t* dims = nullptr;
  std::size_t rank = 0;
  Check(api, api.GetTensorElementTypeAndShapeDataReference(value, &type, &dims, &rank));
  return type;
}

template <class T>
TensorView<T> View(const OrtApi& api, const OpName& op, const char* input, const OrtValue* value) {
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  const std::int64_t* dims = nullptr;
  std::size_t rank = 0;
  Check(api, api.GetTensorElementTypeAndShapeDataReference(value, &type, &dims, &rank));
  if (type != ElementType<T>()) {
    throw InvalidOperator(op, std::string("element type of ") + input, ElementTypeName(type),
                          ElementTypeName(ElementType<T>()));
  }
  void* data = nullptr;
  Check(api, api.GetTensorMutableData(const_cast<OrtValue*>(value), &data));  // the C API has no const accessor
  return {static_cast<const T*>(data), {dims, rank}};
}

template TensorView<float> View(const OrtApi&, const OpName&, const char*, const OrtValue*);
template TensorView<std::uint8_t> View(const OrtApi&, const OpName&, const char*, const OrtValue*);
template TensorView<std::int8_t> View(const OrtApi&, const OpName&, const char*, const OrtValue*);
template TensorView<std::int32_t> View(const OrtApi&, const OpName&, const char*, const OrtValue*);
template TensorView<std::int16_t> View(const OrtApi&, const OpName&, const char*, const OrtValue*);

}  // namespace subbit::ort
