#include "core/popcount/popcount_conv.h"

#include <utility>

#include "core/operator/packed_bits.h"

namespace subbit {
namespace {

constexpr int kOutputs = PopcountKernels::kOutputs;

}  // namespace

PopcountConv::PopcountConv(const PopcountKernels& kernels, const SubBitWeights& weights, SignConvParameters parameters)
    : SignConv(kernels, PatchLayout(weights.in_channels, true), weights, std::move(parameters)),
      kernel_bits_(layout().KernelBits(weights, kOutputs)) {}

std::string PopcountConv::Name() const { return std::string("xor and popcount, ") + kernels().isa; }

KernelBound PopcountConv::Bound(const ConvGeometry& geometry) const {
  const auto pixels = static_cast<double>(geometry.batch * geometry.out_height * geometry.out_width);
  const auto pairs = static_cast<double>(groups() * outs()) * static_cast<double>(layout().Size()) / 2;
  return {VectorStep::kCountPairs, kernels().level, pixels / kernels().lanes * pairs};
}

std::int64_t PopcountConv::OutputUnit() const { return kChannelsPerByte; }

void PopcountConv::Prepare(std::uint32_t* patches) const {
  constexpr int kTile = SignConvTile::kTile;
  for (std::int64_t k = 0; k + 1 < layout().Size(); k += 2) {
    for (std::int64_t i = 0; i < kTile; ++i) patches[(k + 1) * kTile + i] ^= patches[k * kTile + i];
  }
}

void PopcountConv::Convolve(const SignConvTile& tile, std::int64_t group, std::int64_t first,
                            const std::uint32_t* patches) const {
  const std::int64_t block = group * ((outs() + kOutputs - 1) / kOutputs) + first / kOutputs;
  kernels().convolve({tile, patches, kernel_bits_.data() + block * layout().Size() * kOutputs, layout().Size()});
}

}  // namespace subbit
