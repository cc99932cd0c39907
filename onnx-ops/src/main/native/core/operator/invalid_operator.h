#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "core/operator/dims.h"

namespace subbit {

/// The operator and the model node that a message is about.
struct OpName {
  std::string type;       ///< for example "SubBitConv"
  std::string node = "";  ///< the node's name in the model; may be empty
};

/// A node that does not meet its operator's specification: a wrong attribute, input shape or input value. Models are
/// untrusted, so this is an ordinary outcome. The message names operator, node, field, what was found and what is
/// allowed.
class InvalidOperator : public std::invalid_argument {
 public:
  InvalidOperator(const OpName& op, const std::string& field, const std::string& found, const std::string& allowed);

  /// The attribute or input at fault, as the operator's specification names it.
  const std::string& field() const { return field_; }

 private:
  std::string field_;
};

/// "[2, 3, 4]", as messages print shapes and lists.
std::string ToString(const Dims& values);

/// The product of non-negative factors. Throws InvalidOperator, naming `field`, when it passes `limit`.
std::int64_t CheckedProduct(const OpName& op, const char* field, const Dims& factors, std::int64_t limit);

}  // namespace subbit
