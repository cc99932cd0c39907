#pragma once

#include <memory>
#include <vector>

#include "core/kernel/packed_kernels.h"
#include "core/popcount/popcount_kernels.h"

namespace subbit {

/// PackSigns with the loops that pack words for convolutions: the signs of 32 channels become words in the first-level
/// cache, which are then split into bytes. Every value is read once, so memory is the limit. `kernels` must stay valid;
/// `shift` holds one value per channel.
std::unique_ptr<PackSignsKernel> MakePackSigns(const PopcountKernels& kernels, std::vector<float> shift);

}  // namespace subbit
