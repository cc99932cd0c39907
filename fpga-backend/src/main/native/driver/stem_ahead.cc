#include "driver/stem_ahead.h"

#include <algorithm>

#include "device/cycle_model.h"
#include "driver/driver.h"

namespace subbit::fpga {
namespace {

/// Layers of a list from one that needs the array to the next.
struct Stretch {
  std::size_t place;       ///< of the first
  std::uint64_t work;      ///< their cycles
  std::uint32_t portions;  ///< of the stem that runs beside them
};

/// What a stretch takes longer with some more images of a stem, and, if that is equal, how much it is filled.
struct Cost {
  std::uint64_t longer;
  std::int64_t filled;

  bool operator<(const Cost& other) const {
    return longer != other.longer ? longer < other.longer : filled < other.filled;
  }
};

Cost CostOf(const Stretch& stretch, std::uint64_t before, std::uint64_t after) {
  return {std::max(after, stretch.work) - std::max(before, stretch.work),
          static_cast<std::int64_t>(after) - static_cast<std::int64_t>(stretch.work)};
}

/// But for layers behind the last one that needs the array: nothing in the list would wait for a stem beside these.
std::vector<Stretch> StretchesOf(const std::vector<LayerDescriptor>& list, const Capabilities& capabilities) {
  std::vector<Stretch> stretches;
  Stretch stretch{0, 0, 0};
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!NeedsArray(list[i])) {
      stretch.work += ModelledCycles(list[i], capabilities);
      continue;
    }
    if (stretch.work != 0) {
      stretches.push_back(stretch);
    }
    stretch = {i + 1, 0, 0};
  }
  return stretches;
}

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
  std::vector<Stretch> stretches = StretchesOf(list, capabilities);
  LayerDescriptor portion = stem;
  portion.batch = std::min(stem.batch, together);
  const std::uint64_t cycles = ModelledCycles(portion, capabilities);
  const auto cost = [&](const Stretch& s) { return CostOf(s, s.portions * cycles, (s.portions + 1) * cycles); };
  // Each portion goes where it costs the least: what it costs there never falls with more of them.
  for (std::uint32_t dealt = 0; dealt < stem.batch; dealt += together) {
    ++std::min_element(stretches.begin(), stretches.end(), [&](const Stretch& a, const Stretch& b) {
        return cost(a) < cost(b);
      })->portions;
  }
  std::vector<StemShare> shares;
  std::uint32_t left = stem.batch;
  for (const Stretch& stretch : stretches) {
    // The last portion may have fewer images.
    const std::uint32_t images = std::min(left, stretch.portions * together);
    if (images != 0) {
      shares.push_back({stretch.place, images});
    }
    left -= images;
  }
  return shares;
}

}  // namespace subbit::fpga
