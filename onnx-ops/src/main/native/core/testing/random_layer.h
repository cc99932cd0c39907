#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "core/kernel/isa.h"
#include "core/kernel/parallel_for.h"
#include "core/operator/conv_geometry.h"
#include "core/operator/conv_weights.h"
#include "core/operator/requantization.h"

/// Layers for tests that compare kernels with the reference.
namespace subbit {

/// A random layer with everything that any of the operators needs.
struct Layer {
  ConvGeometry geometry;
  SubBitWeights weights;
  std::vector<float> scale;
  std::vector<float> bias;
  Requantization requantization;
  std::vector<float> x;

  std::size_t XSize() const {
    return static_cast<std::size_t>(geometry.batch * geometry.InputChannels() * geometry.height * geometry.width);
  }
  std::size_t YSize() const {
    const std::array<std::int64_t, 4> shape = geometry.OutputShape();
    return static_cast<std::size_t>(std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>()));
  }
};

/// Creates a layer with these attributes and this shape of X; everything else is random.
Layer MakeLayer(const ConvAttributes& attributes, const Dims& x_shape, std::mt19937* random);

/// Creates a small random layer: tau, channels, groups, strides, pads, dilations, sizes and batch are random.
Layer RandomLayer(std::mt19937* random);

/// Draws `count` further stages for a layer's weights; the first stage of the result is the layer's own.
std::vector<WeightStage> RandomStages(const Layer& layer, int count, std::mt19937* random);

/// Runs the last task first, since no kernel may depend on the order.
void RunBackwards(std::size_t tasks, Task task);

/// Scratch memory that begins one byte past the middle of a cache line, since kernels must accept any address.
class TestScratch {
 public:
  explicit TestScratch(std::size_t bytes) : memory_(bytes + 33, std::byte{0xff}) {}
  void* get() { return memory_.data() + 33; }

 private:
  std::vector<std::byte> memory_;
};

/// The kernel's name and the layer's attributes and sizes.
std::string Describe(const Layer& layer, const std::string& kernel);

/// The levels above the reference that this processor has.
std::vector<Isa> FastIsas();

}  // namespace subbit
