# Runs Verilator and gathers the files that it writes in one. Called by subbit_verilate.
file(REMOVE_RECURSE "${FOLDER}")
file(MAKE_DIRECTORY "${FOLDER}")
set(ENV{VERILATOR_ROOT} "${ROOT}")
execute_process(
  COMMAND "${BIN}" --cc --assert -O3 --x-assign fast ${WARNINGS} --prefix ${PREFIX} --Mdir "${FOLDER}" --top-module ${TOP}
          ${PARAMETERS} ${SOURCES}
  RESULT_VARIABLE rc OUTPUT_VARIABLE printed ERROR_VARIABLE printed)
if(NOT rc EQUAL 0)
  message(FATAL_ERROR "Verilator refused the hardware description:\n${printed}")
endif()
file(GLOB files RELATIVE "${FOLDER}" "${FOLDER}/*.cpp")
list(SORT files)
set(text "")
foreach(file IN LISTS files)
  string(APPEND text "#include \"${file}\"\n")
endforeach()
file(WRITE "${FOLDER}/${PREFIX}_all.cc" "${text}")
