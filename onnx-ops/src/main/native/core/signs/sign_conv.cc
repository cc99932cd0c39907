#include "core/signs/sign_conv.h"

#include <algorithm>
#include <utility>

#include "core/operator/packed_bits.h"

namespace subbit {
namespace {

constexpr int kTile = SignConvTile::kTile;

/// The number of multiply-adds from which a run is worth several threads: fewer take about as long as waking another
/// thread (see kLeastParallelSigns).
constexpr std::int64_t kLeastParallelOps = 20'000'000;

SignConvFinish Finish(const SignConvParameters& parameters) {
  const BlockParameters& block = parameters.block;
  if (block.slope.empty()) return {parameters.scale.data(), parameters.bias.data()};
  return {parameters.scale.data(), parameters.bias.data(), block.shift_in.data(),
          block.slope.data(),      block.shift_out.data(), block.next_shift.data()};
}

}  // namespace

/// How one geometry is split, and its scratch memory: what all tasks share, and a slice for each.
struct SignConv::Plan {
  std::int64_t in_plane;
  std::int64_t out_plane;
  std::int64_t words;           // of one image, all groups
  std::int64_t tiles;           // of one image
  std::int64_t gathered_words;  // of one tile
  std::int64_t patch_words;     // of one tile, with the patterns that are made of them
  TapReader taps;
  bool whole_images;    // an image a task
  bool shared_patches;  // tiles are gathered before they are split over output channels

  Plan(const SignConv& conv, const ConvGeometry& g)
      : in_plane(g.height * g.width),
        out_plane(g.out_height * g.out_width),
        words(conv.groups_ * conv.layout_.WordsPerPixel() * in_plane),
        tiles((out_plane + kTile - 1) / kTile),
        gathered_words(conv.layout_.Size() * kTile),
        patch_words(gathered_words + conv.PreparedWords()),
        taps(g),
        whole_images((g.batch >= kMaxTasks || (g.batch > 1 && tiles == 1)) && words <= kSmallImage),
        shared_patches(!whole_images && conv.groups_ == 1 && tiles < kMaxTasks) {}

  std::uint8_t* TakeClasses(ScratchCutter* cutter) const { return cutter->Take<std::uint8_t>(out_plane + kTile); }

  std::uint32_t* TakeWords(ScratchCutter* cutter) const { return cutter->Take<std::uint32_t>(words); }

  std::uint32_t* TakePatches(ScratchCutter* cutter) const {
    return cutter->Take<std::uint32_t>(shared_patches ? tiles * patch_words : patch_words);
  }

  std::size_t SliceBytes() const {
    ScratchCutter cutter;
    if (whole_images) TakeWords(&cutter);
    TakePatches(&cutter);
    return cutter.Bytes();
  }

  std::byte* TakeSlices(ScratchCutter* cutter) const {
    return cutter->Take<std::byte>(kMaxTasks * static_cast<std::int64_t>(SliceBytes()));
  }

 private:
  static constexpr std::int64_t kSmallImage = 64 << 10;  // words
};

/// One image of a run.
struct SignConv::Image {
  const ConvGeometry& geometry;
  const Plan& plan;
  std::int64_t number;
  std::uint32_t* words;         // [groups][words of a pixel][in_plane]
  const std::uint8_t* classes;  // of the output pixels
  Tensors tensors;              // of this image
};

SignConv::SignConv(const PopcountKernels& kernels, PatchLayout layout, const SubBitWeights& weights,
                   SignConvParameters parameters)
    : kernels_(kernels),
      layout_(layout),
      groups_(weights.group),
      outs_(weights.out_channels / weights.group),
      channels_(weights.in_channels),
      parameters_(std::move(parameters)),
      finish_(Finish(parameters_)),
      padding_(weights) {}

std::size_t SignConv::ScratchBytes(const ConvGeometry& geometry) const {
  const Plan plan(*this, geometry);
  ScratchCutter cutter;
  plan.TakeClasses(&cutter);
  if (!plan.whole_images) plan.TakeWords(&cutter);
  plan.shared_patches ? static_cast<void>(plan.TakePatches(&cutter)) : static_cast<void>(plan.TakeSlices(&cutter));
  return cutter.Bytes();
}

bool SignConv::IsWorthThreads(const ConvGeometry& geometry) const {
  const std::int64_t pixels = geometry.batch * geometry.out_height * geometry.out_width;
  return pixels * groups_ * outs_ * channels_ * kTaps >= kLeastParallelOps;
}

void SignConv::Run(const ConvGeometry& geometry, PackSigns pack, const Tensors& tensors, void* scratch,
                   ParallelFor threads) const {
  const Plan plan(*this, geometry);
  const ParallelFor parallel_for = IsWorthThreads(geometry) ? threads : ParallelFor(RunSerially);
  ScratchCutter cutter(scratch);
  std::uint8_t* const classes = plan.TakeClasses(&cutter);
  PaddingSums::FillClasses(geometry, classes);
  std::fill_n(classes + plan.out_plane, kTile, std::uint8_t{0});
  const std::int64_t channels = outs_ * groups_;
  const auto image_of = [&](std::int64_t number, std::uint32_t* words) {
    const std::int64_t floats = number * channels * plan.out_plane;
    return Image{geometry,
                 plan,
                 number,
                 words,
                 classes,
                 {tensors.y == nullptr ? nullptr : tensors.y + floats,
                  tensors.residual == nullptr ? nullptr : tensors.residual + floats,
                  tensors.s == nullptr ? nullptr : tensors.s + number * PackedBytes(channels) * plan.out_plane}};
  };
  if (plan.whole_images) {
    ScratchSlices slices(plan.TakeSlices(&cutter), plan.SliceBytes());
    const std::int64_t tasks = std::min(geometry.batch, kMaxTasks);
    parallel_for(static_cast<std::size_t>(tasks), [&](std::size_t task) {
      const ScratchSlices::Hold slice(&slices);
      ScratchCutter task_cutter(slice.get());
      std::uint32_t* const words = plan.TakeWords(&task_cutter);
      std::uint32_t* const patches = plan.TakePatches(&task_cutter);
      const auto t = static_cast<std::int64_t>(task);
      for (std::int64_t n = geometry.batch * t / tasks; n < geometry.batch * (t + 1) / tasks; ++n) {
        const Image image = image_of(n, words);
        for (std::int64_t unit = 0; unit < groups_ * layout_.WordsPerPixel(); ++unit) {
          PackPlane(image, unit, 0, plan.in_plane, pack);
        }
        for (std::int64_t tile = 0; tile < plan.tiles; ++tile) ConvolveTile(image, tile, patches);
      }
    });
    return;
  }
  std::uint32_t* const words = plan.TakeWords(&cutter);
  std::uint32_t* const shared = plan.shared_patches ? plan.TakePatches(&cutter) : nullptr;
  ScratchSlices slices(plan.shared_patches ? nullptr : plan.TakeSlices(&cutter), plan.SliceBytes());
  for (std::int64_t n = 0; n < geometry.batch; ++n) {
    const Image image = image_of(n, words);
    PackInTasks(image, pack, parallel_for);
    if (plan.shared_patches) {
      ConvolveSplitTiles(image, shared, parallel_for);
    } else {
      const std::int64_t tasks = std::min(plan.tiles, kMaxTasks);
      parallel_for(static_cast<std::size_t>(tasks), [&](std::size_t task) {
        const ScratchSlices::Hold slice(&slices);
        ScratchCutter task_cutter(slice.get());
        std::uint32_t* const patches = plan.TakePatches(&task_cutter);
        const auto t = static_cast<std::int64_t>(task);
        for (std::int64_t tile = plan.tiles * t / tasks; tile < plan.tiles * (t + 1) / tasks; ++tile) {
          ConvolveTile(image, tile, patches);
        }
      });
    }
  }
}

void SignConv::PackPlane(const Image& image, std::int64_t unit, std::int64_t first, std::int64_t n,
                         PackSigns pack) const {
  const std::int64_t group = unit / layout_.WordsPerPixel();
  const std::int64_t word = unit % layout_.WordsPerPixel();
  pack({image.number, group * channels_ + word * PatchLayout::kWordBits, layout_.ChannelsOf(word), first, n,
        image.words + unit * image.plan.in_plane + first});
}

void SignConv::PackInTasks(const Image& image, PackSigns pack, ParallelFor parallel_for) const {
  constexpr std::int64_t kLeastPixels = 128;
  const std::int64_t units = groups_ * layout_.WordsPerPixel();
  const std::int64_t most_chunks = (image.plan.in_plane + kLeastPixels - 1) / kLeastPixels;
  const std::int64_t chunks = std::clamp<std::int64_t>((kMaxTasks + units - 1) / units, 1, most_chunks);
  const auto pack_chunk = [&](std::size_t task) {
    const std::int64_t unit = static_cast<std::int64_t>(task) / chunks;
    const std::int64_t chunk = static_cast<std::int64_t>(task) % chunks;
    const auto begin = [&](std::int64_t i) {
      return std::min(image.plan.in_plane, most_chunks * i / chunks * kLeastPixels);
    };
    PackPlane(image, unit, begin(chunk), begin(chunk + 1) - begin(chunk), pack);
  };
  const bool worth_threads = units * PatchLayout::kWordBits * image.plan.in_plane >= kLeastParallelSigns;
  (worth_threads ? parallel_for : ParallelFor(RunSerially))(static_cast<std::size_t>(units * chunks), pack_chunk);
}

void SignConv::ConvolveSplitTiles(const Image& image, std::uint32_t* patches, ParallelFor parallel_for) const {
  const std::int64_t tiles = image.plan.tiles;
  const std::int64_t patch = image.plan.patch_words;
  parallel_for(static_cast<std::size_t>(tiles), [&](std::size_t task) {
    const auto tile = static_cast<std::int64_t>(task);
    GatherTile(image, tile, 0, patches + tile * patch);
  });
  const std::int64_t unit = OutputUnit();
  const std::int64_t units = (outs_ + unit - 1) / unit;
  const std::int64_t chunks = std::clamp<std::int64_t>(kMaxTasks / tiles, 1, units);
  parallel_for(static_cast<std::size_t>(tiles * chunks), [&](std::size_t task) {
    const std::int64_t tile = static_cast<std::int64_t>(task) / chunks;
    const std::int64_t chunk = static_cast<std::int64_t>(task) % chunks;
    const std::int64_t first = units * chunk / chunks * unit;
    const std::int64_t last = std::min(outs_, units * (chunk + 1) / chunks * unit);
    std::uint8_t unfinished_signs[kTile] = {};
    ConvolveOutputs(image, tile, 0, first, last - first, patches + tile * patch, unfinished_signs);
  });
}

void SignConv::ConvolveTile(const Image& image, std::int64_t tile, std::uint32_t* patches) const {
  std::uint8_t unfinished_signs[kTile] = {};
  for (std::int64_t group = 0; group < groups_; ++group) {
    GatherTile(image, tile, group, patches);
    ConvolveOutputs(image, tile, group, 0, outs_, patches, unfinished_signs);
  }
}

void SignConv::GatherTile(const Image& image, std::int64_t tile, std::int64_t group, std::uint32_t* patches) const {
  const std::int64_t first = tile * kTile;
  TapRun runs[kTaps * kTile];
  const int count = image.plan.taps.FindRuns(first, std::min<std::int64_t>(kTile, image.plan.out_plane - first), runs);
  std::fill_n(patches, image.plan.gathered_words, 0u);
  for (std::int64_t word = 0; word < layout_.WordsPerPixel(); ++word) {
    kernels_.gather(runs, count, layout_.SlotsOf(word),
                    image.words + (group * layout_.WordsPerPixel() + word) * image.plan.in_plane,
                    image.geometry.attributes.strides[1], patches);
  }
  Prepare(patches);
}

void SignConv::ConvolveOutputs(const Image& image, std::int64_t tile, std::int64_t group, std::int64_t first,
                               std::int64_t outs, const std::uint32_t* patches, std::uint8_t* unfinished_signs) const {
  const std::int64_t pixel = tile * kTile;
  const std::uint8_t* const classes = image.classes + pixel;
  SignConvTile work{};
  work.pixels = static_cast<int>(std::min<std::int64_t>(kTile, image.plan.out_plane - pixel));
  work.first_out = group * outs_ + first;
  work.outs = outs;
  work.out_channels = groups_ * outs_;
  work.classes = classes;
  work.common_classes = *std::max_element(classes, classes + kTile) < PaddingSums::kBlock;
  work.sums_of_class = padding_.Data();
  work.finish = &finish_;
  work.out_plane = image.plan.out_plane;
  work.y = image.tensors.y == nullptr ? nullptr : image.tensors.y + pixel;
  work.residual = image.tensors.residual == nullptr ? nullptr : image.tensors.residual + pixel;
  work.s = image.tensors.s == nullptr ? nullptr : image.tensors.s + pixel;
  work.unfinished_signs = unfinished_signs;
  Convolve(work, group, first, patches);
}

}  // namespace subbit
