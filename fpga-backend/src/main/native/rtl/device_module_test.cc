// The whole device at its pins, with an element of few channels: what rtl_test.cc and protocol_test.cc leave out, since
// their host answers at once. Addresses, data and answers of both buses come late and in any order, accesses overlap,
// parts of words are written, and the reset pin falls while a request runs.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "Vsubbit_device.h"
#include "device/element.h"
#include "device/layer_descriptor.h"
#include "emulator/emulator.h"
#include "rtl/axi_memory.h"
#include "rtl/module_bench.h"
#include "tables/device.h"

namespace subbit::fpga {
namespace {

constexpr std::uint64_t kMemoryBytes = 0x10000;
constexpr std::uint32_t kMostChannels = 16;
constexpr std::uint32_t kMostWidth = 32;
constexpr std::uint64_t kListAt = 0x40;
constexpr std::uint64_t kIndexAt = 0x1000;
constexpr std::uint64_t kCodebookAt = 0x1400;
constexpr std::uint64_t kBiasAt = 0x1800;
constexpr std::uint64_t kMultiplierAt = 0x1900;
constexpr std::uint64_t kInputAt = 0x2000;
constexpr std::uint64_t kResidualAt = 0x6000;
constexpr std::uint64_t kOutputAt = 0xA000;
constexpr std::uint8_t kWholeWord = 0xF;
/// No access to a register waits for what the device does.
constexpr int kAnswerCycles = 8;

/// A host that takes its time, and a memory that does.
class DeviceBench {
 public:
  explicit DeviceBench(unsigned seed) : random_(seed), bytes_(kMemoryBytes) {
    m_.s_axi_awprot = m_.s_axi_arprot = 0;
    HoldReset();
  }

  Vsubbit_device& pins() { return m_; }
  std::mt19937& random() { return random_; }
  std::vector<std::uint8_t>& bytes() { return bytes_; }
  void Stall(bool stalls) { stalls_ = stalls; }

  /// The reset pin falls, in whatever cycle. What is on the buses is forgotten.
  void HoldReset() {
    const int cycles = Between(random_, 4, 8);
    m_.aresetn = 0;
    write_.reset();
    read_.reset();
    m_.s_axi_awvalid = m_.s_axi_wvalid = m_.s_axi_arvalid = m_.s_axi_bready = m_.s_axi_rready = 0;
    m_.m_axi_arready = m_.m_axi_awready = m_.m_axi_wready = m_.m_axi_rvalid = m_.m_axi_bvalid = 0;
    memory_.reset();
    for (int cycle = 0; cycle < cycles; ++cycle) {
      m_.aclk = 0;
      m_.eval();
      // The bus masters are reset a cycle late.
      if (cycle > 2) {
        ASSERT_FALSE(m_.m_axi_arvalid || m_.m_axi_awvalid || m_.m_axi_wvalid) << "a request during a reset";
        ASSERT_FALSE(m_.s_axi_bvalid || m_.s_axi_rvalid) << "an answer during a reset";
      }
      m_.aclk = 1;
      m_.eval();
    }
    m_.aresetn = 1;
  }

  /// From the next cycle on, memory answers.
  void OpenMemory() {
    memory_.emplace(SubbitRtlMemory{bytes_.data(), bytes_.size(), static_cast<std::uint32_t>(Between(random_, 1, 30)),
                                    stalls_ ? 40u : 0u, static_cast<std::uint32_t>(random_() | 1)});
  }

  void BeginWrite(std::uint32_t offset, std::uint32_t value, std::uint8_t strobe = kWholeWord) {
    write_ = WriteAccess{Wait(), Wait(), Wait()};
    m_.s_axi_awaddr = offset;
    m_.s_axi_wdata = value;
    m_.s_axi_wstrb = strobe;
  }
  void BeginRead(std::uint32_t offset) {
    read_ = ReadAccess{Wait(), Wait()};
    m_.s_axi_araddr = offset;
  }

  /// Lets time pass until no access is under way.
  void End() {
    while ((write_ || read_) && !::testing::Test::HasFatalFailure()) {
      Tick();
    }
  }
  void Write(std::uint32_t offset, std::uint32_t value, std::uint8_t strobe = kWholeWord) {
    BeginWrite(offset, value, strobe);
    End();
  }
  std::uint32_t Read(std::uint32_t offset) {
    BeginRead(offset);
    End();
    return read_value_;
  }

  void Tick() {
    if (memory_) {
      memory_->Drive(m_);
    }
    DriveHost();
    m_.aclk = 0;
    m_.eval();
    ASSERT_NO_FATAL_FAILURE(CheckPins());
    const bool address_taken = m_.s_axi_awvalid && m_.s_axi_awready;
    const bool data_taken = m_.s_axi_wvalid && m_.s_axi_wready;
    const bool write_ends = m_.s_axi_bvalid && m_.s_axi_bready;
    const bool read_taken = m_.s_axi_arvalid && m_.s_axi_arready;
    const bool read_ends = m_.s_axi_rvalid && m_.s_axi_rready;
    if (read_ends) {
      read_value_ = m_.s_axi_rdata;
    }
    if (memory_) {
      memory_->Sample(m_);
    }
    m_.aclk = 1;
    m_.eval();
    if (memory_) {
      memory_->Clock(m_);
    }
    if (write_) {
      write_->address_taken |= address_taken;
      write_->data_taken |= data_taken;
      if (write_ends) {
        write_.reset();
      }
    }
    if (read_) {
      read_->taken |= read_taken;
      if (read_ends) {
        read_.reset();
      }
    }
  }

 private:
  struct WriteAccess {
    int address_wait;
    int data_wait;
    int answer_wait;
    bool address_taken = false;
    bool data_taken = false;
    int unanswered = 0;
    bool answered = false;
  };
  struct ReadAccess {
    int address_wait;
    int answer_wait;
    bool taken = false;
    int unanswered = 0;
    std::optional<std::uint32_t> answered = std::nullopt;
  };

  int Wait() { return stalls_ ? Between(random_, 0, 6) : 0; }

  void DriveHost() {
    m_.s_axi_awvalid = write_ && !write_->address_taken && write_->address_wait-- <= 0;
    m_.s_axi_wvalid = write_ && !write_->data_taken && write_->data_wait-- <= 0;
    m_.s_axi_bready = write_ && write_->answered && write_->answer_wait-- <= 0;
    m_.s_axi_arvalid = read_ && !read_->taken && read_->address_wait-- <= 0;
    m_.s_axi_rready = read_ && read_->answered && read_->answer_wait-- <= 0;
  }

  void CheckPins() {
    ASSERT_TRUE(!m_.s_axi_bvalid || (write_ && write_->address_taken && write_->data_taken))
        << "an answer to no write, or to half of one";
    if (write_) {
      ASSERT_TRUE(!write_->answered || m_.s_axi_bvalid) << "the answer to a write is withdrawn";
      write_->answered = m_.s_axi_bvalid != 0;
      ASSERT_FALSE(m_.s_axi_bvalid && m_.s_axi_bresp != 0);
      const bool given = (write_->address_taken || m_.s_axi_awvalid) && (write_->data_taken || m_.s_axi_wvalid);
      write_->unanswered += given && !write_->answered ? 1 : 0;
      ASSERT_LE(write_->unanswered, kAnswerCycles) << "a write is not answered";
    }
    ASSERT_TRUE(!m_.s_axi_rvalid || (read_ && read_->taken)) << "an answer to no read";
    if (read_) {
      ASSERT_TRUE(!read_->answered || (m_.s_axi_rvalid && m_.s_axi_rdata == *read_->answered))
          << "the answer to a read is withdrawn, or changes";
      if (m_.s_axi_rvalid) {
        ASSERT_EQ(m_.s_axi_rresp, 0);
        read_->answered = m_.s_axi_rdata;
      }
      read_->unanswered += (read_->taken || m_.s_axi_arvalid) && !read_->answered ? 1 : 0;
      ASSERT_LE(read_->unanswered, kAnswerCycles) << "a read is not answered";
    }
    // Bursts that increase, of whole beats of 8 bytes, as memory that is not cached by its user and not protected.
    if (m_.m_axi_arvalid) {
      ASSERT_TRUE(m_.m_axi_arsize == 3 && m_.m_axi_arburst == 1 && m_.m_axi_arcache == 3 && m_.m_axi_arprot == 0);
    }
    if (m_.m_axi_awvalid) {
      ASSERT_TRUE(m_.m_axi_awsize == 3 && m_.m_axi_awburst == 1 && m_.m_axi_awcache == 3 && m_.m_axi_awprot == 0);
    }
  }

  Vsubbit_device m_;
  std::mt19937 random_;
  std::vector<std::uint8_t> bytes_;
  std::optional<AxiMemory<Vsubbit_device>> memory_;
  bool stalls_ = false;
  std::optional<WriteAccess> write_;
  std::optional<ReadAccess> read_;
  std::uint32_t read_value_ = 0;
};

Capabilities SmallCapabilities() {
  Capabilities c = RtlCapabilities("paper");
  c.max_channels = kMostChannels;
  c.max_width = kMostWidth;
  c.memory_bytes = kMemoryBytes;
  return c;
}

/// A layer that the device takes, more often than not.
LayerDescriptor RandomLayer(std::mt19937& random) {
  LayerDescriptor d;
  const auto pick = [&](int least, int most) { return static_cast<std::uint32_t>(Between(random, least, most)); };
  d.mode = random() % 2 == 0 ? Mode::kDirect : Mode::kTable;
  d.tau = static_cast<std::uint8_t>(pick(1, random() % 8 == 0 ? 9 : 6));
  d.batch = pick(1, 2);
  d.in_channels = pick(1, 12);
  d.out_channels = pick(1, random() % 8 == 0 ? 17 : 12);
  d.in_height = pick(1, 10);
  d.in_width = pick(1, 12);
  d.stride_h = static_cast<std::uint16_t>(pick(1, 2));
  d.stride_w = static_cast<std::uint16_t>(pick(1, 2));
  d.pad_top = d.pad_bottom = d.pad_left = d.pad_right = 1;
  d.out_height = (d.in_height - 1) / d.stride_h + 1;
  d.out_width = (d.in_width - 1) / d.stride_w + 1;
  d.input_format = random() % 2 == 0 ? InputFormat::kU8 : InputFormat::kBits;
  constexpr OutputFormat kFormats[] = {OutputFormat::kI32, OutputFormat::kU8, OutputFormat::kS8, OutputFormat::kBits};
  d.output_format = kFormats[random() % 4];
  const bool bytes_out = d.output_format == OutputFormat::kU8 || d.output_format == OutputFormat::kS8;
  d.input_zero_point = static_cast<std::int16_t>(d.input_format == InputFormat::kU8 ? pick(0, 255) : 0);
  d.input_address = kInputAt;
  d.output_address = kOutputAt;
  d.index_address = kIndexAt;
  d.codebook_address = kCodebookAt;
  d.bias_address = random() % 2 == 0 ? kBiasAt : 0;
  d.multiplier_address = d.output_format == OutputFormat::kI32 ? 0 : kMultiplierAt;
  if (bytes_out && random() % 2 == 0) {
    d.version = 2;
    d.adds_residual = true;
    d.residual_address = kResidualAt;
    d.residual_multiplier = 0.3f;
    d.residual_zero_point = 5;
  }
  return d;
}

/// A list of layers on the device and on the emulator.
class Requests {
 public:
  explicit Requests(unsigned seed) : bench_(seed), emulator_(SmallCapabilities()) {}

  DeviceBench& bench() { return bench_; }

  /// Memory with random contents, which make sense as weights, and a list.
  void Prepare() {
    std::mt19937& random = bench_.random();
    bench_.Stall(random() % 4 != 0);
    std::vector<std::uint8_t>& bytes = bench_.bytes();
    for (auto& byte : bytes) {
      byte = static_cast<std::uint8_t>(random());
    }
    for (std::uint64_t at = kCodebookAt; at < kBiasAt; at += 2) {
      const auto codeword = static_cast<std::uint16_t>(random() % 512);
      std::memcpy(&bytes[at], &codeword, sizeof codeword);
    }
    for (std::uint64_t at = kMultiplierAt; at < kMultiplierAt + 4 * kMostChannels; at += 4) {
      const float multiplier = 0.001f * static_cast<float>(1 + random() % 200);
      std::memcpy(&bytes[at], &multiplier, sizeof multiplier);
    }
    count_ = static_cast<std::uint32_t>(Between(random, 1, 3));
    cycles_at_.clear();
    std::uint64_t at = kListAt;
    for (std::uint32_t layer = 0; layer < count_; ++layer) {
      const LayerDescriptor::Bytes descriptor = RandomLayer(random).Encode();
      std::copy(descriptor.begin(), descriptor.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
      cycles_at_.push_back(at + fields::kCycles.at);
      at += descriptor.size();
    }
    emulator_.WriteBuffer(0, bytes.data(), bytes.size());
    bench_.OpenMemory();
  }

  void Start() {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> writes = {{registers::kDescriptorsLow, kListAt},
                                                                   {registers::kDescriptorsHigh, 0},
                                                                   {registers::kCount, count_},
                                                                   {registers::kGie, 1},
                                                                   {registers::kIer, registers::kIerDone}};
    std::shuffle(writes.begin(), writes.end(), bench_.random());
    for (const auto& [offset, value] : writes) {
      bench_.Write(offset, value);
    }
    bench_.Write(registers::kControl, registers::kControlStart);
  }

  /// Runs the list, and reads and writes registers meanwhile. Returns the error code.
  std::uint32_t Run() {
    Start();
    for (int accesses = 0; !bench_.pins().irq && !::testing::Test::HasFatalFailure(); ++accesses) {
      EXPECT_LT(accesses, 100000) << "the request does not end";
      if (accesses == 100000) {
        return 0;
      }
      Disturb();
    }
    for (const auto& [offset, value] : {std::pair{registers::kDescriptorsLow, static_cast<std::uint32_t>(kListAt)},
                                        std::pair{registers::kDescriptorsHigh, 0u},
                                        std::pair{registers::kCount, count_}, std::pair{registers::kControl, 1u}}) {
      emulator_.Write32(offset, value);
    }
    EXPECT_EQ(bench_.Read(registers::kIsr), registers::kIerDone);
    bench_.Write(registers::kIsr, registers::kIerDone);
    EXPECT_FALSE(bench_.pins().irq);
    EXPECT_EQ(bench_.Read(registers::kControl),
              registers::kControlDone | registers::kControlIdle | registers::kControlReady);
    EXPECT_EQ(bench_.Read(registers::kControl), registers::kControlIdle) << "done and ready clear on read";
    const std::uint32_t error = bench_.Read(registers::kError);
    EXPECT_EQ(error, emulator_.Read32(registers::kError));
    EXPECT_EQ(bench_.Read(registers::kErrorDescriptor), emulator_.Read32(registers::kErrorDescriptor));
    EXPECT_EQ(WithoutCycles(bench_.bytes()), WithoutCycles(EmulatorsBytes()));
    return error;
  }

 private:
  /// Accesses while the device works: a read, and now and then a write beside it that must change nothing.
  void Disturb() {
    std::mt19937& random = bench_.random();
    if (random() % 2 == 0) {
      constexpr std::uint32_t kIgnored[] = {registers::kId, registers::kMaxTau, registers::kCount, registers::kControl};
      const std::uint32_t offset = kIgnored[random() % 4];
      const bool writable = offset == registers::kCount || offset == registers::kControl;
      bench_.BeginWrite(offset, 0xFFFFFFFF, static_cast<std::uint8_t>(writable ? random() % kWholeWord : random()));
    }
    const std::pair<std::uint32_t, std::uint32_t> known[] = {{registers::kId, contract::kIdValue},
                                                             {registers::kCount, count_},
                                                             {registers::kDescriptorsLow, kListAt},
                                                             {registers::kMaxChannels, kMostChannels},
                                                             {registers::kMaxWidth, kMostWidth},
                                                             {registers::kMemoryLow, kMemoryBytes},
                                                             {registers::kReset, 0}};
    const auto& [offset, value] = known[random() % std::size(known)];
    EXPECT_EQ(bench_.Read(offset), value) << "register " << offset;
    for (int cycles = Between(random, 0, 20); cycles > 0 && !bench_.pins().irq; --cycles) {
      bench_.Tick();
    }
  }

  std::vector<std::uint8_t> EmulatorsBytes() {
    std::vector<std::uint8_t> bytes(kMemoryBytes);
    emulator_.ReadBuffer(0, bytes.data(), bytes.size());
    return bytes;
  }

  /// Cycles may differ a little.
  std::vector<std::uint8_t> WithoutCycles(std::vector<std::uint8_t> bytes) const {
    for (const std::uint64_t at : cycles_at_) {
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), 8, std::uint8_t{0});
    }
    return bytes;
  }

  DeviceBench bench_;
  Emulator emulator_;
  std::uint32_t count_ = 0;
  std::vector<std::uint64_t> cycles_at_;
};

TEST(DeviceModule, RunsListsForASlowHostWithASlowMemory) {
  Requests requests(1);
  int accepted = 0;
  for (int run = 0; run < 150; ++run) {
    SCOPED_TRACE("run " + std::to_string(run));
    requests.Prepare();
    accepted += requests.Run() == 0 ? 1 : 0;
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(accepted, 50);
}

TEST(DeviceModule, IsAsNewWhenItsResetPinFallsInARequest) {
  Requests requests(2);
  DeviceBench& bench = requests.bench();
  for (int run = 0; run < 150; ++run) {
    SCOPED_TRACE("run " + std::to_string(run));
    requests.Prepare();
    bench.Write(registers::kMemoryBaseLow, 0);
    requests.Start();
    for (int cycles = Between(bench.random(), 0, run % 2 == 0 ? 300 : 5000); cycles > 0; --cycles) {
      bench.Tick();
    }
    if (run % 3 == 0) {
      // In the middle of an access, too.
      bench.BeginRead(registers::kId);
      bench.BeginWrite(registers::kMemoryBaseLow, 0x7000);
      bench.Tick();
      bench.Tick();
    }
    bench.HoldReset();
    ASSERT_FALSE(HasFatalFailure());
    requests.Prepare();
    ASSERT_EQ(bench.Read(registers::kControl), registers::kControlIdle);
    for (const std::uint32_t offset :
         {registers::kGie, registers::kIer, registers::kIsr, registers::kDescriptorsLow, registers::kDescriptorsHigh,
          registers::kCount, registers::kError, registers::kReset, registers::kMemoryBaseLow}) {
      ASSERT_EQ(bench.Read(offset), 0u) << "register " << offset;
    }
    ASSERT_FALSE(bench.pins().irq);
    requests.Run();
    ASSERT_FALSE(HasFailure());
  }
}

}  // namespace
}  // namespace subbit::fpga
