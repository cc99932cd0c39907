#include "core/dense/dense_conv.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <vector>

#include "core/kernel/tile_tasks.h"
#include "core/response/quantized_finish.h"

namespace subbit {
namespace {

constexpr std::int64_t kWordChannels = 4;
constexpr int kDenseOutputs = DensePass::kOutputs;
constexpr int kLanes = DensePass::kLanes;
constexpr int kMaxVectors = DensePass::kMaxVectors;
/// Output channels that take as long as copying (measured on Zen 4).
constexpr double kCopyOutputs = 5;
/// What every span but the first adds to the time of a step: llvm-mca's model of Ice Lake has 14.2, 15.2 and 16.2
/// cycles for the loop with one, two and three spans (not measured).
constexpr double kSpanOverhead = 0.07;

template <class Q>
class DenseConv : public ConvKernel<Q> {
 public:
  DenseConv(const DenseKernels& kernels, const SubBitWeights& weights, const Requantization& requantization)
      : kernels_(kernels),
        outs_(weights.out_channels / weights.group),
        channels_(weights.in_channels),
        words_((channels_ + kWordChannels - 1) / kWordChannels),
        padded_outs_((outs_ + kDenseOutputs - 1) / kDenseOutputs * kDenseOutputs),
        padding_(static_cast<std::uint8_t>(requantization.x_zero_point + kFlip)),
        low_(static_cast<float>(std::numeric_limits<Q>::min() - requantization.y_zero_point)),
        high_(static_cast<float>(std::numeric_limits<Q>::max() - requantization.y_zero_point)),
        residual_{requantization.residual.multiplier, requantization.residual.zero_point + kFlip} {
    PrepareFinish(weights, requantization);
    PrepareTaps(weights);
  }

  std::string Name() const override { return std::string("dense, ") + kernels_.isa; }

  std::size_t ScratchBytes(const ConvGeometry& geometry) const override {
    ScratchCutter cutter;
    Tasks(PhasePlanes(geometry)).TakeScratch(&cutter);
    return cutter.Bytes();
  }

  void Run(const ConvGeometry& geometry, const ConvInputs<Q, Q>& inputs, Q* y, void* scratch,
           ParallelFor parallel_for) const override {
    const PhasePlanes planes(geometry);
    const std::int64_t groups = geometry.attributes.group;
    const std::int64_t group_x = channels_ * geometry.height * geometry.width;
    const std::int64_t group_y = outs_ * geometry.out_height * geometry.out_width;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(inputs.x);
    const auto* residual = reinterpret_cast<const std::uint8_t*>(inputs.residual);
    auto* result = reinterpret_cast<std::uint8_t*>(y);
    const TileTasks<std::uint32_t> tasks = Tasks(planes);
    ScratchCutter cutter(scratch);
    tasks.Run(
        tasks.TakeScratch(&cutter), parallel_for,
        [&](std::int64_t image, const PhasePlanes& band, std::int64_t word, std::uint32_t* out) {
          LayOut(band, bytes + image * group_x, word, out);
        },
        [&](std::int64_t image, const PhasePlanes& band, std::int64_t first, std::int64_t last,
            const std::uint32_t* words, void* task_memory) {
          ScratchCutter task_cutter(task_memory);
          const TaskMemory memory = TakeTaskMemory(planes, &task_cutter);
          while (first < last) {
            // Four vectors are faster as two and two than as three and one.
            const std::int64_t left = last - first;
            const auto vectors = static_cast<int>(left == 4 ? 2 : std::min<std::int64_t>(left, kMaxVectors));
            RunTile(band, words, image % groups, first, vectors, memory,
                    residual == nullptr ? nullptr : residual + image * group_y, result + image * group_y);
            first += vectors;
          }
        });
  }

 private:
  /// The exclusive or with this makes bytes of type Q unsigned.
  static constexpr int kFlip = std::numeric_limits<Q>::min() < 0 ? 0x80 : 0;

  /// The memory of one task.
  struct TaskMemory {
    PixelRun* runs;
    std::uint32_t* patches;  ///< of one tile, if its words are copied
  };

  TaskMemory TakeTaskMemory(const PhasePlanes& planes, ScratchCutter* cutter) const {
    constexpr std::int64_t kTile = std::int64_t{kMaxVectors} * kLanes;
    const std::int64_t patches = Reading(planes) == DenseReading::kCopied ? words_ * kTaps * kTile : 0;
    return {cutter->Take<PixelRun>(kTile), cutter->Take<std::uint32_t>(patches)};
  }

  DenseReading Reading(const PhasePlanes& planes) const { return ChooseDenseReading(kernels_, planes, outs_); }

  TileTasks<std::uint32_t> Tasks(const PhasePlanes& planes) const {
    ScratchCutter cutter;
    TakeTaskMemory(planes, &cutter);
    const ConvGeometry& geometry = planes.geometry;
    const bool in_place = Reading(planes) == DenseReading::kInPlace;
    return {planes,
            in_place ? planes.positions : geometry.out_height * geometry.out_width,
            in_place ? planes.pitch : geometry.out_width,
            geometry.batch * geometry.attributes.group,
            words_,
            kLanes,
            kMaxVectors,
            cutter.Bytes()};
  }

  /// finish_ is [group][padded_outs_].
  void PrepareFinish(const SubBitWeights& weights, const Requantization& requantization) {
    const std::vector<ChannelFinish> finish =
        QuantizedFinish(requantization, weights, requantization.x_zero_point + kFlip);
    finish_.resize(static_cast<std::size_t>(weights.group * padded_outs_));
    for (std::int64_t o = 0; o < weights.out_channels; ++o) {
      finish_[static_cast<std::size_t>(o / outs_ * padded_outs_ + o % outs_)] = finish[static_cast<std::size_t>(o)];
    }
  }

  /// taps_ is [group][padded_outs_ / kDenseOutputs][words_][9][kDenseOutputs], a signed byte for each channel of a
  /// word.
  void PrepareTaps(const SubBitWeights& weights) {
    taps_.resize(static_cast<std::size_t>(weights.group * padded_outs_ * words_ * kTaps));
    for (std::int64_t o = 0; o < weights.out_channels; ++o) {
      const std::int64_t padded = o / outs_ * padded_outs_ + o % outs_;
      for (std::int64_t c = 0; c < channels_; ++c) {
        const std::uint16_t codeword = weights.Codeword(o, c);
        for (int tap = 0; tap < kTaps; ++tap) {
          const std::int64_t at =
              ((padded / kDenseOutputs * words_ + c / kWordChannels) * kTaps + tap) * kDenseOutputs +
              padded % kDenseOutputs;
          const auto byte = static_cast<std::uint8_t>(TapSign(codeword, tap));
          taps_[static_cast<std::size_t>(at)] |= static_cast<std::uint32_t>(byte) << (8 * (c % kWordChannels));
        }
      }
    }
  }

  void LayOut(const PhasePlanes& planes, const std::uint8_t* x, std::int64_t word, std::uint32_t* out) const {
    const std::int64_t width = planes.geometry.width;
    const std::int64_t plane = planes.geometry.height * width;
    const std::int64_t first = word * kWordChannels;
    const auto count = static_cast<int>(std::min<std::int64_t>(kWordChannels, channels_ - first));
    planes.Fill(out, padding_ * 0x01010101u,
                [&](std::int64_t row, std::int64_t column, std::int64_t n, std::uint32_t* values) {
                  kernels_.pack(x + first * plane + row * width + column, plane, count, n,
                                planes.geometry.attributes.strides[1], static_cast<std::uint8_t>(kFlip), values);
                });
  }

  void RunTile(const PhasePlanes& planes, const std::uint32_t* words, std::int64_t group, std::int64_t first_vector,
               int vectors, const TaskMemory& memory, const std::uint8_t* residual, std::uint8_t* y) const {
    DensePass pass{};
    pass.x = words - planes.first_row * planes.pitch;
    pass.x_stride = planes.channel_size;
    pass.tap_offset = planes.tap_offset.data();
    pass.words = words_;
    pass.weights = taps_.data() + group * padded_outs_ * words_ * kTaps;
    pass.outs = outs_;
    pass.finish = finish_.data() + group * padded_outs_;
    pass.low = low_;
    pass.high = high_;
    pass.residual = residual;
    pass.flip = static_cast<std::uint8_t>(kFlip);
    pass.residual_scaling = residual_;
    pass.y = y;
    pass.y_stride = planes.geometry.out_height * planes.geometry.out_width;
    const std::int64_t first = first_vector * kLanes;
    std::array<std::int64_t, kTaps> patch_offset{};
    const DenseReading reading = Reading(planes);
    if (reading == DenseReading::kInPlace) {
      pass.x += first;
      SetRuns(vectors, memory.runs, &pass,
              [&](int v, PixelRun* runs) { return planes.FindRuns(first + v * kLanes, kLanes, runs); });
    } else {
      SetRuns(vectors, memory.runs, &pass,
              [&](int v, PixelRun* runs) { return planes.FindPositions(first + v * kLanes, kLanes, runs); });
      if (reading == DenseReading::kSpans) {
        SetSpans(vectors, &pass);
      } else {
        kernels_.gather(pass, vectors, memory.patches);
        for (std::size_t tap = 0; tap < kTaps; ++tap) {
          patch_offset[tap] = static_cast<std::int64_t>(tap) * vectors * kLanes;
        }
        pass.x = memory.patches;
        pass.x_stride = std::int64_t{kTaps} * vectors * kLanes;
        pass.tap_offset = patch_offset.data();
      }
      SetRuns(vectors, memory.runs, &pass, [&](int v, PixelRun* runs) {
        const std::int64_t pixel = first + v * kLanes;
        *runs = {0, pixel, std::min<std::int64_t>(kLanes, pass.y_stride - pixel)};
        return runs + 1;
      });
    }
    kernels_.multiply[vectors - 1](pass);
  }

  /// Sets the runs of each vector to what find(v, where) writes and returns the end of.
  template <class Find>
  static void SetRuns(int vectors, PixelRun* runs, DensePass* pass, Find find) {
    for (int v = 0; v < vectors; ++v) {
      pass->runs[v] = runs;
      runs = find(v, runs);
    }
    pass->runs[vectors] = runs;
  }

  /// Makes spans of the runs of positions.
  static void SetSpans(int vectors, DensePass* pass) {
    pass->most_spans = 2;
    for (int v = 0; v < vectors; ++v) {
      DensePass::Spans& spans = pass->spans[v];
      int count = 0;
      for (const PixelRun* run = pass->runs[v]; run != pass->runs[v + 1]; ++run, ++count) {
        spans.at[count] = run->pixel - run->offset;
        spans.lanes[count] = static_cast<std::uint16_t>(((1u << run->length) - 1) << run->offset);
      }
      pass->most_spans = std::max(pass->most_spans, count);
      for (; count < DensePass::kMostSpans; ++count) {
        spans.at[count] = spans.at[0];
        spans.lanes[count] = 0;
      }
    }
  }

  const DenseKernels& kernels_;
  const std::int64_t outs_;         // output channels of one group
  const std::int64_t channels_;     // input channels of one group
  const std::int64_t words_;        // of four input channels
  const std::int64_t padded_outs_;  // output channels of one group, rounded up to kDenseOutputs
  const std::uint8_t padding_;
  const float low_;
  const float high_;
  const ResidualScaling residual_;  // of bytes made unsigned
  std::vector<ChannelFinish> finish_;
  std::vector<std::uint32_t> taps_;
};

}  // namespace

DenseReading ChooseDenseReading(const DenseKernels& kernels, const PhasePlanes& planes, std::int64_t outs) {
  const auto count = [](std::int64_t lanes) { return static_cast<double>((lanes + kLanes - 1) / kLanes); };
  const std::int64_t width = planes.geometry.out_width;
  const double in_place = count(planes.positions);
  const double full = count(planes.geometry.out_height * width);
  const double copied = full * (1 + kCopyOutputs / static_cast<double>(outs));
  const std::int64_t most_spans = 1 + (kLanes - 1 + width - 1) / width;
  const bool can_span = kernels.loads_spans && most_spans <= DensePass::kMostSpans;
  const double spans = can_span ? full * (1 + kSpanOverhead * static_cast<double>(most_spans - 1))
                                : std::numeric_limits<double>::infinity();
  if (spans < in_place && spans < copied) return DenseReading::kSpans;
  return copied < in_place ? DenseReading::kCopied : DenseReading::kInPlace;
}

template <class Q>
std::unique_ptr<ConvKernel<Q>> MakeDenseConv(const DenseKernels& kernels, const SubBitWeights& weights,
                                             const Requantization& requantization) {
  return std::make_unique<DenseConv<Q>>(kernels, weights, requantization);
}

template std::unique_ptr<ConvKernel<std::uint8_t>> MakeDenseConv(const DenseKernels&, const SubBitWeights&,
                                                                 const Requantization&);
template std::unique_ptr<ConvKernel<std::int8_t>> MakeDenseConv(const DenseKernels&, const SubBitWeights&,
                                                                const Requantization&);

}  // namespace subbit
