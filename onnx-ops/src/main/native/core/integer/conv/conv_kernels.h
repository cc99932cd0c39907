#pragma once

#include <cstdint>

#include "core/kernel/isa.h"

/// The inner loops of IntegerSubBitConv and IntegerSubBitBlock: plain structures and functions, so that the files of an
/// instruction set include nothing whose code others might share.
namespace subbit {

/// Vectors of output channels are padded to a multiple of this many: the outputs of a word of signs.
constexpr int kOutputBlock = 64;

/// Whether rows or columns of a pixel's taps lie in the padding: bit 0 for the first, bit 1 for the last, of rows and,
/// two bits higher, of columns.
constexpr int kPaddingClasses = 16;

/// How a kernel finds sums of signs, which decides what its weights look like; prepared_weights.h derives each.
enum class SumMethod {
  kCodewords,      ///< a row of responses for each pattern of nine signs, column by column, looked up by index
  kCodewordPairs,  ///< the same for two pixels at once, in the halves of bytes
  kNibbles,        ///< differences of four signs at a time, looked up by the weights' bits, for two pixels at once
  kSixSigns,       ///< differences of six signs at a time, looked up by the pixels' bits, for two outputs at once
  kCounts,         ///< differing signs counted in words
};

/// Rows of a convolution of one image, and all that the loops read and write. Arrays of output channels are padded to
/// `padded_outs` and begin at cache lines.
struct ConvTask {
  // the signs (SignPlane)
  const std::uint64_t* signs;  ///< the border's first pixel
  std::int64_t words;          ///< of a pixel
  std::int64_t pitch;          ///< words from a row to the next
  std::int64_t stride_rows;
  std::int64_t stride_columns;
  std::int64_t x_rows;
  std::int64_t x_columns;

  // the sums, before pooling
  std::int64_t first_row;
  std::int64_t past_row;
  std::int64_t columns;

  // the weights
  std::int64_t channels;
  std::int64_t outs;
  std::int64_t padded_outs;
  std::int64_t steps;          ///< of the inner loop for one output
  const std::uint8_t* tables;  ///< what is looked up
  const std::uint8_t* index;   ///< by what
  const std::uint32_t* bits;   ///< of kCounts
  int row_bytes;               ///< of `tables`
  const std::int16_t* start;   ///< [kPaddingClasses][padded_outs]: the sum, shifted, if the kernel counts nothing
  int count_shift;             ///< what a count of 1 takes away from the sum, as a power of two
  int odd_shift;               ///< the same of a pixel's odd patterns

  // what follows the sum
  const std::int16_t* multiplier;
  const std::int16_t* bias;
  const std::int16_t* slope;      ///< null without residual
  const std::int16_t* shift_out;  ///< null without residual
  int slope_shift;
  std::int16_t most;  ///< the largest value of y

  // the results
  std::int16_t* sums;                  ///< null, or where the shifted sums go instead: [row][column][padded_outs]
  const std::int16_t* residual;        ///< of the image, not padded
  std::int16_t* y;                     ///< of the image, not padded; null if not wanted
  const std::int16_t* next_threshold;  ///< not padded; null if no signs are wanted
  std::uint64_t* next_signs;           ///< the first pixel inside the border
  std::int64_t next_words;
  std::int64_t next_pitch;
};

/// Rows of pooled sums that are finished.
struct PoolTask {
  ConvTask conv;     ///< with `sums` of rows first_row .. past_row - 1
  std::int64_t row;  ///< of y
  std::int64_t y_columns;
  std::int64_t first_row;  ///< of the window in `sums`, without padding
  std::int64_t past_row;
  std::int64_t window;  ///< columns
  std::int64_t stride;
  std::int64_t pad;
};

/// The loops of one method and instruction set.
struct ConvKernels {
  SumMethod method;
  const char* name;  ///< for logs
  Isa level;
  int lanes;         ///< bytes of a vector of looked-up values, or outputs counted at a time
  bool interleaved;  ///< lane 2 j holds output j, lane 2 j + 1 output lanes / 2 + j

  /// The scratch memory that convolve needs for rows of so many sums.
  std::int64_t (*scratch_bytes)(std::int64_t channels, std::int64_t steps, std::int64_t columns);

  /// `scratch` begins at a cache line.
  void (*convolve)(const ConvTask& task, void* scratch);

  /// Writes one row of y and of next_signs.
  void (*pool)(const PoolTask& task);
};

/// The number of vectors whose outputs are looked up together when `left` remain.
constexpr std::int64_t VectorsTogether(std::int64_t left) { return left < 4 ? left : 4; }

/// kNibbles and kCodewordPairs look up so many values, of at most 2 and 5, before half a byte is full.
constexpr int kNibbleSteps = 7;
constexpr int kPairSteps = 3;

/// kSixSigns looks up so many values, of at most 3, before half a byte is full, and so many outputs together. The sums
/// of kMostSixSignChannels fit in bytes.
constexpr int kSixSignSteps = 5;
constexpr int kSixSignOutputs = 16;
constexpr std::int64_t kMostSixSignChannels = 56;
constexpr std::int64_t kMostSixSignSteps =
    (3 * kMostSixSignChannels / 2 + kSixSignSteps - 1) / kSixSignSteps * kSixSignSteps;

/// How kCounts lays out the signs of a patch: one tap after the other, each in words of its own, or several taps to a
/// word one after the other if they fit. The number of words is even, and every second word is replaced by its
/// exclusive or with the one before (popcount_conv.h).
struct CountLayout {
  explicit constexpr CountLayout(std::int64_t channels)
      : taps_of_word(channels > 16 ? 1 : static_cast<int>(32 / channels)),
        words_of_tap((channels + 31) / 32),
        steps(((taps_of_word == 1 ? 9 * words_of_tap : (9 + taps_of_word - 1) / taps_of_word) + 1) / 2 * 2) {}

  int taps_of_word;
  std::int64_t words_of_tap;
  std::int64_t steps;
};

const ConvKernels& PortableCounts();
#ifdef SUBBIT_X86_KERNELS
const ConvKernels& Avx2Nibbles();
/// For tau up to 4.
const ConvKernels& Avx2CodewordPairs();
/// For tau up to 6; needs HasAvx512Vbmi().
const ConvKernels& Avx512Codewords();
/// For up to kMostSixSignChannels and strides of 1 and 2; needs HasAvx512Vbmi().
const ConvKernels& Avx512SixSigns();
/// Needs HasAvx512Popcount().
const ConvKernels& Avx512Counts();
#endif
#ifdef SUBBIT_NEON_KERNELS
const ConvKernels& NeonNibbles();
/// For tau up to 5.
const ConvKernels& NeonCodewordPairs();
#endif

}  // namespace subbit
