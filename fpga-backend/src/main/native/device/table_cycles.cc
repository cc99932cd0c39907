#include "device/table_cycles.h"

#include <algorithm>
#include <deque>
#include <vector>

#include "device/bus_model.h"
#include "tables/device.h"

namespace subbit::fpga {
namespace {

/// Sums of a tile for each of its pixels.
constexpr std::uint64_t kTableSums = 512;
/// From the last row that is stored to the first window of a block, and from a block's last look-up to the next one's.
constexpr std::uint64_t kBlockOverhead = 3;
/// From a step's last codeword, in the first match unit, to its first look-up: on top of a cycle for each unit.
constexpr std::uint64_t kSettle = 7;
/// From a band's last look-up to its first row that is read for writing.
constexpr std::uint64_t kSigns = 14;

/// Goes through one image.
class Image {
 public:
  Image(const LayerDescriptor& d, const Capabilities& c, const TableKernels& kernels)
      : d_(d),
        kernels_(kernels),
        pixels_(c.accumulators / 2),
        units_(c.channel_lanes * c.dot_units / c.accumulators),
        share_(c.channel_lanes / units_),
        groups_(CeilDivide(d.in_channels, c.channel_lanes)),
        ring_words_(CeilDivide(c.max_channels, c.channel_lanes) * contract::kIndexOutputs),
        pairs_(d.out_width > pixels_) {
    const std::uint64_t block = std::min<std::uint64_t>(d.out_channels, contract::kIndexOutputs);
    steps_in_row_ = CeilDivide(d.out_width, 2 * pixels_);
    band_rows_ = std::max<std::uint64_t>(1, kTableSums / (block * steps_in_row_)) * (pairs_ ? 1 : 2);
  }

  /// Returns when its last bits are written, having begun at 0.
  std::uint64_t Run() {
    const std::uint64_t places = d_.in_channels * CeilDivide(d_.in_height, 3);
    const std::uint64_t rows = kRunOverhead + std::max(CeilDivide(d_.input_image_bytes(), kBusBytes), places);
    stream_ = rows + kRunOverhead;
    looked_ = rows;
    for (std::uint64_t channel = 0; channel < d_.out_channels; channel += contract::kIndexOutputs) {
      Block(channel, std::min<std::uint64_t>(contract::kIndexOutputs, d_.out_channels - channel));
    }
    return written_;
  }

 private:
  void Block(std::uint64_t first, std::uint64_t outputs) {
    const std::uint64_t slots = share_ * std::max(kernels_.entries, units_);
    std::uint64_t filled = looked_ + kBlockOverhead;
    std::deque<std::uint64_t> banks(4, 0);  // when the last four steps were looked up
    const std::uint64_t first_group = loaded_groups_;
    for (std::uint64_t row = 0; row < d_.out_height; row += band_rows_) {
      const std::uint64_t rows = std::min<std::uint64_t>(band_rows_, d_.out_height - row);
      const std::uint64_t steps = pairs_ ? rows * steps_in_row_ : CeilDivide(rows, 2);
      for (std::uint64_t group = 0; group < groups_; ++group) {
        if (row == 0) {
          while (loaded_groups_ <= first_group + group) {
            Load(outputs);
          }
        }
        for (std::uint64_t step = 0; step < steps; ++step) {
          // Without pairs the tiles are filled one after the other, and the last row may have none for the second.
          const bool one = pairs_ || 2 * step + 1 == rows;
          filled = std::max(filled, banks.front()) + (one ? 1 : 2) * slots;
          std::uint64_t begins = std::max(looked_, filled + units_ + kSettle);
          if (step == 0 && row == 0) {
            begins = std::max(begins, loaded_);
          }
          if (step == 0 && group + 1 == groups_) {
            begins = std::max(begins, written_before_);
          }
          looked_ = begins + outputs * kernels_.look_ups;
          banks.pop_front();
          banks.push_back(looked_);
        }
        if (row + rows == d_.out_height) {
          freed_.push_back({(freed_.empty() ? 0 : freed_.back().words) + outputs, looked_});
        }
      }
      Write(first, row, rows, outputs);
    }
  }

  /// The indices of the next group of channels, one word for each output channel and bit.
  void Load(std::uint64_t outputs) {
    for (std::uint64_t o = 0; o < outputs; ++o) {
      ++words_;
      // A word waits for the place of an earlier one.
      while (freed_at_ < freed_.size() && freed_[freed_at_].words + ring_words_ < words_) {
        ++freed_at_;
      }
      if (words_ > ring_words_ && freed_at_ < freed_.size()) {
        stream_ = std::max(stream_, freed_[freed_at_].time);
      }
      stream_ += kernels_.index_bits;
    }
    loaded_ = stream_;
    ++loaded_groups_;
  }

  /// Values of 16 bits: a run for each row of the band, four values per cycle, behind the residual's run of the same
  /// row. The signs follow.
  void WriteValues(std::uint64_t rows, std::uint64_t outputs) {
    const std::uint64_t run = outputs * CeilDivide(d_.output_row_bytes(), kBusBytes);
    const std::uint64_t sign_bytes = RowBytes(ElementFormat::kBits, d_.out_width);
    const std::uint64_t signs =
        d_.integer->gives_signs ? outputs * (CeilDivide(rows * sign_bytes, kBusBytes) + 1 + kWriteOverhead) : 0;
    const std::uint64_t begins = std::max(written_, looked_ + kSigns);
    const std::uint64_t read = rows * (kRunOverhead + run);
    const std::uint64_t write = rows * (kWriteOverhead + run) + signs;
    if (d_.adds_residual) {
      // The index shares the bus.
      stream_ = std::max(stream_, begins) + read;
    }
    written_ = std::max(begins + write, d_.adds_residual ? stream_ + signs : 0);
  }

  /// A run of bytes for each channel.
  void Write(std::uint64_t first, std::uint64_t row, std::uint64_t rows, std::uint64_t outputs) {
    written_before_ = written_;
    if (d_.integer.has_value()) {
      WriteValues(rows, outputs);
      return;
    }
    written_ = std::max(written_, looked_ + kSigns);
    const std::uint64_t bytes = rows * d_.output_row_bytes();
    for (std::uint64_t o = 0; o < outputs; ++o) {
      const std::uint64_t offset = ((first + o) * d_.out_height + row) * d_.output_row_bytes() % kBusBytes;
      // A row per cycle, and one more for what the last row leaves of a second beat.
      const std::uint64_t before = rows == 1 ? offset : (offset + bytes - d_.output_row_bytes()) % kBusBytes;
      written_ += rows + (before + d_.output_row_bytes() > kBusBytes ? 1 : 0) + kWriteOverhead;
    }
  }

  struct Freed {
    std::uint64_t words;
    std::uint64_t time;
  };

  const LayerDescriptor& d_;
  const TableKernels& kernels_;
  const std::uint64_t pixels_;
  const std::uint64_t units_;
  const std::uint64_t share_;
  const std::uint64_t groups_;
  const std::uint64_t ring_words_;
  const bool pairs_;
  std::uint64_t steps_in_row_;
  std::uint64_t band_rows_;

  std::uint64_t stream_ = 0;  ///< when the last word came
  std::uint64_t loaded_ = 0;  ///< when the last group was complete
  std::uint64_t loaded_groups_ = 0;
  std::uint64_t words_ = 0;
  std::vector<Freed> freed_;
  std::size_t freed_at_ = 0;
  std::uint64_t looked_ = 0;   ///< when the last step was looked up
  std::uint64_t written_ = 0;  ///< when the last band was written, and the one before
  std::uint64_t written_before_ = 0;
};

}  // namespace

TableKernels SubBitKernels(int tau) { return {std::uint64_t{1} << tau, 1, static_cast<std::uint64_t>(tau)}; }

TableKernels BinaryKernels() { return {32 + 16, 2, 9}; }

std::uint64_t TableCycles(const LayerDescriptor& d, const Capabilities& c, const TableKernels& kernels) {
  // Codewords and rules: a cycle for each, and one for each beat.
  const std::uint64_t parameters =
      d.integer.has_value() ? CeilDivide(d.parameter_bytes(), kBusBytes) : std::uint64_t{d.out_channels} * 3 / 2;
  const std::uint64_t weights = 2 * kRunOverhead + (std::uint64_t{1} << d.tau) * 5 / 4 + parameters;
  return weights + d.batch * Image(d, c, kernels).Run() + kTailOverhead;
}

}  // namespace subbit::fpga
