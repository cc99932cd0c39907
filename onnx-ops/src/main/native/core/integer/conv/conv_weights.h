#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/integer/conv/conv_kernels.h"
#include "core/operator/conv_weights.h"

namespace subbit {

/// An array at a cache-line boundary.
template <class T>
class AlignedArray {
 public:
  AlignedArray() = default;
  /// Zeros.
  explicit AlignedArray(std::int64_t size)
      : size_(size), memory_(static_cast<std::size_t>(size) + 64 / sizeof(T), T{}) {
    const auto at = reinterpret_cast<std::uintptr_t>(memory_.data());
    skipped_ = (64 - at % 64) % 64 / sizeof(T);
  }

  // A copy's memory would begin elsewhere within a cache line; a move keeps its memory.
  AlignedArray(const AlignedArray&) = delete;
  AlignedArray& operator=(const AlignedArray&) = delete;
  AlignedArray(AlignedArray&&) = default;
  AlignedArray& operator=(AlignedArray&&) = default;

  T* data() { return memory_.data() + skipped_; }
  const T* data() const { return memory_.data() + skipped_; }
  T& operator[](std::int64_t i) { return data()[i]; }
  std::int64_t size() const { return size_; }

 private:
  std::int64_t size_ = 0;
  std::vector<T> memory_;
  std::size_t skipped_ = 0;
};

/// Weights in the form that the loops of one SumMethod read.
///
/// Look-ups use that the parity of a count is known beforehand: with d differences between the bits x and w, and with a
/// and b the parities of x and w, d - a + b is even. So tables hold h = (d - a + b) / 2, which fits in fewer bits, and
/// the sum over all looked-up patterns is sum(d) = 2 sum(h) + (odd x) - (odd w). Of nine bits h is at most 5, of four at
/// most 2.
struct ConvWeights {
  std::int64_t steps = 0;
  int row_bytes = 0;
  AlignedArray<std::uint8_t> tables;
  AlignedArray<std::uint8_t> index;
  AlignedArray<std::uint32_t> bits;
  std::vector<std::int32_t> odd;  ///< [out_channels], odd w; zeros for counts
  bool halved = false;            ///< whether sum(h) is counted, else sum(d)
};

/// The weights for these kernels, whose method must allow their tau.
ConvWeights MakeConvWeights(const ConvKernels& kernels, const SubBitWeights& weights);

}  // namespace subbit
