#include "board/board.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "board/board_files.h"
#include "board/testing/failing_run.h"
#include "board/testing/fake_board.h"
#include "board/uio.h"
#include "board/xdma.h"
#include "driver/backends.h"
#include "tables/device.h"
#include "testing/reference_conv.h"

namespace subbit::fpga {
namespace {

using std::chrono::milliseconds;

/// A tree with one board, and the environment pointing at it.
class SystemWith {
 public:
  template <typename... Options>
  explicit SystemWith(FakeBoard::Kind kind, Options... options) : board_(kind, options...) {
    ::setenv("SUBBIT_FPGA_ROOT", board_.root().c_str(), 1);
  }
  ~SystemWith() { ::unsetenv("SUBBIT_FPGA_ROOT"); }

  FakeBoard& board() { return board_; }

 private:
  FakeBoard board_;
};

const char* Expected(FakeBoard::Kind kind) { return kind == FakeBoard::Kind::kXdma ? "xdma:0" : "uio:0"; }

/// The entry of a device in the list of devices.
Backend Listed(const std::string& name) {
  for (const Backend& backend : Backends()) {
    if (backend.name == name) {
      return backend;
    }
  }
  ADD_FAILURE() << name << " is not listed";
  return {};
}

/// Runs random layers on the driver and compares them with the reference.
void ExpectRunsLayers(Driver& driver, int layers) {
  std::mt19937 random(3);
  for (int i = 0; i < layers; ++i) {
    const LayerCase layer_case = RandomCase(random);
    const auto loaded = driver.Load(layer_case.layer);
    std::vector<std::uint8_t> output(layer_case.output_bytes());
    driver.Run(*loaded, layer_case.batch, layer_case.height, layer_case.width, layer_case.input.data(), output.data(),
               milliseconds(5000));
    ASSERT_EQ(output, ReferenceConv(layer_case)) << "layer " << i;
  }
}

/// For a board that hangs, and for one that answers, if the machine lets it.
constexpr milliseconds kShort{100};
constexpr milliseconds kLong{30000};

class Board : public ::testing::TestWithParam<FakeBoard::Kind> {};

INSTANTIATE_TEST_SUITE_P(Kinds, Board, ::testing::Values(FakeBoard::Kind::kXdma, FakeBoard::Kind::kUio));

TEST_P(Board, IsFoundChosenByAutoAndRunsLayers) {
  const SystemWith system(GetParam());
  EXPECT_TRUE(Listed(Expected(GetParam())).available) << Listed(Expected(GetParam())).reason;
  EXPECT_EQ(ChooseBackend("auto"), Expected(GetParam()));
  const std::shared_ptr<Driver> driver = OpenBackend(ChooseBackend("auto"));
  EXPECT_EQ(driver->timing_kind(), TimingKind::kMeasured);
  ExpectRunsLayers(*driver, 20);
}

TEST_P(Board, IsSharedWithinAProcessAndListedWhileInUse) {
  const SystemWith system(GetParam());
  const std::shared_ptr<Driver> driver = OpenBackend(Expected(GetParam()));
  EXPECT_EQ(OpenBackend(Expected(GetParam())), driver);
  EXPECT_TRUE(Listed(Expected(GetParam())).available);
}

TEST_P(Board, IsRefusedWhileAnotherProcessRunsOnIt) {
  SystemWith system(GetParam());
  const bool xdma = GetParam() == FakeBoard::Kind::kXdma;
  // flock does not tell processes apart, only openings: this one stands for another process's.
  const BoardFile other(system.board().root() + (xdma ? "/dev/xdma0_user" : "/dev/uio0"), 2);
  other.Claim();
  try {
    OpenBackend(Expected(GetParam()));
    ADD_FAILURE() << "the board was opened";
  } catch (const UnavailableBackend& e) {
    EXPECT_NE(std::string(e.what()).find("in use by another process"), std::string::npos) << e.what();
  }
}

TEST_P(Board, RecoversFromAHang) {
  SystemWith system(GetParam());
  const std::shared_ptr<Driver> driver = OpenBackend(Expected(GetParam()));
  system.board().Behave(FakeBehaviour::kHangs);
  EXPECT_EQ(RunAndFail(*driver, kShort).fault(), Fault::kTimeout);
  system.board().Behave(FakeBehaviour::kWorks);
  ExpectRunsLayers(*driver, 3);
}

TEST_P(Board, ReportsTheDevicesError) {
  SystemWith system(GetParam());
  const std::shared_ptr<Driver> driver = OpenBackend(Expected(GetParam()));
  system.board().Behave(FakeBehaviour::kReportsError);
  EXPECT_EQ(RunAndFail(*driver, kLong).fault(), Fault::kDeviceError);
  system.board().Behave(FakeBehaviour::kWorks);
  ExpectRunsLayers(*driver, 3);
}

TEST_P(Board, StaysLostOnceItHasVanishedAndComesBackWithTheNextSession) {
  SystemWith system(GetParam());
  const std::shared_ptr<Driver> driver = OpenBackend(Expected(GetParam()));
  system.board().Behave(FakeBehaviour::kVanishes);
  EXPECT_EQ(RunAndFail(*driver, kLong).fault(), Fault::kVanished);
  EXPECT_TRUE(driver->lost());
  EXPECT_THROW(OpenBackend(Expected(GetParam())), DriverError) << "it is still gone";

  system.board().Behave(FakeBehaviour::kWorks);
  system.board().SetRegister(registers::kReset, 1);  // power is back
  while (!Listed(Expected(GetParam())).available) {
  }
  EXPECT_EQ(RunAndFail(*driver, kLong).fault(), Fault::kVanished) << "its memory has lost what this driver had loaded";
  const std::shared_ptr<Driver> fresh = OpenBackend(Expected(GetParam()));
  EXPECT_NE(fresh, driver);
  ExpectRunsLayers(*fresh, 3);
}

TEST_P(Board, NoticesThatSomebodyElseHasResetIt) {
  SystemWith system(GetParam());
  const std::shared_ptr<Driver> driver = OpenBackend(Expected(GetParam()));
  ExpectRunsLayers(*driver, 1);
  system.board().SetRegister(registers::kDescriptorsLow, 0);
  EXPECT_EQ(RunAndFail(*driver, kLong).fault(), Fault::kVanished);
}

TEST_P(Board, IsListedWithTheReasonWhereItIsOfAnotherKind) {
  SystemWith system(GetParam());
  system.board().SetRegister(registers::kId, 0x12345678);
  EXPECT_NE(Listed(Expected(GetParam())).reason.find("not a Subbit engine"), std::string::npos);
  system.board().SetRegister(registers::kId, contract::kIdValue);
  system.board().SetRegister(registers::kVersion, 0x00020000);
  EXPECT_NE(Listed(Expected(GetParam())).reason.find("version 2"), std::string::npos);
  EXPECT_EQ(ChooseBackend("auto"), "emulator");
}

TEST(XdmaBoard, PollsWhereThereIsNoEventFile) {
  const SystemWith system(FakeBoard::Kind::kXdma, false);
  ExpectRunsLayers(*OpenBackend("xdma:0"), 5);
}

TEST(XdmaBoard, NamesTheFileThatIsMissing) {
  SystemWith system(FakeBoard::Kind::kXdma);
  std::filesystem::remove(system.board().root() + "/dev/xdma0_c2h_0");
  EXPECT_NE(Listed("xdma:0").reason.find("/dev/xdma0_c2h_0: No such file"), std::string::npos)
      << Listed("xdma:0").reason;
}

TEST(UioBoard, NamesWhatIsWrongWithTheDeviceTree) {
  SystemWith system(FakeBoard::Kind::kUio);
  const std::string sys = system.board().root() + "/sys/class/";
  const auto reason_with = [&](const std::string& file, const std::string& text) {
    std::ofstream(sys + file) << text;
    return Listed("uio:0").reason;
  };
  EXPECT_NE(reason_with("uio/uio0/maps/map0/size", "16\n").find("correct the device tree"), std::string::npos);
  EXPECT_NE(reason_with("uio/uio0/maps/map0/size", "wide\n").find("'wide'"), std::string::npos);
  EXPECT_NE(reason_with("uio/uio0/name", "axi-gpio\n").find("'axi-gpio'"), std::string::npos);
}

TEST(UioBoard, NeedsAnEngineThatCanBeToldWhereItsBufferIs) {
  SystemWith system(FakeBoard::Kind::kUio);
  system.board().SetRegister(registers::kFeatures, registers::kFeaturesInt8);
  EXPECT_NE(Listed("uio:0").reason.find("MEMORY_BASE"), std::string::npos) << Listed("uio:0").reason;
}

TEST(UioBoard, NeedsItsBuffer) {
  SystemWith system(FakeBoard::Kind::kUio);
  std::filesystem::remove_all(system.board().root() + "/sys/class/u-dma-buf");
  EXPECT_NE(Listed("uio:0").reason.find("load u-dma-buf"), std::string::npos) << Listed("uio:0").reason;
}

TEST(BoardFiles, ReadNumbersOfNames) {
  EXPECT_EQ(NumberOf("xdma12_user", "xdma", "_user"), 12);
  for (const char* name : {"xdma_user", "xdma1_control", "xdma1x_user", "uio0", "xdma99999999999_user"}) {
    EXPECT_EQ(NumberOf(name, "xdma", "_user"), -1) << name;
  }
}

}  // namespace
}  // namespace subbit::fpga
