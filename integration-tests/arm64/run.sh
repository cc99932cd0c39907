#!/usr/bin/env bash
# Runs Subbit's command line as on Linux on arm64: with Java, ONNX Runtime and Subbit's libraries for that processor, under QEMU's emulation.
# It shows what the NEON kernels compute; it says nothing about their speed.
#
#   ./mvnw package                                  builds what is run, for arm64 too
#   integration-tests/arm64/run.sh ARGUMENTS...     as for ./subbit; no training, for which TensorFlow's library for arm64 is missing
#
# Fetches, once, Java (50 MB) by pip and, where the machine has none, the emulator and the C++ library by apt.
set -euo pipefail

fail() {
  printf 'arm64: %s\n' "$1" >&2
  exit 1
}

home="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
dependencies="$home/plugin/cli/target/dependencies.txt"
library="dev/subbit/onnx/native/linux-aarch64/libsubbit_ops.so"

[ -f "$dependencies" ] || fail "nothing is built yet. Run ./mvnw package first."
[ -f "$home/onnx-ops/target/classes/$library" ] ||
  fail "there is no $library: this build left other platforms out. Run ./mvnw package on linux-x86_64, without -Dnative.skipCross."

jre="$(cmake -DPLATFORM=linux-aarch64 -P "$home/integration-tests/jre.cmake" | tail -n 1)"
{ read -r qemu && read -r sysroot && read -r libraries; } < <(cmake -P "$home/integration-tests/arm64/tools.cmake" | tail -n 3)

# ONNX Runtime asks /proc/cpuinfo for the processor, and stops where that describes another kind. What lies in the emulator's root hides what the
# machine has.
root="$home/target/arm64"
mkdir -p "$root/proc"
ln -sfn "$sysroot/lib" "$root/lib"
for processor in 0 1; do
  printf 'processor\t: %d\nFeatures\t: fp asimd aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm asimddp\n' "$processor"
  printf 'CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\nCPU revision\t: 1\n\n'
done >"$root/proc/cpuinfo"

CLASSPATH="$home/plugin/cli/target/classes:$(cat "$dependencies")"
export CLASSPATH
# pip does not keep the permission to run; the emulator does not need it.
# shellcheck disable=SC2086  # SUBBIT_JAVA_OPTS is split into words
exec "$qemu" -L "$root" -E "LD_LIBRARY_PATH=$libraries" "$jre/bin/java" --enable-native-access=ALL-UNNAMED \
  --sun-misc-unsafe-memory-access=allow "-Dsubbit.home=$home" ${SUBBIT_JAVA_OPTS:-} dev.subbit.cli.Main "$@"
