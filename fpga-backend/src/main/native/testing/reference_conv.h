#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "driver/driver.h"

namespace subbit::fpga {

/// A number from low to high, both included.
std::uint32_t Pick(std::mt19937& random, std::uint32_t low, std::uint32_t high);

/// A layer with random weights and a batch of random images for it, for tests.
struct LayerCase {
  ConvLayer layer;
  std::uint32_t batch;
  std::uint32_t height;
  std::uint32_t width;
  /// In the layer's input format.
  std::vector<std::uint8_t> input;
  /// In the layer's output format; empty unless the layer adds a residual.
  std::vector<std::uint8_t> residual;

  std::uint32_t out_height() const;
  std::uint32_t out_width() const;
  /// Bytes of the whole output.
  std::size_t output_bytes() const;
};

/// A small random layer of any shape, format, tau and zero point that the contract allows. The same seed gives the same
/// layer.
LayerCase RandomCase(std::mt19937& random);

/// A convolution of a network: padding 1, square images.
struct SquareConv {
  std::uint32_t in_channels;
  std::uint32_t out_channels;
  std::uint32_t in_side;
  std::uint16_t stride;
};

/// Such a layer with tau bits per kernel and one image, its formats, weights and image still to be filled in.
LayerCase SquareCase(const SquareConv& conv, int tau);

/// Fills in random weights and images for the shape that `layer_case` has.
void FillRandomly(LayerCase& layer_case, std::mt19937& random);

/// Lets the layer add a random residual, by a random multiplier and zero point. Its output must have 8 bits.
void AddResidual(LayerCase& layer_case, std::mt19937& random);

/// Loads the layer and runs it with a generous time-out; its output, and its cycles if they are asked for.
std::vector<std::uint8_t> RunCase(Driver& driver, const LayerCase& layer_case, LayerCycles* cycles = nullptr);

/// Computes the layer tap by tap from the definition, without tables, tiles or the engine's code, in the layer's output
/// format.
std::vector<std::uint8_t> ReferenceConv(const LayerCase& layer_case);

}  // namespace subbit::fpga
