# What every native module of Subbit shares: language level, warnings, dependencies, and how a plugin library is linked.

include("${CMAKE_CURRENT_LIST_DIR}/Fetch.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/Tables.cmake")

set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# Libraries are compiled several sources at a time, since what these include takes longer than the most of them. Sources with options of
# their own, those for an instruction set, stay alone.
option(CMAKE_UNITY_BUILD "Compile several sources of a library at a time" ON)
set(CMAKE_UNITY_BUILD_BATCH_SIZE 12)

# The same bytes wherever the sources, the build and the cache lie: no path of this machine gets into a library.
cmake_path(SET subbit_root NORMALIZE "${CMAKE_CURRENT_LIST_DIR}/../../../../..")
subbit_cache_dir(subbit_cache)
foreach(path "${subbit_root}" "${CMAKE_BINARY_DIR}/" "${subbit_cache}/")
  add_compile_options("-ffile-prefix-map=${path}=")
endforeach()

option(SUBBIT_SANITIZE "Build everything with the address and undefined-behaviour sanitizers" OFF)
option(SUBBIT_FUZZ "Build everything for libFuzzer too, with the programs that fuzz it; implies SUBBIT_SANITIZE, needs Clang" OFF)
set(SUBBIT_FUZZ_SOURCES "${CMAKE_CURRENT_LIST_DIR}/../core/fuzz")
option(SUBBIT_SKIP_TESTS "Leave the tests out of the build" OFF)
set(SUBBIT_RESOURCE_DIR "${CMAKE_BINARY_DIR}/resources" CACHE STRING
    "Where the libraries go that are packed into the jars; a relative path is one within each module")

# -ffp-contract=off: results are specified to the last bit, so a multiply and an add are never fused behind our back.
add_compile_options(-Wall -Wextra -Wpedantic -Werror -ffp-contract=off)
if(SUBBIT_FUZZ)
  set(SUBBIT_SANITIZE ON)
  # Warnings are for the compilers that build what is delivered; of Clang, any version will do here.
  add_compile_options(-fsanitize=fuzzer-no-link -Wno-error)
endif()
if(SUBBIT_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g1 -O1)
  add_link_options(-fsanitize=address,undefined)
endif()

# linux-x86_64, linux-aarch64, windows-x86_64, macos-aarch64: the names that dev.subbit.onnx.NativeLibrary derives from os.name and os.arch.
string(TOLOWER "${CMAKE_SYSTEM_NAME}" system)
if(system STREQUAL "darwin")
  set(system "macos")
endif()
set(processor "${CMAKE_SYSTEM_PROCESSOR}")
if(processor STREQUAL "AMD64")
  set(processor "x86_64")
elseif(processor STREQUAL "arm64")
  set(processor "aarch64")
endif()
set(SUBBIT_PLATFORM "${system}-${processor}")

# ONNX Runtime's C API headers. The library itself is never linked: its API table arrives through the pointer that it hands in.
set(ONNXRUNTIME_INCLUDE_DIR "" CACHE PATH "ONNX Runtime headers of API 24 or newer; fetched when empty")
if(NOT ONNXRUNTIME_INCLUDE_DIR)
  subbit_npm_package(package com.github.asus4.onnxruntime 0.4.9
    064cf176e499f4891e0cfe90f25cf64c553689eee1492bd2ed921fccca28131a2ad02373267bae19a509ec8b288c182a3b8a2e0f58d76a1f0e63225b08ddbd16
    "*/ios-arm64/onnxruntime.framework/Headers/*")
  set(ONNXRUNTIME_INCLUDE_DIR "${package}/Plugins/iOS~/onnxruntime.xcframework/ios-arm64/onnxruntime.framework/Headers")
endif()
add_library(onnxruntime_headers INTERFACE)
target_include_directories(onnxruntime_headers SYSTEM INTERFACE "${ONNXRUNTIME_INCLUDE_DIR}")
target_compile_definitions(onnxruntime_headers INTERFACE ORT_API_MANUAL_INIT)

# The headers of the Java Native Interface: of a JDK, which needs none of its libraries to be linked.
set(SUBBIT_JAVA_HOME "$ENV{JAVA_HOME}" CACHE PATH "A JDK, for jni.h")
if(NOT SUBBIT_JAVA_HOME)
  find_program(JAVAC javac)
  if(NOT JAVAC)
    message(FATAL_ERROR "No JDK found for jni.h. Set JAVA_HOME, or give -DSUBBIT_JAVA_HOME=FOLDER.")
  endif()
  file(REAL_PATH "${JAVAC}" javac)
  cmake_path(GET javac PARENT_PATH jdk_bin)
  cmake_path(GET jdk_bin PARENT_PATH SUBBIT_JAVA_HOME)
endif()
add_library(jni_headers INTERFACE)
target_include_directories(jni_headers SYSTEM INTERFACE
  "${SUBBIT_JAVA_HOME}/include" "${CMAKE_CURRENT_LIST_DIR}/../jni" "${CMAKE_CURRENT_LIST_DIR}/..")

# Programs for Linux run here, on another processor under emulation; those for other systems do not.
set(SUBBIT_UNIT_TESTS OFF)
if(NOT SUBBIT_SKIP_TESTS AND (CMAKE_CROSSCOMPILING_EMULATOR OR NOT CMAKE_CROSSCOMPILING))
  set(SUBBIT_UNIT_TESTS ON)
endif()
if(NOT SUBBIT_SKIP_TESTS)
  enable_testing()
endif()
if(SUBBIT_UNIT_TESTS)
  set(GOOGLETEST_DIR "" CACHE PATH "A GoogleTest source tree; fetched when empty")
  set(googletest "${GOOGLETEST_DIR}")
  if(NOT googletest)
    subbit_npm_package(googletest @xpack-3rd-party/googletest 1.11.0-1
      8062fe531684eada0c7ecf3b91eebf5e1cc9cd7024f8f16244f246b30078bf4b151d1aec32a73f5db2ad61460a1556c838cbbc81fcdcf587c316fbc71fdfed25
      "package/googletest/*")
  endif()
  find_package(Threads REQUIRED)
  add_library(gtest STATIC "${googletest}/googletest/src/gtest-all.cc" "${googletest}/googletest/src/gtest_main.cc")
  target_include_directories(gtest SYSTEM PUBLIC "${googletest}/googletest/include" PRIVATE "${googletest}/googletest")
  # It is not ours to check, and compiles longer than it runs.
  target_compile_options(gtest PRIVATE -w -O0 -fno-sanitize=all)
  target_link_libraries(gtest PUBLIC Threads::Threads)
endif()

# subbit_test(name source... TOGETHER source... LIBS lib... SHARDS n): one GoogleTest program, known to CTest, or its tests in n parts that may
# run side by side. Sources that stand TOGETHER, whose helpers differ in name, are compiled as two files: most of a small one's time goes
# into what it includes.
# Its own files are optimised little, since they compile longer than they run, and what most of them include is compiled once; the
# libraries under test are as they are elsewhere. Built for another processor it runs under emulation, without the tests whose names say
# SeveralThreads: emulated threads that wait for each other take minutes, and threads are no matter of the processor. There, and under the
# sanitizers, sweeps over random layers are shorter (core/testing/sweep.h).
function(subbit_test name)
  cmake_parse_arguments(arg "" "SHARDS" "TOGETHER;LIBS" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS} ${arg_TOGETHER})
  set_target_properties(${name} PROPERTIES UNITY_BUILD_MODE GROUP)
  set(part 0)
  foreach(source IN LISTS arg_TOGETHER)
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${name}_${part}")
    math(EXPR part "1 - ${part}")
  endforeach()
  target_compile_options(${name} PRIVATE $<IF:$<BOOL:${SUBBIT_SANITIZE}>,-O0,-O1>)
  if(SUBBIT_SANITIZE OR CMAKE_CROSSCOMPILING)
    target_compile_definitions(${name} PRIVATE SUBBIT_SHORT_SWEEPS)
  endif()
  target_link_libraries(${name} PRIVATE ${arg_LIBS} gtest)
  target_precompile_headers(${name} PRIVATE <gtest/gtest.h> <algorithm> <functional> <random>)
  set(run ${name} $<$<BOOL:${CMAKE_CROSSCOMPILING}>:--gtest_filter=-*SeveralThreads*>)
  if(NOT arg_SHARDS)
    add_test(NAME ${name} COMMAND ${run})
    return()
  endif()
  math(EXPR last "${arg_SHARDS} - 1")
  foreach(shard RANGE ${last})
    add_test(NAME ${name}_${shard} COMMAND ${run})
    set_tests_properties(${name}_${shard} PROPERTIES
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${arg_SHARDS};GTEST_SHARD_INDEX=${shard}")
  endforeach()
endfunction()

# subbit_fuzz(name source... LIBS lib...): a program that runs the fuzz targets of these sources under libFuzzer.
function(subbit_fuzz name)
  cmake_parse_arguments(arg "" "" "LIBS" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS} ${SUBBIT_FUZZ_SOURCES}/fuzz_main.cc ${SUBBIT_FUZZ_SOURCES}/finding.cc)
  target_link_libraries(${name} PRIVATE ${arg_LIBS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endfunction()

# subbit_fuzz_corpus(test): lets a program of tests run the fuzz targets among its sources on the inputs that are kept.
function(subbit_fuzz_corpus test)
  string(REGEX REPLACE "/src/main/native$" "/src/test/fuzz" kept "${CMAKE_CURRENT_SOURCE_DIR}")
  target_sources(${test} PRIVATE ${SUBBIT_FUZZ_SOURCES}/corpus_test.cc ${SUBBIT_FUZZ_SOURCES}/finding.cc)
  target_compile_definitions(${test} PRIVATE SUBBIT_FUZZ_DIR="${kept}")
endfunction()

# subbit_load_test(target symbol...): that the finished library of `target` can be loaded and offers these functions, known to CTest.
function(subbit_load_test target)
  if(SUBBIT_UNIT_TESTS)
    add_executable(${target}_load_test "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/load_test.cc")
    target_link_libraries(${target}_load_test PRIVATE ${CMAKE_DL_LIBS})
    add_test(NAME ${target}_load_test COMMAND ${target}_load_test "$<TARGET_FILE:${target}>" ${ARGN})
  endif()
endfunction()

# subbit_exports_test(target exports): that the finished library exports what the version script `exports` says, known to CTest. For
# platforms whose linkers do not see to it themselves and whose libraries cannot be loaded here.
function(subbit_exports_test target exports)
  if(SUBBIT_SKIP_TESTS OR NOT CMAKE_CROSSCOMPILING OR CMAKE_SYSTEM_NAME STREQUAL "Linux")
    return()
  endif()
  subbit_python_wheel(pefile error pefile 2024.8.26
    5c9d11c0153d95497dd51f369d860ce6befc16819f34c75947ac52a9445fb612ea463f4cc97b9af17f2462a67e8a95de8352d73d32ee1b7f04540e17e67a7118)
  if(pefile)
    subbit_python_wheel(macholib error macholib 1.16.4
      30a24562e0fe39dff7fb3230c0570e9883b3d8b1546ce320db50e4bc65781012099a42b654310f5dfe3ad27cbf9c5000acc9c9f86162faeb8c86214dd37b3916)
  endif()
  if(error)
    message(FATAL_ERROR "${error} Mend that, or build without tests: -DSUBBIT_SKIP_TESTS=ON")
  endif()
  find_program(SUBBIT_PYTHON python3)
  add_test(NAME ${target}_exports_test
           COMMAND "${SUBBIT_PYTHON}" "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/check_exports.py" "$<TARGET_FILE:${target}>" "${exports}")
  set_tests_properties(${target}_exports_test PROPERTIES ENVIRONMENT "PYTHONPATH=${pefile}:${macholib}")
endfunction()

# subbit_plugin_library(target package exports): a shared library that exports only the symbols of the version script `exports`,
# needs no C++ runtime of its own version on the target machine, stays loaded once loaded (ONNX Runtime would otherwise unload it
# under a live session), and is placed where the jar of Java package `package` picks it up.
function(subbit_plugin_library target package exports)
  string(REPLACE "." "/" folder "${package}")
  set(resources "${SUBBIT_RESOURCE_DIR}")
  if(NOT IS_ABSOLUTE "${resources}")
    string(REGEX REPLACE "/src/main/native$" "/${resources}" resources "${CMAKE_CURRENT_SOURCE_DIR}")
  endif()
  # The name that dev.subbit.onnx.NativeLibrary looks for; on Windows CMake counts a DLL among the programs.
  set(output "${resources}/${folder}/native/${SUBBIT_PLATFORM}")
  set_target_properties(${target} PROPERTIES
    LIBRARY_OUTPUT_DIRECTORY "${output}"
    RUNTIME_OUTPUT_DIRECTORY "${output}"
    # macOS writes a library's own place into it. Without the folder of the build, so that every build gives the same bytes.
    INSTALL_NAME_DIR "@rpath"
    BUILD_WITH_INSTALL_NAME_DIR ON
    LINK_DEPENDS "${exports}")
  if(WIN32)
    set_target_properties(${target} PROPERTIES PREFIX "")
  endif()
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    target_link_options(${target} PRIVATE "-Wl,--version-script=${exports}" -Wl,-z,nodelete)
    if(NOT SUBBIT_SANITIZE)
      target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc -Wl,-z,defs)
    endif()
  else()
    set(stay_loaded "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../library/stay_loaded.cc")
    target_sources(${target} PRIVATE "${stay_loaded}")
    # The macros of windows.h stay in it.
    set_source_files_properties("${stay_loaded}" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
  subbit_exports_test(${target} "${exports}")
endfunction()

# subbit_module(name library...): the target `name` builds what the Maven module of that name packs.
function(subbit_module name)
  add_custom_target(${name} DEPENDS ${ARGN})
endfunction()
