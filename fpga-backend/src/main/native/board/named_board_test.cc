// A board of one's own, or the simulated one of synthesis/board: SUBBIT_TEST_BOARD names it, such as
// etherbone:192.168.1.50. Without that variable, these tests do nothing.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>
#include <vector>

#include "driver/backends.h"
#include "testing/random_network.h"
#include "testing/reference_conv.h"

namespace subbit::fpga {
namespace {

using std::chrono::steady_clock;

constexpr std::uint32_t kImages = 100;
/// A simulated board needs it; also how long a reset is waited for.
constexpr std::chrono::seconds kSlow{300};

/// A chain of three layers on packed signs, as every element runs it, over a batch of images, and what the emulator
/// makes of it.
class Chain {
 public:
  Chain() {
    std::mt19937 random(5);
    for (const SquareConv& conv : {SquareConv{64, 128, 8, 2}, SquareConv{128, 128, 4, 1}, SquareConv{128, 64, 4, 1}}) {
      LayerCase& c = layers_.emplace_back(SquareCase(conv, 5));
      c.batch = kImages;
      c.layer.shape.input_format = InputFormat::kBits;
      c.layer.shape.output_format = OutputFormat::kBits;
      FillRandomly(c, random);
      c.layer.bias.clear();
    }
    expected_ = Run(*OpenBackend("emulator"));
  }

  const std::vector<std::uint8_t>& expected() const { return expected_; }

  std::vector<std::uint8_t> Run(Driver& driver) const {
    LayerGraph graph{1, {}, {layers_.size()}};
    std::vector<std::unique_ptr<LoadedLayer>> loaded;
    for (const LayerCase& c : layers_) {
      loaded.push_back(driver.Load(c.layer));
      graph.layers.push_back({loaded.back().get(), loaded.size() - 1, kNoTensor});
    }
    std::vector<std::uint8_t> output(layers_.back().output_bytes());
    const LayerCase& first = layers_.front();
    driver.RunGraph(graph, kImages, {{first.input.data(), {first.height, first.width}}}, {output.data()}, kSlow);
    return output;
  }

 private:
  std::vector<LayerCase> layers_;
  std::vector<std::uint8_t> expected_;
};

class NamedBoard : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const char* name = std::getenv("SUBBIT_TEST_BOARD"); name != nullptr) {
      name_ = ChooseBackend(name);
    } else {
      GTEST_SKIP() << "SUBBIT_TEST_BOARD names no board";
    }
  }

  std::string name_;
};

TEST_F(NamedBoard, RunsAHundredImages) {
  const Chain chain;
  const std::shared_ptr<Driver> driver = OpenBackend(name_);
  const auto begin = steady_clock::now();
  EXPECT_EQ(chain.Run(*driver), chain.expected());
  const std::chrono::duration<double> time = steady_clock::now() - begin;
  std::cout << kImages << " images in " << time.count() << " s\n";
}

TEST_F(NamedBoard, RunsAWholeIntegerNetwork) {
  std::mt19937 random(6);
  StemAttributes stem;
  stem.pads = {1, 1, 1, 1};
  const NetworkCase network = ResidualNetwork({16, 16, 3}, 3, stem, {{16, 2}, {48, 2}, {96, 2}}, 10, 5, random);
  constexpr std::uint32_t kPictures = 4;
  const auto pixels = RandomPixels(network.image, kPictures, random);
  const LoadedNetwork board(OpenBackend(name_), network.layers);
  const LoadedNetwork emulated(OpenBackend("emulator:tables32"), network.layers);
  std::vector<LayerCycles> cycles;
  const auto begin = steady_clock::now();
  const auto sums = board.Run(network.image, kPictures, pixels, &cycles);
  const std::chrono::duration<double> time = steady_clock::now() - begin;
  EXPECT_EQ(sums, emulated.Run(network.image, kPictures, pixels));
  std::uint64_t all = 0;
  for (const LayerCycles& layer : cycles) {
    all += layer.cycles;
  }
  std::cout << kPictures << " images in " << time.count() << " s, " << all / kPictures
            << " cycles of the engine each\n";
}

// The board is reset once while this runs, by whoever starts the test.
TEST_F(NamedBoard, ComesBackAfterAReset) {
  const Chain chain;
  const auto end = steady_clock::now() + kSlow;
  bool reset = false;
  while (!reset && steady_clock::now() < end) {
    try {
      ASSERT_EQ(chain.Run(*OpenBackend(name_)), chain.expected());
    } catch (const DriverError& e) {
      ASSERT_EQ(e.fault(), Fault::kVanished) << e.what();
      reset = true;
    }
  }
  ASSERT_TRUE(reset) << "nobody has reset the board";
  EXPECT_EQ(chain.Run(*OpenBackend(name_)), chain.expected());
}

}  // namespace
}  // namespace subbit::fpga
