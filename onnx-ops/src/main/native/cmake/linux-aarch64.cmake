# The toolchain for linux-aarch64, with QEMU's emulation of the processor for the tests. The libraries need glibc 2.28 or newer, as ONNX
# Runtime itself does.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
include("${CMAKE_CURRENT_LIST_DIR}/Zig.cmake")
subbit_zig(aarch64-linux-gnu.2.28)

if(NOT SUBBIT_SKIP_TESTS)
  find_program(SUBBIT_QEMU NAMES qemu-aarch64-static qemu-aarch64)
  if(NOT SUBBIT_QEMU)
    subbit_debian_files(qemu qemu-user-static usr/bin/qemu-aarch64-static)
    set(SUBBIT_QEMU "${qemu}/usr/bin/qemu-aarch64-static" CACHE FILEPATH "" FORCE)
  endif()
  set(SUBBIT_SYSROOT "/usr/aarch64-linux-gnu" CACHE PATH "Where the tests find the C library of linux-aarch64 when they run")
  if(NOT EXISTS "${SUBBIT_SYSROOT}/lib/ld-linux-aarch64.so.1")
    subbit_debian_files(libc libc6-arm64-cross usr/aarch64-linux-gnu/lib)
    set(SUBBIT_SYSROOT "${libc}/usr/aarch64-linux-gnu" CACHE PATH "" FORCE)
  endif()
  set(CMAKE_CROSSCOMPILING_EMULATOR "${SUBBIT_QEMU}" -L "${SUBBIT_SYSROOT}")
endif()
