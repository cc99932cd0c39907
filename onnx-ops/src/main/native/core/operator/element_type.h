#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace subbit {

/// What ONNX calls the type of a tensor's elements, for messages: "INT8" for 3.
///
/// @param type a number of ONNX's TensorProto.DataType, which are those of ONNX Runtime's ONNXTensorElementDataType.
/// @return the name; "type 99" for a number that has none here.
inline std::string ElementTypeName(int type) {
  constexpr std::array kNames{"UNDEFINED",      "FLOAT",    "UINT8",        "INT8",           "UINT16",
                              "INT16",          "INT32",    "INT64",        "STRING",         "BOOL",
                              "FLOAT16",        "DOUBLE",   "UINT32",       "UINT64",         "COMPLEX64",
                              "COMPLEX128",     "BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2",
                              "FLOAT8E5M2FNUZ", "UINT4",    "INT4",         "FLOAT4E2M1"};
  const auto index = static_cast<std::size_t>(type);
  return type >= 0 && index < kNames.size() ? kNames[index] : "type " + std::to_string(type);
}

}  // namespace subbit
