#include "board/etherbone.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "board/board.h"
#include "board/board_table.h"
#include "board/datagram_socket.h"
#include "board/etherbone_device.h"
#include "board/etherbone_link.h"
#include "board/testing/failing_run.h"
#include "board/testing/fake_etherbone_board.h"
#include "driver/backends.h"
#include "tables/device.h"
#include "testing/reference_conv.h"

namespace subbit::fpga {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

using Bytes = std::vector<std::uint8_t>;

/// For a board that answers, if the machine lets it, and for one that does not.
constexpr milliseconds kPatient{30000};
constexpr milliseconds kImpatient{100};

/// One that loses, doubles and delays enough for every kind of repetition to occur.
constexpr FakeNetwork kBadNetwork{0.05, 0.05, 0.02, milliseconds(8)};

/// The message of the exception E that body() throws.
template <typename E, typename Body>
std::string MessageOf(const Body& body) {
  try {
    body();
  } catch (const E& e) {
    return e.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

void ExpectIn(const std::string& part, const std::string& message) {
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

std::shared_ptr<Driver> Open(const FakeEtherboneBoard& board, milliseconds patience = kPatient) {
  return Driver::Open(OpenEtherboneBoard(board.name(), patience));
}

/// Runs random layers and compares them with the reference. Returns how many requests there were.
int RunLayers(Driver& driver, int layers) {
  std::mt19937 random(3);
  for (int i = 0; i < layers; ++i) {
    const LayerCase layer_case = RandomCase(random);
    const auto loaded = driver.Load(layer_case.layer);
    std::vector<std::uint8_t> output(layer_case.output_bytes());
    driver.Run(*loaded, layer_case.batch, layer_case.height, layer_case.width, layer_case.input.data(), output.data(),
               kPatient);
    EXPECT_EQ(output, ReferenceConv(layer_case)) << "layer " << i;
  }
  return layers;
}

TEST(Etherbone, EncodesWhatLiteEthReads) {
  EXPECT_EQ(etherbone::EncodeWrite(0x80000000, {0xAABBCCDD, 5}, 3),
            (Bytes{0x4E, 0x6F, 0x10, 0x44, 0, 0, 0, 0, 0, 3, 2, 0, 0x80, 0, 0, 0, 0xAA, 0xBB, 0xCC, 0xDD, 0, 0, 0, 5}));
  EXPECT_EQ(etherbone::EncodeRead(0x01020304, {0x90000010}),
            (Bytes{0x4E, 0x6F, 0x10, 0x44, 0, 0, 0, 0, 0, 0xF, 0, 1, 1, 2, 3, 4, 0x90, 0, 0, 0x10}));
}

TEST(Etherbone, TakesTheReplyToARequestAndNothingElse) {
  const Bytes reply = {0x4E, 0x6F, 0x10, 0x44, 0, 0, 0, 0, 0, 0xF, 2, 0, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8};
  std::vector<std::uint32_t> words(2);
  const auto takes = [&](const Bytes& bytes, std::uint32_t number = 9) {
    return etherbone::DecodeReply(bytes.data(), bytes.size(), number, &words);
  };
  EXPECT_TRUE(takes(reply));
  EXPECT_EQ(words, (std::vector<std::uint32_t>{0x01020304, 0x05060708}));
  EXPECT_FALSE(takes(reply, 8)) << "of another request";
  for (std::size_t size = 0; size < reply.size(); ++size) {
    EXPECT_FALSE(takes(Bytes(reply.begin(), reply.begin() + static_cast<std::ptrdiff_t>(size)))) << size;
  }
  Bytes longer = reply;
  longer.push_back(0);
  EXPECT_FALSE(takes(longer));
  for (const std::size_t byte : {0, 1, 2, 3, 10, 11}) {
    Bytes other = reply;
    other[byte] ^= 2;
    EXPECT_FALSE(takes(other)) << "byte " << byte;
  }
}

TEST(EtherboneBoard, IsNamedByHostAndPort) {
  EXPECT_EQ(ChooseBackend("etherbone:10.0.0.7"), "etherbone:10.0.0.7:1234");
  EXPECT_EQ(ChooseBackend("etherbone:board.lab:77"), "etherbone:board.lab:77");
  for (const char* name : {"etherbone:", "etherbone::1234", "etherbone:a:", "etherbone:a:0", "etherbone:a:65536",
                           "etherbone:a:1x", "etherbone:a:1:2"}) {
    ExpectIn("etherbone:HOST:PORT", MessageOf<UnknownBackend>([&] { ChooseBackend(name); }));
  }
  ExpectIn("etherbone:HOST", MessageOf<UnavailableBackend>([] { ChooseBackend("etherbone"); }));
}

TEST(EtherboneBoard, RunsLayersAndBringsMemoryUpOnce) {
  FakeEtherboneBoard board;
  board.LosePower();
  const std::shared_ptr<Driver> driver = OpenBackend(board.name());
  EXPECT_EQ(OpenBackend(board.name()), driver) << "one device for all sessions";
  EXPECT_EQ(driver->timing_kind(), TimingKind::kMeasured);
  EXPECT_EQ(board.starts(), 0);
  const int requests = RunLayers(*driver, 10);
  EXPECT_GE(board.starts(), requests);
  driver->Disconnect();
  RunLayers(*OpenBackend(board.name()), 2);
  EXPECT_EQ(board.bring_ups(), 1);
}

TEST(EtherboneBoard, SurvivesANetworkThatLosesDoublesAndDelays) {
  FakeEtherboneBoard clean;
  RunLayers(*Open(clean), 10);
  FakeEtherboneBoard board;
  const std::shared_ptr<Driver> driver = Open(board);
  board.SetNetwork(kBadNetwork);
  RunLayers(*driver, 10);
  EXPECT_GT(board.datagrams(), clean.datagrams()) << "the network was not bad";
  EXPECT_EQ(board.starts(), clean.starts()) << "no request is started twice";
}

TEST(EtherboneBoard, WritesEveryByteOnceAndInOrder) {
  FakeEtherboneBoard board;
  const std::unique_ptr<Device> device = OpenEtherboneBoard(board.name(), kPatient);
  board.SetNetwork(kBadNetwork);
  std::mt19937 random(6);
  constexpr std::size_t kBytes = 3000;
  // The same bytes again and again, at the end of memory, so that a late copy would undo a write.
  const std::uint64_t base = FakeEtherboneBoard::kMemoryBytes - kBytes;
  Bytes expected(kBytes);
  device->WriteBuffer(base, expected.data(), expected.size());
  for (int i = 0; i < 60; ++i) {
    const std::size_t at = random() % kBytes;
    const std::size_t count = random() % std::min<std::size_t>(kBytes - at + 1, i % 10 == 0 ? kBytes : 40);
    for (std::size_t byte = at; byte < at + count; ++byte) {
      expected[byte] = static_cast<std::uint8_t>(random());
    }
    device->WriteBuffer(base + at, expected.data() + at, count);
    if (i % 10 == 9) {
      Bytes read(kBytes);
      device->ReadBuffer(base, read.data(), read.size());
      ASSERT_EQ(read, expected) << "after write " << i;
      Bytes part(count);
      device->ReadBuffer(base + at, part.data(), part.size());
      ASSERT_TRUE(std::equal(part.begin(), part.end(), expected.begin() + static_cast<std::ptrdiff_t>(at)));
    }
  }
  std::uint8_t byte = 0;
  EXPECT_THROW(device->ReadBuffer(FakeEtherboneBoard::kMemoryBytes, &byte, 1), TransferError);
  EXPECT_THROW(device->WriteBuffer(~std::uint64_t{0}, &byte, 1), TransferError);
}

TEST(EtherboneBoard, ReadsDoneUntilItIsAcknowledged) {
  FakeEtherboneBoard board;
  const std::unique_ptr<Device> device = OpenEtherboneBoard(board.name(), kPatient);
  device->Write32(registers::kIer, registers::kIerDone);
  device->Write32(registers::kControl, registers::kControlStart);
  for (int i = 0; i < 3; ++i) {
    EXPECT_NE(device->Read32(registers::kControl) & registers::kControlDone, 0u) << "read " << i;
  }
  device->Write32(registers::kIsr, device->Read32(registers::kIsr));
  EXPECT_EQ(device->Read32(registers::kControl), registers::kControlIdle);
}

TEST(EtherboneBoard, RecoversFromAHangAndReportsTheDevicesError) {
  FakeEtherboneBoard board;
  const std::shared_ptr<Driver> driver = Open(board);
  board.Behave(FakeBehaviour::kHangs);
  EXPECT_EQ(RunAndFail(*driver, kImpatient).fault(), Fault::kTimeout);
  board.Behave(FakeBehaviour::kReportsError);
  EXPECT_EQ(RunAndFail(*driver, kPatient).fault(), Fault::kDeviceError);
  board.Behave(FakeBehaviour::kWorks);
  RunLayers(*driver, 2);
}

TEST(EtherboneBoard, VanishesWithAMessageThatNamesItInBoundedTime) {
  FakeEtherboneBoard board;
  const std::shared_ptr<Driver> driver = Open(board, kImpatient);
  board.Behave(FakeBehaviour::kVanishes);
  const auto begin = steady_clock::now();
  const DriverError error = RunAndFail(*driver, kPatient);
  EXPECT_LT(steady_clock::now() - begin, kPatient);
  EXPECT_EQ(error.fault(), Fault::kVanished);
  ExpectIn("127.0.0.2:" + std::to_string(board.port()), error.what());
  ExpectIn("has not answered for 100 ms", error.what());
  EXPECT_TRUE(driver->lost());

  board.Behave(FakeBehaviour::kWorks);
  EXPECT_EQ(RunAndFail(*driver, kPatient).fault(), Fault::kVanished) << "it stays lost";
  driver->Disconnect();
  RunLayers(*Open(board), 2);
}

TEST(EtherboneBoard, IsLostWhenItWasResetOrTakenOver) {
  FakeEtherboneBoard board;
  std::shared_ptr<Driver> driver = Open(board);
  RunLayers(*driver, 1);
  board.LosePower();
  const DriverError reset = RunAndFail(*driver, kPatient);
  EXPECT_EQ(reset.fault(), Fault::kVanished);
  ExpectIn("was reset, or is driven by another host", reset.what());
  driver->Disconnect();
  driver = Open(board);
  RunLayers(*driver, 1);
  EXPECT_EQ(board.bring_ups(), 1) << "memory has to be brought up again";

  // Also where the session has only reads to do.
  driver->Disconnect();
  const std::unique_ptr<Device> device = OpenEtherboneBoard(board.name(), kPatient);
  board.GiveTicket(12345);
  EXPECT_THROW(device->Read32(registers::kId), DeviceVanished);
  EXPECT_THROW(device->Write32(registers::kCount, 1), DeviceVanished);
}

TEST(EtherboneBoard, IsResetInTheMiddleOfRequests) {
  FakeEtherboneBoard board;
  const std::shared_ptr<Driver> driver = Open(board);
  std::thread power([&board] {
    std::this_thread::sleep_for(milliseconds(15));
    board.LosePower();
  });
  std::mt19937 random(8);
  const LayerCase layer_case = RandomCase(random);
  std::vector<std::uint8_t> output(layer_case.output_bytes());
  const std::vector<std::uint8_t> expected = ReferenceConv(layer_case);
  const auto end = steady_clock::now() + kPatient;
  try {
    const auto loaded = driver->Load(layer_case.layer);
    while (steady_clock::now() < end) {
      driver->Run(*loaded, layer_case.batch, layer_case.height, layer_case.width, layer_case.input.data(),
                  output.data(), kPatient);
      ASSERT_EQ(output, expected) << "a result is right, or there is none";
    }
    ADD_FAILURE() << "the reset was not noticed";
  } catch (const DriverError& e) {
    EXPECT_EQ(e.fault(), Fault::kVanished);
  }
  power.join();
}

TEST(EtherboneBoard, IsRefusedWhileItsPortIsInUse) {
  FakeEtherboneBoard board;
  const DatagramSocket other("127.0.0.2", board.port());
  const std::string message = MessageOf<UnavailableBackend>([&] { OpenBackend(board.name()); });
  ExpectIn("port " + std::to_string(board.port()), message);
  ExpectIn("in use by another program", message);
}

TEST(EtherboneBoard, IsRefusedWhereNothingAnswers) {
  std::string name;
  {
    FakeEtherboneBoard board;
    name = board.name();
  }
  ExpectIn("has not answered", MessageOf<DeviceVanished>([&] { OpenEtherboneBoard(name, kImpatient); }));
  ExpectIn("there is no host 'no..host'", MessageOf<BoardError>([] { OpenEtherboneBoard("etherbone:no..host"); }));
}

TEST(EtherboneBoard, LevelsItsMemory) {
  FakeEtherboneBoard board;
  board.SetWindows({{3, 0, 1}, {0, 5, 7}});
  board.LosePower();
  RunLayers(*Open(board), 1);
  EXPECT_EQ(board.Delays(), (std::vector<std::uint32_t>{1, 6})) << "in the middle of the windows";
}

TEST(EtherboneBoard, IsRefusedIfItsMemoryCannotBeLevelled) {
  FakeEtherboneBoard board;
  board.SetWindows({{3, 0, 1}, {9, 0, 0}});
  board.LosePower();
  ExpectIn("data wires 8 to 15", MessageOf<UnavailableBackend>([&] { OpenBackend(board.name()); }));
}

TEST(EtherboneBoard, IsRefusedWithoutATableThatItUnderstands) {
  const auto refusal = [](std::size_t word, std::uint32_t value, bool keep_sum = true) {
    FakeEtherboneBoard board;
    board.SetTable(word, value, keep_sum);
    return MessageOf<UnavailableBackend>([&] { OpenBackend(board.name()); });
  };
  ExpectIn("no table of a Subbit board", refusal(0, 1));
  ExpectIn("is of version 2, not 1", refusal(1, 2));
  ExpectIn("has a wrong length", refusal(2, 40));
  ExpectIn("has a wrong length", refusal(7, 0xFFFFFFFF));
  ExpectIn("not a multiple of four", refusal(3, 0x90000001));
  ExpectIn("bytes of memory", refusal(5, 0xFFFFFFFC));
  ExpectIn("is damaged", refusal(5, 1 << 21, false));
  ExpectIn("step of kind 7", refusal(9, 7));
  ExpectIn("4000000000 us of waiting", refusal(13, 4000000000));
  ExpectIn("says 0 modules", refusal(18, 0));
  ExpectIn("contradicts itself", refusal(22, 2));
}

}  // namespace
}  // namespace subbit::fpga
