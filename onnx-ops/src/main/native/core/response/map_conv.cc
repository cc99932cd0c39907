#include "core/response/map_conv.h"

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>

#include "core/kernel/phase_planes.h"
#include "core/kernel/tile_tasks.h"

namespace subbit {
namespace {

/// `outs` rounded up to a multiple of the output channels whose slots lie side by side.
template <class X, class E, class A, class Y>
std::int64_t RoundedOutputs(const MapKernels<X, E, A, Y>& kernels, std::int64_t outs) {
  return (outs + kernels.outputs_at_once - 1) / kernels.outputs_at_once * kernels.outputs_at_once;
}

/// The blocks of one stage of the weights.
struct MapStage {
  MapPlan plan;
  /// One scale per output channel, each group filled up to a multiple of outputs_at_once; empty where the sums of the
  /// blocks are added as they are.
  std::vector<float> scale;
};

template <class X, class E, class A, class Y>
class MapConv : public ConvKernel<X, Y> {
 public:
  /// All stages have the same channels and the same kind of maps.
  MapConv(const MapKernels<X, E, A, Y>& kernels, const SubBitWeights& weights, const MapInput& input,
          std::vector<MapStage> stages, std::vector<ChannelFinish> finish, const ResidualScaling& residual)
      : kernels_(kernels),
        kind_(stages.front().plan.kind),
        outs_(weights.out_channels / weights.group),
        channels_(weights.in_channels),
        input_(input),
        stages_(std::move(stages)),
        finish_(std::move(finish)),
        residual_(residual) {
    for (const MapStage& stage : stages_) block_maps_ = std::max(block_maps_, stage.plan.block_maps);
  }

  std::string Name() const override {
    const std::string stages = stages_.size() == 1 ? "" : " of " + std::to_string(stages_.size()) + " stages";
    return ToString(kind_) + stages + ", " + ToString(kernels_.isa);
  }

  std::size_t ScratchBytes(const ConvGeometry& geometry) const override {
    ScratchCutter cutter;
    Tasks(Planes(geometry)).TakeScratch(&cutter);
    return cutter.Bytes();
  }

  /// Counts all additions, as if every lane held a pixel.
  KernelBound Bound(const ConvGeometry& geometry) const override {
    const std::int64_t pixels = geometry.batch * geometry.out_height * geometry.out_width;
    double additions = 0;
    for (const MapStage& stage : stages_) additions += stage.plan.Additions(outs_);
    return {std::is_same_v<E, float> ? VectorStep::kAddFloat : VectorStep::kAddInt, kernels_.isa,
            static_cast<double>(pixels) / kernels_.lanes * additions};
  }

  void Run(const ConvGeometry& geometry, const ConvInputs<X, Y>& inputs, Y* y, void* scratch,
           ParallelFor parallel_for) const override {
    const PhasePlanes planes = Planes(geometry);
    const std::int64_t groups = geometry.attributes.group;
    const std::int64_t group_x = channels_ * geometry.height * geometry.width;
    const std::int64_t group_y = outs_ * geometry.out_height * geometry.out_width;
    const TileTasks<E> tasks = Tasks(planes);
    ScratchCutter cutter(scratch);
    tasks.Run(
        tasks.TakeScratch(&cutter), parallel_for,
        [&](std::int64_t image, const PhasePlanes& band, std::int64_t c, E* out) {
          LayOut(band, inputs.x + image * group_x, c, out);
        },
        [&](std::int64_t image, const PhasePlanes& band, std::int64_t first, std::int64_t last, const E* laid_out,
            void* task_memory) {
          ScratchCutter task_cutter(task_memory);
          const TaskMemory memory = TakeTaskMemory(&task_cutter);
          const std::int64_t step = kMaxTileVectors / planes.row_group;
          const Y* residual = inputs.residual == nullptr ? nullptr : inputs.residual + image * group_y;
          for (std::int64_t v = first; v < last; v += step) {
            const auto vectors = static_cast<int>(std::min(step, last - v)) * planes.row_group;
            RunTile(band, laid_out, image % groups, v, vectors, memory, residual, y + image * group_y);
          }
        });
  }

 private:
  /// The memory of one task.
  struct TaskMemory {
    E* maps;  ///< [kMaxTileVectors][block_maps_][lanes]
    A* sums;
    PixelRun* runs;
  };

  TaskMemory TakeTaskMemory(ScratchCutter* cutter) const {
    const std::int64_t tile = std::int64_t{kMaxTileVectors} * kernels_.lanes;
    return {cutter->Take<E>(block_maps_ * tile), cutter->Take<A>(RoundedOutputs(kernels_, outs_) * tile),
            cutter->Take<PixelRun>(tile)};
  }

  /// Groups rows in twos, which share row maps, unless that would leave many lanes without a pixel.
  PhasePlanes Planes(const ConvGeometry& geometry) const {
    const PhasePlanes single(geometry);
    if (kind_ == MapKind::kHalves || !PhasePlanes::CanGroupRows(geometry)) return single;
    const PhasePlanes grouped(geometry, 2);
    const auto vectors = [&](const PhasePlanes& planes) {
      return (planes.positions + kernels_.lanes - 1) / kernels_.lanes * planes.row_group;
    };
    return vectors(grouped) * 10 <= vectors(single) * 11 ? grouped : single;
  }

  /// The vectors of a plane are its tiles' parts: a task should have enough of them for a full tile.
  TileTasks<E> Tasks(const PhasePlanes& planes) const {
    ScratchCutter cutter;
    TakeTaskMemory(&cutter);
    const ConvAttributes& attributes = planes.geometry.attributes;
    return {planes,         planes.geometry.batch * attributes.group, channels_,
            kernels_.lanes, kMaxTileVectors / planes.row_group,       cutter.Bytes()};
  }

  void LayOut(const PhasePlanes& planes, const X* x, std::int64_t channel, E* out) const {
    const std::int64_t width = planes.geometry.width;
    const std::int64_t stride = planes.geometry.attributes.strides[1];
    const X* plane = x + channel * planes.geometry.height * width;
    planes.Fill(out, static_cast<E>(input_.padding),
                [&](std::int64_t row, std::int64_t column, std::int64_t count, E* values) {
                  kernels_.convert(plane + row * width + column, count, stride, input_.offset, values);
                });
  }

  /// Computes all output channels of a group at `vectors` vectors of pixels from the positions of number `first_vector`
  /// on: side by side, or one below the other where rows are grouped.
  void RunTile(const PhasePlanes& planes, const E* laid_out, std::int64_t group, std::int64_t first_vector, int vectors,
               const TaskMemory& memory, const Y* residual, Y* y) const {
    const std::int64_t lanes = kernels_.lanes;
    MapPass<E, A, Y> pass{};
    pass.maps = memory.maps;
    const bool grouped = planes.row_group == 2;
    // The row maps of the pixels below are those of the pixels above, a row on.
    pass.map_stride = (grouped && kind_ == MapKind::kRows ? kRowPatterns : block_maps_) * lanes;
    pass.outs = outs_;
    pass.sums = memory.sums;
    pass.finish = finish_.data() + group * outs_;
    pass.residual = residual;
    pass.residual_scaling = residual_;
    pass.y = y;
    pass.y_stride = planes.geometry.out_height * planes.geometry.out_width;
    PixelRun* runs = memory.runs;
    for (int v = 0; v < vectors; ++v) {
      pass.runs[v] = runs;
      runs = grouped ? planes.FindRuns(first_vector * lanes, lanes, runs, v)
                     : planes.FindRuns((first_vector + v) * lanes, lanes, runs);
    }
    pass.runs[vectors] = runs;
    pass.first = true;
    for (const MapStage& stage : stages_) {
      pass.scale = stage.scale.empty() ? nullptr : stage.scale.data() + group * RoundedOutputs(kernels_, outs_);
      for (const MapPlan::Block& block : stage.plan.blocks[static_cast<std::size_t>(group)]) {
        E* maps = memory.maps;
        for (std::int64_t c = block.first_channel; c < block.last_channel; ++c) {
          const E* plane = laid_out + c * planes.channel_size + first_vector * lanes - planes.first_row * planes.pitch;
          if (grouped) {
            MakeMaps(stage.plan, group * channels_ + c, plane, planes, pass.map_stride, maps);
          } else {
            for (int v = 0; v < vectors; ++v) {
              MakeMaps(stage.plan, group * channels_ + c, plane + v * lanes, planes, 0, maps + v * pass.map_stride);
            }
          }
          maps += stage.plan.Maps(group * channels_ + c) * lanes;
        }
        pass.slots = stage.plan.slots.data() + block.slots;
        pass.count = block.count;
        pass.last = &stage == &stages_.back() && block.last_channel == channels_;
        kernels_.sum[vectors - 1](pass);
        pass.first = false;
      }
    }
  }

  /// Makes the maps of one vector of positions.
  void MakeMaps(const MapPlan& plan, std::int64_t channel, const E* plane, const PhasePlanes& planes,
                std::int64_t map_stride, E* maps) const {
    const std::int64_t* tap_offset = planes.tap_offset.data();
    if (kind_ == MapKind::kRows) {
      kernels_.rows(plane, tap_offset, kKernelSize + planes.row_group - 1, maps);
    } else if (kind_ == MapKind::kHalves) {
      kernels_.halves(plane, tap_offset, maps);
    } else {
      kernels_.responses[planes.row_group - 1](plane, tap_offset, plan.Codewords(channel), maps, map_stride);
    }
  }

  const MapKernels<X, E, A, Y>& kernels_;
  const MapKind kind_;
  const std::int64_t outs_;      // output channels of one group
  const std::int64_t channels_;  // input channels of one group
  const MapInput input_;
  const std::vector<MapStage> stages_;
  const std::vector<ChannelFinish> finish_;
  const ResidualScaling residual_;
  std::int64_t block_maps_ = 0;  // of the largest block of any stage
};

template <class X, class E, class A, class Y>
MapPlan Plan(const MapKernels<X, E, A, Y>& kernels, MapKind kind, const SubBitWeights& weights) {
  return MakeMapPlan(weights, kind, std::int64_t{kernels.lanes} * static_cast<std::int64_t>(sizeof(E)),
                     kernels.outputs_at_once, kernels.max_channels);
}

}  // namespace

template <class X, class E, class A, class Y>
std::unique_ptr<ConvKernel<X, Y>> MakeMapConv(const MapKernels<X, E, A, Y>& kernels, MapKind kind,
                                              const SubBitWeights& weights, const MapInput& input,
                                              std::vector<ChannelFinish> finish, const ResidualScaling& residual) {
  std::vector<MapStage> only;
  only.push_back({Plan(kernels, kind, weights), {}});
  return std::make_unique<MapConv<X, E, A, Y>>(kernels, weights, input, std::move(only), std::move(finish), residual);
}

std::unique_ptr<ConvKernel<float>> MakeStagedMapConv(const MapKernels<float, float, float, float>& kernels,
                                                     MapKind kind, const std::vector<WeightStage>& stages,
                                                     const std::vector<float>& bias) {
  const SubBitWeights& first = stages.front().weights;
  const std::int64_t outs = first.out_channels / first.group;
  const std::int64_t rounded = RoundedOutputs(kernels, outs);
  std::vector<MapStage> planned;
  for (const WeightStage& stage : stages) {
    std::vector<float> scale(static_cast<std::size_t>(first.group * rounded), 0.0f);
    for (std::int64_t group = 0; group < first.group; ++group) {
      std::copy_n(stage.scale.begin() + group * outs, outs, scale.begin() + group * rounded);
    }
    planned.push_back({Plan(kernels, kind, stage.weights), std::move(scale)});
  }
  std::vector<ChannelFinish> finish;
  for (const float addend : bias) finish.push_back({1.0f, addend, 0, 0});
  return std::make_unique<MapConv<float, float, float, float>>(kernels, first, MapInput{}, std::move(planned),
                                                               std::move(finish), ResidualScaling{0.0f, 0});
}

template std::unique_ptr<ConvKernel<float>> MakeMapConv(  //
    const MapKernels<float, float, float, float>&, MapKind, const SubBitWeights&, const MapInput&,
    std::vector<ChannelFinish>, const ResidualScaling&);
template std::unique_ptr<ConvKernel<float>> MakeMapConv(const MapKernels<float, std::int8_t, std::int16_t, float>&,
                                                        MapKind, const SubBitWeights&, const MapInput&,
                                                        std::vector<ChannelFinish>, const ResidualScaling&);
template std::unique_ptr<ConvKernel<float>> MakeMapConv(const MapKernels<float, std::int16_t, std::int32_t, float>&,
                                                        MapKind, const SubBitWeights&, const MapInput&,
                                                        std::vector<ChannelFinish>, const ResidualScaling&);
template std::unique_ptr<ConvKernel<std::uint8_t>> MakeMapConv(
    const MapKernels<std::uint8_t, std::int16_t, std::int32_t, std::uint8_t>&, MapKind, const SubBitWeights&,
    const MapInput&, std::vector<ChannelFinish>, const ResidualScaling&);
template std::unique_ptr<ConvKernel<std::int8_t>> MakeMapConv(
    const MapKernels<std::int8_t, std::int16_t, std::int32_t, std::int8_t>&, MapKind, const SubBitWeights&,
    const MapInput&, std::vector<ChannelFinish>, const ResidualScaling&);

}  // namespace subbit
