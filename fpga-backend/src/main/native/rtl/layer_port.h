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

/// Sets fields of a module's port `layer` by their names. Where they lie is read from subbit_pkg.sv, whose first field is the
/// highest.
template <class Port>
void SetLayer(Port& port, const std::map<std::string, std::int64_t>& values) {
  static const std::map<std::string, std::pair<int, int>> places = [] {
    std::ifstream file(SUBBIT_RTL_PACKAGE);
    std::vector<std::pair<std::string, int>> fields;
    const std::regex field(R"(^\s*logic\s+(?:signed\s*)?(?:\[\s*(\d+):0\]\s*)?(\w+);.*)");
    bool inside = false;
    for (std::string line; std::getline(file, line);) {
      std::smatch match;
      if (line.find("typedef struct packed") != std::string::npos) {
        inside = true;
        fields.clear();
      } else if (line.find("} layer_t;") != std::string::npos) {
        break;
      } else if (inside && std::regex_match(line, match, field)) {
        fields.emplace_back(match[2], match[1].matched ? std::stoi(match[1]) + 1 : 1);
      }
    }
    std::map<std::string, std::pair<int, int>> result;
    int at = 0;
    for (auto next = fields.rbegin(); next != fields.rend(); ++next) {
      result[next->first] = {at, next->second};
      at += next->second;
    }
    return result;
  }();
  for (const auto& [name, value] : values) {
    const auto place = places.find(name);
    if (place == places.end()) {
      throw std::invalid_argument("layer_t has no field " + name);
    }
    SetBits(port, static_cast<std::size_t>(place->second.first), place->second.second,
            static_cast<std::uint64_t>(value));
  }
}

}  // namespace subbit::fpga
