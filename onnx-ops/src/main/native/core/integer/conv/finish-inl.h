// What follows the sums of a convolution: scaling, residual, slope, signs, and pooling. Included by the files of an
// instruction set after one of lanes_*-inl.h. Everything here is in an unnamed namespace, see map_kernels-inl.h.

#include <cstdint>
#include <type_traits>

#include "core/integer/conv/conv_kernels.h"

namespace subbit {
namespace {

/// What follows a sum.
enum class Finish {
  kSums,         ///< nothing: the sums are pooled first
  kConv,         ///< IntegerSubBitConv of 16 bits
  kNarrowConv,   ///< IntegerSubBitConv
  kBlock,        ///< IntegerSubBitBlock of 16 bits, without slope_shift
  kNarrowBlock,  ///< IntegerSubBitBlock
};

inline Finish FinishOf(const ConvTask& task) {
  if (task.slope == nullptr) return task.most == 32767 ? Finish::kConv : Finish::kNarrowConv;
  return task.most == 32767 && task.slope_shift == 0 ? Finish::kBlock : Finish::kNarrowBlock;
}

/// How signs of kLanes channels are stored.
using LaneSigns =
    std::conditional_t<kLanes == 32, std::uint32_t, std::conditional_t<kLanes == 16, std::uint16_t, std::uint8_t>>;
static_assert(sizeof(LaneSigns) * 8 == kLanes);

/// Finishes kLanes output channels, or the fewer that are left (kWhole is false), of one pixel after the other. What
/// belongs to the channels is kept in registers.
template <Finish kFinish, bool kWhole>
class PartFinish {
 public:
  /// Channels first .. first + count - 1; `first` is a multiple of kLanes.
  PartFinish(const ConvTask& task, std::int64_t first, int count)
      : outs_(task.outs),
        count_(count),
        slope_shift_(task.slope_shift),
        residual_(kResidual ? task.residual + first : nullptr),
        y_(task.y == nullptr ? nullptr : task.y + first),
        has_signs_(task.next_threshold != nullptr),
        word_(first / kWordSigns),
        place_(static_cast<int>(first % kWordSigns) / kLanes),
        multiplier_(Load(task.multiplier + first)),
        bias_(Load(task.bias + first)),
        most_(All(task.most)),
        least_(All(static_cast<std::int16_t>(-task.most - 1))) {
    if constexpr (kResidual) {
      slope_ = Load(task.slope + first);
      shift_out_ = Load(task.shift_out + first);
    }
    if (has_signs_)
      threshold_ = kWhole ? Load(task.next_threshold + first) : LoadFirst(task.next_threshold + first, count);
  }

  /// Finishes pixel number `pixel` of y, whose sums these are. `signs` are its first word of next_signs.
  void operator()(Lanes sums, std::int64_t pixel, std::uint64_t* signs) const {
    const std::int64_t at = pixel * outs_;
    Lanes v = AddSaturated(MulHrs(sums, multiplier_), bias_);
    if constexpr (kResidual) {
      v = AddSaturated(v, kWhole ? Load(residual_ + at) : LoadFirst(residual_ + at, count_));
      if constexpr (kNarrow) {
        v = Max(Min(v, most_), least_);
        Lanes below = MulHrs(Min(v, All(0)), slope_);
        for (int s = 0; s < slope_shift_; ++s) below = AddSaturated(below, below);
        v = Add(Max(v, All(0)), Max(Min(below, most_), least_));
      } else {
        v = MulHrsWhereNegative(v, slope_);
      }
      v = AddSaturated(v, shift_out_);
    }
    if constexpr (kNarrow) v = Max(Min(v, most_), least_);
    if (y_ != nullptr) {
      if constexpr (kWhole) {
        Store(y_ + at, v);
      } else {
        StoreFirst(y_ + at, v, count_);
      }
    }
    if (has_signs_) StoreSigns(AtLeast(v, threshold_), signs);
  }

 private:
  static constexpr bool kResidual = kFinish == Finish::kBlock || kFinish == Finish::kNarrowBlock;
  static constexpr bool kNarrow = kFinish == Finish::kNarrowConv || kFinish == Finish::kNarrowBlock;
  static constexpr int kWordSigns = 64;

  /// The first lanes of a word clear the others, which come later or not at all.
  void StoreSigns(std::uint64_t bits, std::uint64_t* signs) const {
    if constexpr (!kWhole) bits &= (std::uint64_t{1} << count_) - 1;
    if (place_ == 0) {
      signs[word_] = bits;
    } else {
      const auto part = static_cast<LaneSigns>(bits);
      __builtin_memcpy(reinterpret_cast<LaneSigns*>(signs + word_) + place_, &part, sizeof part);
    }
  }

  const std::int64_t outs_;
  const int count_;
  const int slope_shift_;
  const std::int16_t* const residual_;
  std::int16_t* const y_;
  const bool has_signs_;
  const std::int64_t word_;
  const int place_;
  const Lanes multiplier_;
  const Lanes bias_;
  const Lanes most_;
  const Lanes least_;
  Lanes slope_ = All(0);
  Lanes shift_out_ = All(0);
  Lanes threshold_ = All(0);
};

/// Calls apply with the PartFinish of the channels from `first` on, as many as are left and fit in kLanes.
template <Finish kFinish, class Apply>
inline void WithPart(const ConvTask& task, std::int64_t first, Apply apply) {
  if (task.outs - first >= kLanes) {
    apply(PartFinish<kFinish, true>(task, first, kLanes));
  } else {
    apply(PartFinish<kFinish, false>(task, first, static_cast<int>(task.outs - first)));
  }
}

template <Finish kFinish>
void FinishPooled(const PoolTask& task) {
  const ConvTask& conv = task.conv;
  for (std::int64_t first = 0; first < conv.outs; first += kLanes) {
    WithPart<kFinish>(conv, first, [&](const auto& finish) {
      for (std::int64_t column = 0; column < task.y_columns; ++column) {
        std::int64_t from = column * task.stride - task.pad;
        std::int64_t to = from + task.window;
        if (from < 0) from = 0;
        if (to > conv.columns) to = conv.columns;
        Lanes greatest = All(-32768);
        for (std::int64_t r = task.first_row; r < task.past_row; ++r) {
          const std::int16_t* sums =
              conv.sums + ((r - conv.first_row) * conv.columns + from) * conv.padded_outs + first;
          for (std::int64_t c = from; c < to; ++c, sums += conv.padded_outs) greatest = Max(greatest, Load(sums));
        }
        std::uint64_t* const signs = conv.next_signs == nullptr
                                         ? nullptr
                                         : conv.next_signs + task.row * conv.next_pitch + column * conv.next_words;
        finish(greatest, task.row * task.y_columns + column, signs);
      }
    });
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
