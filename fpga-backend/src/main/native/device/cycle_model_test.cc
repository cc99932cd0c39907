#include "device/cycle_model.h"

#include <gtest/gtest.h>

#include <utility>

namespace subbit::fpga {
namespace {

/// Stages of a residual network for ImageNet: side of the images, channels, and blocks of two 3x3 convolutions each.
struct Stage {
  std::uint32_t side;
  std::uint32_t channels;
  std::uint32_t blocks;
};

constexpr Capabilities PaperElement() {
  Capabilities c;
  c.dot_units = 1;
  c.accumulators = 4;
  c.table_depth = 64;
  return c;
}

/// Cycles of all 3x3 layers of a network, without its stem.
std::uint64_t NetworkCycles(const std::uint32_t (&blocks)[4], int tau, bool bnn) {
  const Stage stages[] = {{56, 64, blocks[0]}, {28, 128, blocks[1]}, {14, 256, blocks[2]}, {7, 512, blocks[3]}};
  std::uint64_t cycles = 0;
  std::uint32_t in_channels = 64;
  for (const Stage& stage : stages) {
    for (std::uint32_t convolution = 0; convolution < 2 * stage.blocks; ++convolution) {
      LayerShape layer;
      layer.tau = static_cast<std::uint8_t>(tau);
      layer.mode = bnn ? Mode::kDirect : Mode::kTable;
      layer.in_channels = in_channels;
      layer.out_channels = stage.channels;
      layer.out_height = layer.out_width = stage.side;
      cycles += ComputeCycles(layer, PaperElement());
      in_channels = stage.channels;
    }
  }
  return cycles;
}

double SpeedUp(const std::uint32_t (&blocks)[4], int tau) {
  return static_cast<double>(NetworkCycles(blocks, 9, true)) / static_cast<double>(NetworkCycles(blocks, tau, false));
}

constexpr std::uint32_t kResNet18[] = {2, 2, 2, 2};
constexpr std::uint32_t kResNet34[] = {3, 4, 6, 3};

TEST(CycleModel, GivesThePapersFiguresAtTau5) {
  EXPECT_NEAR(SpeedUp(kResNet18, 5), 3.135, 0.0005);
  EXPECT_NEAR(SpeedUp(kResNet34, 5), 3.342, 0.0005);
}

TEST(CycleModel, GivesTheFiguresAtTau4And6) {
  EXPECT_NEAR(SpeedUp(kResNet18, 6), 1.93, 0.005);
  EXPECT_NEAR(SpeedUp(kResNet34, 6), 2.18, 0.005);
  EXPECT_DOUBLE_EQ(SpeedUp(kResNet18, 4), 4.0);
  EXPECT_DOUBLE_EQ(SpeedUp(kResNet34, 4), 4.0);
}

TEST(CycleModel, CountsOutputsThatDoNotFillTheAccumulators) {
  LayerShape layer;
  layer.tau = 1;
  layer.in_channels = 3;
  layer.out_channels = 13;
  layer.out_height = 5;
  layer.out_width = 7;
  layer.batch = 2;
  EXPECT_EQ(ComputeCycles(layer, PaperElement()), 2u * 5 * 7 * 3 * 4);
  layer.mode = Mode::kDirect;
  EXPECT_EQ(ComputeCycles(layer, PaperElement()), 2u * 5 * 7 * 3 * 13);
}

TEST(CycleModel, CountsOutputsOfOneGroup) {
  LayerShape layer;
  layer.tau = 2;
  layer.group = 2;
  layer.in_channels = 8;
  layer.out_channels = 64;
  EXPECT_EQ(ComputeCycles(layer, PaperElement()), 8u * 8);
}

TEST(CycleModel, ChoosesTheFasterMode) {
  const Capabilities paper = PaperElement();
  EXPECT_EQ(FasterMode(5, 16, paper), Mode::kDirect);
  EXPECT_EQ(FasterMode(5, 32, paper), Mode::kDirect);
  EXPECT_EQ(FasterMode(5, 33, paper), Mode::kTable);
  EXPECT_EQ(FasterMode(4, 64, paper), Mode::kTable);
  EXPECT_EQ(FasterMode(7, 4096, paper), Mode::kDirect) << "128 responses do not fit into a table of 64";
  EXPECT_EQ(FasterMode(9, 4096, paper), Mode::kDirect);
}

}  // namespace
}  // namespace subbit::fpga
