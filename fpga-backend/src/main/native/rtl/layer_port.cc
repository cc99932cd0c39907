#include "rtl/layer_port.h"

#include <fstream>
#include <regex>
#include <stdexcept>
#include <utility>
#include <vector>

namespace subbit::fpga {

const LayerField& FindLayerField(const std::string& name) {
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
    // The first field is the highest.
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

}  // namespace subbit::fpga
