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
  kInt16,
  /// uint8 or int8, the same in all such inputs and outputs of a node.
  kEightBits,
  /// float or uint8: an image's pixels from 0 to 255.
  kPixels,
  /// Of variadic inputs: each of the type that its place demands.
  kAny,
};

/// What an input of an operator is for.
enum class InputUse {
  kData,                ///< activations, other ones in each run
  kParameter,           ///< prepared at load if it is constant
  kOptionalParameter,   ///< the same, and may be absent
  kVariadicParameters,  ///< parameters from this position on, in any number; always the last row
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

/// An attribute that an operator has of its own, for those who go through all of them: `count` numbers, or a list of
/// any length if that is 0, each within the limits.
struct AttributeRow {
  const char* name;
  std::size_t count;
  std::int64_t least;
  std::int64_t most;
};

/// One operator, for those who go through all of them. Operators that convolve have no attributes of their own but
/// those of operators::attributes.
struct OperatorRow {
  const char* name;
  const InputRow* inputs;
  std::size_t input_count;
  const OutputRow* outputs;
  std::size_t output_count;
  const AttributeRow* attributes;
  std::size_t attribute_count;
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

/// An attribute that is a list of any length, and the limits of each number.
struct AnyListRow {
  const char* name;
  std::int64_t least;
  std::int64_t most;
};

}  // namespace subbit::operators
