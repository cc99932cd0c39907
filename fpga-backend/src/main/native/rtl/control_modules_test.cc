// The modules that decide what happens when, alone: the walk through a layer, products, the loading of weights,
// registers.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <vector>

#include "Vsubbit_multiply.h"
#include "Vsubbit_registers.h"
#include "Vsubbit_tiles.h"
#include "Vsubbit_weight_loader.h"
#include "Vsubbit_weight_loader_tables.h"
#include "Vsubbit_weight_loader_tables_narrow.h"
#include "device/error_code.h"
#include "device/integer_parameters.h"
#include "rtl/layer_port.h"
#include "rtl/module_bench.h"
#include "tables/device.h"
#include "testing/register_file.h"

namespace subbit::fpga {
namespace {

TEST(MultiplyModule, SaysWhatDoesNotFit40Bits) {
  Vsubbit_multiply m;
  std::mt19937_64 random(1);
  Reset(m);
  int overflows = 0;
  for (int run = 0; run < 5000; ++run) {
    m.a = (random() & ((std::uint64_t{1} << 40) - 1)) >> random() % 40;
    m.b = static_cast<std::uint32_t>(random()) >> random() % 32;
    m.start = 1;
    Cycle(m);
    m.start = 0;
    int cycles = 0;
    for (; m.busy; ++cycles) {
      ASSERT_LE(cycles, 33);
      Cycle(m);
    }
    // 64 bits hold the product of 40 and 24; the rest is checked by dividing.
    const bool fits = m.b == 0 || m.a <= ((std::uint64_t{1} << 40) - 1) / m.b;
    overflows += fits ? 0 : 1;
    ASSERT_EQ(m.overflow, fits ? 0 : 1) << m.a << " * " << m.b;
    if (fits) {
      ASSERT_EQ(m.product, m.a * m.b);
    }
  }
  EXPECT_GT(overflows, 500);
  EXPECT_LT(overflows, 4500);
}

/// Every step of random layers, in the order image, tile, channel.
TEST(TilesModule, WalksThroughALayer) {
  Vsubbit_tiles m;
  std::mt19937 random(2);
  Reset(m);
  for (int run = 0; run < 200; ++run) {
    const int stride_h = Between(random, 1, 2);
    const int pad_top = Between(random, 0, 2);
    const int in_height = Between(random, 3, 20);
    const int out_height = (in_height + 2 * pad_top - 3) / stride_h + 1;
    const int out_width = Between(random, 1, 20);
    const bool whole_rows = random() % 2 == 0;
    const int tile_rows = whole_rows ? Between(random, 1, out_height) : 1;
    const int tile_columns = whole_rows ? out_width : Between(random, 1, out_width);
    const int batch = Between(random, 1, 3);
    const int channels = Between(random, 1, 4);
    const int row_bytes = Between(random, 1, 30);
    const std::int64_t plane = std::int64_t{row_bytes} * in_height;
    const std::int64_t base = 64 * Between(random, 1, 1000);
    SetLayer(m.layer, {{"batch", batch},
                       {"in_channels", channels},
                       {"in_height", in_height},
                       {"out_height", out_height},
                       {"out_width", out_width},
                       {"stride_h", stride_h},
                       {"pad_top", pad_top},
                       {"input_address", base},
                       {"row_bytes", row_bytes},
                       {"in_plane_bytes", plane},
                       {"tile_rows", tile_rows},
                       {"tile_columns", tile_columns}});
    m.next = 0;
    // The layer is there some cycles before it is started.
    for (int i = 0; i < 4; ++i) {
      Cycle(m);
    }
    m.start = 1;
    Cycle(m);
    m.start = 0;
    for (int image = 0; image < batch; ++image) {
      for (int row = 0; row < out_height; row += tile_rows) {
        for (int column = 0; column < out_width; column += tile_columns) {
          for (int channel = 0; channel < channels; ++channel) {
            int cycles = 0;
            do {
              m.next = 0;
              Cycle(m);
              ASSERT_LT(++cycles, 40) << "run " << run;
            } while (!m.valid || !Moves(random));
            const int rows = std::min(tile_rows, out_height - row);
            const int columns = std::min(tile_columns, out_width - column);
            const int first_row = row * stride_h - pad_top;
            const int first = std::max(0, first_row);
            const int end = std::min(in_height, first_row + (rows - 1) * stride_h + 3);
            const bool last_tile = row + tile_rows >= out_height && column + tile_columns >= out_width;
            const bool last_channel = channel == channels - 1;
            ASSERT_EQ(m.channel, channel) << "run " << run;
            ASSERT_EQ(m.first_channel, channel == 0 ? 1 : 0);
            ASSERT_EQ(m.last_channel, last_channel ? 1 : 0);
            ASSERT_EQ(m.last_tile, last_tile ? 1 : 0);
            ASSERT_EQ(m.last, last_tile && last_channel && image == batch - 1 ? 1 : 0);
            ASSERT_EQ(m.row, row);
            ASSERT_EQ(m.column, column);
            ASSERT_EQ(m.rows, rows);
            ASSERT_EQ(m.columns, columns);
            ASSERT_EQ(GetSigned(m.first_row, 0, 18), first_row);
            ASSERT_EQ(m.lead_rows, std::max(0, -first_row));
            ASSERT_EQ(m.load_rows, end - first);
            ASSERT_EQ(m.load_bytes, static_cast<unsigned>((end - first) * row_bytes));
            ASSERT_EQ(m.load_address,
                      static_cast<std::uint64_t>(base + plane * (image * channels + channel) + first * row_bytes))
                << "run " << run << ", image " << image << ", row " << row << ", channel " << channel;
            m.next = 1;
            Cycle(m);
          }
        }
      }
    }
    for (int i = 0; i < 20; ++i) {
      m.next = 0;
      Cycle(m);
      ASSERT_FALSE(m.valid) << "run " << run << ": a step after the last";
    }
  }
}

/// A layer's weights in memory, and what the loader hands on of them.
struct Weights {
  std::vector<std::uint16_t> codebook;
  std::vector<std::uint32_t> bias;
  std::vector<std::uint32_t> multiplier;
  std::vector<std::vector<std::uint8_t>> planes;
};

TEST(WeightLoaderModule, LoadsWhatALayerKeepsOnChip) {
  constexpr int kBytes = 8;
  constexpr int kMaxChannels = 32;
  std::mt19937 random(3);
  Vsubbit_weight_loader m;
  Reset(m);
  int faults = 0;
  for (int run = 0; run < 150; ++run) {
    const int tau = Between(random, 1, 9);
    const int channels = Between(random, 1, kMaxChannels);
    const int plane_bytes = (channels * Between(random, 1, kMaxChannels) + 7) / 8;
    const bool has_bias = random() % 2 == 0;
    const int output_format = Between(random, 0, 3);
    std::vector<std::uint8_t> memory(1 << 16);
    for (auto& byte : memory) {
      byte = static_cast<std::uint8_t>(random());
    }
    const std::uint32_t codebook_at = 0x1000;
    const std::uint32_t bias_at = 0x2000;
    const std::uint32_t multiplier_at = 0x3000;
    const std::uint32_t index_at = 0x4000;
    Weights weights;
    weights.codebook.resize(std::size_t{1} << tau);
    for (auto& codeword : weights.codebook) {
      codeword = random() % 512;
    }
    weights.bias.resize(static_cast<std::size_t>(channels));
    weights.multiplier.resize(weights.bias.size());
    for (std::size_t o = 0; o < weights.bias.size(); ++o) {
      weights.bias[o] = random();
      weights.multiplier[o] = random() & 0xBF7FFFFF;  // finite
    }
    ErrorCode expected = ErrorCode::kNone;
    if (run % 5 == 0) {
      weights.codebook[random() % weights.codebook.size()] |= static_cast<std::uint16_t>(1u << Between(random, 9, 15));
      expected = ErrorCode::kCodeword;
    } else if (run % 5 == 1 && output_format != 0) {
      weights.multiplier[random() % weights.multiplier.size()] |= 0x7F800000;
      // What would not be finite as a multiplier is a sign rule like any other.
      expected = output_format == 3 ? ErrorCode::kNone : ErrorCode::kMultiplier;
    }
    faults += expected == ErrorCode::kNone ? 0 : 1;
    std::memcpy(&memory[codebook_at], weights.codebook.data(), 2 * weights.codebook.size());
    std::memcpy(&memory[bias_at], weights.bias.data(), 4 * weights.bias.size());
    std::memcpy(&memory[multiplier_at], weights.multiplier.data(), 4 * weights.multiplier.size());
    SetLayer(m.layer, {{"tau", tau},
                       {"out_channels", channels},
                       {"has_bias", has_bias ? 1 : 0},
                       {"output_format", output_format},
                       {"codebook_address", codebook_at},
                       {"bias_address", bias_at},
                       {"multiplier_address", multiplier_at},
                       {"index_address", index_at},
                       {"index_plane_bytes", plane_bytes}});
    m.start = 1;
    Cycle(m);
    m.start = 0;
    std::vector<int> codebook(weights.codebook.size(), -1);
    std::vector<std::int64_t> bias(weights.bias.size(), -1);
    std::vector<std::int64_t> multiplier(weights.bias.size(), -1);
    std::vector<std::vector<std::uint8_t>> planes(static_cast<std::size_t>(tau));
    std::uint32_t address = 0;
    int left = 0;  // bytes of the run that is read
    m.read_beat_valid = 0;
    for (int cycle = 0; !m.done; ++cycle) {
      ASSERT_LT(cycle, 30000) << "run " << run << " does not end";
      m.read_ready = left == 0 && Moves(random);
      if (!m.read_beat_valid && left > 0 && Moves(random)) {
        m.read_beat_valid = 1;
        std::memcpy(&m.read_beat_data, &memory[address], kBytes);
        m.read_beat_last = left <= kBytes;
      }
      Settle(m);
      const bool taken = m.read_beat_valid && m.read_beat_ready;
      const bool asked = m.read_valid && m.read_ready;
      const std::uint32_t asked_address = m.read_address;
      const auto asked_bytes = static_cast<int>(m.read_bytes);
      if (m.codebook_write) {
        codebook.at(m.codebook_index) = m.codebook_codeword;
      }
      if (m.bias_write) {
        bias.at(m.parameter_channel) = m.parameter_value;
      }
      if (m.multiplier_write) {
        multiplier.at(m.parameter_channel) = m.parameter_value;
      }
      if (m.index_store) {
        std::vector<std::uint8_t>& plane = planes.at(m.index_plane);
        ASSERT_EQ(m.index_address, plane.size() / kBytes) << "words in order";
        const auto* data = reinterpret_cast<const std::uint8_t*>(&m.index_data);
        plane.insert(plane.end(), data, data + kBytes);
      }
      Edge(m);
      if (taken) {
        m.read_beat_valid = 0;
        address += kBytes;
        left = std::max(0, left - kBytes);
      }
      if (asked) {
        address = asked_address;
        left = asked_bytes;
      }
    }
    ASSERT_EQ(m.error, static_cast<int>(expected)) << "run " << run;
    if (expected == ErrorCode::kNone) {
      ASSERT_EQ(codebook, std::vector<int>(weights.codebook.begin(), weights.codebook.end())) << "run " << run;
      if (has_bias) {
        ASSERT_EQ(bias, std::vector<std::int64_t>(weights.bias.begin(), weights.bias.end())) << "run " << run;
      }
      if (output_format != 0) {
        ASSERT_EQ(multiplier, std::vector<std::int64_t>(weights.multiplier.begin(), weights.multiplier.end()));
      }
      for (int b = 0; b < tau; ++b) {
        std::vector<std::uint8_t>& plane = planes[static_cast<std::size_t>(b)];
        ASSERT_GE(plane.size(), static_cast<std::size_t>(plane_bytes));
        const auto from = memory.begin() + index_at + static_cast<std::ptrdiff_t>(b) * plane_bytes;
        ASSERT_TRUE(std::equal(plane.begin(), plane.begin() + plane_bytes, from)) << "run " << run << ", plane " << b;
      }
    }
  }
  EXPECT_GT(faults, 20);
}

/// Codebook and integer parameters of a convolution, whatever the index; of a stem or shortcut the parameters alone.
template <class Loader>
void LoadsIntegerParameters() {
  constexpr std::size_t kBytes = sizeof(Loader::read_beat_data);
  constexpr std::uint32_t kCodebook = 0x100;
  constexpr std::uint32_t kParameters = 0x400;
  std::mt19937 random(5);
  Loader m;
  Reset(m);
  std::map<ErrorCode, int> seen;
  for (int run = 0; run < 200; ++run) {
    const int tau = Between(random, 1, 5);
    const auto channels = static_cast<std::size_t>(Between(random, 1, 32));
    std::vector<std::uint8_t> memory(0x800);
    for (auto& byte : memory) {
      byte = static_cast<std::uint8_t>(random());
    }
    for (std::size_t i = 0; i < std::size_t{1} << tau; ++i) {
      memory[kCodebook + 2 * i + 1] &= 1;
    }
    // Of five parameters, -32768 is refused as the first and as the third.
    const std::size_t refused = run % 3 == 0 ? random() % 8 : 8;
    const std::size_t refused_channel = random() % channels;
    for (std::size_t o = 0; o < channels; ++o) {
      for (std::size_t i = 0; i < 8; ++i) {
        std::uint8_t* number = &memory[kParameters + 16 * o + 2 * i];
        const bool least = o == refused_channel && i == refused;
        number[0] = static_cast<std::uint8_t>(least ? 0 : number[0]);
        number[1] = static_cast<std::uint8_t>(least ? 0x80 : number[1] == 0x80 ? 0x81 : number[1]);
      }
    }
    ErrorCode expected = refused == 0 || refused == 2 ? ErrorCode::kMultiplier : ErrorCode::kNone;
    const bool conv = run % 4 != 2;
    const bool stem = run % 8 == 2;
    if (run % 8 == 1) {
      memory[kCodebook + 2 * (random() % (std::size_t{1} << tau)) + 1] |= 2;
      expected = ErrorCode::kCodeword;
    }
    SetLayer(m.layer, {{"tau", tau},
                       {"out_channels", static_cast<std::int64_t>(channels)},
                       {"has_bias", 0},
                       {"output_format", 0},
                       {"integer_conv", conv},
                       {"stem", stem},
                       {"shortcut", !conv && !stem},
                       {"codebook_address", kCodebook},
                       {"multiplier_address", kParameters}});
    m.start = 1;
    Cycle(m);
    m.start = 0;
    std::vector<std::uint8_t> loaded;
    std::size_t address = 0;
    std::size_t left = 0;  // bytes of the run that is read
    m.read_beat_valid = 0;
    for (int cycle = 0; !m.done; ++cycle) {
      ASSERT_LT(cycle, 5000) << "run " << run << " does not end";
      m.read_ready = left == 0 && Moves(random);
      m.read_beat_valid = m.read_beat_valid || (left > 0 && Moves(random));
      m.read_beat_last = left <= kBytes;
      if (m.read_beat_valid) {
        std::memcpy(&m.read_beat_data, &memory[address], kBytes);
      }
      Settle(m);
      ASSERT_FALSE(m.bias_write || m.multiplier_write || m.index_store || (!conv && m.codebook_write));
      if (m.integers_store) {
        ASSERT_EQ(m.integers_address, loaded.size() / kBytes) << "words in order";
        const auto* data = reinterpret_cast<const std::uint8_t*>(&m.integers_data);
        loaded.insert(loaded.end(), data, data + kBytes);
      }
      const bool taken = m.read_beat_valid && m.read_beat_ready;
      const bool asked = m.read_valid && m.read_ready;
      const std::size_t asked_address = m.read_address;
      const std::size_t asked_bytes = m.read_bytes;
      Edge(m);
      if (taken) {
        m.read_beat_valid = 0;
        address += kBytes;
        left -= std::min(left, kBytes);
      }
      if (asked) {
        address = asked_address;
        left = asked_bytes;
      }
    }
    ASSERT_EQ(static_cast<ErrorCode>(m.error), expected) << "run " << run;
    ++seen[expected];
    ASSERT_EQ(loaded.size(), sizeof(IntegerParameters) * channels);
    ASSERT_TRUE(std::equal(loaded.begin(), loaded.end(), memory.begin() + kParameters)) << "run " << run;
  }
  EXPECT_GT(seen[ErrorCode::kMultiplier], 8);
  EXPECT_GT(seen[ErrorCode::kCodeword], 8);
}

TEST(WeightLoaderModule, LoadsIntegerParameters) { LoadsIntegerParameters<Vsubbit_weight_loader_tables>(); }
TEST(WeightLoaderModule, LoadsIntegerParametersOn32Bits) {
  LoadsIntegerParameters<Vsubbit_weight_loader_tables_narrow>();
}

/// An AXI4-Lite master whose channels stand still at random, address and data of a write independently.
class Registers : public ::testing::Test {
 protected:
  Registers() {
    m_.idle = 1;
    Reset(m_);
  }

  void Pass() {
    Settle(m_);
    starts_ += m_.start;
    aborts_ += m_.__SYM__abort;
    Edge(m_);
  }

  void Write(std::uint32_t offset, std::uint32_t value, int strobe = 0xF) {
    bool address_waits = true;
    bool data_waits = true;
    m_.s_axi_bready = 0;
    for (int cycle = 0;; ++cycle) {
      ASSERT_LT(cycle, 1000) << "no response to a write to " << offset;
      m_.s_axi_awvalid = address_waits && (m_.s_axi_awvalid || Moves(random_));
      m_.s_axi_wvalid = data_waits && (m_.s_axi_wvalid || Moves(random_));
      m_.s_axi_awaddr = static_cast<std::uint16_t>(offset);
      m_.s_axi_wdata = value;
      m_.s_axi_wstrb = static_cast<std::uint8_t>(strobe);
      m_.s_axi_bready = Moves(random_);
      Settle(m_);
      address_waits = address_waits && !(m_.s_axi_awvalid && m_.s_axi_awready);
      data_waits = data_waits && !(m_.s_axi_wvalid && m_.s_axi_wready);
      const bool answered = m_.s_axi_bvalid && m_.s_axi_bready;
      ASSERT_FALSE(answered && (address_waits || data_waits)) << "answered before it was asked";
      Pass();
      m_.s_axi_awvalid = address_waits && m_.s_axi_awvalid;
      m_.s_axi_wvalid = data_waits && m_.s_axi_wvalid;
      if (answered) {
        m_.s_axi_bready = 0;
        return;
      }
    }
  }

  std::uint32_t Read(std::uint32_t offset) {
    bool waits = true;
    for (int cycle = 0; cycle < 1000; ++cycle) {
      m_.s_axi_arvalid = waits && (m_.s_axi_arvalid || Moves(random_));
      m_.s_axi_araddr = static_cast<std::uint16_t>(offset);
      m_.s_axi_rready = Moves(random_);
      Settle(m_);
      waits = waits && !(m_.s_axi_arvalid && m_.s_axi_arready);
      const bool answered = m_.s_axi_rvalid && m_.s_axi_rready;
      const std::uint32_t value = m_.s_axi_rdata;
      Pass();
      m_.s_axi_arvalid = waits && m_.s_axi_arvalid;
      if (answered) {
        m_.s_axi_rready = 0;
        return value;
      }
    }
    ADD_FAILURE() << "no answer to a read of " << offset;
    return 0;
  }

  /// The engine ends what it was started for.
  void Finish(std::uint32_t error = 0) {
    m_.error = static_cast<std::uint8_t>(error);
    m_.error_descriptor = error == 0 ? 0 : 3;
    m_.cycles = 0x123456789;
    m_.finished = 1;
    Pass();
    m_.finished = 0;
    m_.idle = 1;
  }

  Vsubbit_registers m_;
  std::mt19937 random_{4};
  int starts_ = 0;
  int aborts_ = 0;
};

TEST_F(Registers, AreThoseOfTheTable) {
  ExpectRegisterFile([this](std::uint32_t at) { return Read(at); },
                     [this](std::uint32_t at, std::uint32_t value) { Write(at, value); });
}

TEST_F(Registers, KeepWhatIsWrittenToThem) {
  for (int run = 0; run < 200; ++run) {
    const std::uint32_t low = random_();
    const std::uint32_t high = random_();
    const std::uint32_t count = random_();
    Write(registers::kDescriptorsLow, low);
    Write(registers::kDescriptorsHigh, high);
    Write(registers::kCount, count);
    ASSERT_EQ(Read(registers::kDescriptorsLow), low);
    ASSERT_EQ(Read(registers::kDescriptorsHigh), high);
    ASSERT_EQ(Read(registers::kCount), count);
    ASSERT_EQ(m_.list_address, std::uint64_t{high} << 32 | low);
    ASSERT_EQ(m_.list_count, count);
    Write(registers::kCount, ~count, 0x7);
    ASSERT_EQ(Read(registers::kCount), count) << "part of a word was written";
    Write(registers::kId, 0);
    ASSERT_EQ(Read(registers::kId), contract::kIdValue);
    ASSERT_EQ(Read(0xFFC), 0u) << "an offset that is not listed";
  }
  EXPECT_EQ(starts_, 0);
}

TEST_F(Registers, StartOnceAndTellTheEnd) {
  for (int run = 0; run < 100; ++run) {
    const std::uint32_t error = random_() % 10;
    const bool interrupt = random_() % 2 == 0;
    const bool on = random_() % 4 != 0;
    Write(registers::kGie, on ? 1 : 0);
    Write(registers::kIer, interrupt ? registers::kIerDone : 0);
    m_.idle = 0;
    Write(registers::kControl, registers::kControlStart);
    ASSERT_EQ(starts_, run + 1);
    ASSERT_EQ(Read(registers::kControl) & registers::kControlIdle, 0u);
    Write(registers::kControl, registers::kControlStart);
    ASSERT_EQ(starts_, run + 1) << "started while it runs";
    ASSERT_FALSE(m_.irq);
    Finish(error);
    Settle(m_);
    ASSERT_EQ(m_.irq, on && interrupt ? 1 : 0);
    ASSERT_EQ(Read(registers::kControl), registers::kControlDone | registers::kControlIdle | registers::kControlReady);
    ASSERT_EQ(Read(registers::kControl), registers::kControlIdle) << "done and ready clear when read";
    ASSERT_EQ(Read(registers::kError), error);
    ASSERT_EQ(Read(registers::kErrorDescriptor), error == 0 ? 0u : 3u);
    ASSERT_EQ(Read(registers::kCyclesLow), 0x23456789u);
    ASSERT_EQ(Read(registers::kCyclesHigh), 1u);
    Write(registers::kIsr, Read(registers::kIsr));
    ASSERT_EQ(Read(registers::kIsr), 0u);
    Settle(m_);
    ASSERT_FALSE(m_.irq);
  }
}

TEST_F(Registers, AnswerAResetAtOnceAndTakeNoStartUntilTheEngineIsIdle) {
  Write(registers::kCount, 7);
  m_.idle = 0;
  Write(registers::kControl, registers::kControlStart);
  m_.s_axi_awvalid = m_.s_axi_wvalid = 1;
  m_.s_axi_awaddr = registers::kReset;
  m_.s_axi_wdata = registers::kResetAbort;
  m_.s_axi_wstrb = 0xF;
  m_.s_axi_bready = 1;
  Pass();
  m_.s_axi_awvalid = m_.s_axi_wvalid = 0;
  Settle(m_);
  EXPECT_TRUE(m_.s_axi_bvalid) << "a burst is on the bus, which may hang";
  Pass();
  EXPECT_EQ(aborts_, 1);
  for (int run = 0; run < 20; ++run) {
    ASSERT_EQ(Read(registers::kReset), registers::kResetAbort);
    ASSERT_EQ(Read(registers::kControl), 0u);
    Write(registers::kControl, registers::kControlStart);
    ASSERT_EQ(starts_, 1) << "started during a reset";
  }
  Write(registers::kReset, registers::kResetAbort);
  EXPECT_EQ(aborts_, 2) << "one reset more is one more";
  m_.idle = 1;
  Pass();
  EXPECT_EQ(Read(registers::kReset), 0u);
  EXPECT_EQ(Read(registers::kControl), registers::kControlIdle);
  EXPECT_EQ(Read(registers::kCount), 0u);
  Write(registers::kControl, registers::kControlStart);
  EXPECT_EQ(starts_, 2);
}

}  // namespace
}  // namespace subbit::fpga
