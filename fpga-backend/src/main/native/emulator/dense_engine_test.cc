// Stems, whose lists of taps need not be those that the driver makes: any list gives the sums that the contract
// defines, and none reads outside device memory. Networks that the driver loads are compared with the CPU's in
// driver/integer_network_test.cc.

#include "emulator/dense_engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "core/testing/sweep.h"
#include "device/element.h"
#include "device/integer_parameters.h"
#include "device/stem_taps.h"
#include "emulator/emulator.h"

namespace subbit::fpga {
namespace {

/// A stem of one set of output channels without a max pool, its tensors one after the other and nothing behind them.
class StemInMemory {
 public:
  explicit StemInMemory(std::mt19937& random) {
    const auto pick = [&](std::uint32_t least, std::uint32_t most) { return least + random() % (most - least + 1); };
    d_.version = 3;
    d_.input_format = {};
    d_.output_format = {};
    d_.tau = 0;
    d_.batch = pick(1, 2);
    d_.in_channels = pick(1, 4);
    d_.out_channels = pick(1, 5);
    d_.in_height = pick(1, 8);
    d_.in_width = pick(1, 20);
    IntegerStage& stage = d_.integer.emplace();
    stage.kind = Kind::kStem;
    stage.kernel = static_cast<std::uint8_t>(pick(1, std::min({8u, d_.in_height, d_.in_width})));
    // So far that hardly any sum is saturated.
    stage.shift = static_cast<std::uint8_t>(pick(7, 10));
    stage.taps = static_cast<std::uint16_t>(pick(1, 30));
    d_.stride_h = static_cast<std::uint16_t>(pick(1, stage.kernel));
    d_.stride_w = static_cast<std::uint16_t>(pick(1, stage.kernel));
    d_.pad_top = static_cast<std::uint16_t>(pick(0, stage.kernel - 1u));
    d_.pad_left = static_cast<std::uint16_t>(pick(0, stage.kernel - 1u));
    if (d_.stride_w == contract::kMaxKernel) {
      d_.pad_left = static_cast<std::uint16_t>(d_.pad_left / 2 * 2);
    }
    const ImageSize out = d_.OutputSize({d_.in_height, d_.in_width});
    d_.out_height = out.height;
    d_.out_width = out.width;
    std::uint64_t end = 64;
    const auto place = [&](std::uint64_t bytes) {
      const std::uint64_t address = (end + 63) / 64 * 64;
      end = address + bytes;
      return address;
    };
    d_.input_address = place(d_.batch * d_.input_image_bytes());
    d_.index_address = place(d_.dense_bytes());
    d_.output_address = place(d_.batch * d_.output_image_bytes());
    d_.multiplier_address = place(d_.parameter_bytes());
    // The list comes last: what is read behind it is outside device memory.
    d_.codebook_address = place(d_.stem_codebook_bytes());
    memory_.resize(end);
    for (auto& byte : memory_) {
      byte = static_cast<std::uint8_t>(random());
    }
    for (std::uint64_t o = 0; o < d_.out_channels; ++o) {
      // Half of a sum, and 1 more.
      const IntegerParameters parameters{16384, 1, 0, 0, 0, {}};
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(&parameters);
      std::copy_n(bytes, IntegerParameters::kBytes,
                  memory_.begin() + static_cast<std::ptrdiff_t>(d_.multiplier_address + o * IntegerParameters::kBytes));
    }
  }

  const LayerDescriptor& layer() const { return d_; }
  std::vector<std::uint8_t>& memory() { return memory_; }

  /// A value of the output as the contract defines it, from what is in memory.
  std::int16_t ExpectedAt(std::uint32_t image, std::uint32_t output, std::uint32_t row, std::uint32_t column) const {
    const std::uint32_t lane_columns = d_.stride_w <= 2 ? 2 : 1;
    const std::uint32_t lane = column / lane_columns;
    std::array<std::int64_t, 4> sums{};
    for (std::uint32_t t = 0; t < d_.integer->taps; ++t) {
      const std::uint32_t word = Word(t);
      const auto pixel = [&](std::uint32_t position) {
        const std::uint32_t of_lane = (position + lane % 2 * lane_columns * d_.stride_w) % 16;
        return PixelAt(image, word >> 13 & 3, std::int64_t{row} * d_.stride_h - d_.pad_top + (word >> 10 & 7),
                       std::int64_t{lane / 2 * 2 * lane_columns} * d_.stride_w - d_.pad_left + of_lane);
      };
      const std::uint32_t combination = word >> 8 & 3;
      const int second = combination == 0 ? 0 : pixel(word >> 4 & 15);
      sums[word >> 15 & 3] += WeightAt(t, output) * (pixel(word & 15) + (combination == 1 ? second : -second));
    }
    const std::int64_t doubled = column % lane_columns == 0 ? sums[0] + sums[1] + sums[2] : sums[1] - sums[2] + sums[3];
    const int shift = d_.integer->shift;
    const std::int64_t moved =
        std::clamp<std::int64_t>((doubled + (std::int64_t{1} << (shift - 1))) >> shift, -32768, 32767);
    const std::int64_t most = (1 << (d_.integer->value_bits - 1)) - 1;
    return static_cast<std::int16_t>(std::clamp<std::int64_t>(((moved * 16384 + 16384) >> 15) + 1, -most - 1, most));
  }

  std::int16_t OutputAt(std::uint32_t image, std::uint32_t output, std::uint32_t row, std::uint32_t column) const {
    const std::size_t row_bytes = d_.output_row_bytes();
    const std::size_t at = d_.output_address +
                           ((std::size_t{image} * d_.out_height + row) * d_.out_channels + output) * row_bytes +
                           2 * std::size_t{column};
    return static_cast<std::int16_t>(memory_[at] | memory_[at + 1] << 8);
  }

 private:
  std::uint32_t Word(std::uint32_t tap) const {
    std::uint32_t word = 0;
    for (std::size_t byte = 0; byte < 4; ++byte) {
      word |= std::uint32_t{memory_[d_.codebook_address + 8 + 4 * tap + byte]} << 8 * byte;
    }
    return word;
  }

  int WeightAt(std::uint32_t tap, std::uint32_t output) const {
    const std::size_t at = d_.index_address + 2 * (std::size_t{64} * tap + output);
    const int ten = (memory_[at] | memory_[at + 1] << 8) % 1024;
    return ten < 512 ? ten : ten - 1024;
  }

  int PixelAt(std::uint32_t image, std::uint32_t channel, std::int64_t y, std::int64_t x) const {
    if (channel >= d_.in_channels || y < 0 || y >= d_.in_height || x < 0 || x >= d_.in_width) {
      return 0;
    }
    const std::size_t plane = (std::size_t{image} * d_.in_channels + channel) * d_.in_height;
    return memory_[d_.input_address + (plane + static_cast<std::size_t>(y)) * d_.in_width +
                   static_cast<std::size_t>(x)] -
           memory_[d_.codebook_address + channel];
  }

  LayerDescriptor d_;
  std::vector<std::uint8_t> memory_;
};

TEST(DenseEngine, FollowsWhateverListOfTapsAStemHas) {
  std::mt19937 random(1);
  for (int run = 0; run < SweepRounds(300); ++run) {
    SCOPED_TRACE(run);
    StemInMemory stem(random);
    Capabilities capabilities = EmulatorCapabilities("tables");
    capabilities.memory_bytes = stem.memory().size();
    const LayerDescriptor& d = stem.layer();
    ASSERT_EQ(d.Validate(capabilities), ErrorCode::kNone);
    ASSERT_EQ(RunDenseLayer(d, stem.memory().data()), ErrorCode::kNone);
    for (std::uint32_t image = 0; image < d.batch; ++image) {
      for (std::uint32_t output = 0; output < d.out_channels; ++output) {
        for (std::uint32_t row = 0; row < d.out_height; ++row) {
          for (std::uint32_t column = 0; column < d.out_width; ++column) {
            ASSERT_EQ(stem.OutputAt(image, output, row, column), stem.ExpectedAt(image, output, row, column))
                << "output " << output << ", row " << row << ", column " << column;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace subbit::fpga
