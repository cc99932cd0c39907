// How well kernels are chosen on this processor. Runs layers on each of their kernels, in turns, and lets measurements
// that know nothing yet choose among them, several for each layer. Prints every layer, how much slower the worst of
// these choices is than the best kernel, and how many choices were more than 10 % slower.
//
//   choice_bench [rounds] [taus, such as 3-9] [operators: binary, block, int8, integer]

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/choice/kernel_choice.h"
#include "core/choice/measured_conv.h"
#include "core/choice/run_clock.h"
#include "core/integer/integer_conv.h"
#include "core/integer/integer_network.h"
#include "core/integer/measured_layer.h"
#include "core/operator/packed_bits.h"
#include "core/testing/random_integer_layer.h"
#include "core/testing/random_layer.h"

namespace subbit {
namespace {

/// Measurements of each layer.
constexpr int kChoices = 5;

constexpr KernelPolicy kFamilies[] = {KernelPolicy::kMaps, KernelPolicy::kDense, KernelPolicy::kPopcount,
                                      KernelPolicy::kLookUp, KernelPolicy::kNibbles};

struct Shape {
  std::int64_t size;
  std::int64_t channels;
};

/// The 3x3 layers of ResNet-18 for images of 224x224 and of ResNet-20 for those of 32x32.
constexpr Shape kShapes[] = {{56, 64}, {28, 128}, {14, 256}, {7, 512}, {32, 16}, {16, 32}, {8, 64}};

Layer MakeBenchLayer(const Shape& shape, int tau) {
  std::mt19937 random(7);
  ConvAttributes attributes;
  attributes.tau = tau;
  attributes.out_channels = attributes.in_channels = shape.channels;
  attributes.pads = {1, 1, 1, 1};
  return MakeLayer(attributes, {1, shape.channels, shape.size, shape.size}, &random);
}

/// An operator on one layer: its kernels, and how to run them.
class Operator {
 public:
  virtual ~Operator() = default;

  /// Prepares the kernel of each family that the layer has, estimated best first, and one that is measured.
  virtual void Prepare(const Layer& layer) = 0;
  virtual std::vector<std::string> Names() const = 0;
  virtual void Run(std::size_t kernel) = 0;

  /// Runs a new measurement to its end, and returns the number of the winner.
  virtual std::size_t Choose() = 0;
};

/// Kernel is ConvKernel or PackedConvKernel, Measured what measures them. make(layer, policy) makes one, run(layer,
/// kernel) runs it.
template <class Measured, class Kernel, class Make, class RunKernel>
class OperatorOf : public Operator {
 public:
  OperatorOf(Make make, RunKernel run) : make_(std::move(make)), run_(std::move(run)) {}

  void Prepare(const Layer& layer) override {
    layer_ = &layer;
    kernels_.clear();
    policies_.clear();
    names_.clear();
    const auto add = [&](KernelPolicy policy) {
      std::unique_ptr<Kernel> kernel = make_(layer, policy);
      if (std::find(names_.begin(), names_.end(), kernel->Name()) != names_.end()) return;
      names_.push_back(kernel->Name());
      policies_.push_back(policy);
      kernels_.push_back(std::move(kernel));
    };
    add(KernelPolicy::kEstimate);
    for (KernelPolicy family : kFamilies) add(family);
  }

  std::vector<std::string> Names() const override { return names_; }

  void Run(std::size_t kernel) override { run_(*layer_, *kernels_[kernel]); }

  std::size_t Choose() override {
    const auto table = std::make_unique<TournamentTable>();
    std::vector<std::unique_ptr<Kernel>> candidates;
    for (KernelPolicy policy : policies_) candidates.push_back(make_(*layer_, policy));
    const Measured measured(table.get(), ShapeKey(), std::move(candidates));
    while (measured.Report(layer_->geometry).measuring) run_(*layer_, measured);
    const KernelReport report = measured.Report(layer_->geometry);
    return static_cast<std::size_t>(std::find(names_.begin(), names_.end(), report.kernel) - names_.begin());
  }

 private:
  const Make make_;
  const RunKernel run_;
  const Layer* layer_ = nullptr;
  std::vector<KernelPolicy> policies_;
  std::vector<std::string> names_;
  std::vector<std::unique_ptr<Kernel>> kernels_;
};

template <class Measured, class Kernel, class Make, class RunKernel>
std::unique_ptr<Operator> MakeOperator(Make make, RunKernel run) {
  return std::make_unique<OperatorOf<Measured, Kernel, Make, RunKernel>>(std::move(make), std::move(run));
}

std::unique_ptr<Operator> Binary() {
  return MakeOperator<MeasuredConv<float>, ConvKernel<float>>(
      [](const Layer& layer, KernelPolicy policy) {
        return ChooseBinarySubBitConv(ChosenIsa(), policy, layer.weights, layer.scale, layer.bias);
      },
      [](const Layer& layer, const ConvKernel<float>& kernel) {
        static std::vector<float> y;
        static std::vector<std::byte> scratch;
        y.resize(layer.YSize());
        scratch.resize(kernel.ScratchBytes(layer.geometry));
        kernel.Run(layer.geometry, {layer.x.data()}, y.data(), scratch.data(), RunSerially);
      });
}

std::unique_ptr<Operator> Block() {
  return MakeOperator<MeasuredPackedConv, PackedConvKernel>(
      [](const Layer& layer, KernelPolicy policy) {
        return ChooseBinarySubBitBlock(ChosenIsa(), policy, layer.weights, layer.scale, layer.bias,
                                       {layer.bias, layer.bias, layer.bias, layer.bias});
      },
      [](const Layer& layer, const PackedConvKernel& kernel) {
        static std::vector<float> y;
        static std::vector<std::uint8_t> signs;
        static std::vector<std::byte> scratch;
        y.resize(layer.YSize());
        signs.resize(layer.YSize() / kChannelsPerByte * 2);
        scratch.resize(kernel.ScratchBytes(layer.geometry));
        kernel.Run(layer.geometry, {signs.data(), layer.x.data()},
                   {y.data(), signs.data() + layer.YSize() / kChannelsPerByte}, scratch.data(), RunSerially);
      });
}

std::unique_ptr<Operator> Int8() {
  return MakeOperator<MeasuredConv<std::uint8_t>, ConvKernel<std::uint8_t>>(
      [](const Layer& layer, KernelPolicy policy) {
        return ChooseQLinearSubBitConv<std::uint8_t>(ChosenIsa(), policy, layer.weights, layer.requantization);
      },
      [](const Layer& layer, const ConvKernel<std::uint8_t>& kernel) {
        static std::vector<std::uint8_t> x;
        static std::vector<std::uint8_t> y;
        static std::vector<std::byte> scratch;
        if (x.size() != layer.XSize()) {
          std::mt19937 random(3);
          x.resize(layer.XSize());
          for (std::uint8_t& value : x) value = static_cast<std::uint8_t>(random());
        }
        y.resize(layer.YSize());
        scratch.resize(kernel.ScratchBytes(layer.geometry));
        kernel.Run(layer.geometry, {x.data()}, y.data(), scratch.data(), RunSerially);
      });
}

/// IntegerSubBitBlock between two others: a network of three of them, so that signs come from a layer as they do in
/// models.
class IntegerBlock : public Operator {
 public:
  void Prepare(const Layer& layer) override {
    std::mt19937 random(7);
    IntegerConvAttributes attributes;
    attributes.tau = layer.weights.tau;
    attributes.out_channels = layer.weights.out_channels;
    attributes.in_channels = layer.weights.in_channels;
    while ((9 * attributes.in_channels) << (attributes.shift + 1) <= std::numeric_limits<std::int16_t>::max()) {
      ++attributes.shift;
    }
    parameters_.clear();
    for (int i = 0; i < kLayers; ++i) parameters_.push_back(RandomIntegerConv(attributes, true, &random));
    shape_ = {layer.geometry.height, layer.geometry.width, attributes.in_channels};
    x_ = RandomValues(shape_.Size(), 16, &random);
    y_.resize(x_.size());
    names_.clear();
    kernels_.clear();
    for (const auto& candidate : CandidateIntegerConvs(ChosenIsa(), parameters_.front())) {
      names_.push_back(candidate->Name());
    }
    for (std::size_t k = 0; k < names_.size(); ++k) {
      kernels_.push_back(Network([&](const IntegerConvParameters& parameters) {
        return std::move(CandidateIntegerConvs(ChosenIsa(), parameters)[k]);
      }));
    }
  }

  std::vector<std::string> Names() const override { return names_; }

  void Run(std::size_t kernel) override { RunNetwork(*kernels_[kernel]); }

  std::size_t Choose() override {
    const auto table = std::make_unique<TournamentTable>();
    const auto network = Network([&](const IntegerConvParameters& parameters) {
      return std::make_unique<MeasuredLayer>(table.get(), IntegerConvKey(ChosenIsa(), parameters),
                                             CandidateIntegerConvs(ChosenIsa(), parameters));
    });
    const auto report = [&] {
      KernelReport last;
      network->ForEachLayer(*network->PlanFor(shape_), 1, [&](const OpName&, const KernelReport& r) { last = r; });
      return last;
    };
    while (report().measuring) RunNetwork(*network);
    return static_cast<std::size_t>(std::find(names_.begin(), names_.end(), report().kernel) - names_.begin());
  }

 private:
  static constexpr int kLayers = 3;

  template <class Make>
  std::unique_ptr<IntegerNetwork> Network(Make make) const {
    std::vector<NetworkLayer> layers;
    for (std::int64_t i = 0; i < kLayers; ++i) {
      const std::int64_t residual = i == 0 ? NetworkLayer::kResidualInput : i;
      layers.push_back({{"IntegerSubBitBlock"}, make(parameters_[static_cast<std::size_t>(i)]), i, residual});
    }
    return std::make_unique<IntegerNetwork>(OpName{"bench"}, std::move(layers));
  }

  void RunNetwork(const IntegerNetwork& network) {
    const auto plan = network.PlanFor(shape_);
    scratch_.resize(network.ScratchBytes(*plan, 1));
    network.Run(*plan, {1, x_.data(), PixelType::kFloat, x_.data()}, {y_.data(), nullptr}, scratch_.data(),
                RunSerially);
  }

  std::vector<IntegerConvParameters> parameters_;
  MapShape shape_{};
  std::vector<std::int16_t> x_;
  std::vector<std::int16_t> y_;
  std::vector<std::byte> scratch_;
  std::vector<std::string> names_;
  std::vector<std::unique_ptr<IntegerNetwork>> kernels_;
};

/// The least processor time of each kernel, which take turns.
std::vector<double> LeastTimes(Operator* op, int rounds) {
  std::vector<double> least(op->Names().size(), std::numeric_limits<double>::infinity());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t k = 0; k < least.size(); ++k) {
      op->Run(k);  // brings its weights back into the caches
      for (int run = 0; run < 3; ++run) {
        const RunClock clock;
        op->Run(k);
        least[k] = std::min(least[k], clock.Thread());
      }
    }
  }
  return least;
}

int Main(int rounds, int least_tau, int most_tau, const std::string& operators) {
  const std::pair<const char*, std::unique_ptr<Operator>> all[] = {
      {"binary", Binary()}, {"block", Block()}, {"int8", Int8()}, {"integer", std::make_unique<IntegerBlock>()}};
  double worst = 1;
  double worst_estimate = 1;
  int choices = 0;
  int slow_choices = 0;
  int layers = 0;
  int slow_estimates = 0;
  for (const auto& [name, op] : all) {
    if (operators.find(name) == std::string::npos) continue;
    for (const Shape& shape : kShapes) {
      for (int tau = least_tau; tau <= most_tau; ++tau) {
        const Layer layer = MakeBenchLayer(shape, tau);
        op->Prepare(layer);
        std::vector<std::size_t> chosen;
        for (int choice = 0; choice < kChoices; ++choice) chosen.push_back(op->Choose());
        const std::vector<double> least = LeastTimes(op.get(), rounds);
        const double best = *std::min_element(least.begin(), least.end());
        double worst_here = 1;
        for (std::size_t kernel : chosen) {
          const double ratio = least[kernel] / best;
          worst_here = std::max(worst_here, ratio);
          ++choices;
          if (ratio > 1.1) ++slow_choices;
        }
        if (least[0] / best > 1.1) ++slow_estimates;
        ++layers;
        worst = std::max(worst, worst_here);
        worst_estimate = std::max(worst_estimate, least[0] / best);
        std::printf("%-7s %2dx%-2dx%-3d tau %d: choice %.3f, estimate %.3f of the best;", name,
                    static_cast<int>(shape.size), static_cast<int>(shape.size), static_cast<int>(shape.channels), tau,
                    worst_here, least[0] / best);
        for (std::size_t k = 0; k < least.size(); ++k) {
          std::printf(" %s %.1f us (chosen %dx)%s", op->Names()[k].c_str(), 1e6 * least[k],
                      static_cast<int>(std::count(chosen.begin(), chosen.end(), k)), k + 1 < least.size() ? "," : "\n");
        }
        std::fflush(stdout);
      }
    }
  }
  std::printf(
      "choice: at worst %.3f of the best kernel's time, more than 1.1 in %d of %d\n"
      "estimate: at worst %.3f, more than 1.1 in %d of %d\n",
      worst, slow_choices, choices, worst_estimate, slow_estimates, layers);
  return 0;
}

}  // namespace
}  // namespace subbit

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 20;
  const std::string taus = argc > 2 ? argv[2] : "3-9";
  return subbit::Main(rounds, taus.front() - '0', taus.back() - '0', argc > 3 ? argv[3] : "binary,block,int8,integer");
}
