# Checks that all C++ files are laid out as .clang-format says, or lays them out so, with one version of clang-format for everybody. From
# the repository root:
#
#   cmake -P onnx-ops/src/main/native/cmake/Format.cmake
#   cmake -DMEND=ON -P onnx-ops/src/main/native/cmake/Format.cmake

include("${CMAKE_CURRENT_LIST_DIR}/Fetch.cmake")
get_filename_component(root "${CMAKE_CURRENT_LIST_DIR}/../../../../.." ABSOLUTE)

cmake_host_system_information(RESULT system QUERY OS_NAME)
cmake_host_system_information(RESULT processor QUERY OS_PLATFORM)
if(system STREQUAL "Linux" AND processor MATCHES "aarch64|arm64")
  set(sha512 d06953b64e5d24f779b09cdc6afabe3a7d54a4b72ad1626a6fc5e2e559a707b9f231cb8dcdc1e0c0271b60915929e27c94c0ef0de98f5e5b9944d8115cec00d7)
elseif(system STREQUAL "Linux")
  set(sha512 f8c6a0890c2d5126ff751cf258f2e9cb187be7ca7a2a4531667a4990e7a174ccc130a39e8da059dbdac73a3d5113f46a685eaf0ec1a35b6d6a99b7ae80090100)
elseif(system STREQUAL "Windows")
  set(sha512 04818c212922189d31d03cc31b1340fb6a8b24bf3a6a34062fbd99d8f7705ea149aa4d630b0768198c74f2162a983e5722bd9541c0069b1fd06532e6fcd9e2da)
else()
  set(sha512 999d2c1caf79d3b44f3c8f2d65d67c582c55c1888a9d50c081d78db856b9ab4e93cb5fd5e6d1300b33ac04c25b3f2ece88d929b4aa8a5fd08fbc29a5a1d49376)
endif()
subbit_python_wheel(wheel error clang-format 23.1.5 ${sha512})
if(NOT wheel)
  message(FATAL_ERROR "${error} Mend that, or build without a look at the formatting: ./mvnw -Dspotless.check.skip ...")
endif()

set(mode --dry-run --Werror)
if(MEND)
  set(mode -i)
endif()
foreach(module onnx-ops fpga-backend plugin/training)
  file(GLOB_RECURSE files RELATIVE "${root}" "${root}/${module}/src/main/native/*.h" "${root}/${module}/src/main/native/*.cc")
  execute_process(COMMAND "${wheel}/clang_format/data/bin/clang-format" ${mode} ${files}
                  WORKING_DIRECTORY "${root}" RESULT_VARIABLE rc ERROR_VARIABLE printed)
  if(NOT rc EQUAL 0)
    string(SUBSTRING "${printed}" 0 4000 printed)
    message(FATAL_ERROR "C++ files are not laid out as .clang-format says:\n${printed}\n"
                        "This lays them out: cmake -DMEND=ON -P onnx-ops/src/main/native/cmake/Format.cmake")
  endif()
endforeach()
