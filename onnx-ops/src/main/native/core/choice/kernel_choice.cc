#include "core/choice/kernel_choice.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>

#include "core/choice/measured_conv.h"
#include "core/dense/dense_conv.h"
#include "core/packing/pack_signs.h"
#include "core/packing/patch_layout.h"
#include "core/popcount/popcount_conv.h"
#include "core/reference/reference_kernels.h"
#include "core/response/map_conv.h"
#include "core/response/quantized_finish.h"
#include "core/response/response_conv.h"
#include "core/response/response_tables.h"
#include "core/signs/binary_conv.h"

namespace subbit {
namespace {

/// Returns the inner loops of the map kernels for `isa`, which is not kReference.
const MapKernelSet& MapKernelsFor(Isa isa) {
#ifdef SUBBIT_X86_KERNELS
  if (isa == Isa::kAvx512) return Avx512MapKernels();
  if (isa == Isa::kAvx2) return Avx2MapKernels();
#endif
#ifdef SUBBIT_NEON_KERNELS
  if (isa == Isa::kNeon) return NeonMapKernels();
#endif
  static_cast<void>(isa);
  return PortableMapKernels();
}

/// The loops that count differing signs for `isa`, which is not kReference.
const PopcountKernels& PopcountKernelsFor(Isa isa) {
#ifdef SUBBIT_X86_KERNELS
  if (isa == Isa::kAvx512 && HasAvx512Popcount()) return Avx512PopcountKernels();
  if (isa >= Isa::kAvx2) return Avx2PopcountKernels();
#endif
#ifdef SUBBIT_NEON_KERNELS
  if (isa == Isa::kNeon) return NeonPopcountKernels();
#endif
  static_cast<void>(isa);
  return PortablePopcountKernels();
}

/// A kernel that a layer can run on, not made yet.
template <class Kernel>
struct Candidate {
  KernelPolicy family;
  double cost;  ///< estimated, in a unit that all candidates of a layer share
  std::function<std::unique_ptr<Kernel>()> make;
};

/// Stands for everything that decides which kernel is fastest, except what is known only in a run. Of the indices only
/// how many codewords they use matters, to about a fifth.
ShapeKey KeyOf(MeasuredOperator op, Isa isa, const SubBitWeights& weights) {
  return ShapeKey()
      .With(static_cast<std::int64_t>(op))
      .With(static_cast<std::int64_t>(isa))
      .With(weights.tau)
      .With(weights.out_channels)
      .With(weights.in_channels)
      .With(weights.group)
      .With(std::lround(4 * std::log2(MeanCodewords(weights))));
}

/// Makes the candidate that the policy asks for, or all of them, to be measured. Measured is what then tries them.
template <class Measured, class Kernel>
std::unique_ptr<Kernel> Choose(KernelPolicy policy, MeasuredOperator op, Isa isa, const SubBitWeights& weights,
                               std::vector<Candidate<Kernel>> candidates) {
  std::stable_sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) { return a.cost < b.cost; });
  for (const Candidate<Kernel>& candidate : candidates) {
    if (candidate.family == policy) return candidate.make();
  }
  if (policy != KernelPolicy::kMeasure || candidates.size() == 1) return candidates.front().make();
  std::vector<std::unique_ptr<Kernel>> made;
  for (const Candidate<Kernel>& candidate : candidates) made.push_back(candidate.make());
  return std::make_unique<Measured>(&TournamentTable::Global(), KeyOf(op, isa, weights), std::move(made));
}

double Blocks(std::int64_t a, std::int64_t b) { return static_cast<double>((a + b - 1) / b); }

/// Cycles per pixel to count differing signs with AVX2, fitted to Zen 4.
double CountingCycles(const SubBitWeights& weights) {
  const std::int64_t outs = weights.out_channels / weights.group;
  return 0.26 * Blocks(outs, PopcountKernels::kOutputs) * PopcountKernels::kOutputs *
         static_cast<double>(PatchLayout(weights.in_channels, true).Size());
}

/// What BinarySubBitConv takes by maps with NEON, relative to counting. A pair of words of four pixels is counted in
/// six operations there: 3.4 for an output channel, an input channel and the 16 pixels of a map. Common cores do two of
/// them while they load a map. (These counts are all that is known: no such processor was available.)
double MapsByCounting(const SubBitWeights& weights) {
  const std::int64_t outs = weights.out_channels / weights.group;
  return CostOf(ChooseMapKind(weights), outs, MeanCodewords(weights)).Total() / (3.4 / 2 * static_cast<double>(outs));
}

bool CanLookUp(const SubBitWeights& weights) {
  return weights.tau <= ResponseKernels::kMaxTau && weights.in_channels <= ResponseKernels::kMaxChannels;
}

/// Cycles per pixel to look responses up with AVX2, fitted to Zen 4.
double LookUpCycles(const SubBitWeights& weights) {
  const double vectors = Blocks(weights.out_channels / weights.group, ResponseKernels::kOutputs);
  const double of_channel = 0.1 + 0.85 * ResponseTablesPerPattern(weights.tau);
  return vectors * (of_channel * static_cast<double>(weights.in_channels) + 20) +
         14 * Blocks(weights.in_channels, PatchLayout::kWordBits);
}

/// The convolutions of signs for `isa`, which is not kReference. On processors that count the bits of vectors, a
/// look-up is never faster. wrap(conv) makes a kernel of it. `weights` must stay valid until it is made.
template <class Kernel, class Wrap>
std::vector<Candidate<Kernel>> SignConvs(Isa isa, const SubBitWeights& weights, SignConvParameters parameters,
                                         Wrap wrap) {
  const PopcountKernels& kernels = PopcountKernelsFor(isa);
  std::vector<Candidate<Kernel>> candidates = {
      {KernelPolicy::kPopcount, CountingCycles(weights),
       [=, &kernels, &weights] { return wrap(std::make_unique<PopcountConv>(kernels, weights, parameters)); }}};
#ifdef SUBBIT_X86_KERNELS
  if (&kernels == &Avx2PopcountKernels() && CanLookUp(weights)) {
    candidates.push_back({KernelPolicy::kLookUp, LookUpCycles(weights), [=, &kernels, &weights] {
                            return wrap(
                                std::make_unique<ResponseConv>(kernels, Avx2ResponseKernels(), weights, parameters));
                          }});
  }
#else
  static_cast<void>(CanLookUp);
  static_cast<void>(LookUpCycles);
#endif
  return candidates;
}

std::unique_ptr<PackedConvKernel> ChoosePacked(KernelPolicy policy, MeasuredOperator op, Isa isa,
                                               const SubBitWeights& weights, SignConvParameters parameters) {
  return Choose<MeasuredPackedConv>(
      policy, op, isa, weights,
      SignConvs<PackedConvKernel>(isa, weights, std::move(parameters), [](std::unique_ptr<SignConv> conv) {
        return MakePackedBinaryConv(std::move(conv));
      }));
}

/// What QLinearSubBitConv takes for one input channel at 32 positions, fitted to Zen 4 with AVX-512 and to Zen 3 with
/// AVX2. Maps of narrow registers are made and loaded twice as often; those of wide ones count twice where they are
/// summed, since 16-bit sums must be widened every few channels.
double QuantizedMapCost(Isa isa, const MapCost& maps) {
  return isa == Isa::kAvx512 ? 1.2 * maps.making + 2 * maps.summing : 2 * maps.Total();
}

/// The loops that multiply 8-bit activations, or null where the instruction set has none.
const DenseKernels* DenseKernelsFor(Isa isa) {
#ifdef SUBBIT_X86_KERNELS
  if (isa == Isa::kAvx512 && HasAvx512Vnni()) return &Avx512VnniDenseKernels();
  if (isa >= Isa::kAvx2) return &Avx2DenseKernels();
#endif
  static_cast<void>(isa);
  return nullptr;
}

std::vector<ChannelFinish> FloatFinish(const std::vector<float>& scale, const std::vector<float>& bias) {
  std::vector<ChannelFinish> finish;
  for (std::size_t o = 0; o < scale.size(); ++o) finish.push_back({scale[o], bias[o], 0, 0});
  return finish;
}

/// Inputs of 8 bits are read minus the middle of their type's range, so that no magnitude exceeds 128 whatever the zero
/// point is.
template <class Q>
MapInput CentredInput(const Requantization& requantization) {
  const std::int32_t offset = (std::numeric_limits<Q>::min() + std::numeric_limits<Q>::max() + 1) / 2;
  return {offset, requantization.x_zero_point - offset};
}

const auto& QuantizedKernels(const MapKernelSet& set, std::uint8_t) { return set.quantized_u8; }
const auto& QuantizedKernels(const MapKernelSet& set, std::int8_t) { return set.quantized_i8; }

}  // namespace

std::unique_ptr<ConvKernel<float>> ChooseSubBitConv(Isa isa, SubBitWeights weights, std::vector<float> scale,
                                                    std::vector<float> bias) {
  if (isa == Isa::kReference) return MakeReferenceSubBitConv(std::move(weights), std::move(scale), std::move(bias));
  return MakeMapConv(MapKernelsFor(isa).real, ChooseMapKind(weights), weights, {}, FloatFinish(scale, bias));
}

std::unique_ptr<ConvKernel<float>> ChooseStagedSubBitConv(Isa isa, std::vector<WeightStage> stages,
                                                          std::vector<float> bias) {
  if (isa == Isa::kReference) return MakeReferenceStagedSubBitConv(std::move(stages), std::move(bias));
  double codewords = 0;
  for (const WeightStage& stage : stages) codewords += MeanCodewords(stage.weights);
  const SubBitWeights& first = stages.front().weights;
  const MapKind kind = ChooseMapKind(first.out_channels / first.group, codewords / static_cast<double>(stages.size()));
  return MakeStagedMapConv(MapKernelsFor(isa).real, kind, stages, bias);
}

std::unique_ptr<ConvKernel<float>> ChooseBinarySubBitConv(Isa isa, KernelPolicy policy, SubBitWeights weights,
                                                          std::vector<float> scale, std::vector<float> bias) {
  if (isa == Isa::kReference) {
    return MakeReferenceBinarySubBitConv(std::move(weights), std::move(scale), std::move(bias));
  }
  using Kernel = ConvKernel<float>;
  const MapKernelSet& set = MapKernelsFor(isa);
  const MapKind kind = ChooseMapKind(weights);
  const std::vector<ChannelFinish> finish = FloatFinish(scale, bias);
  if (isa == Isa::kPortable) {  // counts so slowly that maps are always faster
    if (weights.in_channels > kMaxNarrowBinaryChannels) return MakeMapConv(set.wide_binary, kind, weights, {}, finish);
    return MakeMapConv(set.binary, kind, weights, {}, finish);
  }
  std::vector<Candidate<Kernel>> candidates =
      SignConvs<Kernel>(isa, weights, {std::move(scale), std::move(bias)},
                        [](std::unique_ptr<SignConv> conv) { return MakeBinaryConv(std::move(conv)); });
  if (isa == Isa::kNeon && weights.in_channels <= kMaxNarrowBinaryChannels) {
    candidates.push_back({KernelPolicy::kMaps, MapsByCounting(weights) * CountingCycles(weights),
                          [&] { return MakeMapConv(set.binary, kind, weights, {}, finish); }});
  }
  return Choose<MeasuredConv<float>>(policy, MeasuredOperator::kBinaryConv, isa, weights, std::move(candidates));
}

std::unique_ptr<PackSignsKernel> ChoosePackSigns(Isa isa, std::vector<float> shift) {
  if (isa == Isa::kReference) return MakeReferencePackSigns(std::move(shift));
  return MakePackSigns(PopcountKernelsFor(isa), std::move(shift));
}

std::unique_ptr<PackedConvKernel> ChoosePackedBinarySubBitConv(Isa isa, KernelPolicy policy, SubBitWeights weights,
                                                               std::vector<float> scale, std::vector<float> bias) {
  if (isa == Isa::kReference) {
    return MakeReferencePackedBinarySubBitConv(std::move(weights), std::move(scale), std::move(bias));
  }
  return ChoosePacked(policy, MeasuredOperator::kPackedBinaryConv, isa, weights, {std::move(scale), std::move(bias)});
}

std::unique_ptr<PackedConvKernel> ChooseBinarySubBitBlock(Isa isa, KernelPolicy policy, SubBitWeights weights,
                                                          std::vector<float> scale, std::vector<float> bias,
                                                          BlockParameters block) {
  if (isa == Isa::kReference) {
    return MakeReferenceBinarySubBitBlock(std::move(weights), std::move(scale), std::move(bias), std::move(block));
  }
  return ChoosePacked(policy, MeasuredOperator::kBinaryBlock, isa, weights,
                      {std::move(scale), std::move(bias), std::move(block)});
}

template <class Q>
std::unique_ptr<ConvKernel<Q>> ChooseQLinearSubBitConv(Isa isa, KernelPolicy policy, SubBitWeights weights,
                                                       Requantization requantization) {
  if (isa == Isa::kReference) {
    return MakeReferenceQLinearSubBitConv<Q>(std::move(weights), std::move(requantization));
  }
  const MapKind kind = ChooseMapKind(weights);
  const std::int64_t outs = weights.out_channels / weights.group;
  std::vector<Candidate<ConvKernel<Q>>> candidates;
  candidates.push_back({KernelPolicy::kMaps, QuantizedMapCost(isa, CostOf(kind, outs, MeanCodewords(weights))), [&] {
                          const MapInput input = CentredInput<Q>(requantization);
                          return MakeMapConv(QuantizedKernels(MapKernelsFor(isa), Q{}), kind, weights, input,
                                             QuantizedFinish(requantization, weights, input.padding),
                                             requantization.residual);
                        }});
  if (const DenseKernels* kernels = DenseKernelsFor(isa)) {
    candidates.push_back({KernelPolicy::kDense, kernels->output_cost * static_cast<double>(outs),
                          [&, kernels] { return MakeDenseConv<Q>(*kernels, weights, requantization); }});
  }
  const MeasuredOperator op =
      requantization.residual.multiplier > 0 ? MeasuredOperator::kQuantizedBlock : MeasuredOperator::kQuantizedConv;
  return Choose<MeasuredConv<Q>>(policy, op, isa, weights, std::move(candidates));
}

template std::unique_ptr<ConvKernel<std::uint8_t>> ChooseQLinearSubBitConv(Isa, KernelPolicy, SubBitWeights,
                                                                           Requantization);
template std::unique_ptr<ConvKernel<std::int8_t>> ChooseQLinearSubBitConv(Isa, KernelPolicy, SubBitWeights,
                                                                          Requantization);

}  // namespace subbit
