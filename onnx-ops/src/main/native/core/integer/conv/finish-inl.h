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

/// What the lanes of a vector hold.
enum class Part {
  kWhole,      ///< as many output channels
  kFew,        ///< fewer channels, at the end
  kTwoPixels,  ///< all channels of two pixels, one after the other
};

/// Whether a layer has so few channels that two pixels share a vector.
inline bool PixelsShareLanes(const ConvTask& task) { return 2 * task.outs == kLanes; }

/// Finishes output channels of one pixel after the other. What belongs to the channels is kept in registers.
template <Finish kFinish, Part kPart>
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
        multiplier_(OfChannels(task.multiplier + first)),
        bias_(OfChannels(task.bias + first)),
        most_(All(task.most)),
        least_(All(static_cast<std::int16_t>(-task.most - 1))) {
    if constexpr (kResidual) {
      slope_ = OfChannels(task.slope + first);
      shift_out_ = OfChannels(task.shift_out + first);
    }
    if (has_signs_) threshold_ = OfChannels(task.next_threshold + first);
  }

  /// Finishes pixel number `pixel` of y, whose sums these are, or two pixels from there on. Each has an element of
  /// `signs`, its first word of next_signs.
  void operator()(Lanes sums, std::int64_t pixel, std::uint64_t* const* signs) const {
    const std::int64_t at = pixel * outs_;
    Lanes v = AddSaturated(MulHrs(sums, multiplier_), bias_);
    if constexpr (kResidual) {
      v = AddSaturated(v, kPart == Part::kFew ? LoadFirst(residual_ + at, count_) : Load(residual_ + at));
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
      if constexpr (kPart == Part::kFew) {
        StoreFirst(y_ + at, v, count_);
      } else {
        Store(y_ + at, v);
      }
    }
    if (has_signs_) StoreSigns(AtLeast(v, threshold_), signs);
  }

 private:
  static constexpr bool kResidual = kFinish == Finish::kBlock || kFinish == Finish::kNarrowBlock;
  static constexpr bool kNarrow = kFinish == Finish::kNarrowConv || kFinish == Finish::kNarrowBlock;
  static constexpr int kWordSigns = 64;

  /// Parameters of the channels. Those of the next layer are not padded.
  Lanes OfChannels(const std::int16_t* from) const {
    if constexpr (kPart == Part::kWhole) return Load(from);
    if constexpr (kPart == Part::kTwoPixels) return LoadHalves(from, from);
    return LoadFirst(from, count_);
  }

  /// The first lanes of a word clear the others, which come later or not at all.
  void StoreSigns(std::uint64_t bits, std::uint64_t* const* signs) const {
    if constexpr (kPart == Part::kTwoPixels) {
      signs[0][0] = bits & ((std::uint64_t{1} << kLanes / 2) - 1);
      signs[1][0] = bits >> kLanes / 2;
      return;
    }
    if constexpr (kPart == Part::kFew) bits &= (std::uint64_t{1} << count_) - 1;
    if (place_ == 0) {
      signs[0][word_] = bits;
    } else {
      const auto part = static_cast<LaneSigns>(bits);
      __builtin_memcpy(reinterpret_cast<LaneSigns*>(signs[0] + word_) + place_, &part, sizeof part);
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
    apply(PartFinish<kFinish, Part::kWhole>(task, first, kLanes));
  } else {
    apply(PartFinish<kFinish, Part::kFew>(task, first, static_cast<int>(task.outs - first)));
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
        finish(greatest, task.row * task.y_columns + column, &signs);
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
