# The toolchain for linux-aarch64: Zig's C++ compiler, which is a Clang with the C library's headers of every Linux, and for the tests QEMU's
# emulation of the processor. The libraries need glibc 2.28 or newer, as ONNX Runtime itself does.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
include("${CMAKE_CURRENT_LIST_DIR}/CrossTools.cmake")

subbit_python_wheel(zig error ziglang 0.17.1
  645b50c236ac2d240708ae5003e471107a1efbc0bb13f2110b34bc2210500a9315a63169c5c8036b668c7700d760d442d53ee93dab38a311371ae5da446161ac)
if(NOT zig)
  message(FATAL_ERROR "${error} Mend that, ${SUBBIT_WITHOUT_CROSS}")
endif()

# CMake wants a program for each tool; Zig is all of them in one.
set(tools "${zig}/aarch64-linux-gnu")
foreach(tool "c++ -target aarch64-linux-gnu.2.28" ar ranlib)
  string(REGEX MATCH "^[^ ]+" name "${tool}")
  if(NOT EXISTS "${tools}/${name}")
    file(WRITE "${tools}/${name}.part" "#!/bin/sh\nZIG_GLOBAL_CACHE_DIR='${zig}/cache' exec '${zig}/ziglang/zig' ${tool} \"$@\"\n")
    file(CHMOD "${tools}/${name}.part" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
    file(RENAME "${tools}/${name}.part" "${tools}/${name}")
  endif()
endforeach()
set(CMAKE_CXX_COMPILER "${tools}/c++")
set(CMAKE_AR "${tools}/ar" CACHE FILEPATH "")
set(CMAKE_RANLIB "${tools}/ranlib" CACHE FILEPATH "")
# Zig describes its own C++ library for debuggers, ten times the size of all the rest.
set(CMAKE_SHARED_LINKER_FLAGS_INIT -s)

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
