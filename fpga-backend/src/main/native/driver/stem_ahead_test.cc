// Stems of the next images beside the layers of these: how they are dealt out, and that networks give the same with
// them.

#include "driver/stem_ahead.h"

#include <gtest/gtest.h>

#include <array>
#include <iostream>
#include <numeric>
#include <random>
#include <utility>

#include "device/cycle_model.h"
#include "device/request_cycles.h"
#include "device/stem_taps.h"
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
  // Four parts, the first of one image, in one step more.
  const auto ahead = RunNetwork(c, 20, Tables(), random, &cycles);
  EXPECT_EQ(ahead.requests, 5);
  EXPECT_GE(ahead.beside, 3);
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
    d.integer->taps = static_cast<std::uint16_t>(StemTaps(d).size());
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

/// What a list takes with shares of a stem in it.
std::uint64_t CyclesWith(const std::vector<LayerDescriptor>& list, const std::vector<StemShare>& shares) {
  RequestCycles request(Tables());
  std::uint64_t cycles = 0;
  auto share = shares.begin();
  for (std::size_t place = 0; place < list.size(); ++place) {
    if (share != shares.end() && share->place == place) {
      LayerDescriptor stem = Dense(Kind::kStem, share->images);
      stem.integer->beside = 1;
      cycles += request.Next(stem);
      ++share;
    }
    cycles += request.Next(list[place]);
  }
  return cycles + request.End();
}

TEST(StemAhead, DealsAStemSoThatTheListTakesTheLeast) {
  // Much work, little, and behind the last layer that needs the array some that nothing would wait for.
  const std::vector<LayerDescriptor> list = {Conv(12), Dense(Kind::kShortcut, 4), Conv(3), Dense(Kind::kClassifier, 4),
                                             Conv(20)};
  bool both = false;
  for (std::uint32_t images = 1; images <= 14; ++images) {
    const auto shares = DealStem(list, Dense(Kind::kStem, images), 1, Tables());
    ASSERT_EQ(ImagesOf(shares), images);
    const std::uint64_t dealt = CyclesWith(list, shares);
    for (std::uint32_t first = 0; first <= images; ++first) {
      std::vector<StemShare> others;
      if (first != 0) {
        others.push_back({0, first});
      }
      if (first != images) {
        others.push_back({2, images - first});
      }
      // A stem's images take a little less together, which the dealing only estimates.
      EXPECT_LE(dealt, CyclesWith(list, others) + 50) << images << " images, " << first << " in front";
    }
    both = both || shares.size() == 2;
  }
  EXPECT_TRUE(both);
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

/// A device that takes the cycles of the model and computes nothing, so that batches of large networks take no time.
class ModelledDevice final : public Device {
 public:
  explicit ModelledDevice(const Capabilities& capabilities) : capabilities_(capabilities), memory_(capabilities) {}

  std::uint32_t Read32(std::uint32_t offset) override {
    const std::uint32_t done = offset == registers::kControl ? std::exchange(done_, 0u) : 0;
    return memory_.Read32(offset) | done;
  }
  void Write32(std::uint32_t offset, std::uint32_t value) override {
    if (offset != registers::kControl) {
      memory_.Write32(offset, value);
      return;
    }
    RequestCycles cycles(capabilities_);
    std::uint64_t at = memory_.Read32(registers::kDescriptorsLow);
    LayerDescriptor layer;
    for (std::uint32_t i = 0; i < memory_.Read32(registers::kCount); ++i) {
      const std::uint64_t before = at;
      LayerDescriptor::Bytes bytes(LayerDescriptor::kIntegerBytes);
      memory_.ReadBuffer(at, bytes.data(), bytes.size());
      ASSERT_EQ(LayerDescriptor::Decode(bytes.data(), bytes.size(), &layer), ErrorCode::kNone);
      layer.cycles = cycles.Next(layer);
      at += bytes.size();
      if (i + 1 == memory_.Read32(registers::kCount)) {
        layer.cycles += cycles.End();
      }
      bytes = layer.Encode();
      memory_.WriteBuffer(before, bytes.data(), bytes.size());
    }
    done_ = registers::kControlDone;
  }
  void ReadBuffer(std::uint64_t address, void* to, std::size_t bytes) override {
    memory_.ReadBuffer(address, to, bytes);
  }
  void WriteBuffer(std::uint64_t address, const void* from, std::size_t bytes) override {
    memory_.WriteBuffer(address, from, bytes);
  }
  void WaitForInterrupt(std::chrono::milliseconds) override {}
  TimingKind timing_kind() const override { return TimingKind::kModelled; }

 private:
  Capabilities capabilities_;
  Emulator memory_;  ///< and its registers
  std::uint32_t done_ = 0;
};

NetworkCase ResNet18() {
  std::mt19937 random(3);
  StemAttributes stem;
  stem.strides = {2, 2};
  stem.pads = {3, 3, 3, 3};
  stem.pool = {{3, 3}, {2, 2}, {1, 1, 1, 1}};
  return ResidualNetwork({224, 224, 3}, 7, stem, {{64, 4}, {128, 4}, {256, 4}, {512, 4}}, 1000, 5, random);
}

NetworkCase ResNet20() {
  std::mt19937 random(4);
  StemAttributes stem;
  stem.pads = {1, 1, 1, 1};
  return ResidualNetwork({32, 32, 3}, 3, stem, {{16, 6}, {32, 6}, {64, 6}}, 10, 5, random);
}

/// The cycles of a batch of a network.
std::uint64_t CyclesOfBatch(const char* name, const NetworkCase& c, const char* element, std::uint32_t images) {
  const auto driver = Driver::Open(std::make_unique<ModelledDevice>(Emulator::CapabilitiesOf(element)));
  const LoadedNetwork network(driver, c.layers);
  std::vector<LayerCycles> layers;
  network.Run(c.image, images, std::vector<std::uint8_t>(images * static_cast<std::size_t>(c.image.Size())), &layers);
  std::array<std::uint64_t, kKindValues> kinds{};
  for (std::size_t i = 0; i < layers.size(); ++i) {
    kinds[static_cast<std::size_t>(network.layers()[i].shape().integer->kind)] += layers[i].cycles;
  }
  const std::uint64_t all = std::accumulate(kinds.begin(), kinds.end(), std::uint64_t{0});
  std::cout << name << ", " << element << ", " << images << " images: stem " << kinds[1] / images << ", blocks "
            << kinds[0] / images << ", shortcuts " << kinds[2] / images << ", classifier " << kinds[3] / images
            << ", all " << all / images << "\n";
  return all;
}

struct NetworkBound {
  const char* name;
  NetworkCase network;
  const char* element;
  std::uint64_t few;     ///< of an image of 28
  std::uint64_t many;    ///< of an image of 112
  std::uint64_t middle;  ///< of an image in the middle of a batch
};

TEST(StemAhead, HidesTheStemsOfWholeNetworks) {
  for (const NetworkBound& bound : {NetworkBound{"ResNet-18", ResNet18(), "tables", 1020000, 945000, 920000},
                                    NetworkBound{"ResNet-18", ResNet18(), "tables32", 1033000, 952000, 925000},
                                    NetworkBound{"resnet20", ResNet20(), "tables", 84500, 81000, 80000},
                                    NetworkBound{"resnet20", ResNet20(), "tables32", 85000, 81000, 80000}}) {
    const std::uint64_t few = CyclesOfBatch(bound.name, bound.network, bound.element, 28);
    const std::uint64_t many = CyclesOfBatch(bound.name, bound.network, bound.element, 112);
    std::cout << "  in the middle " << (many - few) / 84 << "\n";
    EXPECT_LE(few / 28, bound.few);
    EXPECT_LE(many / 112, bound.many);
    EXPECT_LE((many - few) / 84, bound.middle);
  }
}

TEST(StemAhead, CutsABatchIntoPartsOfTheImagesWithWhichItTakesTheLeast) {
  const auto parts_of = [](std::uint32_t batch, std::uint16_t stride) {
    LayerDescriptor stem = Dense(Kind::kStem, 1);
    stem.stride_h = stem.stride_w = stride;
    const std::vector<LayerDescriptor> list = {stem, Conv(1), Dense(Kind::kShortcut, 1), Conv(1),
                                               Dense(Kind::kClassifier, 1)};
    return ImagesOfParts({list.begin(), list.end()}, batch, 1, Tables());
  };
  EXPECT_EQ(parts_of(1, 1), 1u);
  for (const std::uint32_t batch : {2u, 3u, 5u, 9u, 1000u}) {
    EXPECT_LE(parts_of(batch, 1), std::min(batch, 64u));
  }
  // Weights are read once for each part, and the first stems are exposed once for each batch.
  EXPECT_GT(parts_of(1000, 1), parts_of(8, 1));
}

}  // namespace
}  // namespace subbit::fpga
