#include "device/element.h"

#include <stdexcept>

#include "device/registers.h"

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
  c.features =
      registers::kFeatureInt8 | registers::kFeatureBinary | registers::kFeatureResidual | registers::kFeatureBitsOut;
  return c;
}

}  // namespace

const std::vector<Element>& Elements() {
  static const auto& elements = *new std::vector<Element>{
      {"paper", "the paper's: one nine-tap unit, four accumulators", registers::kDotUnits, 1, 4, 1},
      {"shared", "18 adders: responses by shared partial sums, adders shared with the look-ups",
       registers::kSharedAdders, 8, 16, 1},
      {"binary", "18 adders: a plain binary engine of two nine-tap units", registers::kDotUnits, 2, 2, 1},
      {"shared4", "72 adders: four of `shared`, for four input channels at once", registers::kSharedAdders, 8, 16, 4},
  };
  return elements;
}

Capabilities RtlCapabilities(const std::string& element) {
  Capabilities c = OfElement(element);
  c.features |= registers::kFeatureMemoryBase;
  c.max_channels = 512;
  c.max_width = 512;
  return c;
}

Capabilities EmulatorCapabilities(const std::string& element) {
  Capabilities c = OfElement(element);
  c.features |= registers::kFeatureAnyStride | registers::kFeatureDilation | registers::kFeatureGroups;
  return c;
}

}  // namespace subbit::fpga
