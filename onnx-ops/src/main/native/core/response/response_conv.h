#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/operator/conv_weights.h"
#include "core/response/response_kernels.h"
#include "core/signs/sign_conv.h"

namespace subbit {

/// Looks responses up, for tau of at most 5. The nine signs that one pixel sees of one channel form a pattern of nine
/// bits. A table of all 512 patterns, which stays in the first-level cache (8 or 16 KiB), says how many of these signs
/// differ from each of the 2^tau codewords: the responses. A row of it fills one or two vector registers, where a
/// shuffle by the indices selects the responses of 32 output channels at once: nine multiply-adds in a shuffle and an
/// addition of bytes. This is the method of Wang et al., "Sub-bit Neural Networks", ICCV 2021, with the responses of a
/// pixel and channel neither computed nor stored. Sums of bytes are widened every 28 channels.
class ResponseConv : public SignConv {
 public:
  /// `kernels` pack and gather, `responses` do the rest; both must stay valid. The weights have a tau of at most
  /// ResponseKernels::kMaxTau and at most ResponseKernels::kMaxChannels input channels.
  ResponseConv(const PopcountKernels& kernels, const ResponseKernels& responses, const SubBitWeights& weights,
               SignConvParameters parameters);

  std::string Name() const override;
  KernelBound Bound(const ConvGeometry& geometry) const override;

 protected:
  std::int64_t PreparedWords() const override { return channels() * SignConvTile::kTile / 2; }
  std::int64_t OutputUnit() const override { return 2 * ResponseKernels::kOutputs; }
  void Prepare(std::uint32_t* patches) const override;
  void Convolve(const SignConvTile& tile, std::int64_t group, std::int64_t first,
                const std::uint32_t* patches) const override;

 private:
  const ResponseKernels& response_kernels_;
  const int tables_;  // of a pattern
  const std::vector<std::uint8_t> responses_;
  const std::vector<std::uint8_t> indices_;
};

}  // namespace subbit
