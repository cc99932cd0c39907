// The simulated device with tables: layers of bits of every shape that it takes, compared with the reference, and their
// cycles with the emulator's; what the number of channels that are looked up at once changes, on both elements. What
// all elements have in common is in rtl_test.cc.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <numeric>
#include <random>

#include "core/testing/sweep.h"
#include "device/element.h"
#include "device/stem_taps.h"
#include "driver/driver.h"
#include "emulator/emulator.h"
#include "ep/cpu_network.h"
#include "rtl/rtl_device.h"
#include "tables/device.h"
#include "testing/random_network.h"
#include "testing/reference_conv.h"

namespace subbit::fpga {
namespace {

constexpr const char* kElement = "tables";
/// With half of its channels at once.
constexpr const char* kSmallElement = "tables32";

std::shared_ptr<Driver> OpenRtl(const BusTiming& timing = {}, const char* element = kElement) {
  return Driver::Open(std::make_unique<RtlDevice>(RtlLibraryPath(), element, timing, RtlDevice::kMemoryBytes));
}

std::shared_ptr<Driver> OpenEmulator(const char* element = kElement) {
  return Driver::Open(std::make_unique<Emulator>(Emulator::CapabilitiesOf(element)));
}

/// Random weights and images; thresholds lie where sums are.
void Fill(LayerCase& c, std::mt19937& random) {
  c.layer.shape.input_format = InputFormat::kBits;
  c.layer.shape.output_format = OutputFormat::kBits;
  FillRandomly(c, random);
  c.layer.bias.clear();
}

LayerCase Square(const SquareConv& conv) {
  LayerCase c = SquareCase(conv, 5);
  std::mt19937 random(9);
  Fill(c, random);
  return c;
}

/// Any layer that the device takes, small more often than not.
LayerCase RandomLayer(std::mt19937& random) {
  LayerCase c;
  LayerShape& d = c.layer.shape;
  const auto channels = [&] { return Pick(random, 1, random() % 3 == 0 ? 200 : random() % 2 == 0 ? 70 : 12); };
  for (;;) {
    d.tau = static_cast<std::uint8_t>(Pick(random, 1, 5));
    d.in_channels = channels();
    d.out_channels = channels();
    d.stride_h = static_cast<std::uint16_t>(Pick(random, 1, 2));
    d.stride_w = static_cast<std::uint16_t>(Pick(random, 1, 2));
    for (std::uint16_t* pad : {&d.pad_top, &d.pad_left, &d.pad_bottom, &d.pad_right}) {
      *pad = static_cast<std::uint16_t>(Pick(random, 0, 2));
    }
    c.batch = random() % 4 == 0 ? Pick(random, 2, 3) : 1;
    c.height = Pick(random, 1, 24);
    c.width = Pick(random, 1, random() % 3 == 0 ? 56 : 20);
    const std::uint64_t work = std::uint64_t{d.in_channels} * d.out_channels * c.height * c.width * c.batch;
    if (c.out_height() > 0 && c.out_width() > 0 && c.out_width() <= 56 &&
        d.in_channels * ((c.height + 2) / 3) <= 1536 && work < 600000) {
      break;
    }
  }
  Fill(c, random);
  return c;
}

std::string Describe(const LayerCase& c) {
  const LayerShape& d = c.layer.shape;
  return "tau " + std::to_string(d.tau) + ", " + std::to_string(d.in_channels) + " to " +
         std::to_string(d.out_channels) + " channels, batch " + std::to_string(c.batch) + ", " +
         std::to_string(c.height) + "x" + std::to_string(c.width) + " to " + std::to_string(c.out_height()) + "x" +
         std::to_string(c.out_width()) + ", strides " + std::to_string(d.stride_h) + " " + std::to_string(d.stride_w) +
         ", pads " + std::to_string(d.pad_top) + std::to_string(d.pad_left);
}

void TellsWhatItOffers(const char* element) {
  RtlDevice device(RtlLibraryPath(), element, {}, RtlDevice::kMemoryBytes);
  const Capabilities read = Capabilities::Read(device);
  const Capabilities expected = RtlCapabilities(element);
  EXPECT_EQ(read.response_unit, registers::kResponseUnitTables);
  EXPECT_EQ(read.channel_lanes, expected.channel_lanes);
  EXPECT_EQ(read.max_tau, expected.max_tau);
  EXPECT_EQ(read.EngineRegister(), expected.EngineRegister());
  EXPECT_EQ(read.features, expected.features);
  EXPECT_EQ(read.max_channels, expected.max_channels);
  EXPECT_EQ(read.max_width, expected.max_width);
  EXPECT_EQ(read.input_rows, expected.input_rows);
}

TEST(RtlTables, TellsWhatItOffers) { TellsWhatItOffers(kElement); }
TEST(RtlTables32, TellsWhatItOffers) { TellsWhatItOffers(kSmallElement); }

void AgreesWithTheReference(const char* element, int layers, std::mt19937& random) {
  for (const std::uint32_t stall_percent : {0u, 40u}) {
    const auto driver = OpenRtl({stall_percent == 0 ? 1u : 20u, stall_percent, 7}, element);
    for (int run = 0; run < layers; ++run) {
      const LayerCase c = RandomLayer(random);
      SCOPED_TRACE("run " + std::to_string(run) + ", " + Describe(c));
      ASSERT_EQ(RunCase(*driver, c), ReferenceConv(c));
    }
  }
}

TEST(RtlTables, AgreesWithTheReferenceOnRandomLayers) {
  std::mt19937 random(31);
  AgreesWithTheReference(kElement, SweepRounds(200), random);
}

TEST(RtlTables32, AgreesWithTheReferenceOnRandomLayers) {
  std::mt19937 random(44);
  AgreesWithTheReference(kSmallElement, SweepRounds(80), random);
}

std::vector<std::uint8_t> Run(const std::shared_ptr<Driver>& driver, const LayerCase& c, LayerCycles* cycles) {
  return RunCase(*driver, c, cycles);
}

/// Results must be the same, cycles within 2 % unless the bus stands still. Those of the simulation, if asked for.
template <typename Case>
void CompareWithTheEmulator(const Case& c, const BusTiming& timing = {}, std::uint64_t* cycles = nullptr,
                            const char* element = kElement) {
  SCOPED_TRACE(Describe(c));
  LayerCycles rtl{};
  LayerCycles model{};
  const auto simulated = Run(OpenRtl(timing, element), c, &rtl);
  const auto emulated = Run(OpenEmulator(element), c, &model);
  ASSERT_EQ(simulated, emulated);
  if (cycles != nullptr) {
    *cycles = rtl.cycles;
  }
  if (timing.stall_percent == 0) {
    EXPECT_NEAR(static_cast<double>(rtl.cycles) / static_cast<double>(model.cycles), 1, 0.02)
        << "cycles " << rtl.cycles << " for " << model.cycles;
  }
}

/// Of ResNet-18 on images of 224x224, and of resnet20.
constexpr SquareConv kNetworkLayers[] = {{64, 64, 56, 1},   {64, 128, 56, 2},  {128, 128, 28, 1}, {128, 256, 28, 2},
                                         {256, 256, 14, 1}, {256, 512, 14, 2}, {512, 512, 7, 1},  {16, 16, 32, 1},
                                         {16, 32, 32, 2},   {32, 32, 16, 1},   {32, 64, 16, 2},   {64, 64, 8, 1}};

TEST(RtlTables, TakesTheCyclesOfTheModelOnNetworkLayers) {
  for (const SquareConv& conv : kNetworkLayers) {
    CompareWithTheEmulator(Square(conv));
  }
}

TEST(RtlTables32, TakesTheCyclesOfTheModelOnNetworkLayers) {
  for (const SquareConv& conv : kNetworkLayers) {
    CompareWithTheEmulator(Square(conv), {}, nullptr, kSmallElement);
  }
}

/// A layer of ResNet-18, and how often it has it.
struct NetworkLayer {
  SquareConv conv;
  std::uint64_t count;
};

TEST(RtlTables, TakesFewCyclesForAWholeNetworkAndNotManyMoreWithASlowMemory) {
  std::uint64_t cycles = 0;
  std::uint64_t slow_cycles = 0;
  for (const NetworkLayer& layer : {NetworkLayer{{64, 64, 56, 1}, 4},
                                    {{64, 128, 56, 2}, 1},
                                    {{128, 128, 28, 1}, 3},
                                    {{128, 256, 28, 2}, 1},
                                    {{256, 256, 14, 1}, 3},
                                    {{256, 512, 14, 2}, 1},
                                    {{512, 512, 7, 1}, 3}}) {
    const LayerCase c = Square(layer.conv);
    LayerCycles usual{};
    LayerCycles slow{};
    const auto output = RunCase(*OpenRtl(), c, &usual);
    ASSERT_EQ(RunCase(*OpenRtl({60, 30, 5}), c, &slow), output) << Describe(c);
    std::cout << Describe(c) << ": " << usual.cycles << " cycles, " << slow.cycles
              << " with 60 cycles of latency and a bus that rests in 30 of 100\n";
    cycles += layer.count * usual.cycles;
    slow_cycles += layer.count * slow.cycles;
  }
  std::cout << "ResNet-18: " << cycles << ", " << slow_cycles << "\n";
  EXPECT_LE(cycles, 290000u);
  EXPECT_LE(static_cast<double>(slow_cycles), 1.17 * static_cast<double>(cycles));
}

TEST(RtlTables, TakesTheCyclesOfTheModelOnRandomLayers) {
  std::mt19937 random(32);
  for (int run = 0; run < SweepRounds(120); ++run) {
    CompareWithTheEmulator(RandomLayer(random));
  }
}

TEST(RtlTables32, TakesTheCyclesOfTheModelOnRandomLayers) {
  std::mt19937 random(45);
  for (int run = 0; run < SweepRounds(80); ++run) {
    CompareWithTheEmulator(RandomLayer(random), {}, nullptr, kSmallElement);
  }
}

/// An integer convolution, what it reads, and what reads the signs that it gives, which stay on the device: another
/// one, whose values show each of them.
struct IntegerConvCase {
  LayerCase conv;
  std::vector<std::uint8_t> residual;
  ConvLayer reader;
};

std::int16_t Number(std::uint32_t limit, std::mt19937& random) {
  return static_cast<std::int16_t>(static_cast<int>(Pick(random, 0, 2 * limit)) - static_cast<int>(limit));
}

/// Makes a layer of bits one of values of so many bits, with random parameters.
void MakeInteger(ConvLayer& layer, std::uint8_t value_bits, std::mt19937& random) {
  LayerShape& d = layer.shape;
  d.output_format = {};
  layer.sign_rules.clear();
  IntegerStage& stage = d.integer.emplace();
  while (stage.shift < 11 && (std::uint64_t{18} * d.in_channels << stage.shift) <= 32767) {
    ++stage.shift;
  }
  stage.value_bits = value_bits;
  for (std::uint32_t o = 0; o < d.out_channels; ++o) {
    layer.parameters.push_back({Number(32767, random),
                                Number(300, random),
                                Number(32767, random),
                                Number(100, random),
                                Number(300, random),
                                {}});
  }
}

/// A convolution whose values show every sign that it reads.
ConvLayer ReaderOf(std::uint32_t channels, std::mt19937& random) {
  LayerCase reader = SquareCase({channels, 4, 1, 1}, 4);
  Fill(reader, random);
  MakeInteger(reader.layer, 16, random);
  for (IntegerParameters& p : reader.layer.parameters) {
    p.multiplier = 32767;
  }
  return reader.layer;
}

/// The layer with random parameters, values of 12 bits, and, if they are asked for, signs and a residual.
IntegerConvCase IntegerConv(LayerCase conv, bool residual, bool signs, std::mt19937& random) {
  IntegerConvCase c = {std::move(conv), {}, {}};
  LayerShape& d = c.conv.layer.shape;
  MakeInteger(c.conv.layer, 12, random);
  d.integer->gives_signs = signs && d.out_channels * ((c.conv.out_height() + 2) / 3) <= 1536;
  d.adds_residual = residual;
  d.integer->slope_shift = residual ? 1 : 0;
  if (d.integer->gives_signs) {
    c.reader = ReaderOf(d.out_channels, random);
  }
  if (residual) {
    c.residual.resize(std::size_t{c.conv.batch} * d.out_channels * c.conv.out_height() *
                      RowBytes(ElementFormat::kS16, c.conv.out_width()));
    for (std::size_t i = 0; i < c.residual.size(); i += 2) {
      const std::int16_t value = Number(2047, random);
      c.residual[i] = static_cast<std::uint8_t>(value);
      c.residual[i + 1] = static_cast<std::uint8_t>(value >> 8);
    }
  }
  return c;
}

/// The values of a layer of 16-bit output of this size, and behind them those of the reader of its signs.
template <typename Layer>
std::vector<std::uint8_t> RunWithReader(const std::shared_ptr<Driver>& driver, const Layer& layer,
                                        const ConvLayer& reader_of_signs, std::uint32_t batch, ImageSize out,
                                        const std::vector<Driver::GraphInput>& inputs, LayerCycles* cycles) {
  const LayerShape& d = layer.shape;
  const auto loaded = driver->Load(layer);
  const std::uint64_t row_bytes = std::uint64_t{batch} * out.height * RowBytes(ElementFormat::kS16, out.width);
  std::vector<std::uint8_t> values(row_bytes * d.out_channels);
  std::vector<std::uint8_t> read;
  LayerGraph graph = {1, {{loaded.get(), 0, kNoTensor}}, {1}};
  if (d.adds_residual) {
    graph = {2, {{loaded.get(), 0, 1}}, {2}};
  }
  std::vector<void*> outputs = {values.data()};
  std::unique_ptr<LoadedLayer> reader;
  if (d.integer->gives_signs) {
    reader = driver->Load(reader_of_signs);
    graph.layers.push_back({reader.get(), kNoTensor, kNoTensor});
    graph.layers.back().input = graph.SignsOf(0);
    graph.outputs.push_back(graph.inputs + 1);
    read.resize(row_bytes * reader_of_signs.shape.out_channels);
    outputs.push_back(read.data());
  }
  *cycles = driver->RunGraph(graph, batch, inputs, outputs, std::chrono::minutes(5)).front();
  values.insert(values.end(), read.begin(), read.end());
  return values;
}

std::vector<std::uint8_t> Run(const std::shared_ptr<Driver>& driver, const IntegerConvCase& c, LayerCycles* cycles) {
  const ImageSize out = {c.conv.out_height(), c.conv.out_width()};
  std::vector<Driver::GraphInput> inputs = {{c.conv.input.data(), {c.conv.height, c.conv.width}}};
  if (c.conv.layer.shape.adds_residual) {
    inputs.push_back({c.residual.data(), out});
  }
  return RunWithReader(driver, c.conv.layer, c.reader, c.conv.batch, out, inputs, cycles);
}

std::string Describe(const IntegerConvCase& c) {
  return Describe(c.conv) + (c.residual.empty() ? "" : ", residual") +
         (c.conv.layer.shape.integer->gives_signs ? ", signs" : "");
}

void RunsIntegerConvolutions(const char* element, int layers, std::mt19937& random) {
  for (int run = 0; run < layers; ++run) {
    const IntegerConvCase c = IntegerConv(RandomLayer(random), run % 4 != 0, run % 3 != 0, random);
    CompareWithTheEmulator(c, run % 2 == 0 ? BusTiming{} : BusTiming{20, 40, 7}, nullptr, element);
  }
}

TEST(RtlTables, RunsIntegerConvolutionsAsTheEmulatorDoes) {
  std::mt19937 random(35);
  RunsIntegerConvolutions(kElement, SweepRounds(120), random);
}

TEST(RtlTables32, RunsIntegerConvolutionsAsTheEmulatorDoes) {
  std::mt19937 random(46);
  RunsIntegerConvolutions(kSmallElement, SweepRounds(80), random);
}

void TakesTheCyclesForIntegerConvolutionsOfNetworks(const char* element) {
  std::mt19937 random(36);
  // What waits for the bus, for the array and for the index; of the last one, images follow each other in one request.
  for (const SquareConv& conv : {SquareConv{64, 64, 56, 1},
                                 {128, 256, 28, 2},
                                 {256, 256, 14, 1},
                                 {512, 512, 7, 1},
                                 {16, 16, 32, 1},
                                 {64, 64, 8, 1},
                                 {96, 192, 14, 2}}) {
    LayerCase c = Square(conv);
    if (conv.in_channels == 96) {
      c.batch = 9;
      Fill(c, random);
    }
    std::uint64_t cycles = 0;
    CompareWithTheEmulator(IntegerConv(c, true, true, random), {}, &cycles, element);
    std::cout << element << ", " << Describe(c) << ", with residual and signs: " << cycles << " cycles\n";
  }
}

TEST(RtlTables, TakesTheCyclesOfTheModelForIntegerConvolutionsOfNetworks) {
  TakesTheCyclesForIntegerConvolutionsOfNetworks(kElement);
}
TEST(RtlTables32, TakesTheCyclesOfTheModelForIntegerConvolutionsOfNetworks) {
  TakesTheCyclesForIntegerConvolutionsOfNetworks(kSmallElement);
}

TEST(RtlTables, HidesASlowMemoryBehindTheArrayWhereImagesFollowEachOther) {
  std::mt19937 random(44);
  LayerCase conv = Square({16, 16, 32, 1});
  // Two in each of four parts.
  conv.batch = 8;
  Fill(conv, random);
  const IntegerConvCase c = IntegerConv(std::move(conv), true, true, random);
  LayerCycles usual{};
  LayerCycles slow{};
  const auto output = fpga::Run(OpenRtl(), c, &usual);
  ASSERT_EQ(fpga::Run(OpenRtl({60, 30, 5}), c, &slow), output);
  std::cout << Describe(c) << ": " << usual.cycles << " cycles, " << slow.cycles
            << " with 60 cycles of latency and a bus that rests in 30 of 100\n";
  EXPECT_LE(static_cast<double>(slow.cycles), 1.1 * static_cast<double>(usual.cycles));
}

/// A classifier, and images [N, H, C, W] of 16-bit values for it, each row of a channel filled up to eight bytes.
struct ClassifierCase {
  DenseLayer layer;
  std::uint32_t batch;
  ImageSize size;
  std::vector<std::uint8_t> input;
};

ClassifierCase Classifier(std::uint32_t channels, std::uint32_t classes, ImageSize size, std::uint32_t batch,
                          std::mt19937& random) {
  ClassifierCase c;
  LayerShape& shape = c.layer.shape;
  shape.input_format = {};
  shape.output_format = {};
  shape.tau = 0;
  shape.in_channels = channels;
  shape.out_channels = classes;
  shape.integer.emplace().kind = Kind::kClassifier;
  shape.integer->value_bits = 0;
  shape.integer->shift = static_cast<std::uint8_t>(random() % 9);
  for (std::uint32_t i = 0; i < channels * classes; ++i) {
    c.layer.weights.push_back(static_cast<std::int8_t>(random()));
  }
  c.batch = batch;
  c.size = size;
  c.input.resize(batch * size.height * channels * RowBytes(ElementFormat::kS16, size.width));
  for (auto& byte : c.input) {
    byte = static_cast<std::uint8_t>(random());
  }
  return c;
}

std::vector<std::int32_t> Run(const std::shared_ptr<Driver>& driver, const ClassifierCase& c, LayerCycles* cycles) {
  const auto loaded = driver->Load(c.layer);
  const LayerGraph graph = {1, {{loaded.get(), 0, kNoTensor}}, {1}};
  std::vector<std::int32_t> sums(c.batch * c.layer.shape.out_channels);
  *cycles =
      driver->RunGraph(graph, c.batch, {{c.input.data(), c.size}}, {sums.data()}, std::chrono::minutes(5)).front();
  return sums;
}

std::string Describe(const ClassifierCase& c) {
  return std::to_string(c.layer.shape.in_channels) + " channels, " + std::to_string(c.layer.shape.out_channels) +
         " classes, " + std::to_string(c.size.height) + "x" + std::to_string(c.size.width) + ", batch " +
         std::to_string(c.batch);
}

void RunsClassifiers(const char* element, int runs, std::mt19937& random) {
  for (int run = 0; run < runs; ++run) {
    const std::uint32_t width = Pick(random, 1, 9);
    const ImageSize size = {Pick(random, 1, 9), width};
    const ClassifierCase c =
        Classifier(Pick(random, 1, run % 4 == 0 ? 512 : 20), Pick(random, 1, run % 4 == 1 ? 300 : 70), size,
                   run % 3 == 0 ? Pick(random, 2, 12) : 1, random);
    CompareWithTheEmulator(c, run % 2 == 0 ? BusTiming{} : BusTiming{20, 40, 7}, nullptr, element);
  }
}

TEST(RtlTables, RunsClassifiersAsTheEmulatorDoes) {
  std::mt19937 random(33);
  RunsClassifiers(kElement, 24, random);
}

TEST(RtlTables32, RunsClassifiersAsTheEmulatorDoes) {
  std::mt19937 random(50);
  RunsClassifiers(kSmallElement, 6, random);
}

TEST(RtlTables, TakesTheCyclesOfTheModelForClassifiersOfNetworks) {
  std::mt19937 random(34);
  CompareWithTheEmulator(Classifier(512, 1000, {7, 7}, 1, random));
  CompareWithTheEmulator(Classifier(512, 1000, {7, 7}, 32, random));
  CompareWithTheEmulator(Classifier(512, 200, {7, 7}, 6, random));
  CompareWithTheEmulator(Classifier(64, 10, {8, 8}, 7, random));
}

/// A stem or shortcut, images for it, and what reads the signs that it gives.
struct DenseCase {
  DenseLayer layer;
  std::uint32_t batch;
  ImageSize size;
  std::vector<std::uint8_t> input;
  ConvLayer reader;

  ImageSize output() const { return layer.shape.OutputSize(size); }
};

/// The layer with random weights and parameters, values of 12 bits, and images.
DenseCase Dense(LayerShape shape, ImageSize size, std::uint32_t batch, std::mt19937& random) {
  DenseCase c;
  shape.input_format = {};
  shape.output_format = {};
  shape.tau = 0;
  shape.integer->value_bits = 12;
  const auto byte = [&] { return static_cast<std::uint8_t>(random()); };
  const std::uint64_t weights = shape.integer->kind == Kind::kStem
                                    ? std::uint64_t{shape.integer->kernel} * shape.integer->kernel * shape.in_channels
                                    : shape.in_channels;
  for (std::uint64_t i = 0; i < weights * shape.out_channels; ++i) {
    c.layer.weights.push_back(static_cast<std::int8_t>(random()));
  }
  for (std::uint32_t i = 0; shape.integer->kind == Kind::kStem && i < shape.in_channels; ++i) {
    c.layer.zero_pixels.push_back(byte());
  }
  for (std::uint32_t o = 0; o < shape.out_channels; ++o) {
    c.layer.parameters.push_back({Number(32767, random), Number(300, random), 0, 0, Number(300, random), {}});
  }
  c.layer.shape = shape;
  c.batch = batch;
  c.size = size;
  const std::uint64_t row = RowBytes(shape.input_element(), size.width);
  c.input.resize(batch * std::uint64_t{shape.in_channels} * size.height * row);
  std::generate(c.input.begin(), c.input.end(), byte);
  if (shape.integer->gives_signs) {
    c.reader = ReaderOf(shape.out_channels, random);
  }
  return c;
}

DenseCase Shortcut(std::uint32_t in_channels, std::uint32_t out_channels, ImageSize size, std::uint8_t pool, bool signs,
                   std::uint32_t batch, std::mt19937& random) {
  LayerShape shape;
  shape.in_channels = in_channels;
  shape.out_channels = out_channels;
  IntegerStage& stage = shape.integer.emplace();
  stage.kind = Kind::kShortcut;
  stage.pool = stage.pool_strides = {pool, pool};
  stage.shift = static_cast<std::uint8_t>(Pick(random, 7, 14));
  stage.gives_signs = signs;
  return Dense(shape, size, batch, random);
}

std::vector<std::uint8_t> Run(const std::shared_ptr<Driver>& driver, const DenseCase& c, LayerCycles* cycles) {
  return RunWithReader(driver, c.layer, c.reader, c.batch, c.output(), {{c.input.data(), c.size}}, cycles);
}

std::string Describe(const DenseCase& c) {
  const LayerShape& d = c.layer.shape;
  const IntegerStage& stage = *d.integer;
  const ImageSize out = c.output();
  const auto numbers = [](const auto& values) {
    std::string text;
    for (const auto value : values) {
      text += " " + std::to_string(value);
    }
    return text;
  };
  return (stage.kind == Kind::kStem ? "stem " : "shortcut ") + std::to_string(d.in_channels) + " to " +
         std::to_string(d.out_channels) + " channels, batch " + std::to_string(c.batch) + ", " +
         std::to_string(c.size.height) + "x" + std::to_string(c.size.width) + " to " + std::to_string(out.height) +
         "x" + std::to_string(out.width) + ", kernel " + std::to_string(stage.kernel) + ", strides " +
         std::to_string(d.stride_h) + " " + std::to_string(d.stride_w) + ", pads " + std::to_string(d.pad_top) +
         std::to_string(d.pad_left) + ", pool" + numbers(stage.pool) + ", strides" + numbers(stage.pool_strides) +
         ", pads" + numbers(stage.pool_pads) + (stage.gives_signs ? ", signs" : "");
}

void RunsShortcuts(const char* element, int runs, std::mt19937& random) {
  for (int run = 0; run < runs; ++run) {
    const auto pool = static_cast<std::uint8_t>(Pick(random, 1, 2));
    const ImageSize size = {Pick(random, 1, 9), Pick(random, 1, run % 4 == 0 ? 56 : 17)};
    const std::uint32_t pairs = (size.width / pool + 2) / 2;
    const std::uint32_t channels = Pick(random, 1, std::min(2048 / pairs, run % 3 == 0 ? 256u : 20u));
    const DenseCase c = Shortcut(channels, Pick(random, 1, run % 4 == 1 ? 300 : 90), size, pool, run % 2 == 1,
                                 run % 3 == 0 ? Pick(random, 2, 3) : 1, random);
    CompareWithTheEmulator(c, run % 4 < 2 ? BusTiming{} : BusTiming{20, 40, 7}, nullptr, element);
  }
}

TEST(RtlTables, RunsShortcutsAsTheEmulatorDoes) {
  std::mt19937 random(37);
  RunsShortcuts(kElement, SweepRounds(60), random);
}

TEST(RtlTables32, RunsShortcutsAsTheEmulatorDoes) {
  std::mt19937 random(51);
  RunsShortcuts(kSmallElement, SweepRounds(16), random);
}

TEST(RtlTables, TakesTheCyclesOfTheModelForShortcutsOfNetworks) {
  std::mt19937 random(38);
  for (const DenseCase& c :
       {Shortcut(64, 128, {56, 56}, 2, false, 1, random), Shortcut(128, 256, {28, 28}, 2, false, 1, random),
        Shortcut(256, 512, {14, 14}, 2, false, 1, random), Shortcut(16, 32, {32, 32}, 2, false, 7, random)}) {
    std::uint64_t cycles = 0;
    CompareWithTheEmulator(c, {}, &cycles);
    std::cout << Describe(c) << ": " << cycles << " cycles\n";
  }
}

/// What a stem's shape is made of.
struct StemForm {
  std::uint32_t in_channels;
  std::uint32_t out_channels;
  std::uint8_t kernel;
  std::array<std::uint16_t, 2> strides;
  std::array<std::uint16_t, 4> pads;
  std::array<std::uint8_t, 2> pool = {1, 1};
  std::array<std::uint8_t, 2> pool_strides = {1, 1};
  std::array<std::uint8_t, 4> pool_pads = {0, 0, 0, 0};
};

DenseCase Stem(const StemForm& form, ImageSize size, bool signs, std::uint32_t batch, std::mt19937& random) {
  LayerShape shape;
  shape.in_channels = form.in_channels;
  shape.out_channels = form.out_channels;
  shape.stride_h = form.strides[0];
  shape.stride_w = form.strides[1];
  shape.pad_top = form.pads[0];
  shape.pad_left = form.pads[1];
  shape.pad_bottom = form.pads[2];
  shape.pad_right = form.pads[3];
  IntegerStage& stage = shape.integer.emplace();
  stage.kind = Kind::kStem;
  stage.kernel = form.kernel;
  stage.pool = form.pool;
  stage.pool_strides = form.pool_strides;
  stage.pool_pads = form.pool_pads;
  stage.shift = static_cast<std::uint8_t>(Pick(random, 1, 9));
  stage.taps = static_cast<std::uint16_t>(StemTaps(shape).size());
  stage.gives_signs = signs;
  return Dense(shape, size, batch, random);
}

/// Any stem that the device takes, with an output.
DenseCase AnyStem(int run, std::mt19937& random) {
  for (;;) {
    StemForm form;
    form.in_channels = Pick(random, 1, 4);
    form.out_channels = Pick(random, 1, run % 4 == 1 ? 150 : run % 4 == 2 ? 3 : 70);
    form.kernel = static_cast<std::uint8_t>(Pick(random, 1, 8));
    for (auto& stride : form.strides) {
      stride =
          static_cast<std::uint16_t>(Pick(random, 1, random() % 2 == 0 ? form.kernel : std::min<int>(2, form.kernel)));
    }
    for (auto& pad : form.pads) {
      pad = static_cast<std::uint16_t>(Pick(random, 0, form.kernel - 1));
    }
    for (std::size_t axis = 0; run % 3 != 0 && axis < 2; ++axis) {
      form.pool[axis] = static_cast<std::uint8_t>(Pick(random, 1, 3));
      form.pool_strides[axis] =
          static_cast<std::uint8_t>(Pick(random, std::max(1, form.pool[axis] - 1), form.pool[axis]));
      form.pool_pads[axis] = static_cast<std::uint8_t>(Pick(random, 0, form.pool[axis] - 1));
      form.pool_pads[axis + 2] = static_cast<std::uint8_t>(Pick(random, 0, form.pool[axis] - 1));
    }
    const ImageSize size = {Pick(random, 1, 24), Pick(random, 1, random() % 4 == 0 ? 100 : 24)};
    DenseCase c = Stem(form, size, run % 2 == 1, run % 5 == 0 ? Pick(random, 2, 3) : 1, random);
    const ImageSize out = c.output();
    const bool pooled = form.pool != std::array<std::uint8_t, 2>{1, 1};
    if (out.height >= 1 && out.width >= 1 && out.width <= 56 &&
        (!pooled || out.width * std::min(form.out_channels, 64u) <= 4096) &&
        (!c.layer.shape.integer->gives_signs || form.out_channels * ((out.height + 2) / 3) <= 1536)) {
      return c;
    }
  }
}

void RunsStems(const char* element, int runs, std::mt19937& random) {
  for (int run = 0; run < runs; ++run) {
    CompareWithTheEmulator(AnyStem(run, random), run % 4 < 2 ? BusTiming{} : BusTiming{20, 40, 7}, nullptr, element);
  }
}

TEST(RtlTables, RunsStemsAsTheEmulatorDoes) {
  std::mt19937 random(39);
  RunsStems(kElement, SweepRounds(80), random);
}

TEST(RtlTables32, RunsStemsAsTheEmulatorDoes) {
  std::mt19937 random(52);
  RunsStems(kSmallElement, SweepRounds(16), random);
}

TEST(RtlTables, TakesTheCyclesOfTheModelForStemsOfNetworks) {
  std::mt19937 random(40);
  // resnet20's on images of 32x32, and a part of ResNet-18's image.
  const StemForm small = {3, 16, 3, {1, 1}, {1, 1, 1, 1}};
  const StemForm large = {3, 64, 7, {2, 2}, {3, 3, 3, 3}, {3, 3}, {2, 2}, {1, 1, 1, 1}};
  for (const DenseCase& c : {Stem(small, {32, 32}, true, 2, random), Stem(large, {26, 224}, true, 1, random)}) {
    std::uint64_t cycles = 0;
    CompareWithTheEmulator(c, {}, &cycles);
    std::cout << Describe(c) << ": " << cycles << " cycles\n";
  }
}

/// The cycles of a network by kinds of layers, for each image.
using KindCycles = std::array<std::uint64_t, kKindValues>;

std::uint64_t Sum(const KindCycles& cycles) { return std::accumulate(cycles.begin(), cycles.end(), std::uint64_t{0}); }

KindCycles ByKinds(const LoadedNetwork& network, const std::vector<LayerCycles>& layers, std::uint32_t images) {
  KindCycles cycles{};
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    const LayerShape& d = network.layers()[layer].shape();
    cycles[static_cast<std::size_t>(d.integer->kind)] += layers[layer].cycles / images;
  }
  return cycles;
}

struct NetworkCycles {
  KindCycles simulated;
  KindCycles modelled;
};

/// Runs a network on simulation and emulator: its sums must be those of the operators' reference, its cycles within 2 %
/// unless the bus stands still: those of every layer of one image, and of all layers together where stems run beside
/// others, which then share the bus with them.
NetworkCycles RunNetwork(const NetworkCase& c, std::uint32_t images, std::mt19937& random, const BusTiming& timing = {},
                         const char* element = kElement) {
  const auto pixels = RandomPixels(c.image, images, random);
  std::vector<LayerCycles> simulated;
  std::vector<LayerCycles> modelled;
  const LoadedNetwork network(OpenRtl(timing, element), c.layers);
  const auto sums = network.Run(c.image, images, pixels, &simulated);
  const LoadedNetwork emulated(OpenEmulator(element), c.layers);
  EXPECT_EQ(sums, emulated.Run(c.image, images, pixels, &modelled));
  EXPECT_EQ(LogitsOf(c, sums), ReferenceLogits(c, images, pixels));
  const NetworkCycles cycles = {ByKinds(network, simulated, images), ByKinds(emulated, modelled, images)};
  if (timing.stall_percent != 0) {
    return cycles;
  }
  std::string layers;
  for (std::size_t layer = 0; layer < simulated.size(); ++layer) {
    layers += ", kind " + std::to_string(static_cast<int>(network.layers()[layer].shape().integer->kind)) + ": " +
              std::to_string(simulated[layer].cycles) + " for " + std::to_string(modelled[layer].cycles);
  }
  EXPECT_NEAR(static_cast<double>(Sum(cycles.simulated)) / static_cast<double>(Sum(cycles.modelled)), 1, 0.02)
      << images << " images, cycles of each " << Sum(cycles.simulated) << " for " << Sum(cycles.modelled) << layers;
  for (std::size_t layer = 0; images == 1 && layer < simulated.size(); ++layer) {
    const LayerShape& d = network.layers()[layer].shape();
    EXPECT_NEAR(static_cast<double>(simulated[layer].cycles) / static_cast<double>(modelled[layer].cycles), 1, 0.02)
        << network.layers()[layer].op.node << ", kind " << static_cast<int>(d.integer->kind) << ", cycles "
        << simulated[layer].cycles << " for " << modelled[layer].cycles;
  }
  return cycles;
}

void RunsWholeNetworks(const char* element, int runs, std::mt19937& random) {
  int taken = 0;
  for (int run = 0; run < runs; ++run) {
    SCOPED_TRACE("run " + std::to_string(run));
    const NetworkCase c = RandomNetwork(random);
    try {
      CpuNetwork(c.layers).Check(c.image);
    } catch (const InvalidOperator&) {
      continue;  // the image is too small for the layers
    }
    RunNetwork(c, Pick(random, 1, 6), random, run % 2 == 0 ? BusTiming{} : BusTiming{20, 40, 7}, element);
    ++taken;
  }
  EXPECT_GE(2 * taken, runs);
}

TEST(RtlTables, RunsWholeIntegerNetworks) {
  std::mt19937 random(41);
  RunsWholeNetworks(kElement, SweepRounds(20), random);
}

TEST(RtlTables32, RunsWholeIntegerNetworks) {
  std::mt19937 random(53);
  RunsWholeNetworks(kSmallElement, SweepRounds(8), random);
}

/// The layer gives the same in the same cycles whatever the device's registers and memories begin with.
template <typename Case>
void CompareInitialStates(const Case& c) {
  std::uint64_t first = 0;
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::uint64_t cycles = 0;
    ASSERT_NO_FATAL_FAILURE(CompareWithTheEmulator(c, {20, 0, seed}, &cycles));
    if (seed == 1) {
      first = cycles;
    }
    ASSERT_EQ(cycles, first) << Describe(c);
  }
}

TEST(RtlTables, ComputesWhateverItsRegistersAndMemoriesBeginWith) {
  std::mt19937 random(44);
  for (const SquareConv& conv : {SquareConv{5, 9, 6, 1}, {70, 20, 9, 2}, {16, 140, 4, 1}}) {
    const LayerCase c = Square(conv);
    CompareInitialStates(c);
    CompareInitialStates(IntegerConv(c, true, true, random));
  }
  CompareInitialStates(Stem({3, 10, 3, {2, 2}, {1, 1, 1, 1}, {3, 3}, {2, 2}, {1, 1, 1, 1}}, {13, 18}, true, 1, random));
  CompareInitialStates(Shortcut(9, 20, {8, 10}, 2, true, 1, random));
  CompareInitialStates(Classifier(12, 7, {3, 5}, 3, random));
}

TEST(RtlTables, RunsNetworksWhateverItsRegistersAndMemoriesBeginWith) {
  std::mt19937 random(45);
  StemAttributes stem;
  stem.pads = {1, 1, 1, 1};
  stem.pool = {{2, 2}, {2, 2}, {0, 0, 0, 0}};
  const NetworkCase c = ResidualNetwork({16, 16, 3}, 3, stem, {{8, 2}, {16, 2}}, 10, 4, random);
  KindCycles first{};
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    const KindCycles cycles = RunNetwork(c, 2, random, {20, 0, seed}).simulated;
    if (seed == 1) {
      first = cycles;
    }
    EXPECT_EQ(cycles, first) << "seed " << seed;
  }
}

void Print(const char* kind, const KindCycles& cycles) {
  std::cout << ", " << kind << ": convolutions " << cycles[0] << ", stem " << cycles[1] << ", shortcuts " << cycles[2]
            << ", classifier " << cycles[3] << ", all " << Sum(cycles);
}

/// Prints what the page on the device states.
void RunAndPrint(const char* name, const NetworkCase& c, std::uint32_t images, std::mt19937& random,
                 const char* element) {
  const NetworkCycles cycles = RunNetwork(c, images, random, {}, element);
  std::cout << element << ", " << name << ", " << images << " images, cycles of each";
  Print("simulated", cycles.simulated);
  Print("modelled", cycles.modelled);
  std::cout << "\n";
}

void RunsAWholeResidualNetwork(const char* element) {
  std::mt19937 random(42);
  StemAttributes stem;
  stem.pads = {1, 1, 1, 1};
  const NetworkCase c = ResidualNetwork({32, 32, 3}, 3, stem, {{16, 6}, {32, 6}, {64, 6}}, 10, 5, random);
  for (const std::uint32_t images : {1, 8}) {
    RunAndPrint("resnet20", c, images, random, element);
  }
}

TEST(RtlTables, RunsAWholeResidualNetwork) { RunsAWholeResidualNetwork(kElement); }
TEST(RtlTables32, RunsAWholeResidualNetwork) { RunsAWholeResidualNetwork(kSmallElement); }

/// On square images of so many pixels.
NetworkCase ResNet18(std::int64_t size, std::int64_t classes, std::mt19937& random) {
  StemAttributes stem;
  stem.strides = {2, 2};
  stem.pads = {3, 3, 3, 3};
  stem.pool = {{3, 3}, {2, 2}, {1, 1, 1, 1}};
  return ResidualNetwork({size, size, 3}, 7, stem, {{64, 4}, {128, 4}, {256, 4}, {512, 4}}, classes, 5, random);
}

void RunsAWholeResNet18(const char* element) {
  if (SweepsAreShort()) {
    GTEST_SKIP() << "a minute or more; SUBBIT_FULL_SWEEPS=1 runs it";
  }
  std::mt19937 random(43);
  RunAndPrint("ResNet-18", ResNet18(224, 1000, random), 1, random, element);
  // Small images, so that there are enough of them for stems beside other layers.
  RunAndPrint("ResNet-18 on 112x112", ResNet18(112, 100, random), 14, random, element);
}

TEST(RtlTables, RunsAWholeResNet18) { RunsAWholeResNet18(kElement); }
TEST(RtlTables32, RunsAWholeResNet18) { RunsAWholeResNet18(kSmallElement); }

}  // namespace
}  // namespace subbit::fpga
