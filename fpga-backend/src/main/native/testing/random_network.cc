#include "testing/random_network.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "core/testing/random_integer_layer.h"
#include "ep/cpu_network.h"

namespace subbit::fpga {
namespace {

std::int64_t Pick(std::mt19937& random, std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random);
}

/// Adds layers behind each other.
class Builder {
 public:
  explicit Builder(std::mt19937& random) : random_(random) {}

  void AddStem(const MapShape& image, std::int64_t out_channels, std::int64_t kernel,
               const StemAttributes& attributes) {
    Add(RandomStem(image.channels, out_channels, kernel, attributes, &random_), 0);
    channels_ = out_channels;
  }

  void AddConv(std::int64_t tau, std::int64_t out_channels, std::int64_t stride_h, std::int64_t stride_w) {
    Add(RandomIntegerConv(Attributes(tau, out_channels, stride_h, stride_w), false, &random_), Last());
    channels_ = out_channels;
  }

  /// A block; its residual is what it reads, or a shortcut if its output has another shape.
  void AddBlock(std::int64_t tau, std::int64_t out_channels, std::int64_t stride) {
    const std::int64_t read = Last();
    std::int64_t residual = read;
    if (out_channels != channels_ || stride != 1) {
      Add(RandomShortcut(channels_, out_channels, stride, &random_), read);
      residual = Last();
    }
    Add(RandomIntegerConv(Attributes(tau, out_channels, stride, stride), true, &random_), read, residual);
    channels_ = out_channels;
  }

  std::vector<NetworkLayerParameters> Finish(std::int64_t classes) {
    Add(RandomClassifier(channels_, classes, 1, &random_), Last());
    return std::move(layers_);
  }

  std::int64_t channels() const { return channels_; }

 private:
  std::int64_t Last() const { return static_cast<std::int64_t>(layers_.size()); }

  IntegerConvAttributes Attributes(std::int64_t tau, std::int64_t out_channels, std::int64_t stride_h,
                                   std::int64_t stride_w) const {
    IntegerConvAttributes attributes;
    attributes.tau = tau;
    attributes.in_channels = channels_;
    attributes.out_channels = out_channels;
    attributes.strides = {stride_h, stride_w};
    return attributes;
  }

  void Add(AnyParameters parameters, std::int64_t reads, std::int64_t residual = -1) {
    const OpName op = {"random", "layer " + std::to_string(layers_.size() + 1)};
    layers_.push_back({op, std::move(parameters), reads, residual});
  }

  std::mt19937& random_;
  std::int64_t channels_ = 0;
  std::vector<NetworkLayerParameters> layers_;
};

}  // namespace

NetworkCase RandomNetwork(std::mt19937& random) {
  NetworkCase c;
  c.image = {Pick(random, 8, 24), Pick(random, 8, 24), Pick(random, 1, 4)};
  const std::int64_t kernel = Pick(random, 1, 7);
  StemAttributes stem;
  stem.strides = {Pick(random, 1, std::min<std::int64_t>(2, kernel)),
                  Pick(random, 1, std::min<std::int64_t>(2, kernel))};
  for (std::int64_t& pad : stem.pads) {
    pad = Pick(random, 0, kernel - 1);
  }
  if (Pick(random, 0, 1) == 0) {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      stem.pool.shape[axis] = Pick(random, 1, 3);
      stem.pool.strides[axis] =
          Pick(random, std::max<std::int64_t>(1, stem.pool.shape[axis] - 1), stem.pool.shape[axis]);
      stem.pool.pads[axis] = Pick(random, 0, stem.pool.shape[axis] - 1);
      stem.pool.pads[axis + 2] = Pick(random, 0, stem.pool.shape[axis] - 1);
    }
  }
  const auto channels = [&] { return Pick(random, 1, Pick(random, 0, 3) == 0 ? 140 : 20); };
  Builder builder(random);
  builder.AddStem(c.image, channels(), kernel, stem);
  for (std::int64_t left = Pick(random, 0, 4); left > 0; --left) {
    const std::int64_t tau = Pick(random, 1, 5);
    switch (Pick(random, 0, 3)) {
      case 0:
        builder.AddConv(tau, channels(), Pick(random, 1, 2), Pick(random, 1, 2));
        break;
      case 1:
        builder.AddBlock(tau, channels(), Pick(random, 1, 2));
        break;
      default:
        builder.AddBlock(tau, builder.channels(), 1);
    }
  }
  c.layers = builder.Finish(Pick(random, 1, 140));
  return c;
}

NetworkCase ResidualNetwork(const MapShape& image, std::int64_t kernel, const StemAttributes& attributes,
                            const std::vector<std::pair<std::int64_t, int>>& stages, std::int64_t classes, int tau,
                            std::mt19937& random) {
  Builder builder(random);
  builder.AddStem(image, stages.front().first, kernel, attributes);
  for (const auto& [channels, blocks] : stages) {
    for (int block = 0; block < blocks; ++block) {
      builder.AddBlock(tau, channels, channels == builder.channels() ? 1 : 2);
    }
  }
  return {image, builder.Finish(classes)};
}

LoadedNetwork::LoadedNetwork(std::shared_ptr<Driver> driver, const std::vector<NetworkLayerParameters>& layers)
    : driver_(std::move(driver)), layers_(DeviceLayersOf(layers)) {
  for (const DeviceLayer& layer : layers_) {
    loaded_.push_back(std::visit([&](const auto& of_kind) { return driver_->Load(of_kind); }, layer.layer));
    graph_.layers.push_back({loaded_.back().get(), layer.input, layer.residual});
  }
  graph_.outputs = {layers_.size()};
}

std::vector<std::int32_t> LoadedNetwork::Run(const MapShape& image, std::uint32_t count,
                                             const std::vector<std::uint8_t>& pixels,
                                             std::vector<LayerCycles>* cycles) const {
  std::vector<std::int32_t> sums(std::size_t{count} * layers_.back().shape().out_channels);
  const ImageSize size = {static_cast<std::uint32_t>(image.height), static_cast<std::uint32_t>(image.width)};
  const std::vector<LayerCycles> counted =
      driver_->RunGraph(graph_, count, {{pixels.data(), size}}, {sums.data()}, std::chrono::minutes(10));
  if (cycles != nullptr) {
    *cycles = counted;
  }
  return sums;
}

std::vector<std::uint8_t> RandomPixels(const MapShape& image, std::uint32_t count, std::mt19937& random) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(image.Size()) * count);
  for (std::uint8_t& pixel : pixels) {
    pixel = static_cast<std::uint8_t>(random());
  }
  return pixels;
}

std::vector<float> LogitsOf(const NetworkCase& network, const std::vector<std::int32_t>& sums) {
  const auto& classifier = std::get<ClassifierParameters>(network.layers.back().parameters);
  std::vector<float> logits;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::size_t k = i % classifier.scale.size();
    const float product = static_cast<float>(sums[i]) * classifier.scale[k];
    logits.push_back(product + classifier.bias[k]);
  }
  return logits;
}

std::vector<float> ReferenceLogits(const NetworkCase& network, std::uint32_t count,
                                   const std::vector<std::uint8_t>& pixels) {
  const CpuNetwork reference(network.layers);
  const std::size_t classes = std::get<ClassifierParameters>(network.layers.back().parameters).scale.size();
  std::vector<float> logits(count * classes);
  for (std::uint32_t image = 0; image < count; ++image) {
    reference.Run(network.image, PixelType::kUint8,
                  pixels.data() + image * static_cast<std::size_t>(network.image.Size()),
                  logits.data() + image * classes);
  }
  return logits;
}

}  // namespace subbit::fpga
