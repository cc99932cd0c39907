#include "core/response/map_conv.h"

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>

#include "core/kernel/phase_planes.h"
#include "core/kernel/tile_tasks.h"

namespace subbit {
namespace {

template <class X, class E, class A, class Y>
class MapConv : public ConvKernel<X, Y> {
 public:
  MapConv(const MapKernels<X, E, A, Y>& kernels, MapKind kind, const SubBitWeights& weights, const MapInput& input,
          std::vector<ChannelFinish> finish, const ResidualScaling& residual)
      : kernels_(kernels),
        outs_(weights.out_channels / weights.group),
        channels_(weights.in_channels),
        input_(input),
        finish_(std::move(finish)),
        residual_(residual),
        plan_(MakeMapPlan(weights, kind, std::int64_t{kernels.lanes} * static_cast<std::int64_t>(sizeof(E)),
                          kernels.outputs_at_once, kernels.max_channels)) {}

  std::string Name() const override { return std::string(ToString(plan_.kind)) + ", " + ToString(kernels_.isa); }

  std::size_t ScratchBytes(const ConvGeometry& geometry) const override {
    ScratchCutter cutter;
    Tasks(Planes(geometry)).TakeScratch(&cutter);
    return cutter.Bytes();
  }

  /// Counts all additions, as if every lane held a pixel.
  KernelBound Bound(const ConvGeometry& geometry) const override {
    const std::int64_t pixels = geometry.batch * geometry.out_height * geometry.out_width;
    return {std::is_same_v<E, float> ? VectorStep::kAddFloat : VectorStep::kAddInt, kernels_.isa,
            static_cast<double>(pixels) / kernels_.lanes * plan_.Additions(outs_)};
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
    E* maps;  ///< [kMaxTileVectors][plan_.block_maps][lanes]
    A* sums;
    PixelRun* runs;
  };

  TaskMemory TakeTaskMemory(ScratchCutter* cutter) const {
    const std::int64_t tile = std::int64_t{kMaxTileVectors} * kernels_.lanes;
    const std::int64_t outs = (outs_ + kernels_.outputs_at_once - 1) / kernels_.outputs_at_once;
    return {cutter->Take<E>(plan_.block_maps * tile), cutter->Take<A>(outs * kernels_.outputs_at_once * tile),
            cutter->Take<PixelRun>(tile)};
  }

  /// Groups rows in twos, which share row maps, unless that would leave many lanes without a pixel.
  PhasePlanes Planes(const ConvGeometry& geometry) const {
    const PhasePlanes single(geometry);
    if (plan_.kind == MapKind::kHalves || !PhasePlanes::CanGroupRows(geometry)) return single;
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
    pass.map_stride = (grouped && plan_.kind == MapKind::kRows ? kRowPatterns : plan_.block_maps) * lanes;
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
    for (const MapPlan::Block& block : plan_.blocks[static_cast<std::size_t>(group)]) {
      E* maps = memory.maps;
      for (std::int64_t c = block.first_channel; c < block.last_channel; ++c) {
        const E* plane = laid_out + c * planes.channel_size + first_vector * lanes - planes.first_row * planes.pitch;
        if (grouped) {
          MakeMaps(group * channels_ + c, plane, planes, pass.map_stride, maps);
        } else {
          for (int v = 0; v < vectors; ++v) {
            MakeMaps(group * channels_ + c, plane + v * lanes, planes, 0, maps + v * pass.map_stride);
          }
        }
        maps += plan_.Maps(group * channels_ + c) * lanes;
      }
      pass.slots = plan_.slots.data() + block.slots;
      pass.count = block.count;
      pass.first = block.first_channel == 0;
      pass.last = block.last_channel == channels_;
      kernels_.sum[vectors - 1](pass);
    }
  }

  /// Makes the maps of one vector of positions.
  void MakeMaps(std::int64_t channel, const E* plane, const PhasePlanes& planes, std::int64_t map_stride,
                E* maps) const {
    const std::int64_t* tap_offset = planes.tap_offset.data();
    if (plan_.kind == MapKind::kRows) {
      kernels_.rows(plane, tap_offset, kKernelSize + planes.row_group - 1, maps);
    } else if (plan_.kind == MapKind::kHalves) {
      kernels_.halves(plane, tap_offset, maps);
    } else {
      kernels_.responses[planes.row_group - 1](plane, tap_offset, plan_.Codewords(channel), maps, map_stride);
    }
  }

  const MapKernels<X, E, A, Y>& kernels_;
  const std::int64_t outs_;      // output channels of one group
  const std::int64_t channels_;  // input channels of one group
  const MapInput input_;
  const std::vector<ChannelFinish> finish_;
  const ResidualScaling residual_;
  const MapPlan plan_;
};

}  // namespace

template <class X, class E, class A, class Y>
std::unique_ptr<ConvKernel<X, Y>> MakeMapConv(const MapKernels<X, E, A, Y>& kernels, MapKind kind,
                                              const SubBitWeights& weights, const MapInput& input,
                                              std::vector<ChannelFinish> finish, const ResidualScaling& residual) {
  return std::make_unique<MapConv<X, E, A, Y>>(kernels, kind, weights, input, std::move(finish), residual);
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
