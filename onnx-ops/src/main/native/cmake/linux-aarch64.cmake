# The toolchain for linux-aarch64, with QEMU's emulation of the processor for the tests. The libraries need glibc 2.28 or newer, as ONNX
# Runtime itself does.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
include("${CMAKE_CURRENT_LIST_DIR}/Zig.cmake")
subbit_zig(aarch64-linux-gnu.2.28)

if(NOT SUBBIT_SKIP_TESTS)
  subbit_emulator_of_aarch64(qemu sysroot)
  set(CMAKE_CROSSCOMPILING_EMULATOR "${qemu}" -L "${sysroot}")
endif()
