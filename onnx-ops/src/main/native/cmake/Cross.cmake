# Builds the libraries for the other platforms, on linux-x86_64, or builds and runs their tests. From the repository root:
#
#   cmake -DTARGET=subbit-onnx-ops -DSUBBIT_JAVA_HOME=FOLDER [-DJOBS=2] [-DSUBBIT_SKIP_TESTS=ON] -P onnx-ops/src/main/native/cmake/Cross.cmake
#   cmake -DSUBBIT_JAVA_HOME=FOLDER [-DJOBS=2] -P onnx-ops/src/main/native/cmake/Cross.cmake
#
# Linux's tests run under emulation. Of Windows's and macOS's libraries only the exports and imports are looked at here; Windows's run in
# integration-tests/windows/run.sh.

if(SUBBIT_SKIP_TESTS AND NOT TARGET)
  return()
endif()
get_filename_component(root "${CMAKE_CURRENT_LIST_DIR}/../../../../.." ABSOLUTE)
if(NOT JOBS)
  set(JOBS 2)
endif()
foreach(platform linux-aarch64 windows-x86_64 macos-aarch64)
  set(build "${root}/target/native-${platform}")
  execute_process(COMMAND "${CMAKE_COMMAND}" -S "${root}" -B "${build}" -DCMAKE_BUILD_TYPE=Release "-DSUBBIT_CROSS=${platform}"
                          -DSUBBIT_RESOURCE_DIR=target/classes "-DSUBBIT_JAVA_HOME=${SUBBIT_JAVA_HOME}"
                          "-DSUBBIT_SKIP_TESTS=${SUBBIT_SKIP_TESTS}"
                  COMMAND_ERROR_IS_FATAL ANY)
  if(TARGET)
    execute_process(COMMAND "${CMAKE_COMMAND}" --build "${build}" --target "${TARGET}" --parallel "${JOBS}" COMMAND_ERROR_IS_FATAL ANY)
  else()
    execute_process(COMMAND "${CMAKE_COMMAND}" --build "${build}" --parallel "${JOBS}" COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND "${CMAKE_CTEST_COMMAND}" --test-dir "${build}" --parallel "${JOBS}" --output-on-failure
                    COMMAND_ERROR_IS_FATAL ANY)
  endif()
endforeach()
