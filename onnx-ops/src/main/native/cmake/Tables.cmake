# subbit_table(table source target): makes the C++ header tables/<table>.h of the table in `source`, for `target` and whatever links to it.
# Configuring makes it, so that it is there before anything is compiled, and again only when table or generator are newer.
function(subbit_table table source target)
  set(generator "${PROJECT_SOURCE_DIR}/onnx-ops/src/main/tables/Generate.java")
  file(GLOB made_of CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/onnx-ops/src/main/tables/generator/*.java")
  list(APPEND made_of "${generator}" "${source}")
  set(headers "${PROJECT_BINARY_DIR}/generated")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${made_of})
  set(header "${headers}/tables/${table}.h")
  set(stale FALSE)
  foreach(file IN LISTS made_of)
    if("${file}" IS_NEWER_THAN "${header}")
      set(stale TRUE)
    endif()
  endforeach()
  if(stale)
    find_program(SUBBIT_JAVA java HINTS "${SUBBIT_JAVA_HOME}/bin" REQUIRED NO_CMAKE_FIND_ROOT_PATH)
    # The options halve the processor time of so short a program.
    execute_process(
      COMMAND "${SUBBIT_JAVA}" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC "${generator}" cpp ${table} "${PROJECT_SOURCE_DIR}" "${header}"
      RESULT_VARIABLE result ERROR_VARIABLE printed)
    if(NOT result EQUAL 0)
      message(FATAL_ERROR "${printed}")
    endif()
  endif()
  target_include_directories(${target} PUBLIC "${headers}")
endfunction()
