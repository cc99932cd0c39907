#include "core/integer/network_attributes.h"

#include <algorithm>
#include <string>

#include "core/operator/attribute_limits.h"

namespace subbit {
namespace {

using Table = operators::IntegerNetwork;

/// The alternatives of AnyLayer by their number, to begin with.
template <std::size_t... kinds>
AnyLayer LayerOfKind(std::size_t kind, std::index_sequence<kinds...>) {
  AnyLayer layer;
  ((kind == kinds ? static_cast<void>(layer.template emplace<kinds>()) : static_cast<void>(0)), ...);
  return layer;
}

/// The numbers of `settings`, from the first on.
class Settings {
 public:
  Settings(const OpName& network, const std::vector<std::int64_t>& values) : network_(network), values_(values) {}

  template <class Row>
  void Read(const Row&, std::int64_t* value) {
    Read(value, 1);
  }
  template <std::size_t count>
  void Read(const operators::ListRow<count>&, std::array<std::int64_t, count>* values) {
    Read(values->data(), count);
  }

  /// All numbers have been read.
  void RequireEnd() const {
    if (read_ != values_.size()) Fail(std::to_string(read_));
  }

 private:
  void Read(std::int64_t* to, std::size_t count) {
    if (count > values_.size() - read_) Fail("more, for all layers");
    std::copy_n(values_.data() + read_, count, to);
    read_ += count;
  }

  [[noreturn]] void Fail(const std::string& allowed) const {
    throw InvalidOperator(network_, "length of settings", std::to_string(values_.size()), allowed);
  }

  const OpName& network_;
  const std::vector<std::int64_t>& values_;
  std::size_t read_ = 0;
};

void RequireLength(const OpName& op, const operators::AnyListRow& row, const std::vector<std::int64_t>& list,
                   std::size_t layers) {
  if (list.size() != layers) {
    throw InvalidOperator(op, std::string("length of ") + row.name, std::to_string(list.size()),
                          std::to_string(layers) + ", as kinds has");
  }
}

/// Kinds of which a network asks more.
constexpr std::int64_t kStem = 0;
constexpr std::int64_t kBlock = 2;
constexpr std::int64_t kClassifier = 4;

}  // namespace

OpName LayerName(const OpName& network, const char* type, std::size_t layer) {
  const std::string number = "layer " + std::to_string(layer);
  return {type, network.node.empty() ? number : network.node + ", " + number};
}

std::vector<NetworkLayerAttributes> SplitNetwork(const OpName& op, const NetworkAttributes& attributes) {
  const std::size_t count = attributes.kinds.size();
  RequireRange(op, "length of kinds", static_cast<std::int64_t>(count), 2, kMaxLayers);
  RequireLength(op, Table::kAttributeReads, attributes.reads, count);
  RequireLength(op, Table::kAttributeResiduals, attributes.residuals, count);
  const auto at = [](const operators::AnyListRow& row, std::size_t i) {
    return std::string(row.name) + "[" + std::to_string(i) + "]";
  };

  std::vector<NetworkLayerAttributes> layers;
  std::vector<bool> is_read(count + 1, false);
  Settings settings(op, attributes.settings);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t kind = attributes.kinds[i];
    const bool last = i + 1 == count;
    RequireRange(op, at(Table::kAttributeKinds, i), kind, last ? kClassifier : kStem,
                 i == 0 ? kStem
                 : last ? kClassifier
                        : kClassifier - 1);
    AnyLayer layer =
        LayerOfKind(static_cast<std::size_t>(kind), std::make_index_sequence<std::variant_size_v<AnyLayer>>());
    std::visit(
        [&](auto& of_kind) {
          using Row = typename std::decay_t<decltype(of_kind)>::Table;
          VisitAttributes(Row{}, of_kind.attributes, [&](const auto& row, auto* value) { settings.Read(row, value); });
          const OpName name = LayerName(op, Row::kName, i + 1);
          Validate(name, of_kind.attributes);
          layers.push_back({name, of_kind, attributes.reads[i], attributes.residuals[i]});
        },
        layer);
    const auto before = static_cast<std::int64_t>(i);
    const std::int64_t read = layers.back().reads;
    RequireRange(op, at(Table::kAttributeReads, i), read, kind == kStem ? 0 : 1, kind == kStem ? 0 : before);
    is_read[static_cast<std::size_t>(read)] = true;
    const std::int64_t residual = layers.back().residual;
    const bool block = kind == kBlock;
    RequireRange(op, at(Table::kAttributeResiduals, i), residual, block ? 1 : -1, block ? before : -1);
    if (block) is_read[static_cast<std::size_t>(residual)] = true;
  }
  settings.RequireEnd();
  for (std::size_t i = 1; i < count; ++i) {
    if (!is_read[i]) {
      throw InvalidOperator(op, Table::kAttributeReads.name, "no layer that reads layer " + std::to_string(i),
                            "networks in which each layer but the last is read");
    }
  }
  return layers;
}

}  // namespace subbit
