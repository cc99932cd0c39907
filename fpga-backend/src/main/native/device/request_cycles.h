#pragma once

#include <cstdint>

#include "device/capabilities.h"
#include "device/dense_cycles.h"
#include "device/layer_descriptor.h"

namespace subbit::fpga {

/// The cycles of the layers of a request, in the order of its list: each layer's own (ModelledCycles), and what follows
/// from a stem that runs beside others, which share the bus with it and may have to wait for it. docs/DEVICE.md says
/// what counts as a layer's cycles. Not for several threads.
class RequestCycles {
 public:
  /// The engine that is modelled: the device, or the plain binary engine with as many adders (BinaryEngineCycles).
  enum class Engine { kSubBit, kBinary };

  explicit RequestCycles(const Capabilities& capabilities, Engine engine = Engine::kSubBit)
      : capabilities_(capabilities), engine_(engine) {}

  /// The cycles of the next layer.
  std::uint64_t Next(const LayerDescriptor& layer);
  /// The same, for a layer that takes so many cycles on its own, as the engine's model has them.
  std::uint64_t Next(const LayerDescriptor& layer, std::uint64_t alone);
  /// The cycles for which a stem is waited for at the end of the list.
  std::uint64_t End();

 private:
  /// A convolution beside the stem, if there is one.
  std::uint64_t Beside(const LayerDescriptor& layer, std::uint64_t alone);
  /// The stem goes on for some of its cycles.
  void Pass(double cycles);

  const Capabilities capabilities_;
  const Engine engine_;
  double stem_left_ = 0;    ///< cycles that the stem beside still takes if it has the bus to itself
  double stem_cycles_ = 1;  ///< all that it takes
  StemBus stem_bus_{};
  double between_ = 0;      ///< cycles from the last layer's end to the next one's begin
  std::uint64_t held_ = 0;  ///< cycles for which a stem's weights hold up the next layer
};

}  // namespace subbit::fpga
