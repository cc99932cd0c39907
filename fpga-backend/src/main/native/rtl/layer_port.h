#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <regex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "rtl/module_bench.h"

namespace subbit::fpga {

/// Where a field of a module's port `layer` lies.
struct LayerField {
  std::size_t at;
  int width;
  bool is_signed;
};

/// The field of this name, as read from subbit_pkg.sv, whose first field is the highest.
inline const LayerField& FindLayerField(const std::string& name) {
  static const std::map<std::string, LayerField> fields = [] {
    std::ifstream file(SUBBIT_RTL_PACKAGE);
    std::vector<std::pair<std::string, LayerField>> found;
    const std::regex field(R"(^\s*logic\s+(signed\s*)?(?:\[\s*(\d+):0\]\s*)?(\w+);.*)");
    bool inside = false;
    for (std::string line; std::getline(file, line);) {
      std::smatch match;
      if (line.find("typedef struct packed") != std::string::npos) {
        inside = true;
        found.clear();
      } else if (line.find("} layer_t;") != std::string::npos) {
        break;
      } else if (inside && std::regex_match(line, match, field)) {
        found.emplace_back(match[3], LayerField{0, match[2].matched ? std::stoi(match[2]) + 1 : 1, match[1].matched});
      }
    }
    std::map<std::string, LayerField> result;
    std::size_t at = 0;
    for (auto next = found.rbegin(); next != found.rend(); ++next) {
      next->second.at = at;
      at += static_cast<std::size_t>(next->second.width);
      result.insert(*next);
    }
    return result;
  }();
  const auto place = fields.find(name);
  if (place == fields.end()) {
    throw std::invalid_argument("layer_t has no field " + name);
  }
  return place->second;
}

/// Sets fields of a module's port `layer` by their names.
template <class Port>
void SetLayer(Port& port, const std::map<std::string, std::int64_t>& values) {
  for (const auto& [name, value] : values) {
    const LayerField& field = FindLayerField(name);
    SetBits(port, field.at, field.width, static_cast<std::uint64_t>(value));
  }
}

template <class Port>
std::int64_t GetLayer(const Port& port, const std::string& name) {
  const LayerField& field = FindLayerField(name);
  return field.is_signed ? GetSigned(port, field.at, field.width)
                         : static_cast<std::int64_t>(GetBits(port, field.at, field.width));
}

}  // namespace subbit::fpga
