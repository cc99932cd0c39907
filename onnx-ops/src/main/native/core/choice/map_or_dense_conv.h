#pragma once

#include <cstdint>
#include <memory>

#include "core/kernel/conv_kernel.h"
#include "core/response/map_plan.h"

namespace subbit {

/// The cost of QLinearSubBitConv with 16-bit maps and with plain multiplication on AVX-512 VNNI, for one input channel
/// at 32 positions, in steps of the latter.
struct QuantizedCosts {
  double maps;
  double dense;
};

/// `maps` as counted by CostOf, `outs` the output channels of a group. A step of VNNI multiplies for four channels at
/// 16 positions. Maps that are summed up count twice, since 16-bit sums must be widened every few channels.
QuantizedCosts QuantizedCostsOf(const MapCost& maps, std::int64_t outs);

/// Runs whichever of two kernels is estimated to be faster for a run's geometry: where rows are short, maps lose more
/// of their 32 lanes than multiplications lose of their 16. Q is uint8_t or int8_t.
template <class Q>
std::unique_ptr<ConvKernel<Q>> MakeMapOrDenseConv(std::unique_ptr<ConvKernel<Q>> maps,
                                                  std::unique_ptr<ConvKernel<Q>> dense, QuantizedCosts costs);

extern template std::unique_ptr<ConvKernel<std::uint8_t>> MakeMapOrDenseConv(std::unique_ptr<ConvKernel<std::uint8_t>>,
                                                                             std::unique_ptr<ConvKernel<std::uint8_t>>,
                                                                             QuantizedCosts);
extern template std::unique_ptr<ConvKernel<std::int8_t>> MakeMapOrDenseConv(std::unique_ptr<ConvKernel<std::int8_t>>,
                                                                            std::unique_ptr<ConvKernel<std::int8_t>>,
                                                                            QuantizedCosts);

}  // namespace subbit
