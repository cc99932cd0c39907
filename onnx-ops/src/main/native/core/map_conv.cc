#include "core/map_conv.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/phase_planes.h"
#include "core/tile_tasks.h"

namespace subbit {
namespace {

constexpr int kRowMaps = 24;  // three rows of eight patterns
/// Bytes that the maps of one block of channels may take: near the first-level cache for row maps, of which every
/// output channel reads three a channel; half as much again for response maps, of which it reads one (both measured on
/// Zen 4, 32 KiB).
constexpr std::int64_t kRowMapBytes = 24 << 10;
constexpr std::int64_t kResponseMapBytes = 48 << 10;

template <class X, class E, class A, class Y>
class MapConv : public ConvKernel<X, Y> {
 public:
  MapConv(const MapKernels<X, E, A, Y>& kernels, const SubBitWeights& weights, std::int32_t x_zero_point,
          std::vector<ChannelFinish> finish)
      : kernels_(kernels),
        outs_(weights.out_channels / weights.group),
        channels_(weights.in_channels),
        responses_(UsesResponseMaps(weights.tau, outs_)),
        maps_per_channel_(responses_ ? static_cast<int>(weights.codewords.size()) : kRowMaps),
        x_zero_point_(x_zero_point),
        codewords_(weights.codewords),
        finish_(std::move(finish)) {
    const std::int64_t map_bytes = std::int64_t{kernels.tile} * static_cast<std::int64_t>(sizeof(E));
    block_ = std::clamp<std::int64_t>((responses_ ? kResponseMapBytes : kRowMapBytes) / (map_bytes * maps_per_channel_),
                                      1, kernels.max_channels);
    PrepareSlots(weights);
  }

  std::string Name() const override {
    return std::string(responses_ ? "response maps, " : "row maps, ") + kernels_.isa;
  }

  std::size_t ScratchBytes(const ConvGeometry& geometry) const override {
    ScratchCutter cutter;
    Tasks(PhasePlanes(geometry)).TakeScratch(&cutter);
    return cutter.Bytes();
  }

  void Run(const ConvGeometry& geometry, const X* x, Y* y, void* scratch, ParallelFor parallel_for) const override {
    const PhasePlanes planes(geometry);
    const std::int64_t groups = geometry.attributes.group;
    const std::int64_t group_x = channels_ * geometry.height * geometry.width;
    const std::int64_t group_y = outs_ * geometry.out_height * geometry.out_width;
    const TileTasks<E> tasks = Tasks(planes);
    ScratchCutter cutter(scratch);
    tasks.Run(
        tasks.TakeScratch(&cutter), parallel_for,
        [&](std::int64_t image, std::int64_t c, E* out) { LayOut(planes, x + image * group_x, c, out); },
        [&](std::int64_t image, std::int64_t first, std::int64_t last, const E* laid_out, void* task_memory) {
          ScratchCutter task_cutter(task_memory);
          RunTiles(planes, laid_out, image % groups, first, last, TakeTaskMemory(&task_cutter), y + image * group_y);
        });
  }

 private:
  /// What a task works in.
  struct TaskMemory {
    E* row_maps;
    E* maps;
    A* sums;
    Y* finished;
    PixelRun* runs;
  };

  TaskMemory TakeTaskMemory(ScratchCutter* cutter) const {
    const std::int64_t tile = kernels_.tile;
    return {cutter->Take<E>(kRowMaps * tile), cutter->Take<E>(block_ * maps_per_channel_ * tile),
            cutter->Take<A>(outs_ * tile), cutter->Take<Y>(tile), cutter->Take<PixelRun>(tile)};
  }

  TileTasks<E> Tasks(const PhasePlanes& planes) const {
    ScratchCutter cutter;
    TakeTaskMemory(&cutter);
    const ConvAttributes& attributes = planes.geometry.attributes;
    return {planes, planes.geometry.batch * attributes.group, channels_, kernels_.tile, cutter.Bytes()};
  }

  /// For each group and block of channels: [outs][maps that one output channel adds].
  void PrepareSlots(const SubBitWeights& weights) {
    slots_.reserve(static_cast<std::size_t>(weights.out_channels * channels_ * SlotsPerChannel()));
    for (std::int64_t group = 0; group < weights.group; ++group) {
      for (std::int64_t first = 0; first < channels_; first += block_) {
        for (std::int64_t o = group * outs_; o < (group + 1) * outs_; ++o) {
          for (std::int64_t c = first; c < std::min(first + block_, channels_); ++c) {
            const std::int64_t base = (c - first) * maps_per_channel_;
            if (responses_) {
              PushSlot(base + weights.index[static_cast<std::size_t>(o * channels_ + c)]);
            } else {
              const int codeword = weights.Codeword(o, c);
              for (int row = 0; row < kKernelSize; ++row) PushSlot(base + 8 * row + ((codeword >> (3 * row)) & 7));
            }
          }
        }
      }
    }
  }

  void PushSlot(std::int64_t slot) { slots_.push_back(static_cast<std::uint16_t>(slot)); }

  std::int64_t SlotsPerChannel() const { return responses_ ? 1 : kKernelSize; }

  void LayOut(const PhasePlanes& planes, const X* x, std::int64_t channel, E* out) const {
    const std::int64_t width = planes.geometry.width;
    const std::int64_t stride = planes.geometry.attributes.strides[1];
    const X* plane = x + channel * planes.geometry.height * width;
    planes.Fill(out, [&](std::int64_t row, std::int64_t column, std::int64_t count, E* values) {
      kernels_.convert(plane + row * width + column, count, stride, x_zero_point_, values);
    });
  }

  void RunTiles(const PhasePlanes& planes, const E* laid_out, std::int64_t group, std::int64_t first_tile,
                std::int64_t last_tile, const TaskMemory& memory, Y* y) const {
    const std::int64_t tile = kernels_.tile;
    const std::int64_t out_plane = planes.geometry.out_height * planes.geometry.out_width;
    for (std::int64_t t = first_tile; t < last_tile; ++t) {
      const PixelRun* const last_run = planes.FindRuns(t * tile, tile, memory.runs);
      const std::uint16_t* slots = slots_.data() + group * outs_ * channels_ * SlotsPerChannel();
      std::fill_n(memory.sums, outs_ * tile, A{0});
      for (std::int64_t first = 0; first < channels_; first += block_) {
        const std::int64_t last = std::min(first + block_, channels_);
        for (std::int64_t c = first; c < last; ++c) {
          const E* plane = laid_out + c * planes.channel_size + t * tile;
          E* channel_maps = memory.maps + (c - first) * maps_per_channel_ * tile;
          kernels_.row_maps(plane, planes.tap_offset.data(), responses_ ? memory.row_maps : channel_maps);
          if (responses_) kernels_.responses(memory.row_maps, codewords_.data(), maps_per_channel_, channel_maps);
        }
        const std::int64_t count = (last - first) * SlotsPerChannel();
        kernels_.add(memory.maps, slots, static_cast<int>(outs_), static_cast<int>(count), memory.sums);
        slots += outs_ * count;
      }
      for (std::int64_t o = 0; o < outs_; ++o) {
        kernels_.finish(memory.sums + o * tile, finish_[static_cast<std::size_t>(group * outs_ + o)], memory.finished);
        for (const PixelRun* run = memory.runs; run != last_run; ++run) {
          std::copy_n(memory.finished + run->offset, run->length, y + o * out_plane + run->pixel);
        }
      }
    }
  }

  const MapKernels<X, E, A, Y>& kernels_;
  const std::int64_t outs_;      // output channels of one group
  const std::int64_t channels_;  // input channels of one group
  const bool responses_;
  const int maps_per_channel_;
  const std::int32_t x_zero_point_;
  const std::vector<std::uint16_t> codewords_;
  const std::vector<ChannelFinish> finish_;
  std::int64_t block_ = 1;  // input channels of one block
  std::vector<std::uint16_t> slots_;
};

}  // namespace

template <class X, class E, class A, class Y>
std::unique_ptr<ConvKernel<X, Y>> MakeMapConv(const MapKernels<X, E, A, Y>& kernels, const SubBitWeights& weights,
                                              std::int32_t x_zero_point, std::vector<ChannelFinish> finish) {
  return std::make_unique<MapConv<X, E, A, Y>>(kernels, weights, x_zero_point, std::move(finish));
}

template std::unique_ptr<ConvKernel<float>> MakeMapConv(const MapKernels<float, float, float, float>&,
                                                        const SubBitWeights&, std::int32_t, std::vector<ChannelFinish>);
template std::unique_ptr<ConvKernel<float>> MakeMapConv(const MapKernels<float, std::int8_t, std::int16_t, float>&,
                                                        const SubBitWeights&, std::int32_t, std::vector<ChannelFinish>);
template std::unique_ptr<ConvKernel<float>> MakeMapConv(const MapKernels<float, std::int16_t, std::int32_t, float>&,
                                                        const SubBitWeights&, std::int32_t, std::vector<ChannelFinish>);
template std::unique_ptr<ConvKernel<std::uint8_t>> MakeMapConv(
    const MapKernels<std::uint8_t, std::int16_t, std::int32_t, std::uint8_t>&, const SubBitWeights&, std::int32_t,
    std::vector<ChannelFinish>);
template std::unique_ptr<ConvKernel<std::int8_t>> MakeMapConv(
    const MapKernels<std::int8_t, std::int16_t, std::int32_t, std::int8_t>&, const SubBitWeights&, std::int32_t,
    std::vector<ChannelFinish>);

}  // namespace subbit
