#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace subbit {

/// One tensor of a test vector.
struct VectorTensor {
  std::vector<std::int64_t> shape;
  std::variant<std::vector<float>, std::vector<std::uint8_t>, std::vector<std::int8_t>, std::vector<std::int32_t>,
               std::vector<std::int16_t>>
      values;

  template <class T>
  const std::vector<T>& As() const {
    return std::get<std::vector<T>>(values);
  }
};

/// One case of the test vectors that Java, C++ and hardware share (onnx-ops/src/test/vectors).
struct VectorCase {
  std::string name;
  std::string op;
  std::map<std::string, std::vector<std::int64_t>> attributes;
  std::map<std::string, VectorTensor> inputs;
  std::map<std::string, VectorTensor> outputs;
};

/// Reads every case of every *.vec file of a folder. The format is line-based: `case NAME`, `op TYPE`, `attr NAME
/// INT...`, `in NAME TYPE DIMS : VALUES`, `out NAME TYPE DIMS : VALUES`, `end`; DIMS is like 1x4x5x5, or - for a
/// scalar; floats are eight hexadecimal digits of their bits; a line that starts with # is a comment. Throws
/// std::runtime_error naming file and line.
std::vector<VectorCase> ReadVectorFolder(const std::string& folder);

}  // namespace subbit
