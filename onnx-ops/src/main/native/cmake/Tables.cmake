# subbit_table(table source target): makes the C++ header tables/<table>.h of the table in `source`, for `target` and whatever links to it.
# Configuring makes it, so that it is there before anything is compiled; a changed table configures the build anew.
function(subbit_table table source target)
  set(generator "${PROJECT_SOURCE_DIR}/onnx-ops/src/main/tables/Generate.java")
  set(headers "${PROJECT_BINARY_DIR}/generated")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${generator}" "${source}")
  find_program(SUBBIT_JAVA java HINTS "${SUBBIT_JAVA_HOME}/bin" REQUIRED NO_CMAKE_FIND_ROOT_PATH)
  execute_process(
    COMMAND "${SUBBIT_JAVA}" "${generator}" cpp ${table} "${PROJECT_SOURCE_DIR}" "${headers}/tables/${table}.h"
    RESULT_VARIABLE result ERROR_VARIABLE printed)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${printed}")
  endif()
  target_include_directories(${target} PUBLIC "${headers}")
endfunction()
