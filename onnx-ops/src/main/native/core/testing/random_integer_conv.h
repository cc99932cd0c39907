#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/integer/integer_layer.h"
#include "core/integer/integer_parameters.h"

/// Integer convolutions for tests and benchmarks that compare kernels.
namespace subbit {

/// An IntegerSubBitConv or IntegerSubBitBlock, an image for it, and what follows it.
struct IntegerConvCase {
  IntegerConvParameters parameters;
  MapShape x;
  MapShape y;
  std::vector<std::uint64_t> signs;          ///< of x, with their border, and a cache line more
  std::vector<std::int16_t> residual;        ///< empty without residual
  std::vector<std::int16_t> next_threshold;  ///< [O]

  IntegerInput Input();
};

/// Random signs and parameters, for a convolution with these attributes of an image of height x width pixels. Values
/// are of a magnitude that saturates now and then.
IntegerConvCase MakeIntegerConvCase(const IntegerConvAttributes& attributes, bool block, std::int64_t height,
                                    std::int64_t width, std::mt19937* random);

/// A small case; everything is random.
IntegerConvCase RandomIntegerConvCase(std::mt19937* random);

std::string Describe(const IntegerConvCase& layer);

}  // namespace subbit
