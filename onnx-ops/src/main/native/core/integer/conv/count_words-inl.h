// Lays out the signs of patches in words for kernels that count differing bits (CountLayout). Everything here is in an
// unnamed namespace, see map_kernels-inl.h.

#include <cstdint>

#include "core/integer/conv/conv_kernels.h"

namespace subbit {
namespace {

/// Writes the words of the patch whose first tap is at `taps`: layout.steps of them.
[[maybe_unused]] inline void PatchWords(const ConvTask& task, const CountLayout& layout, const std::uint64_t* taps,
                       std::uint32_t* words) {
  std::uint32_t* to = words;
  int shift = 0;
  for (int tap = 0; tap < 9; ++tap) {
    if (layout.taps_of_word == 1) {
      for (std::int64_t w = 0; w < layout.words_of_tap; ++w) *to++ = static_cast<std::uint32_t>(taps[w / 2] >> w % 2 * 32);
    } else {
      const auto bits = static_cast<std::uint32_t>(*taps);
      *to = shift == 0 ? bits : *to | bits << shift;
      shift += static_cast<int>(task.channels);
      if (tap % layout.taps_of_word == layout.taps_of_word - 1 || tap == 8) {
        ++to;
        shift = 0;
      }
    }
    taps += tap % 3 == 2 ? task.pitch - 2 * task.words : task.words;
  }
  if (to != words + layout.steps) *to = 0;
  for (std::int64_t k = 0; k < layout.steps; k += 2) words[k + 1] ^= words[k];
}

}  // namespace
}  // namespace subbit
