#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/integer/integer_layer.h"
#include "core/kernel/kernel_report.h"
#include "core/kernel/parallel_for.h"
#include "core/operator/invalid_operator.h"

namespace subbit {

/// A layer of a network, and what it reads.
struct NetworkLayer {
  static constexpr std::int64_t kInput = 0;           ///< for `reads`: the network's input
  static constexpr std::int64_t kNone = -1;           ///< for `residual`: the layer adds none
  static constexpr std::int64_t kResidualInput = -2;  ///< for `residual`: the residual that the caller gives

  OpName op;  ///< for messages and logs
  std::unique_ptr<IntegerLayer> layer;
  std::int64_t reads;     ///< kInput, or i for the output of layer i, counted from 1: always an earlier one
  std::int64_t residual;  ///< likewise, but never the network's input; kNone unless the layer adds a residual
};

/// What a network reads: `batch` images one after the other, each of the shape for which the network was planned.
struct NetworkInputs {
  std::int64_t batch;
  const void* x;  ///< pixels, [N, C, H, W], if a stem reads them, otherwise int16 [N, H, W, C]
  PixelType pixel_type = PixelType::kFloat;
  const std::int16_t* residual = nullptr;  ///< [N, H', W', O] of a layer that adds the residual that the caller gives
};

/// What a network writes: the output of its last layer.
struct NetworkOutputs {
  std::int16_t* y;  ///< [N, H', W', O]; null if the last layer is a classifier
  float* logits;    ///< [N, K]; null otherwise
};

/// Integer layers that are run as a whole. Values and signs between layers live in scratch memory; a value's signs are
/// written by the layer that computes it, under the threshold of the first convolution that reads them, and by a step
/// of their own for convolutions with other thresholds; a residual that nobody else reads is updated in place.
///
/// The work is cut into bands of rows, which are done layer after layer in a BandQueue: a band waits only for the bands
/// of earlier layers whose rows it reads, so threads pass from layer to layer without a barrier. Of a batch, several
/// small images are in work at a time, layer by layer, and the next ones are begun before these are done.
///
/// A layer that has several kernels (MeasuredLayer) runs all bands of a run on one of them.
///
/// Many threads may call the functions of a network at once.
class IntegerNetwork {
 public:
  /// The shapes, memory and bands of a network for one shape of image. Belongs to the network that made it.
  struct Plan;

  /// The layers must meet what NetworkLayer says; a classifier may only be the last of them.
  IntegerNetwork(const OpName& op, std::vector<NetworkLayer> layers);
  ~IntegerNetwork();

  /// For logs: the kernel of a single layer, or "22 layers".
  std::string Name() const;

  /// The plan for images of this shape; kept until another shape is asked for, so a run with the shape of the last one
  /// allocates nothing here. Throws InvalidOperator if a layer refuses its shape, a residual has another shape than the
  /// output to which it is added, or scratch memory would exceed kMaxElements bytes.
  std::shared_ptr<const Plan> PlanFor(const MapShape& x) const;

  /// The shape of the last layer's output; [K, 1, 1] of a classifier.
  MapShape OutputShape(const Plan& plan) const;

  /// The number of bytes of scratch memory that Run needs for a batch of so many images. Run allocates nothing else.
  std::size_t ScratchBytes(const Plan& plan, std::int64_t batch) const;

  /// Computes all images. `scratch` has ScratchBytes(plan, inputs.batch) bytes, at any address and with any content,
  /// which no other run uses at the same time. Neither output overlaps an input.
  void Run(const Plan& plan, const NetworkInputs& inputs, const NetworkOutputs& outputs, void* scratch,
           ParallelFor parallel_for) const;

  /// Calls visit for each layer in order, with its name and what a run for so many images that begins now would run
  /// it on. The bound is that of one image.
  using Visit = std::function<void(const OpName& op, const KernelReport& report)>;
  void ForEachLayer(const Plan& plan, std::int64_t batch, const Visit& visit) const;

  const std::vector<NetworkLayer>& layers() const { return layers_; }

 private:
  struct Step;
  class Turns;
  class Work;

  const OpName op_;
  const std::vector<NetworkLayer> layers_;
  std::vector<std::unique_ptr<IntegerLayer>> thresholds_;  // the steps of their own that write signs
  std::vector<Step> steps_;
  std::int64_t measured_ = 0;  // layers with several kernels

  mutable std::mutex mutex_;
  mutable std::shared_ptr<const Plan> plan_;
};

}  // namespace subbit
