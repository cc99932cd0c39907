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

/// From a block's last look-up, or the first rows of an image, to the first window of the block.
constexpr std::uint64_t kBlockOverhead = 3;
/// From an image's last look-up to the first window of the next one, on top of that.
constexpr std::uint64_t kImageOverhead = 1;
/// From a step's last codeword, in the first match unit, to its first look-up: on top of a cycle for each unit.
constexpr std::uint64_t kSettle = 9;
/// From a band's last look-up to its first row that is read for writing.
constexpr std::uint64_t kSigns = 17;
/// From a run's request to the next one's.
constexpr std::uint64_t kAskEvery = 4;
/// A run is requested in full, and the next one may be, so long before its end: subbit_axi_read has room for so many
/// beats.
constexpr std::uint64_t kAhead = 198;
/// Bytes that subbit_table_rows holds at most when it takes a beat: three of the longest rows.
constexpr std::uint64_t kRowsHeld = 21;
/// Runs of rows and indices that are on their way.
constexpr std::size_t kRunsAhead = 2;

/// Goes through images, one after the other.
class Images {
 public:
  Images(const LayerDescriptor& d, const Capabilities& c, const TableKernels& kernels, std::uint32_t images)
      : d_(d),
        kernels_(kernels),
        images_(images),
        pixels_(c.accumulators / 2),
        units_(c.channel_lanes * c.dot_units / c.accumulators),
        share_(c.channel_lanes / units_),
        groups_(CeilDivide(d.in_channels, c.channel_lanes)),
        parts_(contract::kIndexChannels / c.channel_lanes),
        index_groups_(CeilDivide(d.in_channels, contract::kIndexChannels)),
        blocks_(CeilDivide(d.out_channels, contract::kIndexOutputs)),
        ring_words_(CeilDivide(c.max_channels, contract::kIndexChannels) * contract::kIndexOutputs),
        pairs_(d.out_width > pixels_),
        row_places_(CeilDivide(d.in_height, 3)),
        halves_(d.in_channels * row_places_ <= c.input_rows / 2),
        steps_in_row_(CeilDivide(d.out_width, 2 * pixels_)),
        values_(d, pixels_, pairs_),
        band_rows_(values_.band_rows()) {}

  /// Returns when the next image's last output is written, if the first one begins at 0.
  std::uint64_t Next() {
    const std::size_t first_group = done_.size() * index_groups_;
    looked_ = std::max({looked_ + (done_.empty() ? 0 : kImageOverhead), Stored(first_group), values_.measured()});
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
    const std::size_t image_group = done_.size() * index_groups_;
    const std::size_t first_group = image_group * blocks_ + first / contract::kIndexOutputs * index_groups_;
    for (std::uint64_t row = 0; row < d_.out_height; row += band_rows_) {
      const std::uint64_t rows = std::min<std::uint64_t>(band_rows_, d_.out_height - row);
      const bool last_band = row + rows == d_.out_height;
      const std::uint64_t steps = pairs_ ? rows * steps_in_row_ : CeilDivide(rows, 2);
      for (std::uint64_t group = 0; group < groups_; ++group) {
        filled = std::max(filled, Stored(image_group + group / parts_));
        const std::uint64_t loaded = Loaded(first_group + group / parts_);
        for (std::uint64_t step = 0; step < steps; ++step) {
          // Without pairs the tiles are filled one after the other, and the last row may have none for the second.
          const bool one = pairs_ || 2 * step + 1 == rows;
          filled = std::max(filled, banks.front()) + (one ? 1 : 2) * slots;
          std::uint64_t begins = std::max(looked_, filled + units_ + kSettle);
          if (step == 0 && row == 0) {
            begins = std::max(begins, loaded);
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
        done_.push_back(looked_);
      }
      Write(first, row, rows, outputs);
    }
  }

  /// When the rows of a group of channels, counted over all images, are stored.
  std::uint64_t Stored(std::size_t group) {
    while (stored_.size() <= group) {
      Read();
    }
    return stored_[group];
  }

  /// When a group of indices, counted over all blocks and images, is there.
  std::uint64_t Loaded(std::size_t group) {
    while (loaded_.size() <= group) {
      Read();
    }
    return loaded_[group];
  }

  /// A request, of rows or of indices, and when it may be made.
  struct Request {
    bool rows;
    std::uint64_t time;
  };

  /// The next one, if any may be made at a time that is known.
  std::optional<Request> NextRequest() const {
    std::uint64_t free = next_request_;
    if (ends_.size() >= kRunsAhead) {
      free = std::max(free, ends_[ends_.size() - kRunsAhead] + 1);
    }
    const auto rows = RowsMayCome();
    const auto indices = IndicesMayCome();
    if (!rows && !indices) {
      return std::nullopt;
    }
    const std::uint64_t rows_at = std::max(free, rows.value_or(0));
    const std::uint64_t indices_at = std::max(free, indices.value_or(0));
    const bool takes_rows = rows && (!indices || rows_at < indices_at || (rows_at == indices_at && rows_turn_));
    return Request{takes_rows, takes_rows ? rows_at : indices_at};
  }

  /// When there is room for the next group's rows.
  std::optional<std::uint64_t> RowsMayCome() const {
    const std::size_t image = stored_.size() / index_groups_;
    if (image == images_) {
      return std::nullopt;
    }
    if (stored_.size() % index_groups_ != 0 || image == 0) {
      return 0;
    }
    const std::size_t held = halves_ ? 2 : 1;
    if (image < held) {
      return stored_.back();
    }
    return image - held < done_.size() ? std::optional<std::uint64_t>(done_[image - held] + kImageOverhead)
                                       : std::nullopt;
  }

  /// When there is room for the next group of indices.
  std::optional<std::uint64_t> IndicesMayCome() const {
    if (loaded_.size() == images_ * index_groups_ * blocks_) {
      return std::nullopt;
    }
    const std::uint64_t words = words_ + NextOutputs();
    if (words <= ring_words_) {
      return 0;
    }
    const auto freed =
        std::find_if(freed_.begin(), freed_.end(), [&](const Freed& f) { return f.words + ring_words_ >= words; });
    return freed == freed_.end() ? std::nullopt : std::optional<std::uint64_t>(freed->time + 2);
  }

  /// Output channels of the next group of indices.
  std::uint64_t NextOutputs() const {
    return OutputsFrom(loaded_.size() / index_groups_ % blocks_ * contract::kIndexOutputs);
  }

  /// Reads the rows of a group of channels, or indices of one: a word for each output channel and bit.
  void Read() {
    const Request request = NextRequest().value();
    const std::uint64_t begins = std::max(request.time + kRunOverhead, reader_);
    if (request.rows) {
      const std::uint64_t first = stored_.size() % index_groups_ * contract::kIndexChannels;
      const std::uint64_t channels = std::min<std::uint64_t>(contract::kIndexChannels, d_.in_channels - first);
      const std::uint64_t image_at = stored_.size() / index_groups_ * d_.input_image_bytes() % kBusBytes;
      const std::uint64_t beats = CeilDivide(image_at + channels * d_.in_height * d_.input_row_bytes(), kBusBytes);
      const std::uint64_t places = channels * row_places_;
      stored_.push_back(begins + std::max(beats, places));
      // The run ends with its last beat, when subbit_table_rows still holds the last rows.
      const std::uint64_t held = kRowsHeld / (std::min<std::uint64_t>(3, d_.in_height) * d_.input_row_bytes());
      reader_ = begins + std::max(beats, places - std::min(places, held));
    } else {
      const std::uint64_t outputs = NextOutputs();
      reader_ = begins + outputs * kernels_.index_bits;
      words_ += outputs;
      loaded_.push_back(reader_);
    }
    rows_turn_ = !request.rows;
    next_request_ = std::max(request.time + kAskEvery, reader_ - std::min(reader_, kAhead));
    ends_.push_back(reader_);
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
      // What may be requested before goes first, but not between the runs of a band.
      for (auto next = NextRequest(); run == 0 && next && next->time + 1 < asks; next = NextRequest()) {
        Read();
      }
      next_request_ = std::max(next_request_, asks + 1);
      return std::max(asks + kRunOverhead, reader_);
    });
    room_ = values_.room();
    if (d_.adds_residual) {
      reader_ = std::max(reader_, room_);
      next_request_ = std::max(next_request_, reader_ - std::min(reader_, kAhead));
    }
    written_ = values_.written();
  }

  struct Freed {
    std::uint64_t words;
    std::uint64_t time;
  };

  const LayerDescriptor& d_;
  const TableKernels& kernels_;
  const std::uint64_t images_;
  const std::uint64_t pixels_;
  const std::uint64_t units_;
  const std::uint64_t share_;
  const std::uint64_t groups_;        ///< of channels that are looked up at once
  const std::uint64_t parts_;         ///< of such groups, in a group of rows and indices
  const std::uint64_t index_groups_;  ///< of channels whose rows and indices come together
  const std::uint64_t blocks_;
  const std::uint64_t ring_words_;
  const bool pairs_;
  const std::uint64_t row_places_;
  const bool halves_;  ///< two images fit
  const std::uint64_t steps_in_row_;
  ValueBands values_;
  const std::uint64_t band_rows_;

  // The bus, for reading, and what has come over it.
  std::uint64_t reader_ = 0;           ///< when the last run came
  std::uint64_t next_request_ = 0;     ///< the earliest
  bool rows_turn_ = true;              ///< rows and indices take turns
  std::vector<std::uint64_t> ends_;    ///< of all runs of rows and indices
  std::vector<std::uint64_t> stored_;  ///< when each group's rows were stored
  std::vector<std::uint64_t> loaded_;  ///< when each group of indices was there
  std::uint64_t words_ = 0;            ///< of these
  std::vector<Freed> freed_;           ///< words that are needed no more
  std::vector<std::uint64_t> done_;    ///< when each image was looked up
  std::uint64_t looked_ = 0;           ///< when the last step was
  std::uint64_t written_ = 0;          ///< when the last band was written
  std::uint64_t room_ = 0;             ///< when the last band made room for sums, and the one before
  std::uint64_t room_before_ = 0;
};

/// Of a batch. What one image leaves is still written while the next is read and computed, so that some of them,
/// neither the first nor the last, show what each further one adds.
std::uint64_t ImageCycles(const LayerDescriptor& d, const Capabilities& c, const TableKernels& kernels) {
  constexpr std::uint32_t kImages = 20;
  constexpr std::uint32_t kFirst = 4;
  constexpr std::uint32_t kUsual = 8;
  const std::uint32_t counted = std::min(d.batch, kImages);
  Images images(d, c, kernels, counted);
  std::vector<std::uint64_t> written(1, 0);
  for (std::uint32_t i = 0; i < counted; ++i) {
    written.push_back(images.Next());
  }
  const std::uint64_t further = d.batch > kImages ? written[kFirst + kUsual] - written[kFirst] : 0;
  return written.back() + (d.batch - counted) * further / kUsual;
}

}  // namespace

TableKernels SubBitKernels(int tau) { return {std::uint64_t{1} << tau, 1, static_cast<std::uint64_t>(tau)}; }

TableKernels BinaryKernels() { return {32 + 16, 2, 9}; }

std::uint64_t TableCycles(const LayerDescriptor& d, const Capabilities& c, const TableKernels& kernels) {
  // Codewords and rules: a cycle for each.
  const std::uint64_t parameters =
      d.integer.has_value() ? CeilDivide(d.parameter_bytes(), kBusBytes) : std::uint64_t{d.out_channels};
  const std::uint64_t weights = 2 * kRunOverhead + (std::uint64_t{1} << d.tau) + parameters;
  return weights + ImageCycles(d, c, kernels) + kTailOverhead;
}

}  // namespace subbit::fpga
