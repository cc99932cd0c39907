#pragma once

#include <algorithm>
#include <cstdint>

#include "device/layer_descriptor.h"

namespace subbit::fpga {

/// The cycles of what ends a layer of an integer network that gives values (subbit_table_values): bands of rows of a
/// block of output channels become rows of values, and the signs of some bands follow. Times count from the layer's
/// begin. Not for several threads.
class ValueBands {
 public:
  /// The layer, of whose output channels a block has contract::kIndexOutputs; `pairs` if the two tiles of a step are
  /// neighbours in a row.
  ValueBands(const LayerDescriptor& d, std::uint64_t pixels, bool pairs);

  /// Rows of a band, but for the last one.
  std::uint64_t band_rows() const { return band_rows_; }
  /// When that is known.
  std::uint64_t measured() const { return measured_; }
  /// When the band that was written last made room for sums.
  std::uint64_t room() const { return room_; }
  /// When all that was begun is written.
  std::uint64_t written() const { return written_; }

  /// Writes `rows` rows from `row` on of `outputs` channels from `first` on, whose last sum comes at `complete`: a run
  /// for each row of the block's channels, or, if these are all, for the band. `begin(run, asks)` returns when a run's
  /// values begin that may begin at `asks`.
  template <class Begin>
  void Write(std::uint64_t first, std::uint64_t row, std::uint64_t rows, std::uint64_t outputs, std::uint64_t complete,
             const Begin& begin) {
    const std::uint64_t runs = single_ ? 1 : rows;
    const std::uint64_t beats = outputs * row_beats_ * (single_ ? rows : 1);
    std::uint64_t asks = std::max(complete + kStored, room_ + 3);
    for (std::uint64_t run = 0; run < runs; ++run) {
      asks = EndRun(begin(run, asks), beats);
    }
    EndBand(first, row, rows, outputs, beats);
  }

  /// The cycles to write a run of bits for each of `outputs` channels from `first` on, `rows` rows from `row` on.
  static std::uint64_t BitRuns(const LayerShape& d, std::uint64_t first, std::uint64_t row, std::uint64_t rows,
                               std::uint64_t outputs);

 private:
  /// From a band's last sum to the request for its residuals, or to its first value without residuals.
  static constexpr std::uint64_t kStored = 16;

  /// Returns when the next run may begin.
  std::uint64_t EndRun(std::uint64_t begins, std::uint64_t beats);
  void EndBand(std::uint64_t first, std::uint64_t row, std::uint64_t rows, std::uint64_t outputs, std::uint64_t beats);

  const LayerDescriptor& d_;
  const bool single_;  ///< one block has all channels
  std::uint64_t row_beats_;
  std::uint64_t band_rows_;
  std::uint64_t measured_;
  std::uint64_t sign_rows_;  ///< of the bands whose signs are written together
  std::uint64_t room_ = 0;
  std::uint64_t free_ = 0;  ///< when the next value may go to the bus
  std::uint64_t written_ = 0;
};

}  // namespace subbit::fpga
