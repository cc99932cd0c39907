#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <random>
#include <vector>

#include "driver/driver.h"
#include "testing/reference_conv.h"

namespace subbit::fpga {

/// Runs a layer on a device that is to fail, and returns the fault that ends it. The test fails if none does.
inline DriverError RunAndFail(Driver& driver, std::chrono::milliseconds timeout) {
  std::mt19937 random(4);
  const LayerCase c = RandomCase(random);
  std::vector<std::uint8_t> output(c.output_bytes());
  try {
    const auto loaded = driver.Load(c.layer);
    driver.Run(*loaded, c.batch, c.height, c.width, c.input.data(), output.data(), timeout);
  } catch (const DriverError& e) {
    return e;
  }
  ADD_FAILURE() << "the run succeeded";
  return DriverError(Fault::kUnsupported, "");
}

}  // namespace subbit::fpga
