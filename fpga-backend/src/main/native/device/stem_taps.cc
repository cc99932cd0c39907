#include "device/stem_taps.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <tuple>

#include "device/dense_order.h"

namespace subbit::fpga {
namespace {

/// A part of the encoded form.
struct Bits {
  int at;
  int width;

  std::uint32_t Put(std::uint32_t value) const { return value << at; }
  std::uint8_t Get(std::uint32_t word) const { return static_cast<std::uint8_t>(word >> at & ((1u << width) - 1)); }
};
constexpr Bits kFirstPixel{0, 4};
constexpr Bits kSecondPixel{4, 4};
constexpr Bits kCombination{8, 2};
constexpr Bits kRow{10, 3};
constexpr Bits kChannel{13, 2};
constexpr Bits kSum{15, 2};
constexpr Bits kLast{17, 1};

/// Neighbouring taps of a phase of a kernel row.
struct Run {
  std::uint32_t offset;  ///< of the first one in the row
  std::uint32_t taps;    ///< 1 to 3
};

/// A product of a run: which of the pixels that lie a stride apart, from its offset on, and how often which weight.
struct Product {
  std::uint32_t first;
  std::uint32_t second;
  Combination combination;
  std::array<int, 3> weights;
};

/// The product of a sum for runs of so many taps, if they have one.
std::optional<Product> ProductOf(std::uint32_t taps, StemSum sum) {
  constexpr auto kAlone = Combination::kFirst;
  switch (sum) {
    case StemSum::kFirst:
      return taps == 1 ? Product{0, 0, kAlone, {2, 0, 0}} : Product{0, taps - 1, Combination::kDifference, {2, 0, 0}};
    case StemSum::kBoth:
      return taps == 1   ? std::nullopt
             : taps == 2 ? std::optional(Product{1, 0, kAlone, {2, 2, 0}})
                         : std::optional(Product{1, 2, Combination::kSum, {1, 1, 1}});
    case StemSum::kOpposed:
      return taps == 3 ? std::optional(Product{2, 1, Combination::kDifference, {1, -1, 1}}) : std::nullopt;
    default:
      return taps == 1   ? Product{1, 0, kAlone, {2, 0, 0}}
             : taps == 2 ? Product{2, 1, Combination::kDifference, {0, 2, 0}}
                         : Product{3, 1, Combination::kDifference, {0, 0, 2}};
  }
}

std::vector<Run> RunsOfRow(const LayerShape& stem) {
  const std::uint32_t kernel = stem.integer->kernel;
  const std::uint32_t stride = stem.stride_w;
  const bool shared = LaneColumns(stem) == 2;
  std::vector<Run> runs;
  for (std::uint32_t phase = 0; phase < std::min(stride, kernel); ++phase) {
    const std::uint32_t longest = shared ? 3 : 1;
    for (std::uint32_t offset = phase; offset < kernel; offset += longest * stride) {
      runs.push_back({offset, std::min(longest, (kernel - offset + stride - 1) / stride)});
    }
  }
  return runs;
}

/// Calls visit(sum, channel, row, run, product) for each tap of the list.
template <class Visit>
void ForEachTap(const LayerShape& stem, const Visit& visit) {
  const std::vector<Run> runs = RunsOfRow(stem);
  const std::size_t sums = LaneColumns(stem) == 2 ? kStemSums : 1;
  for (std::size_t s = 0; s < sums; ++s) {
    const auto sum = static_cast<StemSum>(s);
    for (std::uint32_t channel = 0; channel < stem.in_channels; ++channel) {
      for (std::uint32_t row = 0; row < stem.integer->kernel; ++row) {
        for (const Run& run : runs) {
          if (const std::optional<Product> product = ProductOf(run.taps, sum)) {
            visit(sum, channel, row, run, *product);
          }
        }
      }
    }
  }
}

}  // namespace

std::uint32_t StemTap::Encode() const {
  return kFirstPixel.Put(first) | kSecondPixel.Put(second) | kCombination.Put(static_cast<std::uint32_t>(combination)) |
         kRow.Put(row) | kChannel.Put(channel) | kSum.Put(static_cast<std::uint32_t>(sum)) | kLast.Put(last ? 1 : 0);
}

StemTap StemTap::Decode(std::uint32_t word) {
  StemTap tap;
  tap.first = kFirstPixel.Get(word);
  tap.second = kSecondPixel.Get(word);
  tap.combination = static_cast<Combination>(std::min<int>(kCombination.Get(word), 2));
  tap.row = kRow.Get(word);
  tap.channel = kChannel.Get(word);
  tap.sum = static_cast<StemSum>(kSum.Get(word));
  tap.last = kLast.Get(word) != 0;
  return tap;
}

bool StemTap::operator==(const StemTap& other) const {
  const auto all = [](const StemTap& t) {
    return std::tie(t.first, t.second, t.combination, t.row, t.channel, t.sum, t.last);
  };
  return all(*this) == all(other);
}

std::vector<StemTap> StemTaps(const LayerShape& stem) {
  std::vector<StemTap> taps;
  const auto end_sum = [&] {
    if (!taps.empty()) {
      taps.back().last = true;
    }
  };
  ForEachTap(stem, [&](StemSum sum, std::uint32_t channel, std::uint32_t row, const Run& run, const Product& product) {
    if (!taps.empty() && taps.back().sum != sum) {
      end_sum();
    }
    const auto pixel = [&](std::uint32_t place) {
      return static_cast<std::uint8_t>(run.offset + place * stem.stride_w);
    };
    StemTap tap;
    tap.first = pixel(product.first);
    tap.second = product.combination == Combination::kFirst ? std::uint8_t{0} : pixel(product.second);
    tap.combination = product.combination;
    tap.row = static_cast<std::uint8_t>(row);
    tap.channel = static_cast<std::uint8_t>(channel);
    tap.sum = sum;
    taps.push_back(tap);
  });
  end_sum();
  return taps;
}

std::vector<std::int16_t> StemWeights(const LayerShape& stem, const std::vector<std::int8_t>& weights) {
  if (StemTaps(stem).size() != stem.integer->taps) {
    throw std::logic_error("a stem has another number of taps than its list");
  }
  const std::size_t kernel = stem.integer->kernel;
  std::vector<std::int16_t> ordered(stem.dense_bytes() / sizeof(std::int16_t));
  std::size_t tap = 0;
  ForEachTap(stem, [&](StemSum, std::uint32_t channel, std::uint32_t row, const Run& run, const Product& product) {
    for (std::uint32_t output = 0; output < stem.out_channels; ++output) {
      const std::size_t first =
          ((output * std::size_t{stem.in_channels} + channel) * kernel + row) * kernel + run.offset;
      int weight = 0;
      for (std::size_t i = 0; i < run.taps; ++i) {
        weight += product.weights[i] * weights[first + i * stem.stride_w];
      }
      ordered[DensePlace(stem, output, tap)] = static_cast<std::int16_t>(weight);
    }
    ++tap;
  });
  return ordered;
}

std::vector<std::uint8_t> StemCodebook(const LayerShape& stem, const std::vector<std::uint8_t>& zero_pixels) {
  std::vector<std::uint8_t> bytes(zero_pixels);
  bytes.resize(kZeroPixelBytes);
  for (const StemTap& tap : StemTaps(stem)) {
    const std::uint32_t word = tap.Encode();
    for (int byte = 0; byte < 4; ++byte) {
      bytes.push_back(static_cast<std::uint8_t>(word >> 8 * byte));
    }
  }
  return bytes;
}

}  // namespace subbit::fpga
