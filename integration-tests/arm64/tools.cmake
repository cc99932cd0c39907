# Prints what runs a program of linux-aarch64 on linux-x86_64: the emulator, the folder of its C library and the one of its C++ library, each
# on a line. What the machine lacks is fetched once into the cache of the native build: cmake -P integration-tests/arm64/tools.cmake

include("${CMAKE_CURRENT_LIST_DIR}/../../onnx-ops/src/main/native/cmake/CrossTools.cmake")

subbit_emulator_of_aarch64(qemu sysroot)
set(cxx "${sysroot}/lib")
if(NOT EXISTS "${cxx}/libstdc++.so.6")
  subbit_debian_files(libstdcxx libstdc++6-arm64-cross usr/aarch64-linux-gnu/lib)
  subbit_debian_files(libgcc libgcc-s1-arm64-cross usr/aarch64-linux-gnu/lib)
  set(cxx "${libstdcxx}/usr/aarch64-linux-gnu/lib:${libgcc}/usr/aarch64-linux-gnu/lib")
endif()
foreach(line "${qemu}" "${sysroot}" "${cxx}")
  execute_process(COMMAND "${CMAKE_COMMAND}" -E echo "${line}")
endforeach()
