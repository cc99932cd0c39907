// Runs the 3x3 layers of ResNet-18 and ResNet-34 through emulator and simulation and prints, as JSON, cycles for each
// network, backend, element and tau, and how they compare to a plain binary engine with the same number of adders.
//
//   fpga_cycles [--network resnet18|resnet34]... [--layers]
//
// --layers also prints every layer. The simulation's results are compared bit by bit with the emulator's; a difference
// ends the program with an error. docs/DEVICE.md explains the figures.

#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <stdexcept>

#include "bench/network.h"
#include "device/element.h"
#include "driver/driver.h"
#include "emulator/emulator.h"
#include "rtl/rtl_device.h"

namespace subbit::fpga {
namespace {

struct Options {
  std::vector<std::string> networks;
  bool layers = false;
};

/// What is run: an element in the mode that its driver chooses for tau.
struct Configuration {
  const char* element;
  const char* mode;
  int tau;
};

/// The first of each pair is the plain binary engine that the second is compared with: the paper's element in direct mode,
/// and two nine-tap units, which have as many adders as the element with shared partial sums.
constexpr Configuration kConfigurations[][2] = {
    {{"paper", "bnn", 9}, {"paper", "subbit", 5}},
    {{"binary", "bnn", 9}, {"shared", "subbit", 5}},
};

Options Parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--layers") == 0) {
      options.layers = true;
    } else if (std::strcmp(argv[i], "--network") == 0 && i + 1 < argc) {
      options.networks.emplace_back(argv[++i]);
    } else {
      throw std::invalid_argument(std::string("Unknown argument '") + argv[i] + "'.");
    }
  }
  if (options.networks.empty()) {
    options.networks = {"resnet18", "resnet34"};
  }
  return options;
}

struct Cycles {
  std::uint64_t emulator;
  std::uint64_t rtl;
};

/// Runs layers, each shape once.
class Runner {
 public:
  explicit Runner(bool prints_layers) : prints_layers_(prints_layers) {}

  Cycles Run(const std::string& network, const Configuration& configuration) {
    Cycles total{0, 0};
    for (const NetworkLayer& layer : NetworkLayers(network)) {
      const Cycles cycles = RunLayer(layer, configuration);
      total.emulator += layer.count * cycles.emulator;
      total.rtl += layer.count * cycles.rtl;
    }
    return total;
  }

 private:
  Cycles RunLayer(const NetworkLayer& layer, const Configuration& configuration) {
    const std::string key = std::string(configuration.element) + " " + std::to_string(configuration.tau) + " " +
                            std::to_string(layer.in_channels) + " " + std::to_string(layer.out_channels);
    const auto known = known_.find(key);
    if (known != known_.end()) {
      return known->second;
    }
    const LayerCase c = MakeCase(layer, configuration.tau, 1);
    std::vector<std::uint8_t> expected;
    std::vector<std::uint8_t> actual;
    const Cycles cycles = {
        RunOn(std::make_unique<Emulator>(Emulator::CapabilitiesOf(configuration.element)), c, &expected),
        RunOn(std::make_unique<RtlDevice>(RtlLibraryPath(), configuration.element), c, &actual)};
    if (actual != expected) {
      throw std::runtime_error("Emulator and simulation differ on layer " + key);
    }
    if (prints_layers_) {
      std::printf("{\"element\": \"%s\", \"tau\": %d, \"in_channels\": %u, \"out_channels\": %u, \"side\": %u, "
                  "\"stride\": %d, \"emulator_cycles\": %llu, \"rtl_cycles\": %llu, \"difference\": %.5f}\n",
                  configuration.element, configuration.tau, layer.in_channels, layer.out_channels, layer.in_side,
                  static_cast<int>(layer.stride), static_cast<unsigned long long>(cycles.emulator),
                  static_cast<unsigned long long>(cycles.rtl),
                  static_cast<double>(cycles.rtl) / static_cast<double>(cycles.emulator) - 1);
      std::fflush(stdout);
    }
    known_[key] = cycles;
    return cycles;
  }

  static std::uint64_t RunOn(std::unique_ptr<Device> device, const LayerCase& c, std::vector<std::uint8_t>* output) {
    const auto driver = Driver::Open(std::move(device));
    output->resize(c.output_bytes());
    return driver
        ->Run(*driver->Load(c.layer), c.batch, c.height, c.width, c.input.data(), output->data(),
              std::chrono::minutes(30))
        .cycles;
  }

  bool prints_layers_;
  std::map<std::string, Cycles> known_;
};

void PrintRow(const std::string& network, const char* backend, const Configuration& c, std::uint64_t cycles,
              std::uint64_t bnn) {
  std::printf("{\"network\": \"%s\", \"backend\": \"%s\", \"element\": \"%s\", \"mode\": \"%s\", \"tau\": %d, "
              "\"cycles\": %llu, \"ratio_to_bnn\": %.4f}\n",
              network.c_str(), backend, c.element, c.mode, c.tau, static_cast<unsigned long long>(cycles),
              static_cast<double>(bnn) / static_cast<double>(cycles));
}

int Main(int argc, char** argv) {
  const Options options = Parse(argc, argv);
  Runner runner(options.layers);
  for (const std::string& network : options.networks) {
    for (const auto& pair : kConfigurations) {
      const Cycles bnn = runner.Run(network, pair[0]);
      const Cycles subbit = runner.Run(network, pair[1]);
      PrintRow(network, "emulator", pair[0], bnn.emulator, bnn.emulator);
      PrintRow(network, "rtl", pair[0], bnn.rtl, bnn.rtl);
      PrintRow(network, "emulator", pair[1], subbit.emulator, bnn.emulator);
      PrintRow(network, "rtl", pair[1], subbit.rtl, bnn.rtl);
      std::fflush(stdout);
    }
  }
  return 0;
}

}  // namespace
}  // namespace subbit::fpga

int main(int argc, char** argv) {
  try {
    return subbit::fpga::Main(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
