#pragma once

#include <string>
#include <vector>

namespace subbit {

/// The instruction sets that a kernel may use, from least to most. Each level includes the ones before it.
enum class Isa {
  kReference,  ///< only the readable reference, on any processor
  kPortable,   ///< 128-bit vectors as compiled for the baseline of the target (SSE2, NEON)
  kNeon,       ///< NEON, which every aarch64 processor has
  kAvx2,       ///< x86 with AVX2 and FMA
  kAvx512,     ///< x86 with AVX-512 F, BW, DQ, VL
};

/// "reference", "portable", "neon", "avx2", "avx512".
const char* ToString(Isa isa);

/// The levels that both this build and this processor have, from least to most.
std::vector<Isa> AvailableIsas();

/// The best level that this build and this processor have.
Isa DetectIsa();

/// Whether this build and this processor have AVX-512 VPOPCNTDQ (population count of vector elements).
bool HasAvx512Popcount();

/// Whether this build and this processor have AVX-512 VNNI (products of bytes, added in 32-bit lanes).
bool HasAvx512Vnni();

/// Whether this build and this processor have AVX-512 VBMI (shuffles of bytes across a whole vector).
bool HasAvx512Vbmi();

/// The level to use: the best available one that does not exceed the environment variable SUBBIT_ISA, if that is set.
/// Throws std::invalid_argument if it is set to anything but a level's name.
Isa ChosenIsa();

}  // namespace subbit
