#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "core/integer/map_shape.h"
#include "core/integer/network_parameters.h"
#include "driver/driver.h"
#include "driver/integer_network.h"

namespace subbit::fpga {

/// An integer network with random weights, of layers that the device has, for tests.
struct NetworkCase {
  MapShape image;
  std::vector<NetworkLayerParameters> layers;
};

/// A small network: a stem, perhaps with a max pool, up to four convolutions, blocks, or shortcuts with blocks beside
/// them, and a classifier.
NetworkCase RandomNetwork(std::mt19937& random);

/// A residual network of the shapes of one of `stages`: for each the channels, and how many blocks; the first block of
/// a stage but the first has stride 2 and a shortcut. `attributes` are those of the stem.
NetworkCase ResidualNetwork(const MapShape& image, std::int64_t kernel, const StemAttributes& attributes,
                            const std::vector<std::pair<std::int64_t, int>>& stages, std::int64_t classes, int tau,
                            std::mt19937& random);

/// A network that a driver has loaded.
class LoadedNetwork {
 public:
  /// Throws DriverError and NetworkNotTaken.
  LoadedNetwork(std::shared_ptr<Driver> driver, const std::vector<NetworkLayerParameters>& layers);

  /// The classifier's sums [images, classes] of `count` images of `image`, [C, H, W] each; cycles of all layers, if
  /// they are asked for.
  std::vector<std::int32_t> Run(const MapShape& image, std::uint32_t count, const std::vector<std::uint8_t>& pixels,
                                std::vector<LayerCycles>* cycles = nullptr) const;

  const std::vector<DeviceLayer>& layers() const { return layers_; }

 private:
  std::shared_ptr<Driver> driver_;
  std::vector<DeviceLayer> layers_;
  std::vector<std::unique_ptr<LoadedLayer>> loaded_;
  LayerGraph graph_;
};

std::vector<std::uint8_t> RandomPixels(const MapShape& image, std::uint32_t count, std::mt19937& random);

/// The logits [images, classes] that the host makes of a device's sums.
std::vector<float> LogitsOf(const NetworkCase& network, const std::vector<std::int32_t>& sums);

/// The logits [images, classes] that the operators' reference gives for `count` images.
std::vector<float> ReferenceLogits(const NetworkCase& network, std::uint32_t count,
                                   const std::vector<std::uint8_t>& pixels);

}  // namespace subbit::fpga
