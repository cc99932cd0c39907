// Times IntegerSubBitBlock by every kernel beside BinarySubBitBlock, the same layer with float values, on one thread:
//
//   cmake --build target/native --target integer_conv_bench && target/native/subbit-onnx-ops/integer_conv_bench
//   [rounds]
//
// Rounds take each kernel in turn, so that all see the same machine. What is printed is the least processor time, so
// other work on the machine does little harm; compare numbers of one run only.

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/choice/kernel_choice.h"
#include "core/integer/integer_conv.h"
#include "core/operator/packed_bits.h"
#include "core/testing/random_integer_conv.h"

namespace subbit {
namespace {

struct Side {
  std::string name;
  std::function<void()> run;
  double least = 1e9;
};

double Now() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// BinarySubBitBlock with these weights. What it reads and writes lives as long as the returned function.
std::function<void()> FloatBlock(Isa isa, const IntegerConvCase& c, std::string* name) {
  struct State {
    ConvGeometry geometry;
    std::unique_ptr<PackedConvKernel> kernel;
    std::vector<std::uint8_t> b;
    std::vector<float> residual;
    std::vector<float> y;
    std::vector<std::uint8_t> s;
    std::vector<std::byte> scratch;
  };
  const SubBitWeights& weights = c.parameters.weights;
  ConvAttributes attributes;
  attributes.tau = weights.tau;
  attributes.out_channels = weights.out_channels;
  attributes.in_channels = weights.in_channels;
  attributes.strides = c.parameters.attributes.strides;
  attributes.pads = {1, 1, 1, 1};
  auto state = std::make_shared<State>();
  state->geometry = MakePackedGeometry(OpName{"bench"}, attributes,
                                       Dims({1, PackedBytes(weights.in_channels), c.x.height, c.x.width}));
  const auto outs = static_cast<std::size_t>(weights.out_channels);
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  const auto draw = [&](std::size_t count) {
    std::vector<float> values(count);
    for (float& value : values) value = normal(random);
    return values;
  };
  state->kernel =
      ChooseBinarySubBitBlock(isa, KernelPolicy::kEstimate, weights, std::vector<float>(outs, 0.03f), draw(outs),
                              {draw(outs), std::vector<float>(outs, 0.25f), draw(outs), draw(outs)});
  state->b.resize(static_cast<std::size_t>(PackedBytes(weights.in_channels) * c.x.height * c.x.width));
  for (std::uint8_t& bits : state->b) bits = static_cast<std::uint8_t>(random());
  const auto size = static_cast<std::size_t>(c.y.height * c.y.width * c.y.channels);
  state->residual = draw(size);
  state->y.resize(size);
  state->s.resize(static_cast<std::size_t>(PackedBytes(c.y.channels) * c.y.height * c.y.width));
  state->scratch.resize(state->kernel->ScratchBytes(state->geometry));
  *name = "BinarySubBitBlock: " + state->kernel->Name();
  return [state] {
    state->kernel->Run(state->geometry, {state->b.data(), state->residual.data()}, {state->y.data(), state->s.data()},
                       state->scratch.data(), RunSerially);
  };
}

/// One image through the layer, band by band, with values and signs.
std::function<void()> IntegerBlock(std::shared_ptr<IntegerConvCase> c, std::shared_ptr<IntegerLayer> layer) {
  struct State {
    std::vector<std::int16_t> y;
    std::vector<std::uint64_t> signs;
    std::vector<std::byte> scratch;
  };
  auto state = std::make_shared<State>();
  SignPlane next{nullptr, c->y};
  state->y.resize(static_cast<std::size_t>(c->y.height * c->y.width * c->y.channels));
  state->signs.resize(static_cast<std::size_t>(next.Size()));
  state->scratch.resize(layer->ScratchBytes(c->x));
  return [c, layer, state] {
    IntegerOutput output;
    output.y = state->y.data();
    output.next_threshold = c->next_threshold.data();
    output.next_signs = {state->signs.data(), c->y};
    const std::int64_t band = layer->BandRows(c->x);
    for (std::int64_t row = 0; row < c->y.height; row += band) {
      layer->Run(c->x, c->Input(), output, {row, std::min(row + band, c->y.height)}, state->scratch.data());
    }
  };
}

void Bench(Isa isa, std::int64_t size, std::int64_t channels, int rounds) {
  std::mt19937 random(3);
  std::vector<Side> sides;
  for (const std::int64_t tau : {4, 5, 6, 9}) {
    IntegerConvAttributes attributes;
    attributes.tau = tau;
    attributes.out_channels = attributes.in_channels = channels;
    while ((9 * channels) << (attributes.shift + 1) <= 32767) ++attributes.shift;
    const auto c = std::make_shared<IntegerConvCase>(MakeIntegerConvCase(attributes, true, size, size, &random));
    const std::string prefix = "tau " + std::to_string(tau) + " ";
    std::string name;
    std::function<void()> today = FloatBlock(isa, *c, &name);
    sides.push_back({prefix + name, today});
    for (auto& layer : CandidateIntegerConvs(isa, c->parameters)) {
      const std::string layer_name = layer->Name();
      sides.push_back({prefix + layer_name, IntegerBlock(c, std::move(layer))});
    }
  }
  for (int round = 0; round < rounds; ++round) {
    for (Side& side : sides) {
      for (int repeat = 0; repeat < 3; ++repeat) {
        const double begin = Now();
        side.run();
        side.least = std::min(side.least, Now() - begin);
      }
    }
  }
  std::printf("%s, %dx%dx%d\n", ToString(isa), static_cast<int>(size), static_cast<int>(size),
              static_cast<int>(channels));
  const double products = 9.0 * static_cast<double>(size * size * channels * channels);
  double today = 0;
  for (const Side& side : sides) {
    if (side.name.find("BinarySubBitBlock") != std::string::npos) today = side.least;
    std::printf("  %-52s %8.1f us  %5.0f multiply-adds/ns  %5.2f x BinarySubBitBlock\n", side.name.c_str(),
                side.least * 1e6, products / side.least * 1e-9, today / side.least);
  }
}

}  // namespace
}  // namespace subbit

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 40;
  const std::vector<subbit::Isa> isas = subbit::AvailableIsas();
  for (std::size_t i = 1; i < isas.size(); ++i) {  // without the reference
    for (const std::int64_t channels : {64, 128, 256, 512}) subbit::Bench(isas[i], 3584 / channels, channels, rounds);
    for (const std::int64_t channels : {16, 32, 64}) subbit::Bench(isas[i], 512 / channels, channels, rounds);
  }
}
