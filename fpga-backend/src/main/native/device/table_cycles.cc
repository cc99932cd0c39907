#include "device/table_cycles.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <vector>

#include "device/bus_model.h"
#include "device/value_cycles.h"
#include "tables/device.h"

namespace subbit::fpga {
namespace {

/// From the last row that is stored to the first window of a block, and from a block's last look-up to the next one's.
constexpr std::uint64_t kBlockOverhead = 3;
/// From a step's last codeword, in the first match unit, to its first look-up: on top of a cycle for each unit.
constexpr std::uint64_t kSettle = 9;
/// From a band's last look-up to its first row that is read for writing.
constexpr std::uint64_t kSigns = 15;
/// Goes through images, one after the other.
class Images {
 public:
  Images(const LayerDescriptor& d, const Capabilities& c, const TableKernels& kernels)
      : d_(d),
        kernels_(kernels),
        pixels_(c.accumulators / 2),
        units_(c.channel_lanes * c.dot_units / c.accumulators),
        share_(c.channel_lanes / units_),
        groups_(CeilDivide(d.in_channels, c.channel_lanes)),
        parts_(contract::kIndexChannels / c.channel_lanes),
        index_groups_(CeilDivide(d.in_channels, contract::kIndexChannels)),
        ring_words_(CeilDivide(c.max_channels, contract::kIndexChannels) * contract::kIndexOutputs),
        pairs_(d.out_width > pixels_),
        by_group_(d.adds_residual),
        rows_cycles_(kRunOverhead + std::max(CeilDivide(d.input_image_bytes(), kBusBytes),
                                             d.in_channels * CeilDivide(d.in_height, 3))),
        steps_in_row_(CeilDivide(d.out_width, 2 * pixels_)),
        values_(d, pixels_, pairs_),
        band_rows_(values_.band_rows()) {}

  /// Returns when the next image's last output is written, if the first one begins at 0. After the last image nothing
  /// more is read.
  std::uint64_t Next(bool last_image) {
    last_image_ = last_image;
    while (rows_due_) {
      Read();
    }
    looked_ = rows_read_;
    for (std::uint64_t channel = 0; channel < d_.out_channels; channel += contract::kIndexOutputs) {
      Block(channel, OutputsFrom(channel));
    }
    return written_;
  }

 private:
  std::uint64_t OutputsFrom(std::uint64_t channel) const {
    return std::min<std::uint64_t>(contract::kIndexOutputs, d_.out_channels - channel);
  }

  void Block(std::uint64_t first, std::uint64_t outputs) {
    const std::uint64_t slots = share_ * std::max(kernels_.entries, units_);
    std::uint64_t filled = looked_ + kBlockOverhead;
    std::deque<std::uint64_t> banks(4, 0);  // when the last four steps were looked up
    const std::uint64_t first_group = first / contract::kIndexOutputs * index_groups_;
    for (std::uint64_t row = 0; row < d_.out_height; row += band_rows_) {
      const std::uint64_t rows = std::min<std::uint64_t>(band_rows_, d_.out_height - row);
      const bool last_band = row + rows == d_.out_height;
      const std::uint64_t steps = pairs_ ? rows * steps_in_row_ : CeilDivide(rows, 2);
      for (std::uint64_t group = 0; group < groups_; ++group) {
        const std::uint64_t index_group = first_group + group / parts_;
        while (loaded_.size() <= index_group) {
          Read();
        }
        for (std::uint64_t step = 0; step < steps; ++step) {
          // Without pairs the tiles are filled one after the other, and the last row may have none for the second.
          const bool one = pairs_ || 2 * step + 1 == rows;
          filled = std::max(filled, banks.front()) + (one ? 1 : 2) * slots;
          std::uint64_t begins = std::max(looked_, filled + units_ + kSettle);
          if (step == 0 && row == 0) {
            begins = std::max(begins, loaded_[index_group]);
          }
          if (step == 0 && group + 1 == groups_) {
            begins = std::max(begins, room_before_);
          }
          looked_ = begins + outputs * kernels_.look_ups;
          banks.pop_front();
          banks.push_back(looked_);
        }
        if (last_band && ((group + 1) % parts_ == 0 || group + 1 == groups_)) {
          freed_.push_back({(freed_.empty() ? 0 : freed_.back().words) + outputs, looked_});
        }
      }
      if (last_band && first + outputs == d_.out_channels) {
        EndImage();
      }
      Write(first, row, rows, outputs);
    }
  }

  /// The rows of the next image take the place of this one's.
  void EndImage() {
    rows_due_ = !last_image_;
    all_read_ = last_image_;
    rows_may_come_ = looked_ + kBlockOverhead;
    loaded_.clear();
    freed_.clear();
    words_ = 0;
  }

  /// When the next run of rows, or the next group of indices, may be asked for; nothing while that is not known.
  std::optional<std::uint64_t> MayRead() const {
    if (rows_due_) {
      return rows_may_come_;
    }
    if (all_read_ || loaded_.size() == index_groups_ * CeilDivide(d_.out_channels, contract::kIndexOutputs)) {
      return std::nullopt;
    }
    return RoomFor(words_ + OutputsFrom(loaded_.size() / index_groups_ * contract::kIndexOutputs));
  }

  /// When there is room for the last of so many words of an image, if that is known.
  std::optional<std::uint64_t> RoomFor(std::uint64_t words) const {
    if (words <= ring_words_) {
      return 0;
    }
    const auto freed =
        std::find_if(freed_.begin(), freed_.end(), [&](const Freed& f) { return f.words + ring_words_ >= words; });
    return freed == freed_.end() ? std::nullopt : std::optional<std::uint64_t>(freed->time);
  }

  /// The rows of an image, or the indices of the next group of channels, one word for each output channel and bit.
  void Read() {
    if (rows_due_) {
      rows_due_ = false;
      reader_ = rows_read_ = std::max(reader_, rows_may_come_) + rows_cycles_;
      return;
    }
    const std::uint64_t outputs = OutputsFrom(loaded_.size() / index_groups_ * contract::kIndexOutputs);
    if (by_group_) {
      reader_ = std::max(reader_, RoomFor(words_ + outputs).value_or(0)) + kRunOverhead + outputs * kernels_.index_bits;
    } else {
      reader_ += loaded_.empty() ? kRunOverhead : 0;
      for (std::uint64_t o = 1; o <= outputs; ++o) {
        // A word waits for the place of an earlier one.
        reader_ = std::max(reader_, RoomFor(words_ + o).value_or(0)) + kernels_.index_bits;
      }
    }
    words_ += outputs;
    loaded_.push_back(reader_);
  }

  void Write(std::uint64_t first, std::uint64_t row, std::uint64_t rows, std::uint64_t outputs) {
    room_before_ = room_;
    if (d_.integer.has_value()) {
      WriteValues(first, row, rows, outputs);
      return;
    }
    written_ = std::max(written_, looked_ + kSigns) + ValueBands::BitRuns(d_, first, row, rows, outputs);
    room_ = written_;
  }

  /// The residuals' runs share the bus with rows and indices.
  void WriteValues(std::uint64_t first, std::uint64_t row, std::uint64_t rows, std::uint64_t outputs) {
    values_.Write(first, row, rows, outputs, looked_, [&](std::uint64_t run, std::uint64_t asks) {
      if (!d_.adds_residual) {
        return asks;
      }
      if (run > 0) {
        reader_ = values_.room();
      }
      // What may be read before goes first, but not between the runs of a band.
      for (auto may = MayRead(); run == 0 && may.has_value() && std::max(*may, reader_) + 1 < asks; may = MayRead()) {
        Read();
      }
      return std::max(asks, reader_) + kRunOverhead;
    });
    room_ = values_.room();
    if (d_.adds_residual) {
      reader_ = room_;
    }
    written_ = values_.written();
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
  const std::uint64_t groups_;        ///< of channels that are looked up at once
  const std::uint64_t parts_;         ///< of such groups, in a group of the index
  const std::uint64_t index_groups_;  ///< of channels whose indices lie together
  const std::uint64_t ring_words_;
  const bool pairs_;
  const bool by_group_;
  const std::uint64_t rows_cycles_;
  const std::uint64_t steps_in_row_;
  ValueBands values_;
  const std::uint64_t band_rows_;

  // The bus, for reading: when the last run came, which runs are next, and when they may come.
  std::uint64_t reader_ = 0;
  bool rows_due_ = true;
  bool all_read_ = false;
  bool last_image_ = false;
  std::uint64_t rows_may_come_ = 0;
  std::uint64_t rows_read_ = 0;
  std::vector<std::uint64_t> loaded_;  ///< when each group of indices of the image was there
  std::uint64_t words_ = 0;            ///< of them
  std::vector<Freed> freed_;           ///< words that are needed no more
  std::uint64_t looked_ = 0;           ///< when the last step was looked up
  std::uint64_t written_ = 0;          ///< when the last band was written
  std::uint64_t room_ = 0;             ///< when the last band made room for sums, and the one before
  std::uint64_t room_before_ = 0;
};

/// Of a batch. Images of bits are counted one by one; the values of one are still written while the next is read, so
/// that a few of them show what each further one adds.
std::uint64_t ImageCycles(const LayerDescriptor& d, const Capabilities& c, const TableKernels& kernels) {
  Images images(d, c, kernels);
  if (!d.integer.has_value()) {
    return d.batch * images.Next(true);
  }
  constexpr std::uint32_t kImages = 4;
  const std::uint32_t counted = std::min(d.batch, kImages);
  std::vector<std::uint64_t> written(1, 0);
  for (std::uint32_t i = 1; i <= counted; ++i) {
    written.push_back(images.Next(i == counted));
  }
  // The last image but one of those that were counted is like those that are not.
  const std::uint64_t further = d.batch > kImages ? written[kImages - 1] - written[kImages - 2] : 0;
  return written.back() + (d.batch - counted) * further;
}

}  // namespace

TableKernels SubBitKernels(int tau) { return {std::uint64_t{1} << tau, 1, static_cast<std::uint64_t>(tau)}; }

TableKernels BinaryKernels() { return {32 + 16, 2, 9}; }

std::uint64_t TableCycles(const LayerDescriptor& d, const Capabilities& c, const TableKernels& kernels) {
  // Codewords and rules: a cycle for each, and one for each beat.
  const std::uint64_t parameters =
      d.integer.has_value() ? CeilDivide(d.parameter_bytes(), kBusBytes) : std::uint64_t{d.out_channels} * 3 / 2;
  const std::uint64_t weights = 2 * kRunOverhead + (std::uint64_t{1} << d.tau) * 5 / 4 + parameters;
  return weights + ImageCycles(d, c, kernels) + kTailOverhead;
}

}  // namespace subbit::fpga
