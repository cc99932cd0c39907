// The engine of classifiers between the engine that lends it weights and multiply-adders, and a model of memory behind
// streams that stall at random.

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "Vsubbit_classifier_engine.h"
#include "Vsubbit_classifier_engine_narrow.h"
#include "Vsubbit_dense_engine.h"
#include "Vsubbit_dense_engine_narrow.h"
#include "core/integer/integer_arithmetic.h"
#include "rtl/engine_bus.h"
#include "rtl/layer_port.h"

namespace subbit::fpga {
namespace {

/// Of the module's parameters.
constexpr int kOutputs = 16;
constexpr int kMaxChannels = 16;

constexpr std::size_t kMemoryBytes = 1 << 17;
constexpr std::size_t kInputAt = 0x40;
constexpr std::size_t kWeightsAt = 0x10000;
constexpr std::size_t kOutputAt = 0x18000;

/// The engine and the one with the array, with ports of the names that EngineBus knows.
template <class Engine, class Lender>
struct EngineWithArray : Engine {
  Lender lender;

  decltype(Engine::start_i) start = this->start_i;
  decltype(Engine::busy_o) busy = this->busy_o;
  decltype(Engine::read_valid_o) read_valid = this->read_valid_o;
  decltype(Engine::read_ready_i) read_ready = this->read_ready_i;
  decltype(Engine::read_address_o) read_address = this->read_address_o;
  decltype(Engine::read_bytes_o) read_bytes = this->read_bytes_o;
  decltype(Engine::read_beat_valid_i) read_beat_valid = this->read_beat_valid_i;
  decltype(Engine::read_beat_ready_o) read_beat_ready = this->read_beat_ready_o;
  decltype(Engine::read_beat_data_i) read_beat_data = this->read_beat_data_i;
  decltype(Engine::read_beat_last_i) read_beat_last = this->read_beat_last_i;
  decltype(Engine::write_valid_o) write_valid = this->write_valid_o;
  decltype(Engine::write_ready_i) write_ready = this->write_ready_i;
  decltype(Engine::write_address_o) write_address = this->write_address_o;
  decltype(Engine::write_beats_o) write_beats = this->write_beats_o;
  decltype(Engine::write_beat_valid_o) write_beat_valid = this->write_beat_valid_o;
  decltype(Engine::write_beat_ready_i) write_beat_ready = this->write_beat_ready_i;
  decltype(Engine::write_beat_data_o) write_beat_data = this->write_beat_data_o;
  decltype(Engine::write_beat_strobe_o) write_beat_strobe = this->write_beat_strobe_o;

  void eval() {
    lender.clk = this->clk;
    lender.rst = this->rst;
    lender.lend_i = 1;
    if (this->clk) {
      lender.eval();
      Engine::eval();
      return;
    }
    // What the lender gives comes from registers.
    this->weights_stored_i = lender.lent_stored_o;
    this->held_i = lender.lent_held_o;
    this->sums_i = lender.lent_sums_o;
    Engine::eval();
    lender.lent_begin_i = this->weights_begin_o;
    lender.lent_beat_valid_i = this->weights_valid_o;
    lender.lent_beat_data_i = this->read_beat_data_i;
    lender.lent_tap_i = this->tap_o;
    lender.lent_last_i = this->last_o;
    lender.lent_word_i = this->word_o;
    lender.lent_pixels_i = this->pixels_o;
    lender.lent_shift_i = this->shift_o;
    lender.eval();
  }
};

template <class Engine, class Lender>
class ClassifierBench : EngineBus<EngineWithArray<Engine, Lender>> {
 public:
  explicit ClassifierBench(unsigned seed) : EngineBus<EngineWithArray<Engine, Lender>>(seed, kMemoryBytes) {}

  void Run() {
    const int batch = Between(random_, 1, 11);
    const int channels = Between(random_, 1, kMaxChannels);
    const int classes = Between(random_, 1, random_() % 2 == 0 ? 3 * kOutputs : kOutputs);
    const int height = Between(random_, 1, 5);
    const int width = Between(random_, 1, 6);
    const int shift = Between(random_, 0, 15);
    const int row_bytes = (width + 3) / 4 * 8;
    const int image_bytes = height * channels * row_bytes;
    this->Scramble();
    auto expected = memory_;
    for (int image = 0; image < batch; ++image) {
      for (int o = 0; o < classes; ++o) {
        std::uint32_t logit = 0;
        for (int c = 0; c < channels; ++c) {
          std::int32_t sum = 0;
          for (int y = 0; y < height; ++y) {
            for (int x = 0; x < width; ++x) {
              std::int16_t value = 0;
              const int at = image * image_bytes + (y * channels + c) * row_bytes + 2 * x;
              std::memcpy(&value, &memory_[kInputAt + static_cast<std::size_t>(at)], sizeof value);
              sum += value;
            }
          }
          // Weights lie in blocks of outputs, in them in channels.
          const int weight_at = (o / kOutputs * channels + c) * kOutputs + o % kOutputs;
          const auto weight = static_cast<std::int8_t>(memory_[kWeightsAt + static_cast<std::size_t>(weight_at)]);
          logit += static_cast<std::uint32_t>(Saturate(RoundedShift(sum, shift), 16) * weight);
        }
        std::memcpy(&expected[kOutputAt + static_cast<std::size_t>(4 * (image * classes + o))], &logit, sizeof logit);
      }
    }
    SetLayer(this->m_.layer_i, {{"batch", batch},
                                {"in_channels", channels},
                                {"in_height", height},
                                {"in_width", width},
                                {"out_channels", classes},
                                {"shift", shift},
                                {"row_bytes", row_bytes},
                                {"in_image_bytes", image_bytes},
                                {"out_image_bytes", 4 * classes},
                                {"input_address", kInputAt},
                                {"index_address", kWeightsAt},
                                {"output_address", kOutputAt}});
    this->RunLayer(expected, random_() % 8 == 0 ? Between(random_, 0, 300) : -1,
                   std::to_string(batch) + " images of " + std::to_string(height) + "x" + std::to_string(width) + ", " +
                       std::to_string(channels) + " channels, " + std::to_string(classes) + " classes");
  }

 private:
  using EngineBus<EngineWithArray<Engine, Lender>>::memory_;
  using EngineBus<EngineWithArray<Engine, Lender>>::random_;
};

template <class Engine, class Lender>
void ComputesClassifiers(unsigned seed) {
  ClassifierBench<Engine, Lender> bench(seed);
  for (int run = 0; run < 200; ++run) {
    bench.Run();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "run " << run;
  }
}

TEST(ClassifierEngineModule, ComputesClassifiers) {
  ComputesClassifiers<Vsubbit_classifier_engine, Vsubbit_dense_engine>(1);
}
TEST(ClassifierEngineModule, ComputesClassifiersOn32Bits) {
  ComputesClassifiers<Vsubbit_classifier_engine_narrow, Vsubbit_dense_engine_narrow>(2);
}

}  // namespace
}  // namespace subbit::fpga
