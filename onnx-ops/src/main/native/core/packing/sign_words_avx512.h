#pragma once

#include "core/popcount/popcount_kernels.h"

/// The parts of Avx512PopcountKernels() that put signs into words; PopcountKernels says what each does.
namespace subbit {

void PackAvx512(const float* x, std::int64_t plane, int channels, const float* shift, std::int64_t n,
                std::uint32_t* out);

void PackBytesAvx512(const std::uint8_t* b, std::int64_t plane, int first, int channels, std::int64_t n,
                     std::uint32_t* out);

void UnpackBytesAvx512(const std::uint32_t* words, std::int64_t n, int bytes, std::int64_t plane, std::uint8_t* out);

void GatherAvx512(const TapRun* runs, int count, const TapSlots& slots, const std::uint32_t* plane, std::int64_t stride,
                  std::uint32_t* patches);

}  // namespace subbit
