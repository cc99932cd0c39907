#include "core/response/response_conv.h"

#include <utility>

#include "core/response/response_tables.h"

namespace subbit {
namespace {

constexpr int kTile = SignConvTile::kTile;
constexpr int kOutputs = ResponseKernels::kOutputs;

}  // namespace

ResponseConv::ResponseConv(const PopcountKernels& kernels, const ResponseKernels& responses,
                           const SubBitWeights& weights, SignConvParameters parameters)
    : SignConv(kernels, PatchLayout(weights.in_channels, false), weights, std::move(parameters)),
      response_kernels_(responses),
      tables_(ResponseTablesPerPattern(weights.tau)),
      responses_(MakeResponses(weights)),
      indices_(MakeResponseIndices(weights)) {}

std::string ResponseConv::Name() const { return std::string("response look-up, ") + response_kernels_.isa; }

KernelBound ResponseConv::Bound(const ConvGeometry& geometry) const {
  const auto pixels = static_cast<double>(geometry.batch * geometry.out_height * geometry.out_width);
  const std::int64_t vectors = (outs() + kOutputs - 1) / kOutputs;
  const std::int64_t look_ups = groups() * vectors * channels() * tables_;
  return {VectorStep::kLookUps, response_kernels_.level, pixels * static_cast<double>(look_ups)};
}

/// The patterns follow the gathered words.
void ResponseConv::Prepare(std::uint32_t* patches) const {
  auto* const patterns = reinterpret_cast<std::uint16_t*>(patches + layout().Size() * kTile);
  for (std::int64_t word = 0; word < layout().WordsPerPixel(); ++word) {
    response_kernels_.patterns(patches + word * kTaps * kTile, layout().ChannelsOf(word),
                               tables_ * ResponseKernels::kTableSize, channels(),
                               patterns + word * PatchLayout::kWordBits);
  }
}

void ResponseConv::Convolve(const SignConvTile& tile, std::int64_t group, std::int64_t first,
                            const std::uint32_t* patches) const {
  const std::int64_t vector = group * ((outs() + kOutputs - 1) / kOutputs) + first / kOutputs;
  const auto* const patterns = reinterpret_cast<const std::uint16_t*>(patches + layout().Size() * kTile);
  response_kernels_.convolve(
      {tile, patterns, indices_.data() + vector * channels() * tables_ * kOutputs, responses_.data(), channels()},
      tables_);
}

}  // namespace subbit
