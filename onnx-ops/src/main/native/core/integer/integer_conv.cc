#include "core/integer/integer_conv.h"

#include <algorithm>

#include "core/integer/conv/fast_integer_conv.h"
#include "core/integer/measured_layer.h"
#include "core/integer/reference_layers.h"

namespace subbit {
namespace {

#ifdef SUBBIT_X86_KERNELS

/// The look-up of codewords by tables of 64 bytes takes a step for each channel and 64 outputs, however few there are;
/// counting takes 2.5 / 64 steps for each sign and 16 outputs.
bool PrefersCounts(const SubBitWeights& weights) {
  const auto up = [](std::int64_t a, std::int64_t b) { return static_cast<double>((a + b - 1) / b); };
  const auto channels = static_cast<double>(weights.in_channels);
  const double patterns = 15 * up(weights.in_channels, 64);
  const double look_up = channels * up(weights.out_channels, 64) + patterns;
  const double counts =
      2.5 / 2 * static_cast<double>(CountLayout(weights.in_channels).steps) * up(weights.out_channels, 16);
  return counts < look_up;
}

std::vector<const ConvKernels*> X86Kernels(Isa isa, const IntegerConvParameters& parameters) {
  const SubBitWeights& weights = parameters.weights;
  const auto& strides = parameters.attributes.strides;
  std::vector<const ConvKernels*> kernels;
  if (isa == Isa::kAvx512 && HasAvx512Vbmi() && weights.tau <= 6) kernels.push_back(&Avx512Codewords());
  if (isa == Isa::kAvx512 && HasAvx512Popcount()) {
    kernels.insert(PrefersCounts(weights) ? kernels.begin() : kernels.end(), &Avx512Counts());
  }
  // Idle lanes are the others' loss where it is possible.
  if (isa == Isa::kAvx512 && HasAvx512Vbmi() && weights.in_channels <= kMostSixSignChannels && strides[0] <= 2 &&
      strides[1] <= 2) {
    kernels.insert(kernels.begin(), &Avx512SixSigns());
  }
  if (!kernels.empty()) return kernels;
  kernels.push_back(&Avx2Nibbles());
  if (weights.tau <= 4) {
    // What the patterns of a pixel take is shared by its outputs, of which there must be enough (measured on Zen 3).
    kernels.insert(weights.out_channels > 32 ? kernels.begin() : kernels.end(), &Avx2CodewordPairs());
  }
  return kernels;
}

#endif

std::vector<const ConvKernels*> KernelsFor(Isa isa, const IntegerConvParameters& parameters) {
#ifdef SUBBIT_X86_KERNELS
  if (isa >= Isa::kAvx2) return X86Kernels(isa, parameters);
#endif
#ifdef SUBBIT_NEON_KERNELS
  if (isa == Isa::kNeon) {
    if (parameters.weights.tau <= 5) return {&NeonCodewordPairs(), &NeonNibbles()};
    return {&NeonNibbles()};
  }
#endif
  static_cast<void>(isa);
  static_cast<void>(parameters);
  return {&PortableCounts()};
}

/// The policy that asks for a method.
KernelPolicy FamilyOf(SumMethod method) {
  switch (method) {
    case SumMethod::kCodewords:
    case SumMethod::kCodewordPairs:
      return KernelPolicy::kLookUp;
    case SumMethod::kNibbles:
    case SumMethod::kSixSigns:
      return KernelPolicy::kNibbles;
    case SumMethod::kCounts:
      return KernelPolicy::kPopcount;
  }
  return KernelPolicy::kEstimate;
}

}  // namespace

std::vector<std::unique_ptr<IntegerLayer>> CandidateIntegerConvs(Isa isa, const IntegerConvParameters& parameters) {
  std::vector<std::unique_ptr<IntegerLayer>> layers;
  if (isa == Isa::kReference) {
    layers.push_back(MakeReferenceIntegerConv(parameters));
    return layers;
  }
  for (const ConvKernels* kernels : KernelsFor(isa, parameters)) {
    layers.push_back(std::make_unique<FastIntegerConv>(*kernels, parameters));
  }
  return layers;
}

std::unique_ptr<IntegerLayer> ChooseIntegerConv(Isa isa, KernelPolicy policy, const IntegerConvParameters& parameters) {
  if (isa == Isa::kReference) return MakeReferenceIntegerConv(parameters);
  const std::vector<const ConvKernels*> kernels = KernelsFor(isa, parameters);
  if (policy == KernelPolicy::kMeasure && kernels.size() > 1) {
    return std::make_unique<MeasuredLayer>(&TournamentTable::Global(), IntegerConvKey(isa, parameters),
                                           CandidateIntegerConvs(isa, parameters));
  }
  const auto asked =
      std::find_if(kernels.begin(), kernels.end(), [&](const ConvKernels* k) { return FamilyOf(k->method) == policy; });
  return std::make_unique<FastIntegerConv>(asked != kernels.end() ? **asked : *kernels.front(), parameters);
}

ShapeKey IntegerConvKey(Isa isa, const IntegerConvParameters& parameters) {
  const IntegerConvAttributes& attributes = parameters.attributes;
  const bool block = parameters.residual.has_value();
  ShapeKey key =
      ShapeKey()
          .With(static_cast<std::int64_t>(block ? MeasuredOperator::kIntegerBlock : MeasuredOperator::kIntegerConv))
          .With(static_cast<std::int64_t>(isa))
          .With(attributes.tau)
          .With(attributes.out_channels)
          .With(attributes.in_channels);
  for (const std::int64_t stride : attributes.strides) key = key.With(stride);
  for (const std::int64_t length : attributes.pool.shape) key = key.With(length);
  for (const std::int64_t stride : attributes.pool.strides) key = key.With(stride);
  for (const std::int64_t pad : attributes.pool.pads) key = key.With(pad);
  return key;
}

}  // namespace subbit
