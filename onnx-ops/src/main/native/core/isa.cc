#include "core/isa.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace subbit {

const char* ToString(Isa isa) {
  switch (isa) {
    case Isa::kReference:
      return "reference";
    case Isa::kPortable:
      return "portable";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
  }
  return "unknown";
}

#ifdef SUBBIT_X86_KERNELS

Isa DetectIsa() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    return Isa::kAvx512;
  }
  return __builtin_cpu_supports("avx2") ? Isa::kAvx2 : Isa::kPortable;
}

bool HasAvx512Popcount() { return DetectIsa() == Isa::kAvx512 && __builtin_cpu_supports("avx512vpopcntdq"); }

bool HasAvx512Vnni() { return DetectIsa() == Isa::kAvx512 && __builtin_cpu_supports("avx512vnni"); }

#else

Isa DetectIsa() { return Isa::kPortable; }

bool HasAvx512Popcount() { return false; }

bool HasAvx512Vnni() { return false; }

#endif

Isa ChosenIsa() {
  const char* cap = std::getenv("SUBBIT_ISA");
  if (cap == nullptr || *cap == '\0') return DetectIsa();
  for (Isa isa : {Isa::kReference, Isa::kPortable, Isa::kAvx2, Isa::kAvx512}) {
    if (std::string(cap) == ToString(isa)) return std::min(isa, DetectIsa());
  }
  throw std::invalid_argument("The environment variable SUBBIT_ISA is '" + std::string(cap) +
                              "', allowed: reference, portable, avx2, avx512");
}

}  // namespace subbit
