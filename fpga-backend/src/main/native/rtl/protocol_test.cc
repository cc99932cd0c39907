// The simulated device compared with the emulator, without a driver in between: descriptors, errors, reset, interrupt.

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "device/element.h"
#include "emulator/emulator.h"
#include "rtl/rtl_device.h"
#include "tables/device.h"

namespace subbit::fpga {
namespace {

constexpr std::uint64_t kDescriptorsAt = 0x40;
constexpr std::uint64_t kManyCycles = 2000000;

/// A layer that the device takes, of `side` x `side` pixels.
LayerDescriptor Layer(std::uint32_t side = 3, std::uint32_t channels = 2) {
  LayerDescriptor d;
  d.mode = Mode::kDirect;
  d.in_channels = d.out_channels = channels;
  d.in_height = d.in_width = d.out_height = d.out_width = side;
  d.pad_top = d.pad_left = d.pad_bottom = d.pad_right = 1;
  d.input_address = 0x10000;
  d.output_address = 0x20000;
  d.index_address = 0x1080;
  d.codebook_address = 0x10C0;
  d.bias_address = 0x1400;
  d.multiplier_address = 0x1800;
  return d;
}

/// The same with a residual.
LayerDescriptor ResidualLayer() {
  LayerDescriptor d = Layer();
  d.version = 2;
  d.adds_residual = true;
  d.residual_address = 0x18000;
  d.residual_multiplier = 0.4f;
  d.residual_zero_point = 99;
  return d;
}

/// The same with bits that leave.
LayerDescriptor BitsLayer() {
  LayerDescriptor d = Layer();
  d.output_format = OutputFormat::kBits;
  return d;
}

class Protocol : public ::testing::Test {
 protected:
  void Open(const BusTiming& timing = {}, std::uint64_t memory = RtlDevice::kMemoryBytes) {
    rtl_ = std::make_unique<RtlDevice>(RtlLibraryPath(), "paper", timing, memory);
    Capabilities same = RtlCapabilities("paper");
    same.memory_bytes = RtlDevice::kMemoryBytes;
    emulator_ = std::make_unique<Emulator>(same);
    std::mt19937 random(5);
    std::vector<std::uint8_t> bytes(0x10000);
    for (auto& byte : bytes) {
      byte = static_cast<std::uint8_t>(random());
    }
    Write(0x10000, bytes.data(), bytes.size());
    const std::vector<float> multipliers(256, 0.05f);
    Write(0x1800, multipliers.data(), multipliers.size() * sizeof(float));
    const std::uint16_t codewords[] = {341, 86};
    Write(0x10C0, codewords, sizeof codewords);
  }

  void Write(std::uint64_t address, const void* from, std::size_t bytes) {
    rtl_->WriteBuffer(address, from, bytes);
    emulator_->WriteBuffer(address, from, bytes);
  }

  /// Resets the simulated device, and waits until the reset has ended.
  void ResetRtl() {
    rtl_->Write32(registers::kReset, registers::kResetAbort);
    for (int i = 0; rtl_->Read32(registers::kReset) != 0; ++i) {
      ASSERT_LT(i, 10000) << "the reset does not end";
    }
  }

  void Start(Device& device, std::uint64_t address, std::uint32_t count) {
    device.Write32(registers::kDescriptorsLow, static_cast<std::uint32_t>(address));
    device.Write32(registers::kDescriptorsHigh, static_cast<std::uint32_t>(address >> 32));
    device.Write32(registers::kCount, count);
    device.Write32(registers::kGie, 1);
    device.Write32(registers::kIer, registers::kIerDone);
    device.Write32(registers::kControl, registers::kControlStart);
  }

  /// Runs the list on both devices and compares what registers and memory show afterwards. Returns the error code.
  std::uint32_t Compare(std::uint64_t address, std::uint32_t count) {
    Start(*emulator_, address, count);
    Start(*rtl_, address, count);
    EXPECT_TRUE(rtl_->RunCycles(kManyCycles)) << "no interrupt";
    EXPECT_EQ(rtl_->Read32(registers::kIsr), registers::kIerDone);
    rtl_->Write32(registers::kIsr, registers::kIerDone);
    EXPECT_EQ(rtl_->Read32(registers::kControl),
              registers::kControlDone | registers::kControlIdle | registers::kControlReady);
    EXPECT_EQ(rtl_->Read32(registers::kControl), registers::kControlIdle) << "done and ready clear on read";
    EXPECT_EQ(rtl_->Read32(registers::kErrorDescriptor), emulator_->Read32(registers::kErrorDescriptor));
    EXPECT_EQ(Memory(*rtl_), Memory(*emulator_));
    const std::uint32_t code = rtl_->Read32(registers::kError);
    EXPECT_EQ(code, emulator_->Read32(registers::kError));
    return code;
  }

  /// Everything that a small layer may write, without cycle counts, in which the two may differ a little.
  static std::vector<std::uint8_t> Memory(Device& device) {
    std::vector<std::uint8_t> bytes(0x24000);
    device.ReadBuffer(0, bytes.data(), bytes.size());
    ForgetCycles(bytes);
    return bytes;
  }

  static void ForgetCycles(std::vector<std::uint8_t>& memory) {
    for (std::uint64_t at = kDescriptorsAt; memory[at] == 'S'; at += memory[at + 4] == 1 ? 128 : 192) {
      std::fill_n(memory.begin() + static_cast<std::ptrdiff_t>(at + fields::kCycles.at), 8, std::uint8_t{0});
    }
  }

  std::uint32_t CompareLayer(const LayerDescriptor& layer) {
    const LayerDescriptor::Bytes bytes = layer.Encode();
    Write(kDescriptorsAt, bytes.data(), bytes.size());
    return Compare(kDescriptorsAt, 1);
  }

  std::unique_ptr<RtlDevice> rtl_;
  std::unique_ptr<Emulator> emulator_;
};

TEST_F(Protocol, RunsAListAndAddsUpItsCycles) {
  Open();
  const LayerDescriptor::Bytes bytes = Layer().Encode();
  for (std::uint64_t i = 0; i < 3; ++i) {
    Write(kDescriptorsAt + i * bytes.size(), bytes.data(), bytes.size());
  }
  EXPECT_EQ(Compare(kDescriptorsAt, 3), 0u);
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < 3; ++i) {
    std::uint64_t cycles = 0;
    rtl_->ReadBuffer(kDescriptorsAt + i * bytes.size() + fields::kCycles.at, &cycles, sizeof cycles);
    EXPECT_GT(cycles, 0u);
    sum += cycles;
  }
  EXPECT_EQ(rtl_->Read32(registers::kCyclesLow), sum);
}

TEST_F(Protocol, RunsDescriptorsOfBothVersionsInOneList) {
  Open();
  std::vector<std::uint8_t> list;
  for (const LayerDescriptor& d : {ResidualLayer(), Layer(), ResidualLayer()}) {
    const LayerDescriptor::Bytes bytes = d.Encode();
    list.insert(list.end(), bytes.begin(), bytes.end());
  }
  Write(kDescriptorsAt, list.data(), list.size());
  EXPECT_EQ(Compare(kDescriptorsAt, 3), 0u);
  std::uint64_t cycles = 0;
  rtl_->ReadBuffer(kDescriptorsAt + LayerDescriptor::kResidualBytes + LayerDescriptor::kPlainBytes + fields::kCycles.at,
                   &cycles, sizeof cycles);
  EXPECT_GT(cycles, 0u) << "of the third descriptor";
}

TEST_F(Protocol, FindsItsMemoryWhereMemoryBaseSays) {
  constexpr std::uint64_t kBase = 0x123000;
  Open();
  const LayerDescriptor::Bytes bytes = ResidualLayer().Encode();
  emulator_->WriteBuffer(kDescriptorsAt, bytes.data(), bytes.size());
  const std::vector<std::uint8_t> before = Memory(*emulator_);
  rtl_->WriteBuffer(kBase, before.data(), before.size());
  rtl_->Write32(registers::kMemoryBaseLow, kBase + 0xABC);
  rtl_->Write32(registers::kMemoryBaseHigh, 0xFFFFFFFF);
  EXPECT_EQ(rtl_->Read32(registers::kMemoryBaseLow), kBase) << "whole pages";
  EXPECT_EQ(rtl_->Read32(registers::kMemoryBaseHigh), 0u) << "beyond the bus";
  ResetRtl();
  EXPECT_EQ(rtl_->Read32(registers::kMemoryBaseLow), kBase) << "a reset leaves it alone";
  Start(*emulator_, kDescriptorsAt, 1);
  Start(*rtl_, kDescriptorsAt, 1);
  ASSERT_TRUE(rtl_->RunCycles(kManyCycles));
  EXPECT_EQ(rtl_->Read32(registers::kError), 0u);
  std::vector<std::uint8_t> after(before.size());
  rtl_->ReadBuffer(kBase, after.data(), after.size());
  ForgetCycles(after);
  EXPECT_EQ(after, Memory(*emulator_));
  EXPECT_NE(after, before);
}

TEST_F(Protocol, RejectsADescriptorThatLeavesMemory) {
  Open();
  const LayerDescriptor::Bytes bytes = ResidualLayer().Encode();
  const std::uint64_t last = RtlDevice::kMemoryBytes - LayerDescriptor::kPlainBytes;
  Write(last, bytes.data(), LayerDescriptor::kPlainBytes);
  EXPECT_EQ(Compare(last, 1), static_cast<std::uint32_t>(ErrorCode::kHeader));
  // The list itself fits if all its descriptors have version 1.
  Write(last - 64, bytes.data(), bytes.size());
  EXPECT_EQ(Compare(last - 64, 1), 0u);
}

TEST_F(Protocol, JudgesRandomDescriptorsAsTheEmulatorDoes) {
  for (const std::uint32_t stall_percent : {0u, 30u}) {
    Open({5, stall_percent, 3});
    std::mt19937 random(3);
    int accepted = 0;
    for (int run = 0; run < 600; ++run) {
      const LayerDescriptor layers[] = {Layer(), ResidualLayer(), BitsLayer()};
      LayerDescriptor::Bytes bytes = layers[run % 3].Encode();
      for (int flips = static_cast<int>(random() % 4); flips > 0; --flips) {
        bytes[random() % bytes.size()] ^= static_cast<std::uint8_t>(1u << (random() % 8));
      }
      Write(kDescriptorsAt, bytes.data(), bytes.size());
      accepted += Compare(kDescriptorsAt, 1) == 0 ? 1 : 0;
      ASSERT_FALSE(HasFailure()) << "run " << run;
    }
    EXPECT_GT(accepted, 50);
    EXPECT_LT(accepted, 500);
  }
}

TEST_F(Protocol, RejectsWhatItDoesNotOffer) {
  Open();
  const auto code = [&](auto change) {
    LayerDescriptor d = Layer();
    change(d);
    return static_cast<ErrorCode>(CompareLayer(d));
  };
  EXPECT_EQ(code([](auto& d) { d.stride_h = 3; }), ErrorCode::kUnsupported);
  EXPECT_EQ(code([](auto& d) { d.dilation_w = 2; }), ErrorCode::kUnsupported);
  EXPECT_EQ(code([](auto& d) { d.group = 2; }), ErrorCode::kUnsupported);
  EXPECT_EQ(code([](auto& d) { d.tau = 0; }), ErrorCode::kUnsupported);
  EXPECT_EQ(code([](auto& d) { d.tau = 10; }), ErrorCode::kUnsupported);
  EXPECT_EQ(code([](auto& d) { d.tau = 7, d.mode = Mode::kTable; }), ErrorCode::kUnsupported);
  EXPECT_EQ(code([](auto& d) { d.pad_left = 3; }), ErrorCode::kUnsupported);
  EXPECT_EQ(code([](auto& d) { d.in_channels = 513; }), ErrorCode::kShape);
  EXPECT_EQ(code([](auto& d) { d.in_width = d.out_width = 513; }), ErrorCode::kShape);
  EXPECT_EQ(code([](auto& d) { d.out_height = 2; }), ErrorCode::kShape);
  EXPECT_EQ(code([](auto& d) { d.batch = 0; }), ErrorCode::kShape);
  EXPECT_EQ(code([](auto& d) { d.batch = 0xFFFFFFFF; }), ErrorCode::kAddress);
  EXPECT_EQ(code([](auto& d) { d.input_zero_point = 256; }), ErrorCode::kZeroPoint);
  EXPECT_EQ(code([](auto& d) { d.output_address = d.input_address; }), ErrorCode::kAddress);
  EXPECT_EQ(code([](auto& d) { d.output_address = RtlDevice::kMemoryBytes; }), ErrorCode::kAddress);
  EXPECT_EQ(code([](auto& d) { d.multiplier_address = 0; }), ErrorCode::kAddress);
  EXPECT_EQ(code([](auto& d) { d.bias_address += 32; }), ErrorCode::kAddress);
  EXPECT_EQ(code([](auto&) {}), ErrorCode::kNone);
  const auto residual_code = [&](auto change) {
    LayerDescriptor d = ResidualLayer();
    change(d);
    return static_cast<ErrorCode>(CompareLayer(d));
  };
  EXPECT_EQ(residual_code([](auto& d) { d.residual_zero_point = -1; }), ErrorCode::kZeroPoint);
  EXPECT_EQ(residual_code([](auto& d) { d.adds_residual = false, d.residual_address = 0; }), ErrorCode::kZeroPoint);
  EXPECT_EQ(residual_code([](auto& d) { d.residual_multiplier = 0x1p120f; }), ErrorCode::kMultiplier);
  EXPECT_EQ(residual_code([](auto& d) { d.residual_address = d.output_address; }), ErrorCode::kAddress);
  EXPECT_EQ(residual_code([](auto& d) { d.residual_address = RtlDevice::kMemoryBytes; }), ErrorCode::kAddress);
  EXPECT_EQ(residual_code([](auto& d) { d.residual_address += 8; }), ErrorCode::kAddress);
  EXPECT_EQ(residual_code([](auto&) {}), ErrorCode::kNone);
  const auto bits_code = [&](auto change) {
    LayerDescriptor d = BitsLayer();
    change(d);
    return static_cast<ErrorCode>(CompareLayer(d));
  };
  EXPECT_EQ(bits_code([](auto& d) { d.output_zero_point = 1; }), ErrorCode::kZeroPoint);
  EXPECT_EQ(bits_code([](auto& d) { d.multiplier_address = 0; }), ErrorCode::kAddress);
  EXPECT_EQ(bits_code([](auto& d) { d.version = 2, d.adds_residual = true, d.residual_address = 0x18000; }),
            ErrorCode::kAddress);
  EXPECT_EQ(bits_code([](auto&) {}), ErrorCode::kNone);
}

TEST_F(Protocol, RejectsABadList) {
  Open();
  const auto list_error = static_cast<std::uint32_t>(ErrorCode::kDescriptorList);
  EXPECT_EQ(Compare(0x40, 0), list_error);
  EXPECT_EQ(Compare(0x48, 1), list_error);
  EXPECT_EQ(Compare(RtlDevice::kMemoryBytes - 64, 1), list_error);
  EXPECT_EQ(Compare(0x40, 0xFFFFFFFF), list_error);
  EXPECT_EQ(Compare(0xFFFFFFFFFFFFFFC0, 1), list_error);
}

TEST_F(Protocol, RejectsBadTensorContents) {
  Open();
  const float infinite = std::numeric_limits<float>::infinity();
  const float finite = 1.0f;
  Write(0x1804, &infinite, sizeof infinite);
  EXPECT_EQ(CompareLayer(Layer()), static_cast<std::uint32_t>(ErrorCode::kMultiplier));
  EXPECT_EQ(CompareLayer(BitsLayer()), 0u) << "any word is a sign rule";
  const std::uint16_t wrong = 512;
  Write(0x10C2, &wrong, sizeof wrong);
  EXPECT_EQ(CompareLayer(Layer()), static_cast<std::uint32_t>(ErrorCode::kCodeword)) << "the codebook comes first";
  Write(0x1804, &finite, sizeof finite);
  const std::uint16_t right = 3;
  Write(0x10C2, &right, sizeof right);
  EXPECT_EQ(CompareLayer(Layer()), 0u);
}

TEST_F(Protocol, IsIdleAndAsNewAfterAResetAtAnyTime) {
  for (const std::uint32_t stall_percent : {0u, 30u}) {
    Open({20, stall_percent, 9});
    const LayerDescriptor::Bytes large = Layer(16, 4).Encode();
    std::mt19937 random(8);
    ASSERT_EQ(CompareLayer(Layer(16, 4)), 0u);
    for (int run = 0; run < 60; ++run) {
      Write(kDescriptorsAt, large.data(), large.size());
      Start(*rtl_, kDescriptorsAt, 1);
      // Loading takes some 400 cycles, computing 4096, writing back 1024.
      rtl_->RunCycles(random() % (run % 3 == 0 ? 800 : 6000));
      ASSERT_NO_FATAL_FAILURE(ResetRtl()) << "run " << run;
      ASSERT_EQ(rtl_->Read32(registers::kControl), registers::kControlIdle) << "run " << run;
      ASSERT_EQ(rtl_->Read32(registers::kDescriptorsLow), 0u);
      ASSERT_EQ(rtl_->Read32(registers::kGie), 0u);
      ASSERT_FALSE(rtl_->RunCycles(50)) << "an interrupt after a reset";
      // The outputs were right before, so whatever the abandoned layer wrote must be right too.
      ASSERT_EQ(Memory(*rtl_), Memory(*emulator_)) << "run " << run;
      ASSERT_EQ(CompareLayer(Layer(16, 4)), 0u) << "run " << run;
      ASSERT_FALSE(HasFailure()) << "run " << run;
    }
  }
}

TEST_F(Protocol, AnswersWhileTheBusHangs) {
  // No address is taken, or no data come. (RtlDevice fails where an access to a register is not answered.)
  for (const BusTiming& dead : {BusTiming{20, 100, 1}, BusTiming{std::numeric_limits<std::uint32_t>::max(), 0, 1}}) {
    Open(dead);
    const LayerDescriptor::Bytes bytes = Layer().Encode();
    Write(kDescriptorsAt, bytes.data(), bytes.size());
    Start(*rtl_, kDescriptorsAt, 1);
    rtl_->RunCycles(1000);
    for (int run = 0; run < 3; ++run) {
      rtl_->Write32(registers::kReset, registers::kResetAbort);
      rtl_->RunCycles(1000);
      EXPECT_EQ(rtl_->Read32(registers::kReset), registers::kResetAbort);
      EXPECT_EQ(rtl_->Read32(registers::kControl), 0u);
    }
  }
}

TEST_F(Protocol, TakesNoStartDuringAReset) {
  constexpr std::uint32_t kSlow = 5000;  // cycles until the bus answers
  Open({kSlow, 0, 1});
  const LayerDescriptor::Bytes bytes = Layer().Encode();
  Write(kDescriptorsAt, bytes.data(), bytes.size());
  Start(*rtl_, kDescriptorsAt, 1);
  rtl_->RunCycles(100);
  rtl_->Write32(registers::kReset, registers::kResetAbort);
  Start(*rtl_, kDescriptorsAt, 1);
  EXPECT_EQ(rtl_->Read32(registers::kReset), registers::kResetAbort);
  EXPECT_FALSE(rtl_->RunCycles(20 * kSlow)) << "an interrupt of a request that was ignored";
  EXPECT_EQ(rtl_->Read32(registers::kReset), 0u);
  EXPECT_EQ(rtl_->Read32(registers::kControl), registers::kControlIdle);
  std::vector<std::uint8_t> after(bytes.size());
  rtl_->ReadBuffer(kDescriptorsAt, after.data(), after.size());
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), after.begin())) << "the descriptor was worked on";
  EXPECT_EQ(CompareLayer(Layer()), 0u);
}

TEST_F(Protocol, ReportsAFailedTransfer) {
  Open({}, 0x30000);
  LayerDescriptor d = Layer();
  d.input_address = 0x40000;
  const LayerDescriptor::Bytes bytes = d.Encode();
  rtl_->WriteBuffer(kDescriptorsAt, bytes.data(), bytes.size());
  Start(*rtl_, kDescriptorsAt, 1);
  ASSERT_TRUE(rtl_->RunCycles(kManyCycles));
  EXPECT_EQ(rtl_->Read32(registers::kError), static_cast<std::uint32_t>(ErrorCode::kInternal));
  std::uint32_t status = 0;
  rtl_->ReadBuffer(kDescriptorsAt + fields::kStatus.at, &status, sizeof status);
  EXPECT_EQ(status, static_cast<std::uint32_t>(ErrorCode::kInternal));
}

}  // namespace
}  // namespace subbit::fpga
