#include "driver/stem_ahead.h"

#include <algorithm>
#include <array>
#include <limits>

#include "device/cycle_model.h"
#include "device/request_cycles.h"
#include "driver/driver.h"

namespace subbit::fpga {
namespace {

/// The most images of a part, whose tensors all lie in device memory. More would hardly save any cycles.
constexpr std::uint32_t kMostImages = 64;

/// The modelled cycles of a layer for any number of images: each after the first few takes as long as the one before.
class ImageCycles {
 public:
  ImageCycles(LayerDescriptor layer, const Capabilities& capabilities) {
    for (std::uint32_t images = 1; images <= kCounted; ++images) {
      layer.batch = images;
      cycles_[images] = ModelledCycles(layer, capabilities);
    }
  }

  std::uint64_t Of(std::uint32_t images) const {
    const std::uint32_t counted = std::min(images, kCounted);
    return cycles_[counted] + (images - counted) * (cycles_[kCounted] - cycles_[kCounted - 1]);
  }

 private:
  static constexpr std::uint32_t kCounted = 4;

  std::array<std::uint64_t, kCounted + 1> cycles_{};
};

/// Layers of a list from one that needs the array to the next, and the stem that runs beside them.
class Stretch {
 public:
  Stretch(std::size_t place, const Capabilities& capabilities) : place_(place), capabilities_(&capabilities) {}

  /// A layer that takes so many cycles on its own.
  void Add(const LayerDescriptor& layer, std::uint64_t alone) { layers_.push_back({&layer, alone}); }
  bool empty() const { return layers_.empty(); }

  std::size_t place() const { return place_; }
  std::uint32_t portions() const { return portions_; }
  /// With the portions that it has, until the array is free again.
  std::uint64_t cycles() const { return cycles_; }
  /// What one more would cost while portions are dealt.
  std::uint64_t cost() const { return with_more_ - cycles_; }

  void Begin(const LayerDescriptor& portion, const ImageCycles& of_stem) {
    cycles_ = CyclesWith(portion, of_stem, 0);
    with_more_ = CyclesWith(portion, of_stem, 1);
  }
  void TakePortion(const LayerDescriptor& portion, const ImageCycles& of_stem) {
    ++portions_;
    cycles_ = with_more_;
    with_more_ = CyclesWith(portion, of_stem, portions_ + 1);
  }

  /// Takes all portions of another stretch if both together are shorter then: the weights of a stem are read for each.
  void TakeAllOf(Stretch& other, const LayerDescriptor& portion, const ImageCycles& of_stem) {
    if (other.portions_ == 0) {
      return;
    }
    const std::uint64_t with_all = CyclesWith(portion, of_stem, portions_ + other.portions_);
    const std::uint64_t other_alone = other.CyclesWith(portion, of_stem, 0);
    if (with_all + other_alone < cycles_ + other.cycles_) {
      portions_ += other.portions_;
      cycles_ = with_all;
      other.portions_ = 0;
      other.cycles_ = other_alone;
    }
  }

 private:
  struct Layer {
    const LayerDescriptor* descriptor;
    std::uint64_t alone;
  };

  std::uint64_t CyclesWith(LayerDescriptor stem, const ImageCycles& of_stem, std::uint32_t portions) const {
    RequestCycles request(*capabilities_);
    std::uint64_t cycles = 0;
    if (portions != 0) {
      stem.batch *= portions;
      cycles += request.Next(stem, of_stem.Of(stem.batch));
    }
    for (const Layer& layer : layers_) {
      cycles += request.Next(*layer.descriptor, layer.alone);
    }
    return cycles + request.End();
  }

  std::size_t place_;  ///< of the first
  const Capabilities* capabilities_;
  std::vector<Layer> layers_;
  std::uint32_t portions_ = 0;
  std::uint64_t cycles_ = 0;
  std::uint64_t with_more_ = 0;
};

/// A list, over which a stem is dealt out.
class Dealing {
 public:
  /// `alone` are the cycles of the layers of the list on their own.
  Dealing(const std::vector<LayerDescriptor>& list, const std::vector<std::uint64_t>& alone,
          const LayerDescriptor& stem, const ImageCycles& of_stem, std::uint32_t together,
          const Capabilities& capabilities)
      : together_(together), images_(stem.batch) {
    // But for layers behind the last one that needs the array: nothing in the list would wait for a stem beside these.
    Stretch stretch(0, capabilities);
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!NeedsArray(list[i])) {
        stretch.Add(list[i], alone[i]);
        continue;
      }
      if (!stretch.empty()) {
        stretches_.push_back(stretch);
      }
      stretch = Stretch(i + 1, capabilities);
      others_ += alone[i];
    }
    LayerDescriptor portion = stem;
    portion.batch = std::min(stem.batch, together);
    portion.integer->beside = 1;
    for (Stretch& each : stretches_) {
      each.Begin(portion, of_stem);
    }
    // Each portion goes where it costs the least. The first one of a stretch costs the weights besides, so at last it
    // is seen whether fewer stretches do.
    for (std::uint32_t dealt = 0; dealt < stem.batch; dealt += together) {
      std::min_element(stretches_.begin(), stretches_.end(), [](const Stretch& a, const Stretch& b) {
        return a.cost() < b.cost();
      })->TakePortion(portion, of_stem);
    }
    for (Stretch& to : stretches_) {
      for (Stretch& from : stretches_) {
        if (&to != &from) {
          to.TakeAllOf(from, portion, of_stem);
        }
      }
    }
  }

  /// Of the list, but for layers behind the last one that needs the array.
  std::uint64_t Cycles() const {
    std::uint64_t cycles = others_;
    for (const Stretch& stretch : stretches_) {
      cycles += stretch.cycles();
    }
    return cycles;
  }

  std::vector<StemShare> Shares() const {
    std::vector<StemShare> shares;
    std::uint32_t left = images_;
    for (const Stretch& stretch : stretches_) {
      // The last portion may have fewer images.
      const std::uint32_t images = std::min(left, stretch.portions() * together_);
      if (images != 0) {
        shares.push_back({stretch.place(), images});
      }
      left -= images;
    }
    return shares;
  }

 private:
  std::uint32_t together_;
  std::uint32_t images_;
  std::vector<Stretch> stretches_;
  std::uint64_t others_ = 0;  ///< layers that need the array
};

}  // namespace

bool NeedsArray(const LayerShape& layer) { return layer.integer.has_value() && layer.integer->kind != Kind::kConv; }

bool StemMayBeAhead(const LayerGraph& graph) {
  const auto is_stem = [](const GraphLayer& layer) {
    const LayerShape& shape = layer.layer->shape();
    return shape.integer.has_value() && shape.integer->kind == Kind::kStem;
  };
  if (graph.inputs != 1 || graph.layers.empty() || !is_stem(graph.layers.front()) ||
      graph.OutputPosition(graph.inputs).has_value()) {
    return false;
  }
  const auto others = graph.layers.begin() + 1;
  if (std::any_of(others, graph.layers.end(),
                  [&](const GraphLayer& layer) { return is_stem(layer) || layer.input == 0 || layer.residual == 0; })) {
    return false;
  }
  const auto free = std::find_if(others, graph.layers.end(),
                                 [](const GraphLayer& layer) { return !NeedsArray(layer.layer->shape()); });
  return std::any_of(free, graph.layers.end(),
                     [](const GraphLayer& layer) { return NeedsArray(layer.layer->shape()); });
}

std::vector<StemShare> DealStem(const std::vector<LayerDescriptor>& list, const LayerDescriptor& stem,
                                std::uint32_t together, const Capabilities& capabilities) {
  std::vector<std::uint64_t> alone;
  for (const LayerDescriptor& layer : list) {
    alone.push_back(ModelledCycles(layer, capabilities));
  }
  return Dealing(list, alone, stem, ImageCycles(stem, capabilities), together, capabilities).Shares();
}

std::uint32_t ImagesOfParts(const std::vector<LayerShape>& layers, std::uint32_t batch, std::uint32_t together,
                            const Capabilities& capabilities) {
  std::vector<LayerDescriptor> list(layers.begin() + 1, layers.end());
  LayerDescriptor stem(layers.front());
  const ImageCycles of_stem(stem, capabilities);
  std::vector<ImageCycles> of_layers;
  for (const LayerDescriptor& layer : list) {
    of_layers.emplace_back(layer, capabilities);
  }
  std::uint32_t best = 1;
  std::uint64_t fewest = std::numeric_limits<std::uint64_t>::max();
  // All numbers that are small, and of large ones some.
  for (std::uint32_t images = 1; images <= std::min(batch, kMostImages); images += std::max(1u, images / 8)) {
    std::vector<std::uint64_t> alone;
    for (std::size_t i = 0; i < list.size(); ++i) {
      list[i].batch = images;
      // Images of a classifier share weights that are read, some at a time.
      alone.push_back(NeedsArray(list[i]) ? ModelledCycles(list[i], capabilities) : of_layers[i].Of(images));
    }
    stem.batch = images;
    // Nothing hides the stems of the first images, as many as a part has: of the first part, or beside one that is
    // smaller.
    const std::uint64_t cycles =
        of_stem.Of(images) + Dealing(list, alone, stem, of_stem, together, capabilities).Cycles() * batch / images;
    if (cycles < fewest) {
      fewest = cycles;
      best = images;
    }
  }
  return best;
}

}  // namespace subbit::fpga
