#include "core/kernel/x86_features.h"

#include <cpuid.h>

#include <cstdint>

namespace subbit {
namespace {

struct Registers {
  std::uint32_t a, b, c, d;
};

/// All zero where the processor has no such leaf.
Registers CpuId(std::uint32_t leaf) {
  Registers r = {};
  __get_cpuid_count(leaf, 0, &r.a, &r.b, &r.c, &r.d);
  return r;
}

bool HasBits(std::uint32_t value, std::uint32_t bits) { return (value & bits) == bits; }

constexpr std::uint32_t Bit(int position) { return std::uint32_t{1} << position; }

/// Register XCR0: the parts of the processor's state that the operating system saves when it changes threads.
std::uint32_t SavedState() {
  constexpr std::uint32_t kOsxsave = Bit(27);
  if (!HasBits(CpuId(1).c, kOsxsave)) return 0;
  std::uint32_t low = 0, high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

}  // namespace

X86Features DetectX86Features() {
  constexpr std::uint32_t kYmm = Bit(1) | Bit(2);                  // the registers of SSE and AVX
  constexpr std::uint32_t kZmm = kYmm | Bit(5) | Bit(6) | Bit(7);  // and those of AVX-512
  constexpr std::uint32_t kFma = Bit(12);
  constexpr std::uint32_t kAvx2 = Bit(5);
  constexpr std::uint32_t kAvx512 = Bit(16) | Bit(17) | Bit(30) | Bit(31);  // F, DQ, BW, VL
  constexpr std::uint32_t kVbmi = Bit(1);
  constexpr std::uint32_t kVnni = Bit(11);
  constexpr std::uint32_t kVpopcntdq = Bit(14);
  const std::uint32_t saved = SavedState();
  const Registers extended = CpuId(7);
  X86Features features;
  features.avx2 = HasBits(saved, kYmm) && HasBits(extended.b, kAvx2) && HasBits(CpuId(1).c, kFma);
  features.avx512 = features.avx2 && HasBits(saved, kZmm) && HasBits(extended.b, kAvx512);
  features.avx512_popcount = features.avx512 && HasBits(extended.c, kVpopcntdq);
  features.avx512_vnni = features.avx512 && HasBits(extended.c, kVnni);
  features.avx512_vbmi = features.avx512 && HasBits(extended.c, kVbmi);
  return features;
}

}  // namespace subbit
