#include "core/kernel/isa.h"

#include <cstdlib>
#include <stdexcept>

#include "core/kernel/x86_features.h"

namespace subbit {

const char* ToString(Isa isa) {
  switch (isa) {
    case Isa::kReference:
      return "reference";
    case Isa::kPortable:
      return "portable";
    case Isa::kNeon:
      return "neon";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
  }
  return "unknown";
}

#ifdef SUBBIT_X86_KERNELS

namespace {

const X86Features& Features() {
  static const X86Features features = DetectX86Features();
  return features;
}

}  // namespace

std::vector<Isa> AvailableIsas() {
  std::vector<Isa> isas = {Isa::kReference, Isa::kPortable};
  if (Features().avx2) isas.push_back(Isa::kAvx2);
  if (Features().avx512) isas.push_back(Isa::kAvx512);
  return isas;
}

bool HasAvx512Popcount() { return Features().avx512_popcount; }

bool HasAvx512Vnni() { return Features().avx512_vnni; }

bool HasAvx512Vbmi() { return Features().avx512_vbmi; }

#else

std::vector<Isa> AvailableIsas() {
#ifdef SUBBIT_NEON_KERNELS
  return {Isa::kReference, Isa::kPortable, Isa::kNeon};
#else
  return {Isa::kReference, Isa::kPortable};
#endif
}

bool HasAvx512Popcount() { return false; }

bool HasAvx512Vnni() { return false; }

bool HasAvx512Vbmi() { return false; }

#endif

Isa DetectIsa() { return AvailableIsas().back(); }

Isa ChosenIsa() {
  const char* cap = std::getenv("SUBBIT_ISA");
  if (cap == nullptr || *cap == '\0') return DetectIsa();
  for (Isa isa : {Isa::kReference, Isa::kPortable, Isa::kNeon, Isa::kAvx2, Isa::kAvx512}) {
    if (std::string(cap) != ToString(isa)) continue;
    Isa chosen = Isa::kReference;
    for (Isa available : AvailableIsas()) {
      if (available <= isa) chosen = available;
    }
    return chosen;
  }
  throw std::invalid_argument("The environment variable SUBBIT_ISA is '" + std::string(cap) +
                              "', allowed: reference, portable, neon, avx2, avx512");
}

}  // namespace subbit
