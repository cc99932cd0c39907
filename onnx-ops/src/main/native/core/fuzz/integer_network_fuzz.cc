#include <cstring>
#include <memory>
#include <random>
#include <variant>
#include <vector>

#include "core/fuzz/targets.h"
#include "core/integer/network_layers.h"
#include "core/testing/random_layer.h"

namespace subbit {
namespace {

const OpName kOp{"IntegerNetwork", "fuzzed"};

/// A tensor that owns its values.
struct Tensor {
  std::vector<std::int64_t> shape;
  std::variant<std::vector<float>, std::vector<std::uint8_t>, std::vector<std::int8_t>, std::vector<std::int16_t>>
      values;

  AnyTensor View() const {
    return std::visit(
        [&](const auto& of_type) -> AnyTensor {
          using T = typename std::decay_t<decltype(of_type)>::value_type;
          return TensorView<T>{of_type.data(), shape};
        },
        values);
  }
};

/// An IntegerNetwork node that the input describes: sound but for the size of its residuals, until it is damaged.
class Node {
 public:
  explicit Node(FuzzInput* input) : input_(*input), random_(input->Any<std::uint32_t>()) {
    image_ = {input_.Within(1, 12), input_.Within(1, 12), input_.Within(1, 4)};
    channels_ = {image_.channels};
    AddStem();
    for (std::int64_t left = input_.Within(0, 5); left > 0; --left) {
      switch (input_.Within(0, 3)) {
        case 0:
          AddConv(1, Last());
          break;
        case 1:
          AddShortcut();
          break;
        default:
          AddConv(2, Last());
      }
    }
    AddClassifier();
    for (std::int64_t damages = input_.Once(2) ? input_.Within(1, 3) : 0; damages > 0; --damages) Damage();
  }

  const MapShape& image() const { return image_; }

  std::unique_ptr<IntegerNetwork> Make(Isa isa, KernelPolicy policy) const {
    std::vector<AnyTensor> views;
    for (const Tensor& tensor : tensors_) views.push_back(tensor.View());
    return MakeNetwork(isa, policy, kOp, attributes_, views);
  }

 private:
  std::int64_t Last() const { return static_cast<std::int64_t>(channels_.size()) - 1; }

  void AddLayer(std::int64_t kind, std::int64_t reads, std::int64_t residual, std::int64_t channels) {
    attributes_.kinds.push_back(kind);
    attributes_.reads.push_back(reads);
    attributes_.residuals.push_back(residual);
    channels_.push_back(channels);
  }

  void Set(const std::vector<std::int64_t>& settings) {
    attributes_.settings.insert(attributes_.settings.end(), settings.begin(), settings.end());
  }

  void SetPool(bool any) {
    if (any && input_.Once(3)) {
      Set({input_.Within(1, 3), input_.Within(1, 3), input_.Within(1, 3), input_.Within(1, 3), 0, 0,
           input_.Within(0, 1), input_.Within(0, 1)});
    } else {
      Set({1, 1, 1, 1, 0, 0, 0, 0});
    }
  }

  template <class T>
  void Add(const std::vector<std::int64_t>& shape, int low, int high) {
    std::size_t size = 1;
    for (const std::int64_t length : shape) size *= static_cast<std::size_t>(length);
    std::vector<T> values(size);
    for (T& value : values) value = static_cast<T>(std::uniform_int_distribution<int>(low, high)(random_));
    tensors_.push_back({shape, std::move(values)});
  }
  void Weights(const std::vector<std::int64_t>& shape) { Add<std::int8_t>(shape, -127, 127); }
  void PerChannel(int count, std::int64_t channels) {
    for (int i = 0; i < count; ++i) Add<std::int16_t>({channels}, -32767, 32767);
  }

  std::int64_t Channels() { return input_.Once(5) ? input_.Within(60, 66) : input_.Within(1, 12); }

  void AddStem() {
    const std::int64_t outs = Channels();
    const std::int64_t kernel = input_.Within(1, 3);
    Set({input_.Within(1, 2), input_.Within(1, 2), 0, 0, kernel - 1, kernel - 1, input_.Within(1, 8)});
    SetPool(true);
    Set({input_.Within(8, 16)});
    Weights({outs, image_.channels, kernel, kernel});
    Add<std::uint8_t>({image_.channels}, 0, 255);
    PerChannel(2, outs);
    AddLayer(0, 0, -1, outs);
  }

  /// IntegerSubBitConv, or IntegerSubBitBlock with a residual of as many channels, if there is one.
  void AddConv(std::int64_t kind, std::int64_t reads) {
    const std::int64_t ins = channels_[static_cast<std::size_t>(reads)];
    std::int64_t outs = Channels();
    const std::int64_t residual = input_.Within(1, Last());
    if (kind == 2) outs = channels_[static_cast<std::size_t>(residual)];
    const std::int64_t tau = input_.Within(1, 6);
    const std::int64_t stride = input_.Within(1, 2);
    Set({tau, outs, ins, stride, stride, input_.Within(0, 4)});
    if (kind == 2) {
      Set({input_.Within(0, 2)});
    } else {
      SetPool(true);
    }
    Set({input_.Within(8, 16)});
    Add<std::int16_t>({ins}, -300, 300);
    Add<std::uint8_t>({tau, (outs * ins + 7) / 8}, 0, 255);
    Add<std::int8_t>({std::int64_t{1} << tau, 3, 3}, 0, 1);
    for (std::int8_t& tap : std::get<std::vector<std::int8_t>>(tensors_.back().values)) {
      tap = static_cast<std::int8_t>(2 * tap - 1);
    }
    PerChannel(kind == 2 ? 4 : 2, outs);
    AddLayer(kind, reads, kind == 2 ? residual : -1, outs);
  }

  /// With a block over it, so that it is read.
  void AddShortcut() {
    const std::int64_t reads = Last();
    const std::int64_t outs = Channels();
    const std::int64_t pool = input_.Within(1, 2);
    Set({pool, pool, input_.Within(1, 12), input_.Within(8, 16)});
    Weights({outs, channels_[static_cast<std::size_t>(reads)]});
    PerChannel(2, outs);
    AddLayer(3, reads, -1, outs);
    AddConv(2, reads);
  }

  void AddClassifier() {
    const std::int64_t classes = input_.Within(1, 10);
    Set({input_.Within(0, 4)});
    Weights({classes, 1, channels_.back()});
    tensors_.push_back({{classes}, std::vector<float>(static_cast<std::size_t>(classes), 0.5f)});
    tensors_.push_back({{classes}, std::vector<float>(static_cast<std::size_t>(classes), -1.0f)});
    AddLayer(4, Last(), -1, classes);
  }

  /// Changes one number of a list, the length of a list, or a tensor.
  void Damage() {
    const std::int64_t what = input_.Within(0, 9);
    if (what < 8) {
      std::vector<std::int64_t>* lists[] = {&attributes_.kinds, &attributes_.reads, &attributes_.residuals,
                                            &attributes_.settings};
      std::vector<std::int64_t>& list = *lists[what < 5 ? 3 : what - 5];
      const std::size_t at = input_.Any<std::uint8_t>() % (list.size() + 1);
      if (at == list.size()) {
        list.push_back(input_.Mostly(-1, 20));
      } else if (input_.Once(6)) {
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(at));
      } else {
        list[at] = input_.Mostly(-2, 70);
      }
      return;
    }
    const std::size_t at = input_.Any<std::uint8_t>() % tensors_.size();
    if (what == 8) {
      tensors_.erase(tensors_.begin() + static_cast<std::ptrdiff_t>(at));
    } else {
      // Values of another shape, and perhaps of another type.
      const std::int64_t count = input_.Within(0, 70);
      tensors_[at].shape = {count};
      std::visit([&](auto& values) { values.assign(static_cast<std::size_t>(count), 1); }, tensors_[at].values);
      if (input_.Once(3)) tensors_[at].values = std::vector<float>(static_cast<std::size_t>(count));
    }
    if (tensors_.empty()) PerChannel(1, 1);
  }

  FuzzInput& input_;
  std::mt19937 random_;
  MapShape image_{};
  std::vector<std::int64_t> channels_;  // of the image and of each layer
  NetworkAttributes attributes_;
  std::vector<Tensor> tensors_;
};

std::vector<float> Run(const IntegerNetwork& network, const MapShape& x, const std::vector<std::uint8_t>& pixels,
                       std::int64_t batch) {
  const auto plan = network.PlanFor(x);
  std::vector<float> logits(static_cast<std::size_t>(batch * network.OutputShape(*plan).Size()), 77.0f);
  TestScratch scratch(network.ScratchBytes(*plan, batch));
  network.Run(*plan, {batch, pixels.data(), PixelType::kUint8, nullptr}, {nullptr, logits.data()}, scratch.get(),
              RunSerially);
  return logits;
}

}  // namespace

void FuzzIntegerNetwork(FuzzInput* input) {
  const Node node(input);
  const std::int64_t batch = input->Within(0, 3);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(batch * node.image().Size()));
  std::mt19937 random(3);
  for (std::uint8_t& pixel : pixels) {
    pixel = input->Empty() ? static_cast<std::uint8_t>(random()) : input->Any<std::uint8_t>();
  }
  std::vector<float> expected;
  for (const Isa isa : AvailableIsas()) {
    for (const KernelPolicy policy : {KernelPolicy::kEstimate, KernelPolicy::kMeasure}) {
      std::vector<float> logits;
      try {
        const auto network = node.Make(isa, policy);
        logits = Run(*network, node.image(), pixels, batch);
      } catch (const InvalidOperator&) {
        if (isa == Isa::kReference) return;
        Finding(std::string("only ") + ToString(isa) + " refuses the network");
      }
      if (isa == Isa::kReference && policy == KernelPolicy::kEstimate) expected = logits;
      if (logits.size() != expected.size() ||
          (!logits.empty() && std::memcmp(logits.data(), expected.data(), logits.size() * sizeof(float)) != 0)) {
        Finding(std::string(ToString(isa)) + " gives other bits than the reference");
      }
    }
  }
}

}  // namespace subbit
