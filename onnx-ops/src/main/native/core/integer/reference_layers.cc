#include "core/integer/reference_layers.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "core/integer/integer_arithmetic.h"
#include "core/integer/layer_shapes.h"

namespace subbit {
namespace {

constexpr char kName[] = "reference";

/// Stores value(row, column, o) as `output` asks for it, for the given rows of y.
template <class Value>
void Store(const MapShape& y, const IntegerOutput& output, RowRange rows, Value value) {
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    for (std::int64_t column = 0; column < y.width; ++column) {
      std::uint64_t* const signs = output.next_threshold == nullptr ? nullptr : output.next_signs.At(row, column);
      if (signs != nullptr) std::fill_n(signs, output.next_signs.Words(), std::uint64_t{0});
      for (std::int64_t o = 0; o < y.channels; ++o) {
        const std::int16_t v = value(row, column, o);
        if (output.y != nullptr) output.y[(row * y.width + column) * y.channels + o] = v;
        if (signs != nullptr && v >= output.next_threshold[o]) signs[o / 64] |= std::uint64_t{1} << (o % 64);
      }
    }
  }
}

/// The greatest value(row, column) at the positions of a pool window.
template <class Value>
std::int32_t MaxOver(const PoolWindow& pool, const MapShape& sums, std::int64_t row, std::int64_t column, Value value) {
  const PoolWindow::Positions rows = pool.At(0, row, sums.height);
  const PoolWindow::Positions columns = pool.At(1, column, sums.width);
  std::int32_t most = std::numeric_limits<std::int32_t>::min();
  for (std::int64_t r = rows.begin; r < rows.end; ++r) {
    for (std::int64_t c = columns.begin; c < columns.end; ++c) most = std::max(most, value(r, c));
  }
  return most;
}

class ReferenceStem : public StemLayer {
 public:
  explicit ReferenceStem(StemParameters parameters) : StemLayer(parameters), p_(std::move(parameters)) {}

  std::string Name() const override { return kName; }

  std::int64_t BandRows(const MapShape&) const override { return 1; }

  void Run(const MapShape& x, const IntegerInput& input, const IntegerOutput& output, RowRange rows,
           void*) const override {
    const MapShape sums = SumShape(x);
    Store(OutputShape(x), output, rows, [&](std::int64_t row, std::int64_t column, std::int64_t o) {
      const auto channel = static_cast<std::size_t>(o);
      return static_cast<std::int16_t>(
          MaxOver(p_.attributes.pool, sums, row, column, [&](std::int64_t r, std::int64_t c) {
            const std::int32_t sum = input.pixel_type == PixelType::kFloat
                                         ? Sum(x, static_cast<const float*>(input.x), r, c, o)
                                         : Sum(x, static_cast<const std::uint8_t*>(input.x), r, c, o);
            return std::int32_t{Rescale(RoundedShift(sum, static_cast<int>(p_.attributes.shift)),
                                        p_.multiplier[channel], p_.bias[channel],
                                        static_cast<int>(p_.attributes.width))};
          }));
    });
  }

 private:
  /// The sum over the taps inside the image, where padding adds nothing.
  template <class Pixel>
  std::int32_t Sum(const MapShape& x, const Pixel* pixels, std::int64_t row, std::int64_t column,
                   std::int64_t o) const {
    std::int32_t sum = 0;
    for (std::int64_t c = 0; c < p_.in_channels; ++c) {
      for (std::int64_t i = 0; i < p_.kernel; ++i) {
        for (std::int64_t j = 0; j < p_.kernel; ++j) {
          const std::int64_t r = row * p_.attributes.strides[0] - p_.attributes.pads[0] + i;
          const std::int64_t s = column * p_.attributes.strides[1] - p_.attributes.pads[1] + j;
          if (r < 0 || r >= x.height || s < 0 || s >= x.width) continue;
          const std::int32_t weight =
              p_.weight[static_cast<std::size_t>(((o * p_.in_channels + c) * p_.kernel + i) * p_.kernel + j)];
          const std::int32_t zero = p_.zero_pixel[static_cast<std::size_t>(c)];
          sum += weight * (PixelValue(pixels[(c * x.height + r) * x.width + s]) - zero);
        }
      }
    }
    return sum;
  }

  const StemParameters p_;
};

class ReferenceIntegerConv : public IntegerConvLayer {
 public:
  explicit ReferenceIntegerConv(IntegerConvParameters parameters)
      : IntegerConvLayer(parameters), p_(std::move(parameters)) {}

  std::string Name() const override { return kName; }

  std::int64_t BandRows(const MapShape&) const override { return 1; }

  void Run(const MapShape& x, const IntegerInput& input, const IntegerOutput& output, RowRange rows,
           void*) const override {
    const MapShape sums = SumShape(x);
    const MapShape y = OutputShape(x);
    Store(y, output, rows, [&](std::int64_t row, std::int64_t column, std::int64_t o) {
      const std::int32_t sum = MaxOver(p_.attributes.pool, sums, row, column,
                                       [&](std::int64_t r, std::int64_t c) { return Sum(input.signs, r, c, o); });
      const std::int32_t residual =
          p_.residual.has_value() ? input.residual[(row * y.width + column) * y.channels + o] : 0;
      return Finish(sum, residual, static_cast<std::size_t>(o));
    });
  }

 private:
  /// The sum of signs times taps, where padding adds nothing.
  std::int32_t Sum(const SignPlane& signs, std::int64_t row, std::int64_t column, std::int64_t o) const {
    std::int32_t sum = 0;
    for (int tap = 0; tap < kTaps; ++tap) {
      const std::int64_t r = row * p_.attributes.strides[0] - 1 + tap / kKernelSize;
      const std::int64_t s = column * p_.attributes.strides[1] - 1 + tap % kKernelSize;
      if (r < 0 || r >= signs.shape.height || s < 0 || s >= signs.shape.width) continue;
      const std::uint64_t* const pixel = signs.At(r, s);
      for (std::int64_t c = 0; c < p_.attributes.in_channels; ++c) {
        const int sign = ((pixel[c / 64] >> (c % 64)) & 1) != 0 ? 1 : -1;
        sum += sign * TapSign(p_.weights.Codeword(o, c), tap);
      }
    }
    return sum;
  }

  std::int16_t Finish(std::int32_t sum, std::int32_t residual, std::size_t o) const {
    const int width = static_cast<int>(p_.attributes.width);
    const std::int32_t scaled = MulHrs(sum * (1 << p_.attributes.shift), p_.multiplier[o]);
    if (!p_.residual.has_value()) return static_cast<std::int16_t>(Saturate(scaled + p_.bias[o], width));
    const std::int32_t v = Saturate(Saturate(scaled + p_.bias[o], 16) + residual, width);
    const std::int32_t p =
        v >= 0 ? v : Saturate(MulHrs(v, p_.residual->slope[o]) * (1 << p_.attributes.slope_shift), width);
    return static_cast<std::int16_t>(Saturate(p + p_.residual->shift_out[o], width));
  }

  const IntegerConvParameters p_;
};

class ReferenceShortcut : public ShortcutLayer {
 public:
  explicit ReferenceShortcut(ShortcutParameters parameters) : ShortcutLayer(parameters), p_(std::move(parameters)) {}

  std::string Name() const override { return kName; }

  std::int64_t BandRows(const MapShape&) const override { return 1; }

  void Run(const MapShape& x, const IntegerInput& input, const IntegerOutput& output, RowRange rows,
           void*) const override {
    const auto* const values = static_cast<const std::int16_t*>(input.x);
    Store(OutputShape(x), output, rows, [&](std::int64_t row, std::int64_t column, std::int64_t o) {
      std::int32_t sum = 0;
      for (std::int64_t c = 0; c < p_.in_channels; ++c) {
        sum += p_.weight[static_cast<std::size_t>(o * p_.in_channels + c)] * Mean(x, values, row, column, c);
      }
      const auto channel = static_cast<std::size_t>(o);
      return Rescale(RoundedShift(sum, static_cast<int>(p_.attributes.shift)), p_.multiplier[channel], p_.bias[channel],
                     static_cast<int>(p_.attributes.width));
    });
  }

 private:
  /// The mean of the window's values inside the image (four, two or one), halves rounded up.
  std::int32_t Mean(const MapShape& x, const std::int16_t* values, std::int64_t row, std::int64_t column,
                    std::int64_t c) const {
    const std::int64_t pool = p_.attributes.pool[0];
    std::int32_t sum = 0;
    int count = 0;
    for (std::int64_t r = row * pool; r < std::min((row + 1) * pool, x.height); ++r) {
      for (std::int64_t s = column * pool; s < std::min((column + 1) * pool, x.width); ++s, ++count) {
        sum += values[(r * x.width + s) * x.channels + c];
      }
    }
    return RoundedShift(sum, count / 2);  // 1, 2 or 4 values: 0, 1 or 2 bits
  }

  const ShortcutParameters p_;
};

class ReferenceClassifier : public ClassifierLayer {
 public:
  explicit ReferenceClassifier(ClassifierParameters parameters)
      : ClassifierLayer(parameters), p_(std::move(parameters)) {}

  std::string Name() const override { return kName; }

  std::int64_t BandRows(const MapShape&) const override { return p_.classes; }

  void Run(const MapShape& x, const IntegerInput& input, const IntegerOutput& output, RowRange rows,
           void*) const override {
    const auto* const values = static_cast<const std::int16_t*>(input.x);
    for (std::int64_t k = rows.begin; k < rows.end; ++k) {
      std::int32_t dot = 0;
      for (std::int64_t part = 0; part < p_.parts; ++part) {
        for (std::int64_t c = 0; c < p_.in_channels; ++c) {
          dot += p_.weight[static_cast<std::size_t>((k * p_.parts + part) * p_.in_channels + c)] *
                 PartValue(x, values, part, c);
        }
      }
      const auto row = static_cast<std::size_t>(k);
      const float product = static_cast<float>(dot) * p_.scale[row];
      output.logits[k] = product + p_.bias[row];
    }
  }

 private:
  /// The sum of a channel over the positions of a part, shifted and saturated.
  std::int32_t PartValue(const MapShape& x, const std::int16_t* values, std::int64_t part, std::int64_t c) const {
    const std::int64_t positions = x.height * x.width / p_.parts;
    std::int32_t sum = 0;
    for (std::int64_t i = part * positions; i < (part + 1) * positions; ++i) sum += values[i * x.channels + c];
    return Saturate(RoundedShift(sum, static_cast<int>(p_.attributes.shift)), 16);
  }

  const ClassifierParameters p_;
};

}  // namespace

std::unique_ptr<IntegerLayer> MakeReferenceStem(StemParameters parameters) {
  return std::make_unique<ReferenceStem>(std::move(parameters));
}

std::unique_ptr<IntegerLayer> MakeReferenceIntegerConv(IntegerConvParameters parameters) {
  return std::make_unique<ReferenceIntegerConv>(std::move(parameters));
}

std::unique_ptr<IntegerLayer> MakeReferenceShortcut(ShortcutParameters parameters) {
  return std::make_unique<ReferenceShortcut>(std::move(parameters));
}

std::unique_ptr<IntegerLayer> MakeReferenceClassifier(ClassifierParameters parameters) {
  return std::make_unique<ReferenceClassifier>(std::move(parameters));
}

}  // namespace subbit
