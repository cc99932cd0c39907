#include "core/operator/invalid_operator.h"

namespace subbit {

InvalidOperator::InvalidOperator(const OpName& op, const std::string& field, const std::string& found,
                                 const std::string& allowed)
    : std::invalid_argument(op.type + (op.node.empty() ? "" : " node '" + op.node + "'") + ": " + field + " is " +
                            found + ", allowed: " + allowed),
      field_(field) {}

std::string ToString(const Dims& values) {
  std::string text = "[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(values[i]);
  }
  return text + "]";
}

std::int64_t CheckedProduct(const OpName& op, const char* field, const Dims& factors, std::int64_t limit) {
  for (std::int64_t factor : factors) {
    if (factor == 0) return 0;
  }
  std::int64_t product = 1;
  for (std::int64_t factor : factors) {
    if (factor < 0 || product > limit / factor) {
      throw InvalidOperator(op, field, ToString(factors), "a product of at most " + std::to_string(limit));
    }
    product *= factor;
  }
  return product;
}

}  // namespace subbit
