#include "driver/driver.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "emulator/emulator.h"
#include "tables/device.h"
#include "testing/reference_conv.h"

namespace subbit::fpga {
namespace {

using std::chrono::milliseconds;

/// How a device misbehaves.
enum class Misbehaviour {
  kNone,
  kHangs,
  kHangsForGood,
  kResetsSlowly,
  kReportsError,
  kVanishes,
  kForgetsStatus,
  kWrongId,
  kWrongVersion
};

/// An emulator that misbehaves on demand.
class FaultyDevice final : public Device {
 public:
  FaultyDevice(std::atomic<Misbehaviour>& fault, const Capabilities& capabilities)
      : fault_(fault), emulator_(capabilities) {}

  std::uint32_t Read32(std::uint32_t offset) override {
    switch (fault_.load()) {
      case Misbehaviour::kVanishes:
        return contract::kBusAbsent;
      case Misbehaviour::kReportsError:
        return offset == registers::kError ? 77 : emulator_.Read32(offset);
      case Misbehaviour::kWrongId:
        return offset == registers::kId ? 1 : emulator_.Read32(offset);
      case Misbehaviour::kWrongVersion:
        return offset == registers::kVersion ? 0x00020000 : emulator_.Read32(offset);
      default:
        if (offset == registers::kReset && resetting_ > 0) {
          busy_ = --resetting_ > 0;
          return registers::kResetAbort;
        }
        return offset == registers::kControl && busy_ ? 0 : emulator_.Read32(offset);
    }
  }

  void Write32(std::uint32_t offset, std::uint32_t value) override {
    const Misbehaviour fault = fault_.load();
    const bool hangs =
        fault == Misbehaviour::kHangs || fault == Misbehaviour::kHangsForGood || fault == Misbehaviour::kResetsSlowly;
    if (offset == registers::kControl && (hangs || busy_)) {
      busy_ = true;
      return;
    }
    if (offset == registers::kReset) {
      resetting_ = fault == Misbehaviour::kResetsSlowly ? 5 : fault == Misbehaviour::kHangsForGood ? 1000 : 0;
      busy_ = resetting_ > 0;
    }
    emulator_.Write32(offset, value);
  }

  void ReadBuffer(std::uint64_t address, void* to, std::size_t bytes) override {
    emulator_.ReadBuffer(address, to, bytes);
    if (fault_.load() == Misbehaviour::kForgetsStatus && bytes == LayerDescriptor::kPlainBytes) {
      static_cast<std::uint8_t*>(to)[fields::kStatus.at] = 5;
    }
  }
  void WriteBuffer(std::uint64_t address, const void* from, std::size_t bytes) override {
    emulator_.WriteBuffer(address, from, bytes);
  }
  void WaitForInterrupt(milliseconds) override { std::this_thread::sleep_for(milliseconds(1)); }
  TimingKind timing_kind() const override { return TimingKind::kModelled; }

 private:
  std::atomic<Misbehaviour>& fault_;
  Emulator emulator_;
  bool busy_ = false;
  int resetting_ = 0;  ///< how often RESET is still read as 1
};

class DriverTest : public ::testing::Test {
 protected:
  void Open(std::uint64_t memory_bytes = 1 << 20) {
    Capabilities c = Emulator::DefaultCapabilities();
    c.memory_bytes = memory_bytes;
    driver_ = Driver::Open(std::make_unique<FaultyDevice>(fault_, c));
  }

  /// Runs a layer and returns the kind of fault that ends it; the test fails if there is none.
  Fault RunAndFail(std::string* message = nullptr) {
    const auto loaded = driver_->Load(case_.layer);
    std::vector<std::uint8_t> output(case_.output_bytes());
    try {
      driver_->Run(*loaded, case_.batch, case_.height, case_.width, case_.input.data(), output.data(),
                   milliseconds(20));
    } catch (const DriverError& e) {
      if (message != nullptr) {
        *message = e.what();
      }
      return e.fault();
    }
    ADD_FAILURE() << "the run succeeded";
    return Fault::kUnsupported;
  }

  void ExpectRuns() {
    const auto loaded = driver_->Load(case_.layer);
    std::vector<std::uint8_t> output(case_.output_bytes());
    driver_->Run(*loaded, case_.batch, case_.height, case_.width, case_.input.data(), output.data(), milliseconds(20));
    EXPECT_EQ(output, ReferenceConv(case_));
  }

  std::mt19937 random_{5};
  LayerCase case_ = RandomCase(random_);
  std::atomic<Misbehaviour> fault_{Misbehaviour::kNone};
  std::shared_ptr<Driver> driver_;
};

TEST_F(DriverTest, ExpectsBitsOnlyOfDevicesThatGiveThem) {
  Capabilities c = Emulator::DefaultCapabilities();
  c.memory_bytes = 1 << 20;
  ConvLayer layer = case_.layer;
  layer.shape.output_format = OutputFormat::kBits;
  layer.shape.output_zero_point = 0;
  layer.multiplier.clear();
  layer.sign_rules.assign(layer.shape.out_channels, {0, false});
  EXPECT_EQ(Driver::Open(std::make_unique<Emulator>(c))->WhyNot(layer), "");
  c.features &= ~registers::kFeaturesBitsOut;
  const std::string reason = Driver::Open(std::make_unique<Emulator>(c))->WhyNot(layer);
  EXPECT_NE(reason.find("bits out"), std::string::npos) << reason;
}

TEST_F(DriverTest, ExpectsResidualsOnlyOfDevicesThatAddThem) {
  Capabilities c = Emulator::DefaultCapabilities();
  ConvLayer layer = case_.layer;
  layer.shape.output_format = OutputFormat::kU8;
  layer.shape.output_zero_point = 0;
  layer.shape.adds_residual = true;
  layer.shape.residual_multiplier = 0.5f;
  layer.shape.residual_zero_point = 100;
  EXPECT_EQ(Driver::Open(std::make_unique<Emulator>(c))->WhyNot(layer), "");
  c.features &= ~registers::kFeaturesResidual;
  const std::shared_ptr<Driver> without = Driver::Open(std::make_unique<Emulator>(c));
  EXPECT_EQ(without->WhyNot(layer).rfind(Describe(ErrorCode::kUnsupported), 0), 0u) << without->WhyNot(layer);
}

TEST_F(DriverTest, RunsALayer) {
  Open();
  ExpectRuns();
}

TEST_F(DriverTest, TimesOutOnAHangAndRecovers) {
  Open();
  fault_ = Misbehaviour::kHangs;
  std::string message;
  EXPECT_EQ(RunAndFail(&message), Fault::kTimeout);
  EXPECT_NE(message.find("20 ms"), std::string::npos) << message;
  fault_ = Misbehaviour::kNone;
  ExpectRuns();
}

TEST_F(DriverTest, StartsNothingBeforeAResetHasEnded) {
  Open();
  fault_ = Misbehaviour::kResetsSlowly;
  EXPECT_EQ(RunAndFail(), Fault::kTimeout);
  fault_ = Misbehaviour::kNone;
  ExpectRuns();
}

TEST_F(DriverTest, SaysSoWhereAResetDoesNotHelp) {
  Open();
  fault_ = Misbehaviour::kHangsForGood;
  EXPECT_EQ(RunAndFail(), Fault::kTimeout);
  std::string message;
  EXPECT_EQ(RunAndFail(&message), Fault::kTimeout);
  EXPECT_NE(message.find("reset did not help"), std::string::npos) << message;
}

TEST_F(DriverTest, ReportsTheDevicesError) {
  Open();
  fault_ = Misbehaviour::kReportsError;
  std::string message;
  EXPECT_EQ(RunAndFail(&message), Fault::kDeviceError);
  EXPECT_NE(message.find("77"), std::string::npos) << message;
  fault_ = Misbehaviour::kNone;
  ExpectRuns();
}

TEST_F(DriverTest, DoesNotBelieveADoneBitWithoutAFinishedDescriptor) {
  Open();
  fault_ = Misbehaviour::kForgetsStatus;
  EXPECT_EQ(RunAndFail(), Fault::kDeviceError);
}

TEST_F(DriverTest, NoticesThatTheDeviceIsGone) {
  Open();
  fault_ = Misbehaviour::kVanishes;
  EXPECT_EQ(RunAndFail(), Fault::kVanished);
}

TEST_F(DriverTest, RefusesAForeignDevice) {
  for (const auto& [fault, kind] : {std::pair{Misbehaviour::kWrongId, Fault::kWrongDevice},
                                    std::pair{Misbehaviour::kWrongVersion, Fault::kWrongDevice},
                                    std::pair{Misbehaviour::kVanishes, Fault::kVanished}}) {
    fault_ = fault;
    try {
      Open();
      ADD_FAILURE() << "the device was accepted";
    } catch (const DriverError& e) {
      EXPECT_EQ(e.fault(), kind) << e.what();
    }
  }
}

TEST_F(DriverTest, RefusesLayersThatTheDeviceCannotRun) {
  Open();
  case_.layer.shape.pad_left = 100;
  const std::string reason = driver_->WhyNot(case_.layer);
  EXPECT_NE(reason.find("100"), std::string::npos) << reason;
  EXPECT_THROW(driver_->Load(case_.layer), DriverError);
}

TEST_F(DriverTest, SplitsABatchThatDoesNotFit) {
  Open(1 << 16);
  case_.layer.shape = LayerShape();
  case_.layer.shape.tau = 2;
  case_.layer.shape.in_channels = 4;
  case_.layer.shape.out_channels = 6;
  case_.batch = 37;
  case_.height = case_.width = 20;
  FillRandomly(case_, random_);
  const auto loaded = driver_->Load(case_.layer);
  std::vector<std::uint8_t> output(case_.output_bytes());
  const LayerCycles cycles =
      driver_->Run(*loaded, case_.batch, 20, 20, case_.input.data(), output.data(), milliseconds(1000));
  EXPECT_EQ(output, ReferenceConv(case_));
  // max(2^2, 6 / 4) cycles per pixel and channel; loading, for every part, adds little to that.
  EXPECT_GT(cycles.cycles, 37u * 18 * 18 * 4 * 4);
  EXPECT_LT(cycles.cycles, 37u * 18 * 18 * 4 * 4 * 12 / 10);
  EXPECT_GT(cycles.bnn_cycles, 37u * 18 * 18 * 4 * 6);
  EXPECT_LT(cycles.bnn_cycles, 37u * 18 * 18 * 4 * 6 * 12 / 10);
}

TEST_F(DriverTest, SaysSoWhereOneImageDoesNotFit) {
  Open(1 << 14);
  case_.layer.shape = LayerShape();
  case_.batch = 1;
  case_.height = case_.width = 200;
  FillRandomly(case_, random_);
  EXPECT_EQ(RunAndFail(), Fault::kOutOfMemory);
}

TEST_F(DriverTest, GivesMemoryBack) {
  Open(1 << 14);
  case_.layer.shape = LayerShape();
  case_.layer.shape.tau = 9;
  case_.layer.shape.in_channels = case_.layer.shape.out_channels = 64;
  FillRandomly(case_, random_);
  for (int run = 0; run < 20; ++run) {
    EXPECT_NE(driver_->Load(case_.layer), nullptr);
  }
  std::vector<std::unique_ptr<LoadedLayer>> held;
  EXPECT_THROW(
      {
        for (int i = 0; i < 20; ++i) {
          held.push_back(driver_->Load(case_.layer));
        }
      },
      DriverError);
  held.clear();
  EXPECT_NE(driver_->Load(case_.layer), nullptr);
}

TEST_F(DriverTest, ServesEightThreads) {
  Open();
  const auto loaded = driver_->Load(case_.layer);
  const std::vector<std::uint8_t> expected = ReferenceConv(case_);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int run = 0; run < 20; ++run) {
        std::vector<std::uint8_t> output(case_.output_bytes());
        driver_->Run(*loaded, case_.batch, case_.height, case_.width, case_.input.data(), output.data(),
                     milliseconds(5000));
        wrong += output == expected ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace subbit::fpga
