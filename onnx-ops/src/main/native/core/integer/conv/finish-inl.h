// What follows the sums of a convolution: scaling, residual, slope, signs, and pooling. Included by the files of an
// instruction set after one of lanes_*-inl.h. Everything here is in an unnamed namespace, see map_kernels-inl.h.

#include <cstdint>

#include "core/integer/conv/conv_kernels.h"

namespace subbit {
namespace {

/// What follows a sum.
enum class Finish {
  kSums,            ///< nothing: the sums are pooled first
  kConv,            ///< IntegerSubBitConv of 16 bits
  kNarrowConv,      ///< IntegerSubBitConv
  kBlock,           ///< IntegerSubBitBlock of 16 bits, without slope_shift
  kNarrowBlock,     ///< IntegerSubBitBlock
};

inline Finish FinishOf(const ConvTask& task) {
  if (task.slope == nullptr) return task.most == 32767 ? Finish::kConv : Finish::kNarrowConv;
  return task.most == 32767 && task.slope_shift == 0 ? Finish::kBlock : Finish::kNarrowBlock;
}

/// Finishes the output channels first .. first + outs - 1, of which there are at most kOutputBlock, of one pixel, the
/// element `at` of y and residual. value(j) gives the shifted sums of channels first + j on. Returns the next signs.
template <Finish kFinish, class Value>
inline std::uint64_t FinishOutputs(const ConvTask& task, std::int64_t first, int outs, std::int64_t at, Value value) {
  constexpr bool kResidual = kFinish == Finish::kBlock || kFinish == Finish::kNarrowBlock;
  constexpr bool kNarrow = kFinish == Finish::kNarrowConv || kFinish == Finish::kNarrowBlock;
  const Lanes most = All(task.most);
  const Lanes least = All(static_cast<std::int16_t>(-task.most - 1));
  const Lanes zero = All(0);
  std::uint64_t signs = 0;
  for (int j = 0; j < outs; j += kLanes) {
    const std::int64_t o = first + j;
    const int left = outs - j;
    Lanes v = AddSaturated(MulHrs(value(j), Load(task.multiplier + o)), Load(task.bias + o));
    if constexpr (kResidual) {
      const std::int16_t* const residual = task.residual + at + j;
      v = AddSaturated(v, left >= kLanes ? Load(residual) : LoadFirst(residual, left));
      if constexpr (kNarrow) v = Max(Min(v, most), least);
      Lanes below = MulHrs(Min(v, zero), Load(task.slope + o));
      if constexpr (kNarrow) {
        for (int s = 0; s < task.slope_shift; ++s) below = AddSaturated(below, below);
        below = Max(Min(below, most), least);
      }
      v = AddSaturated(Add(Max(v, zero), below), Load(task.shift_out + o));
    }
    if constexpr (kNarrow) v = Max(Min(v, most), least);
    if (task.y != nullptr) {
      if (left >= kLanes) {
        Store(task.y + at + j, v);
      } else {
        StoreFirst(task.y + at + j, v, left);
      }
    }
    if (task.next_threshold == nullptr) continue;
    if (left >= kLanes) {
      signs |= AtLeast(v, Load(task.next_threshold + o)) << j;
    } else {
      const std::uint64_t bits = AtLeast(v, LoadFirst(task.next_threshold + o, left));
      signs |= (bits & ((std::uint64_t{1} << left) - 1)) << j;
    }
  }
  return signs;
}

template <Finish kFinish>
void FinishPooled(const PoolTask& task) {
  const ConvTask& conv = task.conv;
  alignas(64) std::int16_t pooled[kOutputBlock];
  for (std::int64_t column = 0; column < task.y_columns; ++column) {
    std::int64_t from = column * task.stride - task.pad;
    std::int64_t to = from + task.window;
    if (from < 0) from = 0;
    if (to > conv.columns) to = conv.columns;
    const std::int64_t pixel = task.row * task.y_columns + column;
    for (std::int64_t first = 0; first < conv.outs; first += kOutputBlock) {
      const int outs = conv.outs - first < kOutputBlock ? static_cast<int>(conv.outs - first) : kOutputBlock;
      for (int j = 0; j < outs; j += kLanes) {
        Lanes greatest = All(-32768);
        for (std::int64_t r = task.first_row; r < task.past_row; ++r) {
          const std::int16_t* sums =
              conv.sums + ((r - conv.first_row) * conv.columns + from) * conv.padded_outs + first + j;
          for (std::int64_t c = from; c < to; ++c, sums += conv.padded_outs) greatest = Max(greatest, Load(sums));
        }
        Store(pooled + j, greatest);
      }
      const std::uint64_t signs = FinishOutputs<kFinish>(conv, first, outs, pixel * conv.outs + first,
                                                         [&](int j) { return Load(pooled + j); });
      if (conv.next_threshold != nullptr) {
        conv.next_signs[task.row * conv.next_pitch + column * conv.next_words + first / kOutputBlock] = signs;
      }
    }
  }
}

void Pool(const PoolTask& task) {
  if (FinishOf(task.conv) == Finish::kConv) {
    FinishPooled<Finish::kConv>(task);
  } else {
    FinishPooled<Finish::kNarrowConv>(task);
  }
}

}  // namespace
}  // namespace subbit
