#include "device/element.h"

#include <stdexcept>

#include "tables/device.h"

namespace subbit::fpga {
namespace {

const Element& Find(const std::string& name) {
  std::string names;
  for (const Element& element : Elements()) {
    if (element.name == name) {
      return element;
    }
    names += (names.empty() ? "" : ", ") + element.name;
  }
  throw std::invalid_argument("There is no processing element '" + name + "'; allowed are: " + names + ".");
}

Capabilities OfElement(const std::string& name) {
  const Element& element = Find(name);
  Capabilities c;
  c.response_unit = element.response_unit;
  c.dot_units = element.responses;
  c.accumulators = element.accumulators;
  c.channel_lanes = element.channel_lanes;
  c.table_depth = element.table_depth;
  c.max_tau = element.max_tau;
  c.input_rows = element.input_rows;
  c.features = registers::kFeaturesBinary | registers::kFeaturesBitsOut;
  if (c.response_unit != registers::kResponseUnitTables) {
    c.features |= registers::kFeaturesInt8 | registers::kFeaturesResidual;
  } else {
    c.features |= registers::kFeaturesIntegerConv | registers::kFeaturesStem | registers::kFeaturesShortcut |
                  registers::kFeaturesClassifier | registers::kFeaturesBeside;
  }
  return c;
}

}  // namespace

const std::vector<Element>& Elements() {
  static const auto& elements = *new std::vector<Element>{
      {"paper", "the paper's: one nine-tap unit, four accumulators", registers::kResponseUnitDotUnits, 1, 4, 1},
      {"shared", "18 adders: responses by shared partial sums, adders shared with the look-ups",
       registers::kResponseUnitSharedAdders, 8, 16, 1},
      {"binary", "18 adders: a plain binary engine of two nine-tap units", registers::kResponseUnitDotUnits, 2, 2, 1},
      {"tables", "binary activations alone: 64 channels by 14 pixels per cycle, looked up in block RAM",
       registers::kResponseUnitTables, 7, 14, 64, 32, 5, 56, 1536},
      {"tables32", "binary activations alone: as tables, but 32 channels per cycle, which fits an ECP5-85F",
       registers::kResponseUnitTables, 7, 14, 32, 32, 5, 56, 1536},
  };
  return elements;
}

Capabilities RtlCapabilities(const std::string& element) {
  Capabilities c = OfElement(element);
  c.features |= registers::kFeaturesMemoryBase;
  c.max_channels = 512;
  c.max_width = Find(element).max_width;
  return c;
}

Capabilities EmulatorCapabilities(const std::string& element) {
  Capabilities c = OfElement(element);
  if (c.response_unit == registers::kResponseUnitTables) {
    // The order of work depends on what is on chip.
    c = RtlCapabilities(element);
    c.features &= ~registers::kFeaturesMemoryBase;
    return c;
  }
  c.features |= registers::kFeaturesAnyStride | registers::kFeaturesDilation | registers::kFeaturesGroups;
  return c;
}

}  // namespace subbit::fpga
