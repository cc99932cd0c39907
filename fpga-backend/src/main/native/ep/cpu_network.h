#pragma once

#include <memory>
#include <vector>

#include "core/integer/integer_layer.h"
#include "core/integer/network_parameters.h"

namespace subbit::fpga {

/// The layers of an integer network by the operators' reference: they say which images a network takes, and run it on
/// the CPU, slowly, with the same bits as the device.
class CpuNetwork {
 public:
  explicit CpuNetwork(const std::vector<NetworkLayerParameters>& network);

  /// Checks the shape of an image, and of what is computed from it. Throws InvalidOperator, naming the layer.
  void Check(const MapShape& image) const { ShapesOf(image); }

  /// Computes the logits of an image whose shape has passed Check: pixels [C, H, W] of the given type.
  void Run(const MapShape& image, PixelType type, const void* pixels, float* logits) const;

 private:
  struct Layer {
    OpName op;
    std::unique_ptr<IntegerLayer> layer;
    std::int64_t reads;
    std::int64_t residual;
  };

  /// The shapes of the image and of all layers' outputs.
  std::vector<MapShape> ShapesOf(const MapShape& image) const;

  std::vector<Layer> layers_;
};

}  // namespace subbit::fpga
