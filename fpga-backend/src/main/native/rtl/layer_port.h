#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "rtl/module_bench.h"

namespace subbit::fpga {

/// Where a field of a module's port `layer` lies.
struct LayerField {
  std::size_t at;
  int width;
  bool is_signed;
};

/// The field of this name, as read from subbit_pkg.sv.
const LayerField& FindLayerField(const std::string& name);

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
