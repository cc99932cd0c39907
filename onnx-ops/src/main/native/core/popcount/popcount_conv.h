#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/operator/conv_weights.h"
#include "core/popcount/popcount_kernels.h"
#include "core/signs/sign_conv.h"

namespace subbit {

/// Counts the signs that differ between patches and kernels, by exclusive or and population count. The indices are
/// decoded to kernel bits once, at load, so every tau runs at the speed of a plain binary convolution. Words are
/// counted in pairs. Let p and r be the differences x ^ w of two words, and `ones` the differences left over from the
/// previous pairs. A carry-save adder computes, bit by bit,
///
///     ones'  = ones ^ p ^ r = ones ^ (x1 ^ x2) ^ (w1 ^ w2)
///     carry  = majority(ones, p, r) = ones == ones' ? p : ones      since ones == ones' where p == r
///
/// and every bit of `carry` counts two. With x1 ^ x2 and w1 ^ w2 computed beforehand, once per patch and once per
/// kernel, a pair takes three logic operations, one population count and one addition where the processor has them:
/// five operations instead of six.
class PopcountConv : public SignConv {
 public:
  /// `kernels` must stay valid.
  PopcountConv(const PopcountKernels& kernels, const SubBitWeights& weights, SignConvParameters parameters);

  std::string Name() const override;
  KernelBound Bound(const ConvGeometry& geometry) const override;

 protected:
  std::int64_t PreparedWords() const override { return 0; }
  std::int64_t OutputUnit() const override;
  void Prepare(std::uint32_t* patches) const override;
  void Convolve(const SignConvTile& tile, std::int64_t group, std::int64_t first,
                const std::uint32_t* patches) const override;

 private:
  const std::vector<std::uint32_t> kernel_bits_;
};

}  // namespace subbit
