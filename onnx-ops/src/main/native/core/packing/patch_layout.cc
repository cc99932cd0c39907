#include "core/packing/patch_layout.h"

#include <algorithm>

namespace subbit {

PatchLayout::PatchLayout(std::int64_t channels, bool merge_taps)
    : full_words_(channels / kWordBits),
      rest_(static_cast<int>(channels % kWordBits)),
      taps_per_word_(rest_ == 0   ? 0
                     : merge_taps ? kWordBits / rest_
                                  : 1) {}

TapSlots PatchLayout::SlotsOf(std::int64_t word) const {
  TapSlots slots{};
  for (int tap = 0; tap < kTaps; ++tap) {
    slots.slot[tap] = word * kTaps + (word < full_words_ ? tap : tap / taps_per_word_);
    slots.shift[tap] = word < full_words_ ? 0 : tap % taps_per_word_ * rest_;
  }
  return slots;
}

std::vector<std::uint32_t> PatchLayout::KernelBits(const SubBitWeights& weights, std::int64_t block) const {
  const std::int64_t outs = weights.out_channels / weights.group;
  const std::int64_t blocks = (outs + block - 1) / block;
  std::vector<std::uint32_t> all(static_cast<std::size_t>(weights.group * blocks * Size() * block), 0);
  for (std::int64_t o = 0; o < weights.out_channels; ++o) {
    std::uint32_t* bits = all.data() + (o / outs * blocks + o % outs / block) * Size() * block + o % outs % block;
    for (std::int64_t word = 0; word < WordsPerPixel(); ++word) {
      const TapSlots slots = SlotsOf(word);
      for (int c = 0; c < ChannelsOf(word); ++c) {
        const std::uint32_t codeword = weights.Codeword(o, word * kWordBits + c);
        for (int tap = 0; tap < kTaps; ++tap) {
          bits[slots.slot[tap] * block] |= ((codeword >> tap) & 1u) << (c + slots.shift[tap]);
        }
      }
    }
    for (std::int64_t k = 0; k + 1 < Size(); k += 2) bits[(k + 1) * block] ^= bits[k * block];
  }
  return all;
}

TapReader::TapReader(const ConvGeometry& geometry) : geometry_(geometry) {
  const std::int64_t stride = geometry.attributes.strides[1];
  for (int tap = 0; tap < kKernelSize; ++tap) {
    const std::int64_t start = geometry.InputColumn(0, tap);
    const std::int64_t begin = start >= 0 ? 0 : (-start + stride - 1) / stride;
    const std::int64_t end =
        start >= geometry.width ? 0 : std::min(geometry.out_width, (geometry.width - 1 - start) / stride + 1);
    columns_[tap] = {begin, end, start};
  }
}

int TapReader::FindRuns(std::int64_t first, std::int64_t count, TapRun* runs) const {
  int found = 0;
  const std::int64_t stride = geometry_.attributes.strides[1];
  const std::int64_t last = first + count;
  std::int64_t row = first / geometry_.out_width;
  for (std::int64_t pixel = row * geometry_.out_width; pixel < last; ++row, pixel += geometry_.out_width) {
    for (int tap_row = 0; tap_row < kKernelSize; ++tap_row) {
      const std::int64_t input_row = geometry_.InputRow(row, tap_row);
      if (input_row < 0 || input_row >= geometry_.height) continue;
      for (int tap_column = 0; tap_column < kKernelSize; ++tap_column) {
        const Columns& columns = columns_[tap_column];
        const std::int64_t begin = std::max(columns.begin, first - pixel);
        const std::int64_t end = std::min(columns.end, last - pixel);
        if (begin >= end) continue;
        runs[found++] = {tap_row * kKernelSize + tap_column, static_cast<int>(pixel + begin - first),
                         static_cast<int>(end - begin), input_row * geometry_.width + columns.start + begin * stride};
      }
    }
  }
  return found;
}

}  // namespace subbit
