#pragma once

namespace subbit {

/// What the processor and the operating system offer together of what the x86 kernels need. Asked of the processor
/// itself: not every compiler's runtime library answers __builtin_cpu_supports (Zig's for Windows says no to all).
struct X86Features {
  /// With FMA, as in every such processor of Intel and AMD.
  bool avx2 = false;
  /// The foundation with BW, DQ and VL.
  bool avx512 = false;
  bool avx512_popcount = false;
  bool avx512_vnni = false;
  bool avx512_vbmi = false;
};

X86Features DetectX86Features();

}  // namespace subbit
