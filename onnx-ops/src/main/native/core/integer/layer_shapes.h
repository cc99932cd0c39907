#pragma once

#include <vector>

#include "core/integer/integer_layer.h"
#include "core/integer/integer_parameters.h"

/// What all kernels of a kind of layer have in common: which shapes it takes and gives, and which rows it reads. The
/// reference and every fast kernel derive from these.
namespace subbit {

/// The length of an axis (0 rows, 1 columns) of an operator's output from that of its input; below 1 if kernel or pool
/// window do not fit. `kernel` is that of the stem.
std::int64_t OutputLength(const StemAttributes& attributes, std::int64_t kernel, int axis, std::int64_t length);
std::int64_t OutputLength(const IntegerConvAttributes& attributes, int axis, std::int64_t length);
std::int64_t OutputLength(const ShortcutAttributes& attributes, int axis, std::int64_t length);

/// IntegerStem.
class StemLayer : public IntegerLayer {
 public:
  bool ReadsPixels() const override { return true; }
  MapShape OutputShape(const MapShape& x) const override;
  RowRange InputRows(const MapShape& x, RowRange y) const override;

 protected:
  explicit StemLayer(const StemParameters& parameters);

  /// The shape of the convolution, before pooling.
  MapShape SumShape(const MapShape& x) const;

  const StemAttributes& attributes() const { return attributes_; }

 private:
  const OpName op_;
  const StemAttributes attributes_;
  const std::int64_t out_channels_;
  const std::int64_t in_channels_;
  const std::int64_t kernel_;
};

/// IntegerSubBitConv and IntegerSubBitBlock.
class IntegerConvLayer : public IntegerLayer {
 public:
  MapShape OutputShape(const MapShape& x) const override;
  RowRange InputRows(const MapShape& x, RowRange y) const override;
  const std::int16_t* Threshold() const override { return threshold_.data(); }
  std::int64_t ThresholdCount() const override { return static_cast<std::int64_t>(threshold_.size()); }
  bool AddsResidual() const override { return adds_residual_; }

 protected:
  explicit IntegerConvLayer(const IntegerConvParameters& parameters);

  /// The shape of the convolution, before pooling.
  MapShape SumShape(const MapShape& x) const;

  const IntegerConvAttributes& attributes() const { return attributes_; }

 private:
  const OpName op_;
  const IntegerConvAttributes attributes_;
  const std::vector<std::int16_t> threshold_;
  const bool adds_residual_;
};

/// IntegerShortcut.
class ShortcutLayer : public IntegerLayer {
 public:
  MapShape OutputShape(const MapShape& x) const override;
  RowRange InputRows(const MapShape& x, RowRange y) const override;

 protected:
  explicit ShortcutLayer(const ShortcutParameters& parameters);

  const ShortcutAttributes& attributes() const { return attributes_; }

 private:
  const OpName op_;
  const ShortcutAttributes attributes_;
  const std::int64_t out_channels_;
  const std::int64_t in_channels_;
};

/// IntegerClassifier. A row of its output is the logit of a class.
class ClassifierLayer : public IntegerLayer {
 public:
  MapShape OutputShape(const MapShape& x) const override;
  RowRange InputRows(const MapShape& x, RowRange y) const override;

 protected:
  explicit ClassifierLayer(const ClassifierParameters& parameters);

  const ClassifierAttributes& attributes() const { return attributes_; }
  std::int64_t classes() const { return classes_; }
  std::int64_t parts() const { return parts_; }

 private:
  const OpName op_;
  const ClassifierAttributes attributes_;
  const std::int64_t classes_;
  const std::int64_t parts_;
  const std::int64_t in_channels_;
};

}  // namespace subbit
