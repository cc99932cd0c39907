#include "core/kernel/phase_planes.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <vector>

namespace subbit {
namespace {

/// Any geometry of one channel that fits its image.
ConvGeometry RandomGeometry(std::mt19937* random) {
  const auto pick = [&](int low, int high) { return std::uniform_int_distribution<std::int64_t>(low, high)(*random); };
  ConvAttributes attributes;
  attributes.tau = attributes.out_channels = attributes.in_channels = 1;
  attributes.strides = {pick(1, 5), pick(1, 5)};
  attributes.dilations = {pick(1, 4), pick(1, 4)};
  attributes.pads = {pick(0, 5), pick(0, 5), pick(0, 5), pick(0, 5)};
  const std::int64_t least_height =
      std::max<std::int64_t>(1, 2 * attributes.dilations[0] + 1 - attributes.pads[0] - attributes.pads[2]);
  const std::int64_t least_width =
      std::max<std::int64_t>(1, 2 * attributes.dilations[1] + 1 - attributes.pads[1] - attributes.pads[3]);
  return MakeGeometry({"test"}, attributes, {1, 1, least_height + pick(0, 12), least_width + pick(0, 12)});
}

TEST(PhasePlanes, EveryTapOfEveryPixelIsAtItsOffset) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const ConvGeometry g = RandomGeometry(&random);
    std::vector<int> image(static_cast<std::size_t>(g.height * g.width));
    std::iota(image.begin(), image.end(), 1);

    const PhasePlanes planes(g);
    std::vector<int> channel(static_cast<std::size_t>(planes.channel_size), -1);
    planes.Fill(channel.data(), 0, [&](std::int64_t row, std::int64_t column, std::int64_t count, int* out) {
      for (std::int64_t i = 0; i < count; ++i) {
        out[i] = image.at(static_cast<std::size_t>(row * g.width + column + i * g.attributes.strides[1]));
      }
    });

    for (std::int64_t row = 0; row < g.out_height; ++row) {
      for (std::int64_t column = 0; column < g.out_width; ++column) {
        for (int tap = 0; tap < kTaps; ++tap) {
          const std::int64_t r = g.InputRow(row, tap / kKernelSize);
          const std::int64_t s = g.InputColumn(column, tap % kKernelSize);
          const bool inside = r >= 0 && r < g.height && s >= 0 && s < g.width;
          const int expected = inside ? image[static_cast<std::size_t>(r * g.width + s)] : 0;
          const std::int64_t position = row * planes.pitch + column;
          const std::int64_t at = planes.tap_offset[static_cast<std::size_t>(tap)] + position;
          ASSERT_LT(position, planes.positions);
          ASSERT_EQ(channel.at(static_cast<std::size_t>(at)), expected) << "round " << round << " tap " << tap;
        }
      }
    }
  }
}

TEST(PhasePlanes, ABandHoldsWhatItsPositionsRead) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    const ConvGeometry g = RandomGeometry(&random);
    const int row_group = PhasePlanes::CanGroupRows(g) ? 2 : 1;
    const PhasePlanes planes(g, row_group);
    const auto fill = [&](const PhasePlanes& of, std::vector<int>* channel) {
      channel->assign(static_cast<std::size_t>(of.channel_size), -1);
      of.Fill(channel->data(), 0, [&](std::int64_t row, std::int64_t column, std::int64_t count, int* out) {
        for (std::int64_t i = 0; i < count; ++i) {
          out[i] = static_cast<int>(row * g.width + column + i * g.attributes.strides[1]) + 1;
        }
      });
    };
    std::vector<int> whole;
    std::vector<int> part;
    fill(planes, &whole);
    const std::int64_t rows = (g.out_height + row_group - 1) / row_group;
    const auto first = std::uniform_int_distribution<std::int64_t>(0, rows - 1)(random);
    const auto last = std::uniform_int_distribution<std::int64_t>(first, rows - 1)(random);
    const PhasePlanes band = planes.Band(first, last);
    fill(band, &part);
    const auto taps = static_cast<std::size_t>(kTaps + kKernelSize * (row_group - 1));
    for (std::size_t tap = 0; tap < taps; ++tap) {
      for (std::int64_t row = first; row <= last; ++row) {
        for (std::int64_t p = row * planes.pitch; p < row * planes.pitch + g.out_width; ++p) {
          ASSERT_EQ(part.at(static_cast<std::size_t>(band.tap_offset[tap] + p - first * band.pitch)),
                    whole.at(static_cast<std::size_t>(planes.tap_offset[tap] + p)))
              << "round " << round << " tap " << tap;
        }
      }
    }
  }
}

TEST(PhasePlanes, RunsCoverEveryPixelOnce) {
  std::mt19937 random(2);
  for (int round = 0; round < 100; ++round) {
    const PhasePlanes planes(RandomGeometry(&random));
    std::vector<int> visits(static_cast<std::size_t>(planes.geometry.out_height * planes.geometry.out_width), 0);
    std::array<PixelRun, 16> runs{};
    for (std::int64_t first = 0; first < planes.positions; first += 16) {
      const PixelRun* const last = planes.FindRuns(first, 16, runs.data());
      for (const PixelRun* run = runs.data(); run != last; ++run) {
        const auto [offset, pixel, length] = *run;
        for (std::int64_t i = 0; i < length; ++i) {
          const std::int64_t position = first + offset + i;
          EXPECT_EQ(pixel + i, position / planes.pitch * planes.geometry.out_width + position % planes.pitch);
          ++visits.at(static_cast<std::size_t>(pixel + i));
        }
        EXPECT_LE(offset + length, 16);
      }
    }
    EXPECT_EQ(visits, std::vector<int>(visits.size(), 1));
  }
}

}  // namespace
}  // namespace subbit
