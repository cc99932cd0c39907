// Times the layers with 8-bit weights at which integer networks begin, change their shape and end: those of ResNet-18
// for 224x224 and the stems of ResNet-20, on one thread, with every instruction set of this processor. Built on demand:
//
//   cmake --build target/native --target integer_ends_bench && target/native/subbit-onnx-ops/integer_ends_bench
//   [rounds]
//
// Rounds take turns, since other load on the machine changes; a layer runs a few times in a round, so that it finds its
// weights in the caches. The shortest time of the thread's processor is printed, and the products of the definition per
// cycle. Bounds: 24 with AVX2, where a multiplication (vpmaddwd, 16 products) and an addition take two of the three
// vector units that can do either; 64 or 128 of bytes and 32 or 64 of int16 with VNNI, by the number of units of 512
// bits; 8 or 16 with NEON. The tiles of short_convolution.h have 2.1 times as many products per multiplication.

#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/integer/integer_ends.h"

namespace subbit {
namespace {

double ProcessorSeconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// Cycles per second, from a chain of multiplications of known latency (3 cycles on x86 and Arm processors of today).
double Frequency() {
  constexpr int kMultiplications = 300000;
  double shortest = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 20; ++i) {
    std::uint64_t value = 3;
    const double start = ProcessorSeconds();
    for (int j = 0; j < kMultiplications; ++j) {
      value *= value;
      __asm__ volatile("" : "+r"(value));
    }
    shortest = std::min(shortest, ProcessorSeconds() - start);
  }
  return 3.0 * kMultiplications / shortest;
}

struct Case {
  std::string name;
  MapShape x;
  double products;  ///< of the definition
  std::function<std::unique_ptr<IntegerLayer>(Isa)> make;
  bool wants_signs;
};

std::vector<std::int8_t> Weights(std::int64_t count) {
  std::mt19937 random(1);
  std::vector<std::int8_t> weights(static_cast<std::size_t>(count));
  for (std::int8_t& weight : weights) weight = static_cast<std::int8_t>(static_cast<int>(random() % 255) - 127);
  return weights;
}

std::vector<std::int16_t> Constants(std::int64_t count, std::int16_t value) {
  return std::vector<std::int16_t>(static_cast<std::size_t>(count), value);
}

Case StemCase(const std::string& name, std::int64_t size, std::int64_t channels, std::int64_t kernel,
              std::int64_t stride, std::int64_t outs, bool pools) {
  StemParameters p{{"bench"}, {}, outs, channels, kernel, Weights(outs * channels * kernel * kernel), {}, {}, {}};
  const std::int64_t pad = kernel / 2;
  p.attributes.strides = {stride, stride};
  p.attributes.pads = {pad, pad, pad, pad};
  p.attributes.shift = 7;
  if (pools) p.attributes.pool = {{3, 3}, {2, 2}, {1, 1, 1, 1}};
  p.zero_pixel.assign(static_cast<std::size_t>(channels), 120);
  p.multiplier = Constants(outs, 20000);
  p.bias = Constants(outs, 100);
  const std::int64_t sums = (size + 2 * pad - kernel) / stride + 1;
  return {name,
          {size, size, channels},
          static_cast<double>(sums * sums * outs * channels * kernel * kernel),
          [p](Isa isa) { return MakeIntegerStem(isa, p); },
          true};
}

Case ShortcutCase(const std::string& name, std::int64_t size, std::int64_t channels, std::int64_t outs) {
  const ShortcutParameters p{
      {"bench"}, {{2, 2}, 9, 16}, outs, channels, Weights(outs * channels), Constants(outs, 8000), Constants(outs, 30)};
  return {name,
          {size, size, channels},
          static_cast<double>(size / 2 * (size / 2) * outs * channels),
          [p](Isa isa) { return MakeIntegerShortcut(isa, p); },
          false};
}

Case ClassifierCase(const std::string& name, std::int64_t size, std::int64_t channels, std::int64_t classes) {
  const ClassifierParameters p{{"bench"},
                               {6},
                               classes,
                               1,
                               channels,
                               Weights(classes * channels),
                               std::vector<float>(static_cast<std::size_t>(classes), 1e-6f),
                               std::vector<float>(static_cast<std::size_t>(classes), 0.5f)};
  return {name,
          {size, size, channels},
          static_cast<double>(classes * channels),
          [p](Isa isa) { return MakeIntegerClassifier(isa, p); },
          false};
}

/// One layer with everything that it reads and writes. Runs the layer band by band, as a network does.
class Bench {
 public:
  Bench(const Case& c, Isa isa)
      : x_(c.x), layer_(c.make(isa)), y_(layer_->OutputShape(c.x)), scratch_(layer_->ScratchBytes(c.x)) {
    std::mt19937 random(2);
    const auto count = static_cast<std::size_t>(x_.Size());
    floats_.resize(count);
    values_.resize(count);
    for (float& value : floats_) value = static_cast<float>(random() % 256);
    for (std::int16_t& value : values_) value = static_cast<std::int16_t>(random() % 4096 - 2048);
    const bool is_stem = x_.channels <= 3;
    if (is_stem) {
      input_.x = floats_.data();
    } else {
      input_.x = values_.data();
    }
    result_.resize(static_cast<std::size_t>(y_.Size()));
    logits_.resize(static_cast<std::size_t>(y_.height));
    output_.y = result_.data();
    output_.logits = logits_.data();
    thresholds_ = Constants(y_.channels, 50);
    signs_.resize(static_cast<std::size_t>(SignPlane{nullptr, y_}.Size()));
    if (c.wants_signs) {
      output_.next_threshold = thresholds_.data();
      output_.next_signs = {signs_.data(), y_};
    }
  }

  std::string Name() const { return layer_->Name(); }

  void Time() {
    constexpr int kRuns = 4;
    const std::int64_t band = layer_->BandRows(x_);
    for (int run = 0; run < kRuns; ++run) {
      const double start = ProcessorSeconds();
      for (std::int64_t row = 0; row < y_.height; row += band) {
        layer_->Run(x_, input_, output_, {row, std::min(row + band, y_.height)}, scratch_.data());
      }
      shortest_ = std::min(shortest_, ProcessorSeconds() - start);
    }
  }

  double Seconds() const { return shortest_; }

 private:
  const MapShape x_;
  const std::unique_ptr<IntegerLayer> layer_;
  const MapShape y_;
  std::vector<std::byte> scratch_;
  std::vector<float> floats_;
  std::vector<std::int16_t> values_;
  std::vector<std::int16_t> result_;
  std::vector<float> logits_;
  std::vector<std::int16_t> thresholds_;
  std::vector<std::uint64_t> signs_;
  IntegerInput input_;
  IntegerOutput output_;
  double shortest_ = std::numeric_limits<double>::infinity();
};

void Main(int rounds) {
  const std::vector<Case> cases = {StemCase("stem 224x224x3, 7x7/2, 64, pool 3x3/2", 224, 3, 7, 2, 64, true),
                                   StemCase("stem 28x28x1, 3x3, 16", 28, 1, 3, 1, 16, false),
                                   StemCase("stem 32x32x3, 3x3, 16", 32, 3, 3, 1, 16, false),
                                   ShortcutCase("shortcut 56x56, 64 -> 128", 56, 64, 128),
                                   ShortcutCase("shortcut 28x28, 128 -> 256", 28, 128, 256),
                                   ShortcutCase("shortcut 14x14, 256 -> 512", 14, 256, 512),
                                   ClassifierCase("classifier 7x7x512 -> 1000", 7, 512, 1000)};
  std::vector<Isa> isas = AvailableIsas();
  isas.erase(isas.begin());  // the reference
  std::vector<std::unique_ptr<Bench>> benches;
  for (const Case& c : cases) {
    for (const Isa isa : isas) benches.push_back(std::make_unique<Bench>(c, isa));
  }
  for (int round = 0; round < rounds; ++round) {
    for (const auto& bench : benches) bench->Time();
  }
  const double frequency = Frequency();
  std::printf("%.2f GHz, %d rounds\n%-40s %-34s %10s %15s\n", frequency * 1e-9, rounds, "layer", "kernel", "us",
              "products/cycle");
  for (std::size_t i = 0; i < benches.size(); ++i) {
    const Case& c = cases[i / isas.size()];
    const double seconds = benches[i]->Seconds();
    std::printf("%-40s %-34s %10.1f %15.1f\n", c.name.c_str(), benches[i]->Name().c_str(), seconds * 1e6,
                c.products / (seconds * frequency));
  }
}

}  // namespace
}  // namespace subbit

int main(int argc, char** argv) {
  subbit::Main(argc > 1 ? std::atoi(argv[1]) : 200);
  return 0;
}
