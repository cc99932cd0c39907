#include "core/response/map_plan.h"

#include <algorithm>
#include <array>

namespace subbit {
namespace {

constexpr int kRowMaps = 32;   // eight patterns of the three rows that a pixel reads, and of one more below
constexpr int kHalfMaps = 48;  // 32 patterns of five taps, 16 of four
constexpr int kLowTaps = 5;
/// The number of bytes that the maps of one block may take: about the first-level cache (measured on Zen 4, 32 KiB).
constexpr std::int64_t kBlockBytes = 32 << 10;

/// Numbers the distinct codewords that the output channels of a group use with one input channel, in the order of their
/// top rows.
class UsedCodewords {
 public:
  UsedCodewords(const SubBitWeights& weights, std::int64_t group, std::int64_t channel) {
    number_.fill(-1);
    const std::int64_t outs = weights.out_channels / weights.group;
    for (std::int64_t o = group * outs; o < (group + 1) * outs; ++o) number_[weights.Codeword(o, channel)] = 0;
    for (int top = 0; top < kRowPatterns; ++top) {
      for (int codeword = top; codeword < 1 << kTaps; codeword += kRowPatterns) {
        int& number = number_[static_cast<std::size_t>(codeword)];
        if (number < 0) continue;
        number = static_cast<int>(codewords_.size());
        codewords_.push_back(static_cast<std::uint16_t>(codeword));
      }
    }
  }

  const std::vector<std::uint16_t>& codewords() const { return codewords_; }
  int Number(std::uint16_t codeword) const { return number_[codeword]; }

 private:
  std::array<int, std::size_t{1} << kTaps> number_{};
  std::vector<std::uint16_t> codewords_;
};

/// Collects the plan's parts in the order in which they are processed.
class Planner {
 public:
  Planner(const SubBitWeights& weights, MapKind kind, std::int64_t map_bytes, int outputs_at_once, int max_channels)
      : weights_(weights),
        outs_(weights.out_channels / weights.group),
        slot_(map_bytes / kSlotBytes),
        outputs_at_once_(outputs_at_once),
        max_channels_(max_channels),
        max_maps_(kBlockBytes / (kMaxTileVectors * map_bytes)) {
    plan_.kind = kind;
  }

  MapPlan Make() {
    if (plan_.kind == MapKind::kResponses) PushAllCodewords();
    plan_.blocks.resize(static_cast<std::size_t>(weights_.group));
    for (std::int64_t group = 0; group < weights_.group; ++group) {
      for (std::int64_t first = 0; first < weights_.in_channels;) first = PushBlock(group, first);
    }
    return std::move(plan_);
  }

 private:
  void PushAllCodewords() {
    for (std::int64_t group = 0; group < weights_.group; ++group) {
      for (std::int64_t c = 0; c < weights_.in_channels; ++c) PushCodewords(group, c);
    }
    plan_.first_codeword.push_back(plan_.codewords.size());
  }

  void PushCodewords(std::int64_t group, std::int64_t channel) {
    plan_.first_codeword.push_back(plan_.codewords.size());
    std::array<std::uint16_t, kRowPatterns> counts{};
    const auto slot = [&](int pattern) { return static_cast<std::uint8_t>(pattern * slot_); };
    const UsedCodewords used(weights_, group, channel);
    for (const std::uint16_t codeword : used.codewords()) {
      ++counts[codeword % kRowPatterns];
      plan_.codewords.push_back({slot((codeword >> 3) & 7), slot(codeword >> 6)});
    }
    std::uint16_t end = 0;
    for (const std::uint16_t count : counts) {
      end = static_cast<std::uint16_t>(end + count);
      plan_.pattern_ends.push_back(end);
    }
  }

  /// Plans the block of channels from `first` on and returns its end.
  std::int64_t PushBlock(std::int64_t group, std::int64_t first) {
    std::vector<std::vector<std::uint16_t>> slots(static_cast<std::size_t>(outs_));
    std::int64_t maps = 0;
    std::int64_t c = first;
    for (; c < weights_.in_channels && c - first < max_channels_; ++c) {
      const int of_channel = plan_.Maps(group * weights_.in_channels + c);
      if (c > first && maps + of_channel > max_maps_) break;
      PushSlots(group, c, maps, &slots);
      maps += of_channel;
    }
    const auto count = static_cast<int>(slots.front().size());
    plan_.blocks[static_cast<std::size_t>(group)].push_back({first, c, plan_.slots.size(), count});
    plan_.block_maps = std::max(plan_.block_maps, maps);
    for (std::int64_t o = 0; o < outs_; o += outputs_at_once_) {
      for (int j = 0; j < count; ++j) {
        for (std::int64_t i = o; i < o + outputs_at_once_; ++i) {
          // Outputs after the last one repeat it; their results are discarded.
          const auto output = static_cast<std::size_t>(std::min(i, outs_ - 1));
          plan_.slots.push_back(slots[output][static_cast<std::size_t>(j)]);
        }
      }
    }
    return c;
  }

  /// Appends what each output channel adds for channel c, whose maps begin with number `base` of the block.
  void PushSlots(std::int64_t group, std::int64_t c, std::int64_t base,
                 std::vector<std::vector<std::uint16_t>>* slots) const {
    const UsedCodewords used(weights_, group, c);
    for (std::int64_t i = 0; i < outs_; ++i) {
      std::vector<std::uint16_t>& of_output = (*slots)[static_cast<std::size_t>(i)];
      const auto push = [&](int map) { of_output.push_back(static_cast<std::uint16_t>((base + map) * slot_)); };
      const std::uint16_t codeword = weights_.Codeword(group * outs_ + i, c);
      if (plan_.kind == MapKind::kResponses) {
        push(used.Number(codeword));
      } else if (plan_.kind == MapKind::kHalves) {
        push(codeword & ((1 << kLowTaps) - 1));
        push((1 << kLowTaps) + (codeword >> kLowTaps));
      } else {
        for (int row = 0; row < kKernelSize; ++row) push(8 * row + ((codeword >> (3 * row)) & 7));
      }
    }
  }

  const SubBitWeights& weights_;
  const std::int64_t outs_;  // output channels of one group
  const std::int64_t slot_;  // slots that a map takes
  const int outputs_at_once_;
  const int max_channels_;
  const std::int64_t max_maps_;
  MapPlan plan_{};
};

}  // namespace

const char* ToString(MapKind kind) {
  switch (kind) {
    case MapKind::kRows:
      return "row maps";
    case MapKind::kHalves:
      return "half maps";
    case MapKind::kResponses:
      return "response maps";
  }
  return "unknown";
}

MapCost CostOf(MapKind kind, std::int64_t outs, double codewords) {
  constexpr double kStore = 2;
  const auto loads = static_cast<double>(outs);
  switch (kind) {
    case MapKind::kRows:
      return {24 * kStore, 3 * loads};
    case MapKind::kHalves:
      return {kHalfMaps * kStore, 2 * loads};
    case MapKind::kResponses:
      return {16 * kStore + codewords * (2 + kStore), loads};
  }
  return {};
}

double MeanCodewords(const SubBitWeights& weights) {
  std::size_t used = 0;
  for (std::int64_t group = 0; group < weights.group; ++group) {
    for (std::int64_t c = 0; c < weights.in_channels; ++c) used += UsedCodewords(weights, group, c).codewords().size();
  }
  return static_cast<double>(used) / static_cast<double>(weights.group * weights.in_channels);
}

MapKind ChooseMapKind(std::int64_t outs, double codewords) {
  MapKind best = MapKind::kRows;
  for (MapKind kind : {MapKind::kHalves, MapKind::kResponses}) {
    if (CostOf(kind, outs, codewords).Total() < CostOf(best, outs, codewords).Total()) best = kind;
  }
  return best;
}

MapKind ChooseMapKind(const SubBitWeights& weights) {
  return ChooseMapKind(weights.out_channels / weights.group, MeanCodewords(weights));
}

double MapPlan::Additions(std::int64_t outs) const {
  constexpr double kRow = 10;     // a + b, a - b, and c added to or taken from either with either sign
  constexpr double kHalves = 64;  // a row and a pair, 32 sums of the two, two pairs, 16 sums of the two
  double sum = 0;
  for (const std::vector<Block>& group : blocks) {
    for (const Block& block : group) {
      const auto channels = static_cast<double>(block.last_channel - block.first_channel);
      sum += static_cast<double>(outs) * block.count + channels * (kind == MapKind::kHalves ? kHalves : 3 * kRow);
    }
  }
  return sum + 2 * static_cast<double>(codewords.size());
}

CodewordList MapPlan::Codewords(std::int64_t channel) const {
  const auto c = static_cast<std::size_t>(channel);
  return {codewords.data() + first_codeword[c], pattern_ends.data() + c * kRowPatterns};
}

int MapPlan::Maps(std::int64_t channel) const {
  if (kind == MapKind::kRows) return kRowMaps;
  if (kind == MapKind::kHalves) return kHalfMaps;
  const auto c = static_cast<std::size_t>(channel);
  return static_cast<int>(first_codeword[c + 1] - first_codeword[c]);
}

MapPlan MakeMapPlan(const SubBitWeights& weights, MapKind kind, std::int64_t map_bytes, int outputs_at_once,
                    int max_channels) {
  return Planner(weights, kind, map_bytes, outputs_at_once, max_channels).Make();
}

}  // namespace subbit
