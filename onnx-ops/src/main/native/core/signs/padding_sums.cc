#include "core/signs/padding_sums.h"

#include <algorithm>
#include <array>

namespace subbit {
namespace {

/// An axis' three bits, bit t set where tap t is outside, in the order of their numbers: inside, first, last, the rest.
constexpr std::array<int, 1 << kKernelSize> kAxisMasks = {0b000, 0b001, 0b100, 0b011, 0b110, 0b111, 0b010, 0b101};
constexpr int kUsual = 3;

/// Numbers the pairs of an axis number for rows and one for columns: those below kUsual first.
int Class(int row, int column) {
  constexpr int kAll = static_cast<int>(kAxisMasks.size());
  if (row < kUsual)
    return column < kUsual ? row * kUsual + column : kUsual * kUsual + row * (kAll - kUsual) + column - kUsual;
  return row * kAll + column;
}

int AxisNumber(int mask) {
  return static_cast<int>(std::find(kAxisMasks.begin(), kAxisMasks.end(), mask) - kAxisMasks.begin());
}

int OutsideMask(std::int64_t first, std::int64_t dilation, std::int64_t length) {
  int mask = 0;
  for (int tap = 0; tap < kKernelSize; ++tap) {
    const std::int64_t at = first + tap * dilation;
    if (at < 0 || at >= length) mask |= 1 << tap;
  }
  return mask;
}

}  // namespace

PaddingSums::PaddingSums(const SubBitWeights& weights)
    : sums_(static_cast<std::size_t>(weights.out_channels * kClasses), 0.0f) {
  for (std::int64_t o = 0; o < weights.out_channels; ++o) {
    std::array<std::int32_t, kTaps> sum_of_tap{};
    for (std::int64_t c = 0; c < weights.in_channels; ++c) {
      for (int tap = 0; tap < kTaps; ++tap) {
        sum_of_tap[static_cast<std::size_t>(tap)] += TapSign(weights.Codeword(o, c), tap);
      }
    }
    for (int row = 0; row < static_cast<int>(kAxisMasks.size()); ++row) {
      for (int column = 0; column < static_cast<int>(kAxisMasks.size()); ++column) {
        auto sum = static_cast<std::int32_t>(kTaps * weights.in_channels);
        for (int tap = 0; tap < kTaps; ++tap) {
          const int outside = (kAxisMasks[static_cast<std::size_t>(row)] >> (tap / kKernelSize)) |
                              (kAxisMasks[static_cast<std::size_t>(column)] >> (tap % kKernelSize));
          if ((outside & 1) != 0) sum += sum_of_tap[static_cast<std::size_t>(tap)];
        }
        const int number = Class(row, column);
        const std::int64_t at = (number / kBlock * weights.out_channels + o) * kBlock + number % kBlock;
        sums_[static_cast<std::size_t>(at)] = static_cast<float>(sum);
      }
    }
  }
}

void PaddingSums::FillClasses(const ConvGeometry& g, std::uint8_t* classes) {
  const std::uint8_t* row_before = nullptr;
  int number_before = -1;
  for (std::int64_t row = 0; row < g.out_height; ++row, classes += g.out_width) {
    const int number = AxisNumber(OutsideMask(g.InputRow(row, 0), g.attributes.dilations[0], g.height));
    if (number == number_before) {
      std::copy(row_before, row_before + g.out_width, classes);
    } else {
      for (std::int64_t column = 0; column < g.out_width; ++column) {
        const int mask = OutsideMask(g.InputColumn(column, 0), g.attributes.dilations[1], g.width);
        classes[column] = static_cast<std::uint8_t>(Class(number, AxisNumber(mask)));
      }
    }
    row_before = classes;
    number_before = number;
  }
}

}  // namespace subbit
