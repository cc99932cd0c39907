#include "device/dense_cycles.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "device/bus_model.h"
#include "device/integer_parameters.h"
#include "device/stem_taps.h"
#include "device/value_cycles.h"

namespace subbit::fpga {
namespace {

/// A beat of a list of taps is stored in so many cycles.
constexpr std::uint64_t kListCycles = 2;
/// The least cycles between the ends of passes.
constexpr std::uint64_t kShortest = 8;

std::uint64_t Beats(std::uint64_t bytes) { return CeilDivide(bytes, kBusBytes); }

/// Calls visit(outputs) for each block of output channels.
template <class Visit>
void ForEachBlock(const LayerShape& d, const Visit& visit) {
  for (std::uint64_t first = 0; first < d.out_channels; first += contract::kDenseOutputs) {
    visit(std::min<std::uint64_t>(contract::kDenseOutputs, d.out_channels - first));
  }
}

/// The passes of a stem for a group of neighbouring columns of a set: one for each sum of the list. A pass waits until
/// the sums before it have been drained, two channels of both lanes in a cycle, and the last one for the second stage,
/// which makes sums of columns of them.
class StemPasses {
 public:
  explicit StemPasses(const LayerDescriptor& d) : two_ends_(LaneColumns(d) == 2 && d.integer->pool_strides[1] == 1) {
    std::uint64_t of_sum = 0;
    for (const StemTap& tap : StemTaps(d)) {
      ++of_sum;
      if (tap.last) {
        taps_.push_back(of_sum);
        of_sum = 0;
      }
    }
  }

  /// Of each sum of the list that has taps.
  const std::vector<std::uint64_t>& taps() const { return taps_; }
  /// Cycles to drain a sum of so many channels.
  std::uint64_t Drain(std::uint64_t outputs) const {
    return std::max(kShortest, CeilDivide(outputs, kDrainedChannels));
  }
  /// Cycles of the second stage: the four words of a pair of channels are read one by one, and two columns that may
  /// both end a window go on one by one.
  std::uint64_t Second(std::uint64_t outputs) const { return CeilDivide(outputs, kDrainedChannels) * Pair(); }
  /// Cycles of a pair of channels.
  std::uint64_t Pair() const { return kStemSums * (two_ends_ ? 2 : 1); }
  /// Cycles from one group to the next.
  std::uint64_t Group(std::uint64_t outputs) const {
    std::uint64_t all = 0;
    for (const std::uint64_t of_sum : taps_) {
      all += std::max(of_sum, Drain(outputs));
    }
    return std::max(all, Second(outputs));
  }

 private:
  /// Channels whose sums are drained in a cycle.
  static constexpr std::uint64_t kDrainedChannels = 2;

  const bool two_ends_;
  std::vector<std::uint64_t> taps_;
};

/// The end of a stem (subbit_stem_end): units, each a row of the output of some channels, are written one by one. Times
/// count from the layer's begin.
class StemUnits {
 public:
  explicit StemUnits(const LayerDescriptor& d)
      : d_(d), two_(d.out_channels <= contract::kDenseOutputs / 2), words_(Beats(d.output_row_bytes())) {}

  /// When there is room for the next unit.
  std::uint64_t room() const { return two_ ? written_before_ : written_; }
  /// When all that was begun is written.
  std::uint64_t written() const { return written_; }

  /// Writes a unit of a row of `outputs` channels from `first` on, whose last sum is read at `drained`.
  void Write(std::uint64_t first, std::uint64_t row, std::uint64_t outputs, std::uint64_t drained) {
    written_before_ = written_;
    written_ = std::max(drained + kStored, written_ + kNext) + outputs * words_ + kValuesLeave;
    for (std::uint64_t o = first; d_.integer->gives_signs && o < first + outputs; ++o) {
      written_ += words_ + kGathered + SignBeats(o, row);
    }
  }

  /// Beats of the signs of a channel's row.
  std::uint64_t SignBeats(std::uint64_t channel, std::uint64_t row) const {
    const std::uint64_t bytes = RowBytes(ElementFormat::kBits, d_.out_width);
    return Beats((channel * d_.out_height + row) * bytes % kBusBytes + bytes);
  }

 private:
  /// From a unit's last sum to its first value that is read, and from the unit before to that.
  static constexpr std::uint64_t kStored = 29;
  static constexpr std::uint64_t kNext = 6;
  /// From the last value that is read until it has left.
  static constexpr std::uint64_t kValuesLeave = 4;
  /// From the last word of a channel's signs to their first beat.
  static constexpr std::uint64_t kGathered = 3;

  const LayerDescriptor& d_;
  const bool two_;             ///< units fit
  const std::uint64_t words_;  ///< of a row of a channel
  std::uint64_t written_ = 0;  ///< when the last unit was written, and the one before
  std::uint64_t written_before_ = 0;
};

/// A stem or shortcut, image by image: rows are read for each block of output channels, as far ahead as there is room
/// for them, and become rows of sums, pairs of pixels one after the other.
class SumRows {
 public:
  explicit SumRows(const LayerDescriptor& d)
      : d_(d),
        stem_(d.integer->kind == Kind::kStem),
        block_(stem_ ? contract::kDenseOutputs : contract::kIndexOutputs),
        values_(d, kTilePixels, true),
        units_(d) {
    reader_ = kAskOverhead + Beats(d.parameter_bytes());
    if (stem_) {
      passes_.emplace(d);
      reader_ += kQueuedRun + kListCycles * Beats(d.stem_codebook_bytes());
    }
  }

  /// Returns when the next image's last output is written.
  std::uint64_t Next() {
    for (std::uint64_t first = 0; first < d_.out_channels; first += block_) {
      Block(first, std::min(block_, d_.out_channels - first));
    }
    return stem_ ? units_.written() : values_.written();
  }

 private:
  /// Half the pixels of a step of values.
  static constexpr std::uint64_t kTilePixels = 7;
  /// Rows of pixels of a channel that are kept on chip.
  static constexpr std::uint64_t kPixelRows = 32;
  /// A run is asked for a cycle after its place is known.
  static constexpr std::uint64_t kAskOverhead = kRunOverhead + 1;
  /// From such a run's request to its first beat, and from the last one to the next request, with a queue in between.
  static constexpr std::uint64_t kQueuedRun = kAskOverhead + 1;
  /// From one row's last tap to the next one's first, and from what a row needs to its first tap.
  static constexpr std::uint64_t kRowOverhead = 2;
  static constexpr std::uint64_t kRowHere = 3;
  /// By how much sooner a run ends whose beats take two cycles each, since the bus is ahead.
  static constexpr std::uint64_t kAhead = 4;
  /// A beat of pixels is stored in so many cycles.
  static constexpr std::uint64_t kPixelCycles = 4;

  /// The rows of a block of `outputs` output channels from `first` on.
  void Block(std::uint64_t first, std::uint64_t outputs) {
    reader_ = std::max(reader_, computed_ + 2);
    if (!weights_here_ || d_.out_channels > block_) {
      weights_here_ = true;
      const std::uint64_t sets = CeilDivide(d_.out_channels, contract::kDenseOutputs);
      reader_ += kQueuedRun + CeilDivide(outputs, contract::kDenseOutputs) * Beats(d_.dense_bytes() / sets);
    }
    computed_ = std::max(computed_, reader_);
    rows_.clear();
    used_.clear();
    const std::uint64_t band_rows = values_.band_rows();
    const std::uint64_t pool = stem_ ? d_.integer->pool[0] : 1;
    const std::uint64_t stride = stem_ ? d_.integer->pool_strides[0] : 1;
    const std::uint64_t above = stem_ ? d_.integer->pool_pads[0] : 0;
    std::uint64_t out_row = 0;
    std::uint64_t band = 0;
    for (std::uint64_t row = 0; out_row < d_.out_height; ++row) {
      // The row of sums that ends a row of windows.
      const bool ends = row + above + 1 == out_row * stride + pool;
      std::uint64_t begins = std::max(computed_ + kRowOverhead, RowHere(row) + kRowHere);
      if (!stem_ && band == out_row) {
        begins = std::max(begins, room_before_);
      }
      computed_ = begins;
      if (stem_) {
        StemRow(first, out_row, outputs, ends);
      } else {
        ShortcutRow(outputs);
      }
      used_.push_back(computed_);
      out_row += ends ? 1 : 0;
      if (!stem_ && (out_row - band == band_rows || out_row == d_.out_height)) {
        room_before_ = values_.room();
        values_.Write(first, band, out_row - band, outputs, drained_,
                      [](std::uint64_t, std::uint64_t asks) { return asks; });
        band = out_row;
      }
    }
    // What of the image no sum needs is read as well.
    while (rows_.size() < RowsOfImage()) {
      Read();
    }
  }

  std::uint64_t RowsOfImage() const { return stem_ ? d_.in_height : d_.out_height; }

  /// When what a row of sums needs of the image is there.
  std::uint64_t RowHere(std::uint64_t row) {
    const std::uint64_t below = stem_ ? row * d_.stride_h + d_.integer->kernel : row + 1;
    const std::uint64_t needed = std::min(stem_ ? below - d_.pad_top : below, RowsOfImage());
    while (rows_.size() < needed) {
      Read();
    }
    return rows_[needed - 1];
  }

  /// The next row of the image, which takes the place of one that is used no more.
  void Read() {
    const std::uint64_t row = rows_.size();
    if (stem_) {
      const std::uint64_t places = d_.in_channels == 1 ? kPixelRows - 1 : kPixelRows / d_.in_channels;
      // The row of sums before the first that needs nothing above this row's place.
      if (row >= places) {
        const std::uint64_t sums = CeilDivide(row - places + 1 + d_.pad_top, d_.stride_h);
        if (sums <= used_.size()) {
          reader_ = std::max(reader_, used_[sums - 1]);
        }
      }
      reader_ += d_.in_channels * (kQueuedRun + kPixelCycles * Beats(d_.in_width));
    } else {
      if (row >= 2) {
        reader_ = std::max(reader_, used_[row - 2]);
      }
      const std::uint64_t pool = d_.integer->pool[0];
      const std::uint64_t rows = std::min<std::uint64_t>(pool, d_.in_height - row * pool);
      // A beat has two averages, or two pairs. Where it is stored in two cycles, the bus is ahead.
      const std::uint64_t beats = rows * d_.in_channels * Beats(d_.input_row_bytes());
      reader_ += pool == 2 ? kQueuedRun + beats : kQueuedRun - kAhead + 2 * beats;
    }
    rows_.push_back(reader_);
  }

  /// The passes of a row of a shortcut's sums: for each set of channels, pairs of pixels.
  void ShortcutRow(std::uint64_t outputs) {
    for (std::uint64_t set = 0; set < outputs; set += contract::kDenseOutputs) {
      const std::uint64_t here = std::min<std::uint64_t>(contract::kDenseOutputs, outputs - set);
      for (std::uint64_t pass = 0; pass < CeilDivide(d_.out_width, kDensePixels); ++pass) {
        computed_ = std::max(computed_ + d_.in_channels, drained_ + 1);
        drained_ = computed_ + std::max(kShortest, here) - 1;
      }
    }
  }

  /// The groups of a row of a stem's sums, perhaps with a row of the output, whose unit is written.
  void StemRow(std::uint64_t first, std::uint64_t row, std::uint64_t outputs, bool unit) {
    const IntegerStage& stage = *d_.integer;
    const std::uint64_t columns =
        (d_.out_width - std::uint64_t{1}) * stage.pool_strides[1] + stage.pool[1] - stage.pool_pads[1];
    for (std::uint64_t column = 0; column < columns; column += GroupColumns(d_)) {
      for (std::size_t sum = 0; sum < passes_->taps().size(); ++sum) {
        computed_ = std::max(computed_ + passes_->taps()[sum], drained_ + 1);
        if (sum + 1 == passes_->taps().size()) {
          computed_ = std::max(computed_, second_free_);
          if (unit && column == 0) {
            computed_ = std::max(computed_, units_.room() + 1);
          }
        }
        drained_ = computed_ + passes_->Drain(outputs) - 1;
      }
      second_free_ = computed_ + passes_->Second(outputs);
      // The last pair's sums leave when all have been read.
      second_ = drained_ + passes_->Second(outputs) + passes_->Pair();
    }
    if (unit) {
      units_.Write(first, row, outputs, second_);
    }
  }

  const LayerDescriptor& d_;
  const bool stem_;
  const std::uint64_t block_;         ///< output channels whose weights are on chip
  ValueBands values_;                 ///< of a shortcut
  std::optional<StemPasses> passes_;  ///< of a stem
  StemUnits units_;                   ///< likewise
  bool weights_here_ = false;
  std::uint64_t reader_;             ///< when the last run was read
  std::uint64_t computed_ = 0;       ///< when the last tap was issued
  std::uint64_t drained_ = 0;        ///< when the last pass's sums were read
  std::uint64_t second_ = 0;         ///< when the last group of a stem had become sums of columns
  std::uint64_t second_free_ = 0;    ///< when another group's last tap may be issued, so that they do not meet there
  std::uint64_t room_before_ = 0;    ///< when the band before the last made room for sums
  std::vector<std::uint64_t> rows_;  ///< when each row of the block's image was there
  std::vector<std::uint64_t> used_;  ///< when each row of sums needed the image no more
};

/// Of a batch: images are counted one by one as long as they differ.
std::uint64_t SumCycles(const LayerDescriptor& d) {
  constexpr std::uint32_t kImages = 4;
  SumRows rows(d);
  const std::uint32_t counted = std::min(d.batch, kImages);
  std::vector<std::uint64_t> written(1, 0);
  for (std::uint32_t i = 1; i <= counted; ++i) {
    written.push_back(rows.Next());
  }
  const std::uint64_t further = d.batch > kImages ? written[kImages] - written[kImages - 1] : 0;
  return written.back() + (d.batch - counted) * further + kTailOverhead;
}

/// Weights of a block are read once for some images and go through the array for each pair of these, for the first one
/// as they come. The sums of a pair are then written, one per cycle.
std::uint64_t ClassifierCycles(const LayerShape& d) {
  constexpr std::uint64_t kImages = 8;
  // From the last value of an image to the next run, from a pair's last tap to its first sum, and from the last sum of
  // an image to the next one's first or to the next tap.
  constexpr std::uint64_t kSumsOverhead = 3;
  constexpr std::uint64_t kHeldOverhead = 7;
  constexpr std::uint64_t kWriteOverhead = 3;
  // The response to the last burst, and the steps before and after the layer.
  constexpr std::uint64_t kTail = kMemoryLatency + 5;
  const std::uint64_t taps = d.dense_taps();
  const std::uint64_t beats = d.in_height * d.in_channels * Beats(d.input_row_bytes());
  // A sum is read again when it has been written, which takes a cycle more if each beat has another row of one channel.
  const bool alone = d.in_channels == 1 && Beats(d.input_row_bytes()) == 1;
  std::uint64_t cycles = kTail;
  for (std::uint64_t image = 0; image < d.batch; image += kImages) {
    const std::uint64_t images = std::min<std::uint64_t>(kImages, d.batch - image);
    cycles += images * (kRunOverhead + (alone ? 2 : 1) * beats + kSumsOverhead);
    ForEachBlock(d, [&](std::uint64_t outputs) {
      const std::uint64_t pairs = CeilDivide(images, kDensePixels);
      cycles += kRunOverhead + taps * Beats(contract::kDenseOutputs) + (pairs - 1) * taps + pairs * kHeldOverhead +
                images * (outputs + kWriteOverhead);
    });
  }
  // A burst is sent when all its beats are there, and a beat has two sums: the last one waits for those before it.
  constexpr std::uint64_t kBurst = 16;
  const std::uint64_t beats_of_block = Beats(4 * ((d.out_channels - 1) % contract::kDenseOutputs + 1));
  const std::uint64_t last = (beats_of_block - 1) % kBurst + 1;
  return cycles + last + (beats_of_block > kBurst && 2 * last < kBurst ? kBurst - 2 * last : 0);
}

}  // namespace

StemBus BusOf(const LayerDescriptor& d) {
  const IntegerStage& stage = *d.integer;
  const std::uint64_t sets = CeilDivide(d.out_channels, contract::kDenseOutputs);
  const std::uint64_t outputs = std::min<std::uint64_t>(contract::kDenseOutputs, d.out_channels);
  const std::uint64_t weights = d.dense_bytes() / kBusBytes;
  StemBus bus{};
  bus.weights = Beats(d.stem_codebook_bytes()) + weights / sets;
  bus.list = kListCycles * Beats(d.stem_codebook_bytes());
  bus.cycles.reads = static_cast<double>(weights * (sets == 1 ? 1 : d.batch)) +
                     static_cast<double>(d.batch * sets * d.in_channels * d.in_height * Beats(d.in_width));
  bus.cycles.writes = static_cast<double>(d.batch * d.output_image_bytes() / kBusBytes);
  bus.units = static_cast<double>(d.batch * d.out_height * sets);
  bus.runs = 1 + (stage.gives_signs ? static_cast<double>(outputs) : 0);
  // Of one unit: the groups of each row of sums, and how long it takes to be written.
  StemUnits unit(d);
  unit.Write(0, 0, outputs, 0);
  const std::uint64_t groups = CeilDivide(std::uint64_t{d.out_width} * stage.pool_strides[1], GroupColumns(d));
  const std::uint64_t rows = outputs <= contract::kDenseOutputs / 2 ? stage.pool_strides[0] : stage.pool_strides[0] - 1;
  bus.slack = std::max(
      0.0, static_cast<double>(rows * groups * StemPasses(d).Group(outputs)) - static_cast<double>(unit.written()));
  return bus;
}

std::uint64_t DenseCycles(const LayerDescriptor& d) {
  switch (d.integer->kind) {
    case Kind::kStem:
    case Kind::kShortcut:
      return SumCycles(d);
    default:
      return ClassifierCycles(d);
  }
}

}  // namespace subbit::fpga
