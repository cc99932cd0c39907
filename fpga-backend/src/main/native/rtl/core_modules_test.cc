// The processing elements alone, compared with the definition of the convolution.

#include <gtest/gtest.h>

#include "Vsubbit_core_dot.h"
#include "Vsubbit_core_dot_paper.h"
#include "Vsubbit_core_shared.h"
#include "rtl/core_bench.h"

namespace subbit::fpga {
namespace {

template <class Bench>
void ConvolvesRandomTiles(unsigned seed, int lanes) {
  Bench bench(seed);
  for (int run = 0; run < 600; ++run) {
    bench.Run(RandomWalk(bench.random(), lanes));
    ASSERT_FALSE(::testing::Test::HasFailure()) << "run " << run;
  }
}

TEST(CoreDotModule, ConvolvesWithOneUnit) { ConvolvesRandomTiles<CoreBench<Vsubbit_core_dot_paper, 4, 1>>(1, 4); }
TEST(CoreDotModule, ConvolvesWithTwoUnits) { ConvolvesRandomTiles<CoreBench<Vsubbit_core_dot, 4, 2>>(2, 4); }
TEST(CoreSharedModule, Convolves) { ConvolvesRandomTiles<CoreBench<Vsubbit_core_shared, 8, 4>>(3, 8); }

/// A tile of one pixel comes back to its sums with every input channel.
template <class Bench>
void AddsChannelsToOnePixel(unsigned seed, int lanes) {
  Bench bench(seed);
  for (int run = 0; run < 100; ++run) {
    Walk w = RandomWalk(bench.random(), lanes);
    w.rows = w.columns = 1;
    w.channels = 40;
    bench.Run(w);
    ASSERT_FALSE(::testing::Test::HasFailure()) << "run " << run;
  }
}

TEST(CoreDotModule, AddsChannelsToOnePixelWithOneUnit) {
  AddsChannelsToOnePixel<CoreBench<Vsubbit_core_dot_paper, 4, 1>>(4, 4);
}
TEST(CoreDotModule, AddsChannelsToOnePixelWithTwoUnits) {
  AddsChannelsToOnePixel<CoreBench<Vsubbit_core_dot, 4, 2>>(5, 4);
}
TEST(CoreSharedModule, AddsChannelsToOnePixel) { AddsChannelsToOnePixel<CoreBench<Vsubbit_core_shared, 8, 4>>(6, 8); }

}  // namespace
}  // namespace subbit::fpga
