#include "device/table_cycles.h"

#include <gtest/gtest.h>

#include "device/element.h"

namespace subbit::fpga {
namespace {

/// A layer of bits with padding 1 and stride 1.
LayerDescriptor Layer(std::uint32_t channels, std::uint32_t side) {
  LayerDescriptor d;
  d.input_format = InputFormat::kBits;
  d.output_format = OutputFormat::kBits;
  d.tau = 5;
  d.in_channels = d.out_channels = channels;
  d.in_height = d.in_width = d.out_height = d.out_width = side;
  d.pad_top = d.pad_left = d.pad_bottom = d.pad_right = 1;
  return d;
}

std::uint64_t Cycles(const LayerDescriptor& d, const TableKernels& kernels = SubBitKernels(5),
                     const char* element = "tables") {
  return TableCycles(d, RtlCapabilities(element), kernels);
}

TEST(TableCycles, AreThoseOfTheArrayWhereItIsBusy) {
  // 112 steps of 128 output channels, and what is read before and written after them.
  EXPECT_GT(Cycles(Layer(128, 28)), 112u * 128);
  EXPECT_LT(Cycles(Layer(128, 28)), 112u * 128 + 4000);
}

TEST(TableCycles, AreThoseOfTheBusWhereTheIndexIsLong) {
  // 512 x 8 words for each of five bits.
  EXPECT_GT(Cycles(Layer(512, 7)), 512u * 8 * 5);
  EXPECT_LT(Cycles(Layer(512, 7)), 512u * 8 * 5 + 5000);
}

TEST(TableCycles, AreTwiceAsManyWithHalfOfTheChannelsAtOnce) {
  EXPECT_GT(Cycles(Layer(128, 28), SubBitKernels(5), "tables32"), 2u * 112 * 128);
  EXPECT_LT(Cycles(Layer(128, 28), SubBitKernels(5), "tables32"), 2u * 112 * 128 + 4000);
  // 32 channels are all that a step takes.
  EXPECT_NEAR(static_cast<double>(Cycles(Layer(32, 16), SubBitKernels(5), "tables32")),
              static_cast<double>(Cycles(Layer(32, 16))), 100);
}

TEST(TableCycles, GrowByTheArraysWorkForEveryFurtherImage) {
  // Rows and indices of the next image are read while the array works: 56 steps, which each fill 32 entries twice.
  LayerDescriptor d = Layer(64, 28);
  d.batch = 30;
  const std::uint64_t thirty = Cycles(d);
  d.batch = 40;
  const std::uint64_t image = (Cycles(d) - thirty) / 10;
  EXPECT_GE(image, 56u * 64);
  EXPECT_LT(image, 56u * 64 + 150);
}

TEST(TableCycles, AreMoreForPlainBinaryKernels) {
  const double ratio =
      static_cast<double>(Cycles(Layer(128, 28), BinaryKernels())) / static_cast<double>(Cycles(Layer(128, 28)));
  EXPECT_GT(ratio, 1.7);
  EXPECT_LT(ratio, 2.0);
}

}  // namespace
}  // namespace subbit::fpga
