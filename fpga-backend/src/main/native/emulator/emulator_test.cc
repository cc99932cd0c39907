#include "emulator/emulator.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "device/cycle_model.h"
#include "driver/driver.h"
#include "tables/device.h"
#include "testing/reference_conv.h"
#include "testing/register_file.h"

namespace subbit::fpga {
namespace {

constexpr std::uint64_t kDescriptorsAt = 0x40;

Capabilities SmallMemory() {
  Capabilities c = Emulator::DefaultCapabilities();
  c.memory_bytes = 1 << 20;
  return c;
}

/// A one-pixel layer, written by hand into the device's memory.
LayerDescriptor OnePixel() {
  LayerDescriptor d;
  d.mode = Mode::kDirect;
  d.pad_top = d.pad_left = d.pad_bottom = d.pad_right = 1;
  d.input_address = 0x1000;
  d.output_address = 0x1040;
  d.index_address = 0x1080;
  d.codebook_address = 0x10C0;
  d.multiplier_address = 0x1100;
  return d;
}

std::uint64_t CyclesOfOnePixel() { return ModelledCycles(OnePixel(), SmallMemory()); }

std::uint32_t Start(Emulator& device, const LayerDescriptor& layer, std::uint32_t count = 1) {
  const LayerDescriptor::Bytes bytes = layer.Encode();
  for (std::uint32_t i = 0; i < count; ++i) {
    device.WriteBuffer(kDescriptorsAt + i * bytes.size(), bytes.data(), bytes.size());
  }
  device.Write32(registers::kDescriptorsLow, kDescriptorsAt);
  device.Write32(registers::kCount, count);
  device.Write32(registers::kControl, registers::kControlStart);
  return device.Read32(registers::kError);
}

void WriteFloat(Emulator& device, std::uint64_t address, float value) {
  device.WriteBuffer(address, &value, sizeof value);
}

TEST(Emulator, IdentifiesItself) {
  Emulator device(SmallMemory());
  EXPECT_EQ(device.Read32(registers::kId), contract::kIdValue);
  EXPECT_EQ(device.Read32(registers::kVersion), contract::kVersionValue);
  const Capabilities read = Capabilities::Read(device);
  EXPECT_EQ(read.dot_units, 1u);
  EXPECT_EQ(read.accumulators, 4u);
  EXPECT_EQ(read.table_depth, 64u);
  EXPECT_EQ(read.memory_bytes, 1u << 20);
  EXPECT_EQ(read.features, SmallMemory().features);
}

TEST(Emulator, HasTheRegistersOfTheTable) {
  Emulator device(SmallMemory());
  ExpectRegisterFile([&](std::uint32_t at) { return device.Read32(at); },
                     [&](std::uint32_t at, std::uint32_t value) { device.Write32(at, value); });
}

TEST(Emulator, FollowsTheControlProtocol) {
  Emulator device(SmallMemory());
  EXPECT_EQ(device.Read32(registers::kControl), registers::kControlIdle);
  device.Write32(registers::kIer, registers::kIerDone);
  WriteFloat(device, 0x1100, 1.0f);
  EXPECT_EQ(Start(device, OnePixel()), 0u);
  EXPECT_EQ(device.Read32(registers::kIsr), registers::kIerDone);
  device.Write32(registers::kIsr, registers::kIerDone);
  EXPECT_EQ(device.Read32(registers::kIsr), 0u);
  EXPECT_EQ(device.Read32(registers::kControl),
            registers::kControlDone | registers::kControlIdle | registers::kControlReady);
  EXPECT_EQ(device.Read32(registers::kControl), registers::kControlIdle) << "done and ready clear on read";
  EXPECT_EQ(device.Read32(registers::kCyclesLow), CyclesOfOnePixel());
}

TEST(Emulator, RunsAListAndAddsUpItsCycles) {
  Emulator device(SmallMemory());
  WriteFloat(device, 0x1100, 1.0f);
  LayerDescriptor layer = OnePixel();
  layer.cycles = 99;
  EXPECT_EQ(Start(device, layer, 3), 0u);
  EXPECT_EQ(device.Read32(registers::kCyclesLow), 3 * CyclesOfOnePixel());
  LayerDescriptor::Bytes bytes(LayerDescriptor::kPlainBytes);
  device.ReadBuffer(kDescriptorsAt + 2 * bytes.size(), bytes.data(), bytes.size());
  LayerDescriptor finished;
  ASSERT_EQ(LayerDescriptor::Decode(bytes.data(), bytes.size(), &finished), ErrorCode::kNone);
  EXPECT_EQ(finished.cycles, CyclesOfOnePixel());
}

TEST(Emulator, RunsDescriptorsOfBothVersionsInOneList) {
  Emulator device(SmallMemory());
  WriteFloat(device, 0x1100, 1.0f);
  LayerDescriptor plain = OnePixel();
  LayerDescriptor residual = OnePixel();
  residual.version = 2;
  residual.adds_residual = true;
  residual.residual_address = 0x1180;
  residual.residual_multiplier = 2.0f;
  residual.output_address = 0x1140;
  const std::uint8_t value = 21;
  device.WriteBuffer(0x1180, &value, 1);
  std::vector<std::uint8_t> list;
  for (const LayerDescriptor& d : {residual, plain, residual}) {
    const LayerDescriptor::Bytes bytes = d.Encode();
    list.insert(list.end(), bytes.begin(), bytes.end());
  }
  device.WriteBuffer(kDescriptorsAt, list.data(), list.size());
  device.Write32(registers::kDescriptorsLow, kDescriptorsAt);
  device.Write32(registers::kCount, 3);
  device.Write32(registers::kControl, registers::kControlStart);
  ASSERT_EQ(device.Read32(registers::kError), 0u);
  std::uint8_t sum = 0;
  device.ReadBuffer(0x1140, &sum, 1);
  EXPECT_EQ(sum, 42) << "the input is 0, so the residual alone is left";
  std::uint64_t cycles = 0;
  device.ReadBuffer(
      kDescriptorsAt + LayerDescriptor::kResidualBytes + LayerDescriptor::kPlainBytes + fields::kCycles.at, &cycles,
      sizeof cycles);
  EXPECT_GT(cycles, 0u) << "of the third descriptor";
}

TEST(Emulator, RejectsADescriptorThatLeavesItsMemory) {
  Emulator device(SmallMemory());
  LayerDescriptor residual = OnePixel();
  residual.version = 2;
  const LayerDescriptor::Bytes bytes = residual.Encode();
  const std::uint64_t last = (1 << 20) - LayerDescriptor::kPlainBytes;
  device.WriteBuffer(last, bytes.data(), LayerDescriptor::kPlainBytes);
  device.Write32(registers::kDescriptorsLow, last);
  device.Write32(registers::kCount, 1);
  device.Write32(registers::kControl, registers::kControlStart);
  EXPECT_EQ(device.Read32(registers::kError), static_cast<std::uint32_t>(ErrorCode::kHeader));
}

TEST(Emulator, RejectsABadDescriptorList) {
  Emulator device(SmallMemory());
  const auto expect_rejected = [&](std::uint64_t address, std::uint32_t count) {
    device.Write32(registers::kDescriptorsLow, static_cast<std::uint32_t>(address));
    device.Write32(registers::kDescriptorsHigh, static_cast<std::uint32_t>(address >> 32));
    device.Write32(registers::kCount, count);
    device.Write32(registers::kControl, registers::kControlStart);
    EXPECT_EQ(device.Read32(registers::kError), static_cast<std::uint32_t>(ErrorCode::kDescriptorList));
  };
  expect_rejected(0x40, 0);
  expect_rejected(0x48, 1);
  expect_rejected((1 << 20) - 64, 1);
  expect_rejected(0x40, 0xFFFFFFFF);
  expect_rejected(0xFFFFFFFFFFFFFFC0, 1);
}

TEST(Emulator, NamesTheDescriptorThatFailed) {
  Emulator device(SmallMemory());
  WriteFloat(device, 0x1100, 1.0f);
  ASSERT_EQ(Start(device, OnePixel(), 2), 0u);
  const std::uint8_t wrong = 0;
  device.WriteBuffer(kDescriptorsAt + LayerDescriptor::kPlainBytes, &wrong, 1);
  device.Write32(registers::kControl, registers::kControlStart);
  EXPECT_EQ(device.Read32(registers::kError), static_cast<std::uint32_t>(ErrorCode::kHeader));
  EXPECT_EQ(device.Read32(registers::kErrorDescriptor), 1u);
  device.Write32(registers::kReset, 1);
  EXPECT_EQ(device.Read32(registers::kError), 0u);
}

TEST(Emulator, RejectsBadTensorContents) {
  Emulator device(SmallMemory());
  WriteFloat(device, 0x1100, std::numeric_limits<float>::infinity());
  EXPECT_EQ(Start(device, OnePixel()), static_cast<std::uint32_t>(ErrorCode::kMultiplier));
  WriteFloat(device, 0x1100, 1.0f);
  const std::uint16_t codeword = 512;
  device.WriteBuffer(0x10C2, &codeword, sizeof codeword);
  EXPECT_EQ(Start(device, OnePixel()), static_cast<std::uint32_t>(ErrorCode::kCodeword));
}

TEST(Emulator, SurvivesRandomDescriptors) {
  // Whatever a descriptor holds, the device ends with a code and stays usable.
  Emulator device(SmallMemory());
  std::mt19937 random(3);
  for (int run = 0; run < 5000; ++run) {
    LayerDescriptor::Bytes bytes = OnePixel().Encode();
    for (int flips = 1 + static_cast<int>(random() % 4); flips > 0; --flips) {
      bytes[random() % bytes.size()] ^= static_cast<std::uint8_t>(1u << (random() % 8));
    }
    device.WriteBuffer(kDescriptorsAt, bytes.data(), bytes.size());
    device.Write32(registers::kDescriptorsLow, kDescriptorsAt);
    device.Write32(registers::kCount, 1);
    device.Write32(registers::kControl, registers::kControlStart);
    ASSERT_LE(device.Read32(registers::kError), static_cast<std::uint32_t>(ErrorCode::kInternal));
    ASSERT_NE(device.Read32(registers::kControl) & registers::kControlIdle, 0u);
  }
}

TEST(Emulator, RefusesTransfersOutsideItsMemory) {
  Emulator device(SmallMemory());
  std::uint8_t byte = 0;
  EXPECT_THROW(device.ReadBuffer(1 << 20, &byte, 1), TransferError);
  EXPECT_THROW(device.WriteBuffer(~std::uint64_t{0}, &byte, 1), TransferError);
}

TEST(Emulator, AgreesWithTheReferenceOnRandomLayers) {
  const auto driver = Driver::Open(std::make_unique<Emulator>());
  std::mt19937 random(2);
  int table_runs = 0;
  for (int run = 0; run < 200; ++run) {
    LayerCase c = RandomCase(random);
    if (run % 2 == 0 && HasEightBits(c.layer.shape.output_format)) {
      AddResidual(c, random);
    }
    table_runs += driver->Load(c.layer)->shape().mode == Mode::kTable ? 1 : 0;
    ASSERT_EQ(RunCase(*driver, c), ReferenceConv(c)) << "run " << run;
  }
  EXPECT_GT(table_runs, 50) << "the sweep must cover the table mode too";
}

TEST(Emulator, AgreesWithTheReferenceWhereALayerTakesSeveralTiles) {
  const auto driver = Driver::Open(std::make_unique<Emulator>());
  std::mt19937 random(4);
  LayerCase c = RandomCase(random);
  c.layer.shape = LayerShape();
  c.layer.shape.tau = 3;
  c.layer.shape.in_channels = 3;
  c.layer.shape.out_channels = 20;
  c.layer.shape.pad_top = c.layer.shape.pad_left = 1;
  const LayerShape plain = c.layer.shape;
  c.batch = 1;
  c.height = 61;
  for (const std::uint32_t width : {47u, 300u}) {
    c.width = width;
    LayerCase bits = c;
    bits.layer = {};
    bits.layer.shape = plain;
    bits.layer.shape.output_format = OutputFormat::kBits;
    FillRandomly(bits, random);
    EXPECT_EQ(RunCase(*driver, bits), ReferenceConv(bits)) << "bits, width " << width;
    FillRandomly(c, random);
    AddResidual(c, random);
    EXPECT_EQ(RunCase(*driver, c), ReferenceConv(c)) << "width " << width;
  }
}

}  // namespace
}  // namespace subbit::fpga
