#include "core/integer/layer_shapes.h"

#include <algorithm>
#include <string>

namespace subbit {
namespace {

constexpr char kX[] = "shape of X";
constexpr char kY[] = "shape of the output";

void RequireChannels(const OpName& op, const MapShape& x, std::int64_t channels) {
  Validate(op, kX, x);
  if (x.channels != channels) {
    throw InvalidOperator(op, kX, std::to_string(x.channels) + " channels", std::to_string(channels) + " channels");
  }
}

/// The length of an axis of sums, before pooling.
std::int64_t SumLength(std::int64_t length, std::int64_t pads, std::int64_t kernel, std::int64_t stride) {
  const std::int64_t room = length + pads - kernel;
  return room < 0 ? 0 : room / stride + 1;
}

std::int64_t SumLength(const StemAttributes& attributes, std::int64_t kernel, int axis, std::int64_t length) {
  const auto a = static_cast<std::size_t>(axis);
  return SumLength(length, attributes.pads[a] + attributes.pads[a + 2], kernel, attributes.strides[a]);
}

std::int64_t SumLength(const IntegerConvAttributes& attributes, int axis, std::int64_t length) {
  return SumLength(length, 2, kKernelSize, attributes.strides[static_cast<std::size_t>(axis)]);
}

std::int64_t PooledLength(const PoolWindow& pool, int axis, std::int64_t sums) {
  return sums < 1 ? 0 : pool.OutputLength(axis, sums);
}

/// The shape of pooled sums. Throws unless there are any.
MapShape Pooled(const OpName& op, const PoolWindow& pool, const MapShape& x, const MapShape& sums) {
  const MapShape y{PooledLength(pool, 0, sums.height), PooledLength(pool, 1, sums.width), sums.channels};
  if (y.height < 1 || y.width < 1) {
    throw InvalidOperator(op, kX, std::to_string(x.height) + "x" + std::to_string(x.width),
                          "images that, with their pads, hold the kernel and the pool window");
  }
  Validate(op, "shape of the sums", sums);
  Validate(op, kY, y);
  return y;
}

/// The rows that a convolution of `kernel` rows, followed by pooling, reads for rows `y`.
RowRange RowsOf(const PoolWindow& pool, std::int64_t sum_rows, std::int64_t kernel, std::int64_t stride,
                std::int64_t pad, std::int64_t x_rows, RowRange y) {
  if (y.begin >= y.end) return {0, 0};
  const std::int64_t first = pool.At(0, y.begin, sum_rows).begin;
  const std::int64_t last = pool.At(0, y.end - 1, sum_rows).end - 1;
  const std::int64_t begin = std::clamp<std::int64_t>(first * stride - pad, 0, x_rows);
  return {begin, std::clamp<std::int64_t>(last * stride - pad + kernel, begin, x_rows)};
}

}  // namespace

std::int64_t OutputLength(const StemAttributes& attributes, std::int64_t kernel, int axis, std::int64_t length) {
  return PooledLength(attributes.pool, axis, SumLength(attributes, kernel, axis, length));
}

std::int64_t OutputLength(const IntegerConvAttributes& attributes, int axis, std::int64_t length) {
  return PooledLength(attributes.pool, axis, SumLength(attributes, axis, length));
}

std::int64_t OutputLength(const ShortcutAttributes& attributes, int axis, std::int64_t length) {
  const std::int64_t pool = attributes.pool[static_cast<std::size_t>(axis)];
  return (length + pool - 1) / pool;
}

StemLayer::StemLayer(const StemParameters& parameters)
    : op_(parameters.op),
      attributes_(parameters.attributes),
      out_channels_(parameters.out_channels),
      in_channels_(parameters.in_channels),
      kernel_(parameters.kernel) {}

MapShape StemLayer::SumShape(const MapShape& x) const {
  return {SumLength(attributes_, kernel_, 0, x.height), SumLength(attributes_, kernel_, 1, x.width), out_channels_};
}

MapShape StemLayer::OutputShape(const MapShape& x) const {
  RequireChannels(op_, x, in_channels_);
  return Pooled(op_, attributes_.pool, x, SumShape(x));
}

RowRange StemLayer::InputRows(const MapShape& x, RowRange y) const {
  return RowsOf(attributes_.pool, SumShape(x).height, kernel_, attributes_.strides[0], attributes_.pads[0], x.height,
                y);
}

IntegerConvLayer::IntegerConvLayer(const IntegerConvParameters& parameters)
    : op_(parameters.op),
      attributes_(parameters.attributes),
      threshold_(parameters.threshold),
      adds_residual_(parameters.residual.has_value()) {}

MapShape IntegerConvLayer::SumShape(const MapShape& x) const {
  return {SumLength(attributes_, 0, x.height), SumLength(attributes_, 1, x.width), attributes_.out_channels};
}

MapShape IntegerConvLayer::OutputShape(const MapShape& x) const {
  RequireChannels(op_, x, attributes_.in_channels);
  return Pooled(op_, attributes_.pool, x, SumShape(x));
}

RowRange IntegerConvLayer::InputRows(const MapShape& x, RowRange y) const {
  return RowsOf(attributes_.pool, SumShape(x).height, kKernelSize, attributes_.strides[0], 1, x.height, y);
}

ShortcutLayer::ShortcutLayer(const ShortcutParameters& parameters)
    : op_(parameters.op),
      attributes_(parameters.attributes),
      out_channels_(parameters.out_channels),
      in_channels_(parameters.in_channels) {}

MapShape ShortcutLayer::OutputShape(const MapShape& x) const {
  RequireChannels(op_, x, in_channels_);
  const MapShape y{OutputLength(attributes_, 0, x.height), OutputLength(attributes_, 1, x.width), out_channels_};
  Validate(op_, kY, y);
  return y;
}

RowRange ShortcutLayer::InputRows(const MapShape& x, RowRange y) const {
  const std::int64_t pool = attributes_.pool[0];
  return {y.begin * pool, std::min(y.end * pool, x.height)};
}

ClassifierLayer::ClassifierLayer(const ClassifierParameters& parameters)
    : op_(parameters.op),
      attributes_(parameters.attributes),
      classes_(parameters.classes),
      parts_(parameters.parts),
      in_channels_(parameters.in_channels) {}

MapShape ClassifierLayer::OutputShape(const MapShape& x) const {
  RequireChannels(op_, x, in_channels_);
  const std::int64_t positions = x.height * x.width;
  if (parts_ == 1 ? positions > kMaxPartPositions : positions != parts_) {
    throw InvalidOperator(op_, kX, std::to_string(x.height) + "x" + std::to_string(x.width) + " positions",
                          parts_ == 1 ? "at most " + std::to_string(kMaxPartPositions)
                                      : std::to_string(parts_) + ", as weight has parts");
  }
  return {classes_, 1, 1};
}

RowRange ClassifierLayer::InputRows(const MapShape& x, RowRange) const { return {0, x.height}; }

}  // namespace subbit
