#include <random>

#include "device/element.h"
#include "driver/driver.h"
#include "emulator/emulator.h"
#include "ep/cpu_network.h"
#include "fuzz/targets.h"
#include "testing/random_network.h"

namespace subbit::fpga {
namespace {

/// The logits of the reference, from its sums: scale 1, and no bias.
std::vector<std::int32_t> SumsOfTheReference(NetworkCase c, std::uint32_t count,
                                             const std::vector<std::uint8_t>& pixels) {
  auto& classifier = std::get<ClassifierParameters>(c.layers.back().parameters);
  classifier.scale.assign(classifier.scale.size(), 1.0f);
  classifier.bias.assign(classifier.bias.size(), 0.0f);
  const CpuNetwork reference(c.layers);
  std::vector<std::int32_t> sums;
  std::vector<float> logits(classifier.scale.size());
  for (std::uint32_t image = 0; image < count; ++image) {
    reference.Run(c.image, PixelType::kUint8, pixels.data() + image * static_cast<std::size_t>(c.image.Size()),
                  logits.data());
    for (const float logit : logits) {
      sums.push_back(static_cast<std::int32_t>(logit));
    }
  }
  return sums;
}

}  // namespace

void FuzzNetwork(FuzzInput* input) {
  Capabilities capabilities = EmulatorCapabilities("tables");
  capabilities.memory_bytes = std::uint64_t{1} << input->Within(12, 22);
  std::mt19937 random(input->Any<std::uint32_t>());
  const NetworkCase c = RandomNetwork(random);
  const auto count = static_cast<std::uint32_t>(input->Within(1, 5));
  try {
    CpuNetwork(c.layers).Check(c.image);
  } catch (const InvalidOperator&) {
    return;  // the image is too small
  }
  const std::vector<std::uint8_t> pixels = RandomPixels(c.image, count, random);
  try {
    const auto driver = Driver::Open(std::make_unique<Emulator>(capabilities));
    const auto sums = LoadedNetwork(driver, c.layers).Run(c.image, count, pixels);
    const auto expected = SumsOfTheReference(c, count, pixels);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      // Sums of more than 24 bits are rounded on their way to logits.
      if (static_cast<std::int32_t>(static_cast<float>(sums[i])) != expected[i]) {
        Finding("sum " + std::to_string(i) + " differs");
      }
    }
  } catch (const DriverError& e) {
    if (e.fault() != Fault::kOutOfMemory && e.fault() != Fault::kUnsupported) Finding(e.what());
  }
}

}  // namespace subbit::fpga
