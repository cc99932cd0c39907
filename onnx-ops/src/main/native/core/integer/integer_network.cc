#include "core/integer/integer_network.h"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

#include "core/integer/band_queue.h"
#include "core/integer/measured_layer.h"
#include "core/kernel/scratch.h"
#include "core/operator/conv_attributes.h"

namespace subbit {
namespace {

/// In place of a step or buffer: what the caller gives or takes, and nothing.
constexpr int kOutside = -1;
constexpr int kNothing = -2;

/// Images are in work together as long as their memory is no more than this, about what a core's cache holds.
constexpr std::int64_t kGroupBytes = 256 << 10;
constexpr std::int64_t kMostImages = 8;

/// Fewer bands than this are done before another thread is awake.
constexpr std::int64_t kLeastParallelBands = 8;

/// Writes signs under a threshold that the layer that computes the values does not know.
class ThresholdStep : public IntegerLayer {
 public:
  std::string Name() const override { return "thresholds"; }
  MapShape OutputShape(const MapShape& x) const override { return x; }
  RowRange InputRows(const MapShape&, RowRange y) const override { return y; }
  std::int64_t BandRows(const MapShape& x) const override {
    return std::max<std::int64_t>(1, kValues / (x.width * x.channels));
  }
  void Run(const MapShape&, const IntegerInput& input, const IntegerOutput& output, RowRange rows,
           void*) const override {
    WriteSigns(static_cast<const std::int16_t*>(input.x), output.next_threshold, rows, output.next_signs);
  }

 private:
  static constexpr std::int64_t kValues = 8192;  // some microseconds
};

bool SameThresholds(const IntegerLayer& a, const IntegerLayer& b) {
  return std::equal(a.Threshold(), a.Threshold() + a.ThresholdCount(), b.Threshold(),
                    b.Threshold() + b.ThresholdCount());
}

/// The bytes of an array in whole cache lines, and one more, so that arrays whose sizes are powers of two do not all
/// begin at the same places of the cache.
std::int64_t Reserve(std::int64_t bytes) {
  constexpr auto kLine = static_cast<std::int64_t>(kCacheLine);
  return (bytes + kLine - 1) / kLine * kLine + kLine;
}

}  // namespace

struct IntegerNetwork::Step {
  const IntegerLayer* layer;
  int x;                                         // the step whose values or signs it reads, or kOutside
  int residual = kNothing;                       // the step whose values it adds, or kOutside
  int buffer = kNothing;                         // where its values go, or kOutside; kNothing if nobody reads them
  const std::int16_t* next_threshold = nullptr;  // null if it writes no signs
  int turn = kNothing;                           // its number among the measured layers
};

struct IntegerNetwork::Plan {
  struct StepPlan {
    MapShape x;
    MapShape y;
    std::int64_t band_rows;
    std::int64_t bands;       // of an image
    std::int64_t first_band;  // of an image, among those of all steps
    std::int64_t signs = 0;   // where they begin in the memory of an image, in bytes
  };

  MapShape input;
  std::vector<StepPlan> steps;
  std::vector<std::int64_t> buffers;  // where each begins in the memory of an image, in bytes
  std::int64_t image_bytes = 0;
  std::size_t task_bytes = 0;   // of scratch for one layer
  std::int64_t bands = 0;       // of an image
  std::int64_t most_bands = 0;  // of a step

  /// The images of a batch that are in work together.
  std::int64_t GroupImages(std::int64_t batch) const {
    const std::int64_t fitting = kGroupBytes / std::max<std::int64_t>(1, image_bytes);
    return std::clamp<std::int64_t>(std::min(fitting, batch), 1, kMostImages);
  }

  /// The groups that have memory of their own: one is begun while another is finished.
  std::int64_t Groups(std::int64_t batch) const { return batch > GroupImages(batch) ? 2 : 1; }
};

/// The turns of the measured layers in one run.
class IntegerNetwork::Turns {
 public:
  /// Reserves memory for so many.
  static void* Take(std::int64_t count, ScratchCutter* cutter) {
    return cutter->Take<std::byte>(count * static_cast<std::int64_t>(sizeof(MeasuredLayer::Turn)));
  }

  /// Begins all turns, with memory from Take.
  Turns(const std::vector<Step>& steps, const Plan& plan, std::int64_t batch, void* memory)
      : turns_(static_cast<MeasuredLayer::Turn*>(memory)) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (steps[i].turn == kNothing) continue;
      new (turns_ + count_) MeasuredLayer::Turn(*steps[i].layer->AsMeasured(), plan.steps[i].x, batch);
      ++count_;
    }
  }
  ~Turns() {
    while (count_ > 0) turns_[--count_].~Turn();
  }
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  /// The turn of a step; null if it is not measured.
  MeasuredLayer::Turn* Of(const Step& step) const { return step.turn == kNothing ? nullptr : turns_ + step.turn; }

  void End() {
    for (int i = 0; i < count_; ++i) turns_[i].End();
  }

 private:
  MeasuredLayer::Turn* const turns_;
  int count_ = 0;
};

/// One run.
class IntegerNetwork::Work {
 public:
  /// Takes its memory; with a cutter without memory it only counts.
  Work(const IntegerNetwork& network, const Plan& plan, std::int64_t batch, ScratchCutter* cutter)
      : steps_(network.steps_),
        plan_(plan),
        batch_(batch),
        group_images_(plan.GroupImages(batch)),
        group_bands_(group_images_ * plan.bands),
        ring_(plan.Groups(batch) * group_bands_),
        record_(BandQueue::Take(ring_, cutter)),
        turn_memory_(Turns::Take(network.measured_, cutter)),
        images_(cutter->Take<std::byte>(plan.Groups(batch) * group_images_ * plan.image_bytes)),
        task_memory_(cutter->Take<std::byte>(kMaxTasks * static_cast<std::int64_t>(plan.task_bytes))) {}

  void Run(const NetworkInputs& inputs, const NetworkOutputs& outputs, ParallelFor parallel_for) const {
    const std::int64_t groups = (batch_ + group_images_ - 1) / group_images_;
    const std::int64_t bands = groups * group_bands_;
    BandQueue queue(bands, ring_, record_);
    Turns turns(steps_, plan_, batch_, turn_memory_);
    ScratchSlices slices(task_memory_, plan_.task_bytes);
    const auto task = [&](std::size_t) {
      const ScratchSlices::Hold slice(&slices);
      queue.Work([&](std::int64_t band) { RunBand(band, inputs, outputs, turns, &queue, slice.get()); });
    };
    // No more threads than can work on one step of the images at hand: others would only wait.
    const std::int64_t useful = bands < kLeastParallelBands ? 1 : plan_.most_bands * ring_ / plan_.bands;
    const std::int64_t tasks = std::min(useful, kMaxTasks);
    (tasks == 1 ? ParallelFor(RunSerially) : parallel_for)(static_cast<std::size_t>(tasks), task);
    turns.End();
  }

 private:
  /// Where a band is: the number of the first band of its image's group, and its image's number in the group.
  struct Place {
    std::int64_t first_band;
    std::int64_t image;
  };

  void RunBand(std::int64_t band, const NetworkInputs& inputs, const NetworkOutputs& outputs, const Turns& turns,
               BandQueue* queue, void* scratch) const {
    const std::int64_t group = band / group_bands_;
    const std::int64_t in_group = band % group_bands_;
    const auto after = std::upper_bound(
        plan_.steps.begin(), plan_.steps.end(), in_group,
        [&](std::int64_t b, const Plan::StepPlan& step) { return b < step.first_band * group_images_; });
    const auto number = static_cast<std::size_t>(after - plan_.steps.begin() - 1);
    const Plan::StepPlan& shapes = plan_.steps[number];
    const Step& step = steps_[number];
    const std::int64_t in_step = in_group - shapes.first_band * group_images_;
    const Place place{group * group_bands_, in_step / shapes.bands};
    const std::int64_t image = group * group_images_ + place.image;
    if (image >= batch_) return;
    const std::int64_t begin = in_step % shapes.bands * shapes.band_rows;
    const RowRange rows{begin, std::min(begin + shapes.band_rows, shapes.y.height)};

    MeasuredLayer::Turn* const turn = turns.Of(step);
    const IntegerLayer& layer = turn == nullptr ? *step.layer : turn->kernel();
    const RowRange x_rows = layer.InputRows(shapes.x, rows);
    IntegerInput input;
    if (step.x == kOutside) {
      // This memory was in use two groups ago. All other bands wait for bands that wait for this.
      if (place.first_band >= ring_) queue->WaitFor(place.first_band - ring_, place.first_band - ring_ + group_bands_);
      input.x = ImageOf(inputs, image);
      input.pixel_type = inputs.pixel_type;
    } else {
      WaitForRows(step.x, x_rows, place, queue);
      if (layer.Threshold() == nullptr) {
        input.x = Values(step.x, place);
      } else {
        input.signs = Signs(step.x, place);
      }
    }
    if (step.residual == kOutside) {
      input.residual = inputs.residual + image * shapes.y.Size();
    } else if (step.residual != kNothing) {
      WaitForRows(step.residual, rows, place, queue);
      input.residual = Values(step.residual, place);
    }

    IntegerOutput output;
    if (step.buffer == kOutside) {
      output.y = outputs.y == nullptr ? nullptr : outputs.y + image * shapes.y.Size();
      output.logits = outputs.logits == nullptr ? nullptr : outputs.logits + image * shapes.y.Size();
    } else if (step.buffer != kNothing) {
      output.y = Values(static_cast<int>(number), place);
    }
    if (step.next_threshold != nullptr) {
      output.next_threshold = step.next_threshold;
      output.next_signs = Signs(static_cast<int>(number), place);
      ClearBorder(output.next_signs, rows);
    }
    if (turn != nullptr) {
      turn->RunBand(shapes.x, input, output, rows, scratch);
    } else {
      layer.Run(shapes.x, input, output, rows, scratch);
    }
  }

  /// Waits until these rows of what a step computes are there.
  void WaitForRows(int number, RowRange rows, const Place& place, BandQueue* queue) const {
    const Plan::StepPlan& step = plan_.steps[static_cast<std::size_t>(number)];
    const std::int64_t first = place.first_band + step.first_band * group_images_ + place.image * step.bands;
    queue->WaitFor(first + rows.begin / step.band_rows, first + (rows.end + step.band_rows - 1) / step.band_rows);
  }

  /// The caller's image.
  const void* ImageOf(const NetworkInputs& inputs, std::int64_t image) const {
    const std::int64_t first = image * plan_.input.Size();
    if (steps_.front().layer->ReadsPixels()) {
      return inputs.pixel_type == PixelType::kUint8
                 ? static_cast<const void*>(static_cast<const std::uint8_t*>(inputs.x) + first)
                 : static_cast<const void*>(static_cast<const float*>(inputs.x) + first);
    }
    return static_cast<const std::int16_t*>(inputs.x) + first;
  }

  /// The memory of an image: that of its group's place in the ring.
  std::byte* Memory(const Place& place) const {
    const std::int64_t images = place.first_band % ring_ / group_bands_ * group_images_ + place.image;
    return images_ + images * plan_.image_bytes;
  }

  std::int16_t* Values(int step, const Place& place) const {
    const auto buffer = static_cast<std::size_t>(steps_[static_cast<std::size_t>(step)].buffer);
    return reinterpret_cast<std::int16_t*>(Memory(place) + plan_.buffers[buffer]);
  }

  SignPlane Signs(int step, const Place& place) const {
    const Plan::StepPlan& shapes = plan_.steps[static_cast<std::size_t>(step)];
    return {reinterpret_cast<std::uint64_t*>(Memory(place) + shapes.signs), shapes.y};
  }

  const std::vector<Step>& steps_;
  const Plan& plan_;
  const std::int64_t batch_;
  const std::int64_t group_images_;
  const std::int64_t group_bands_;
  const std::int64_t ring_;  // bands
  void* const record_;
  void* const turn_memory_;
  std::byte* const images_;
  std::byte* const task_memory_;
};

IntegerNetwork::IntegerNetwork(const OpName& op, std::vector<NetworkLayer> layers)
    : op_(op), layers_(std::move(layers)) {
  // What becomes of each value: the network's input and the output of each layer.
  struct Value {
    int step;                                                // that computes it
    int readers = 0;                                         // of the values themselves
    std::vector<std::pair<int, const IntegerLayer*>> signs;  // the steps that write them, and for which convolution
  };
  std::vector<Value> values = {{kOutside, 0, {}}};
  const auto add_step = [&](const IntegerLayer* layer, int x) {
    steps_.push_back({layer, x});
    return static_cast<int>(steps_.size()) - 1;
  };
  /// The step that writes the signs of a value that a convolution wants.
  const auto signs_of = [&](Value* value, const IntegerLayer* conv) {
    for (const auto& [step, other] : value->signs) {
      if (SameThresholds(*conv, *other)) return step;
    }
    int step = value->step;
    if (step == kOutside || !value->signs.empty()) {
      ++value->readers;
      thresholds_.push_back(std::make_unique<ThresholdStep>());
      step = add_step(thresholds_.back().get(), value->step);
    }
    steps_[static_cast<std::size_t>(step)].next_threshold = conv->Threshold();
    value->signs.emplace_back(step, conv);
    return step;
  };

  for (const NetworkLayer& layer : layers_) {
    Value& read = values[static_cast<std::size_t>(layer.reads)];
    const bool reads_signs = layer.layer->Threshold() != nullptr;
    if (!reads_signs) ++read.readers;
    const int x = reads_signs ? signs_of(&read, layer.layer.get()) : read.step;
    const int step = add_step(layer.layer.get(), x);
    if (layer.layer->AsMeasured() != nullptr) steps_.back().turn = static_cast<int>(measured_++);
    if (layer.residual == NetworkLayer::kResidualInput) {
      steps_.back().residual = kOutside;
    } else if (layer.residual != NetworkLayer::kNone) {
      Value& residual = values[static_cast<std::size_t>(layer.residual)];
      ++residual.readers;
      steps_.back().residual = residual.step;
    }
    values.push_back({step, 0, {}});
  }

  // Where values go: to the caller, over the residual that nobody else reads, or into memory of their own.
  int buffers = 0;
  for (std::size_t v = 1; v < values.size(); ++v) {
    Step& step = steps_[static_cast<std::size_t>(values[v].step)];
    const std::int64_t residual = layers_[v - 1].residual;
    if (v + 1 == values.size()) {
      step.buffer = kOutside;
    } else if (values[v].readers == 0) {
      step.buffer = kNothing;
    } else if (residual > 0 && values[static_cast<std::size_t>(residual)].readers == 1) {
      step.buffer = steps_[static_cast<std::size_t>(values[static_cast<std::size_t>(residual)].step)].buffer;
    } else {
      step.buffer = buffers++;
    }
  }
}

IntegerNetwork::~IntegerNetwork() = default;

std::string IntegerNetwork::Name() const {
  return layers_.size() == 1 ? layers_.front().layer->Name() : std::to_string(layers_.size()) + " layers";
}

std::shared_ptr<const IntegerNetwork::Plan> IntegerNetwork::PlanFor(const MapShape& x) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (plan_ != nullptr && plan_->input == x) return plan_;
  auto plan = std::make_shared<Plan>();
  plan->input = x;
  std::size_t layer = 0;
  for (const Step& step : steps_) {
    Plan::StepPlan shapes{};
    shapes.x = step.x == kOutside ? x : plan->steps[static_cast<std::size_t>(step.x)].y;
    shapes.y = step.layer->OutputShape(shapes.x);
    const bool is_layer = step.layer == layers_[layer].layer.get();
    if (step.residual >= 0 && plan->steps[static_cast<std::size_t>(step.residual)].y != shapes.y) {
      const MapShape& found = plan->steps[static_cast<std::size_t>(step.residual)].y;
      throw InvalidOperator(layers_[layer].op, "shape of residual",
                            ToString({found.height, found.width, found.channels}),
                            ToString({shapes.y.height, shapes.y.width, shapes.y.channels}));
    }
    if (is_layer) ++layer;
    shapes.band_rows = std::clamp<std::int64_t>(step.layer->BandRows(shapes.x), 1, shapes.y.height);
    shapes.bands = (shapes.y.height + shapes.band_rows - 1) / shapes.band_rows;
    shapes.first_band = plan->bands;
    plan->bands += shapes.bands;
    plan->most_bands = std::max(plan->most_bands, shapes.bands);
    plan->task_bytes = std::max(plan->task_bytes, step.layer->ScratchBytes(shapes.x));
    plan->steps.push_back(shapes);
  }
  // Signs and values in the order in which they are written.
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    Plan::StepPlan& shapes = plan->steps[i];
    const auto buffer = static_cast<std::size_t>(std::max(steps_[i].buffer, 0));
    if (steps_[i].buffer >= 0 && buffer == plan->buffers.size()) {
      plan->buffers.push_back(plan->image_bytes);
      plan->image_bytes += Reserve(shapes.y.Size() * static_cast<std::int64_t>(sizeof(std::int16_t)));
    }
    if (steps_[i].next_threshold != nullptr) {
      shapes.signs = plan->image_bytes;
      const SignPlane signs{nullptr, shapes.y};
      plan->image_bytes += Reserve(signs.Size() * static_cast<std::int64_t>(sizeof(std::uint64_t)));
    }
  }
  const std::size_t bytes = ScratchBytes(*plan, std::numeric_limits<std::int32_t>::max());
  if (bytes > static_cast<std::size_t>(kMaxElements)) {
    throw InvalidOperator(op_, "scratch memory", std::to_string(bytes) + " bytes",
                          "at most " + std::to_string(kMaxElements) + "; smaller images need less");
  }
  plan_ = std::move(plan);
  return plan_;
}

MapShape IntegerNetwork::OutputShape(const Plan& plan) const { return plan.steps.back().y; }

std::size_t IntegerNetwork::ScratchBytes(const Plan& plan, std::int64_t batch) const {
  ScratchCutter cutter;
  const Work work(*this, plan, batch, &cutter);
  return cutter.Bytes();
}

void IntegerNetwork::Run(const Plan& plan, const NetworkInputs& inputs, const NetworkOutputs& outputs, void* scratch,
                         ParallelFor parallel_for) const {
  if (inputs.batch == 0) return;
  ScratchCutter cutter(scratch);
  Work(*this, plan, inputs.batch, &cutter).Run(inputs, outputs, parallel_for);
}

void IntegerNetwork::ForEachLayer(const Plan& plan, std::int64_t batch, const Visit& visit) const {
  std::size_t step = 0;
  for (const NetworkLayer& layer : layers_) {
    while (steps_[step].layer != layer.layer.get()) ++step;
    const MapShape& x = plan.steps[step].x;
    const MeasuredLayer* measured = layer.layer->AsMeasured();
    KernelReport report;
    if (measured != nullptr) {
      report = measured->Report(x, batch);
    } else {
      report.kernel = layer.layer->Name();
      report.bound = layer.layer->Bound(x);
    }
    visit(layer.op, report);
  }
}

}  // namespace subbit
