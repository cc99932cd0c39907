#pragma once

#include <cstddef>
#include <cstdint>

/// What rows the table of operators (src/main/tables/operators.txt) has. The rows themselves are in tables/operators.h,
/// which the build makes of the table: a struct for each operator, with a constant for each input and output.
namespace subbit::operators {

/// What a tensor holds.
enum class Element {
  kFloat,
  kUint8,
  kInt8,
  kInt32,
  /// uint8 or int8, the same in all such inputs and outputs of a node.
  kEightBits,
};

/// What an input of an operator is for.
enum class InputUse {
  kData,               ///< activations, other ones in each run
  kParameter,          ///< prepared at load if it is constant
  kOptionalParameter,  ///< the same, and may be absent
};

struct InputRow {
  std::size_t position;
  const char* name;
  Element type;
  InputUse use;
};

struct OutputRow {
  std::size_t position;
  const char* name;
  Element type;
  bool optional;
};

/// One operator, for those who go through all of them.
struct OperatorRow {
  const char* name;
  const InputRow* inputs;
  std::size_t input_count;
  const OutputRow* outputs;
  std::size_t output_count;
};

/// An attribute that is one number, and its limits.
struct NumberRow {
  const char* name;
  std::int64_t least;
  std::int64_t most;
};

/// An attribute that is a list of so many numbers, and the limits of each.
template <std::size_t count>
struct ListRow {
  const char* name;
  std::int64_t least;
  std::int64_t most;
};

}  // namespace subbit::operators
