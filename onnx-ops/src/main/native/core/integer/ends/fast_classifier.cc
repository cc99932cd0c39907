#include "core/integer/ends/fast_classifier.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "core/integer/aligned_array.h"
#include "core/integer/layer_shapes.h"
#include "core/kernel/scratch.h"

namespace subbit {
namespace {

constexpr std::int64_t kClassifierBandProducts = 1 << 18;  // of a task: about 5 microseconds

class FastClassifier : public ClassifierLayer {
 public:
  FastClassifier(const EndKernels& kernels, const ClassifierParameters& p)
      : ClassifierLayer(p),
        kernels_(kernels),
        channels_(p.in_channels),
        values_(p.parts * p.in_channels),
        columns_((values_ + kernels.lanes - 1) / kernels.lanes * kernels.lanes),
        weights_(p.classes * columns_),
        scale_(p.scale),
        bias_(p.bias) {
    for (std::int64_t k = 0; k < p.classes; ++k) {
      std::copy_n(p.weight.data() + k * values_, values_, weights_.data() + k * columns_);
    }
  }

  std::string Name() const override { return std::string("products of rows, ") + kernels_.isa; }

  std::int64_t BandRows(const MapShape&) const override { return (kClassifierBandProducts + columns_ - 1) / columns_; }

  std::size_t ScratchBytes(const MapShape&) const override {
    ScratchCutter cutter;
    cutter.Take<std::int16_t>(columns_);
    return cutter.Bytes();
  }

  void Run(const MapShape& x, const IntegerInput& input, const IntegerOutput& output, RowRange rows,
           void* scratch) const override {
    ScratchCutter cutter(scratch);
    auto* const sums = cutter.Take<std::int16_t>(columns_);
    const auto* const values = static_cast<const std::int16_t*>(input.x);
    const std::int64_t positions = x.height * x.width / parts();
    for (std::int64_t part = 0; part < parts(); ++part) {
      kernels_.sum_positions(values + part * positions * channels_, positions, channels_,
                             static_cast<int>(attributes().shift), sums + part * channels_);
    }
    std::fill(sums + values_, sums + columns_, std::int16_t{0});
    kernels_.dots(weights_.data() + rows.begin * columns_, rows.end - rows.begin, columns_, sums,
                  scale_.data() + rows.begin, bias_.data() + rows.begin, output.logits + rows.begin);
  }

 private:
  const EndKernels& kernels_;
  const std::int64_t channels_;
  const std::int64_t values_;   ///< of a class's row of weights
  const std::int64_t columns_;  ///< the same in whole vectors
  AlignedArray<std::int8_t> weights_;
  const std::vector<float> scale_;
  const std::vector<float> bias_;
};

}  // namespace

std::unique_ptr<IntegerLayer> MakeFastClassifier(const EndKernels& kernels, const ClassifierParameters& parameters) {
  return std::make_unique<FastClassifier>(kernels, parameters);
}

}  // namespace subbit
