#pragma once

#include <cstdint>

#include "core/kernel/isa.h"
#include "core/signs/sign_tile.h"

namespace subbit {

/// A tile whose responses are looked up; ResponseKernels::convolve says what the arrays hold.
struct ResponseTile : SignConvTile {
  const std::uint16_t* patterns;  ///< [kTile][channels]
  const std::uint8_t* indices;
  const std::uint8_t* responses;
  std::int64_t channels;  ///< input channels of a group
};

/// The inner loops that look up responses, for one instruction set (response_conv.h). The signs that one pixel sees of
/// one channel are nine bits, its pattern: bit t is tap t. A response is how many of them differ from a codeword.
struct ResponseKernels {
  static constexpr int kOutputs = 32;                      ///< output channels of one vector
  static constexpr int kTableSize = 16;                    ///< responses of one table
  static constexpr int kMaxTau = 5;                        ///< two tables per pattern
  static constexpr std::int64_t kMaxChannels = 65535 / 9;  ///< of a group: whose responses add up to 16 bits

  const char* isa;  ///< for logs
  Isa level;        ///< of the bound

  /// patterns[i * channels + c] = pattern of channel c (below `count`, at most 32) at pixel i < kTile, times `scale`.
  /// `taps` is [9][kTile]: bit c of word i is the sign of channel c at pixel i.
  void (*patterns)(const std::uint32_t* taps, int count, int scale, std::int64_t channels, std::uint16_t* patterns);

  /// Computes a tile as PopcountKernels::convolve does. With `tables` = 1 or 2:
  /// tile.responses is [512 patterns][tables][kTableSize], where responses[p][k / kTableSize][k % kTableSize] belongs
  /// to codeword k, and patterns are numbers of bytes into it. tile.indices is [ceil(outs /
  /// kOutputs)][channels][tables] [kOutputs]: the index within the table, or 0x80 where the index selects the other
  /// table.
  void (*convolve)(const ResponseTile& tile, int tables);
};

#ifdef SUBBIT_X86_KERNELS
const ResponseKernels& Avx2ResponseKernels();
#endif

}  // namespace subbit
