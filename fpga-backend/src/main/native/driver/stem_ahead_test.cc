// Stems of the next images beside the layers of these: how they are dealt out, and that networks give the same with
// them.

#include "driver/stem_ahead.h"

#include <gtest/gtest.h>

#include <random>

#include "device/cycle_model.h"
#include "emulator/emulator.h"
#include "ep/cpu_network.h"
#include "testing/random_network.h"

namespace subbit::fpga {
namespace {

Capabilities Tables() { return Emulator::CapabilitiesOf("tables"); }

/// An emulator that counts what becomes of the descriptors of every request.
class WatchedEmulator final : public Device {
 public:
  struct Counts {
    int requests = 0;
    int stems = 0;
    int beside = 0;
    std::uint64_t cycles = 0;  ///< of the requests
  };

  WatchedEmulator(const Capabilities& capabilities, Counts& counts) : emulator_(capabilities), counts_(counts) {}

  std::uint32_t Read32(std::uint32_t offset) override { return emulator_.Read32(offset); }
  void Write32(std::uint32_t offset, std::uint32_t value) override {
    if (offset == registers::kControl) {
      Count();
    }
    emulator_.Write32(offset, value);
    if (offset == registers::kControl) {
      counts_.cycles += emulator_.Read32(registers::kCyclesLow);
    }
  }
  void ReadBuffer(std::uint64_t address, void* to, std::size_t bytes) override {
    emulator_.ReadBuffer(address, to, bytes);
  }
  void WriteBuffer(std::uint64_t address, const void* from, std::size_t bytes) override {
    emulator_.WriteBuffer(address, from, bytes);
  }
  void WaitForInterrupt(std::chrono::milliseconds limit) override { emulator_.WaitForInterrupt(limit); }
  TimingKind timing_kind() const override { return emulator_.timing_kind(); }

 private:
  void Count() {
    ++counts_.requests;
    const std::uint64_t list = emulator_.Read32(registers::kDescriptorsLow);
    for (std::uint32_t i = 0; i < emulator_.Read32(registers::kCount); ++i) {
      LayerDescriptor::Bytes bytes(LayerDescriptor::kIntegerBytes);
      emulator_.ReadBuffer(list + i * bytes.size(), bytes.data(), bytes.size());
      LayerDescriptor d;
      ASSERT_EQ(LayerDescriptor::Decode(bytes.data(), bytes.size(), &d), ErrorCode::kNone);
      counts_.stems += d.integer->kind == Kind::kStem;
      counts_.beside += d.integer->beside;
    }
  }

  Emulator emulator_;
  Counts& counts_;
};

/// Runs a network, which must give what the operators' reference gives, and counts cycles of all layers.
WatchedEmulator::Counts RunNetwork(const NetworkCase& c, std::uint32_t images, const Capabilities& capabilities,
                                   std::mt19937& random, std::uint64_t* cycles) {
  WatchedEmulator::Counts counts;
  const auto pixels = RandomPixels(c.image, images, random);
  std::vector<LayerCycles> layers;
  const LoadedNetwork network(Driver::Open(std::make_unique<WatchedEmulator>(capabilities, counts)), c.layers);
  EXPECT_EQ(LogitsOf(c, network.Run(c.image, images, pixels, &layers)), ReferenceLogits(c, images, pixels));
  *cycles = 0;
  for (const LayerCycles& layer : layers) {
    *cycles += layer.cycles;
  }
  return counts;
}

NetworkCase SmallNetwork(std::mt19937& random) {
  StemAttributes stem;
  stem.pads = {1, 1, 1, 1};
  return ResidualNetwork({12, 12, 3}, 3, stem, {{8, 2}, {16, 2}}, 10, 4, random);
}

TEST(StemAhead, RunsTheStemsOfEveryPartButTheFirstBesideOthers) {
  std::mt19937 random(1);
  const NetworkCase c = SmallNetwork(random);
  std::uint64_t cycles = 0;
  // Parts of 1, 4, 4, 4, 4 and 3, in one step more.
  const auto ahead = RunNetwork(c, 20, Tables(), random, &cycles);
  EXPECT_EQ(ahead.requests, 7);
  EXPECT_GE(ahead.beside, 5);
  EXPECT_EQ(ahead.stems, ahead.beside + 1) << "nothing runs beside the first one";
  EXPECT_EQ(ahead.cycles, cycles) << "those of all layers, with what they wait for";
  Capabilities without = Tables();
  without.features &= ~registers::kFeaturesBeside;
  std::uint64_t alone_cycles = 0;
  const auto alone = RunNetwork(c, 20, without, random, &alone_cycles);
  EXPECT_EQ(alone.requests, 4);
  EXPECT_EQ(alone.beside, 0);
  EXPECT_EQ(alone.cycles, alone_cycles);
  const auto one = RunNetwork(c, 1, Tables(), random, &cycles);
  EXPECT_EQ(one.requests, 1);
  EXPECT_EQ(one.beside, 0) << "no other image is there";
}

TEST(StemAhead, GivesTheSameWhateverTheNetworkAndTheBatch) {
  std::mt19937 random(2);
  int beside = 0;
  for (int run = 0; run < 30; ++run) {
    const NetworkCase c = RandomNetwork(random);
    try {
      CpuNetwork(c.layers).Check(c.image);
    } catch (const InvalidOperator&) {
      continue;  // the image is too small for the layers
    }
    std::uint64_t cycles = 0;
    const auto counts = RunNetwork(c, 1 + random() % 12, Tables(), random, &cycles);
    EXPECT_EQ(counts.cycles, cycles) << "run " << run;
    beside += counts.beside;
  }
  EXPECT_GT(beside, 20);
}

/// A convolution of 16 channels that takes the longer, the more images it has.
LayerDescriptor Conv(std::uint32_t images) {
  LayerDescriptor d;
  d.version = 3;
  d.batch = images;
  d.tau = 5;
  d.in_channels = d.out_channels = 16;
  d.in_height = d.in_width = d.out_height = d.out_width = 32;
  d.pad_top = d.pad_left = d.pad_bottom = d.pad_right = 1;
  d.integer.emplace().value_bits = 12;
  return d;
}

LayerDescriptor Dense(Kind kind, std::uint32_t images) {
  LayerDescriptor d = Conv(images);
  d.integer->kind = kind;
  d.tau = 0;
  if (kind == Kind::kStem) {
    d.in_channels = 3;
    d.integer->kernel = 3;
  }
  return d;
}

std::uint32_t ImagesOf(const std::vector<StemShare>& shares) {
  std::uint32_t images = 0;
  for (const StemShare& share : shares) {
    images += share.images;
  }
  return images;
}

TEST(StemAhead, DealsAStemWhereItIsHidden) {
  // Much work, little, and behind the last layer that needs the array some that nothing would wait for.
  const std::vector<LayerDescriptor> list = {Conv(12), Dense(Kind::kShortcut, 4), Conv(3), Dense(Kind::kClassifier, 4),
                                             Conv(20)};
  const std::uint64_t image = ModelledCycles(Dense(Kind::kStem, 1), Tables());
  const std::uint64_t much = ModelledCycles(list[0], Tables()) / image;
  ASSERT_GT(much, 2u);
  const auto few = DealStem(list, Dense(Kind::kStem, 2), 1, Tables());
  ASSERT_EQ(few.size(), 1u);
  EXPECT_EQ(few[0].place, 0u);
  EXPECT_EQ(few[0].images, 2u);
  const auto more = DealStem(list, Dense(Kind::kStem, static_cast<std::uint32_t>(much) + 1), 1, Tables());
  ASSERT_EQ(more.size(), 2u) << "the second stretch has room for one";
  EXPECT_EQ(more[0].images, much);
  EXPECT_EQ(more[1].place, 2u);
  EXPECT_EQ(more[1].images, 1u);
}

TEST(StemAhead, KeepsImagesTogetherWhoseTensorsAreAlignedTogether) {
  const std::vector<LayerDescriptor> list = {Conv(9), Dense(Kind::kShortcut, 9),  Conv(9), Dense(Kind::kShortcut, 9),
                                             Conv(9), Dense(Kind::kClassifier, 9)};
  for (std::uint32_t images = 1; images < 30; ++images) {
    const auto shares = DealStem(list, Dense(Kind::kStem, images), 4, Tables());
    EXPECT_EQ(ImagesOf(shares), images);
    for (std::size_t i = 0; i + 1 < shares.size(); ++i) {
      EXPECT_EQ(shares[i].images % 4, 0u) << "but for the last share";
      EXPECT_LT(shares[i].place, shares[i + 1].place);
    }
  }
}

}  // namespace
}  // namespace subbit::fpga
