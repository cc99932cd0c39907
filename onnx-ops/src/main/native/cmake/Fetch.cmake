# What the native build needs from package registries is fetched once, checked against its SHA-512 and kept unpacked in a cache:
# $SUBBIT_CACHE, else $XDG_CACHE_HOME/subbit, else ~/.cache/subbit.

function(subbit_cache_dir out)
  if(DEFINED ENV{SUBBIT_CACHE})
    set(dir "$ENV{SUBBIT_CACHE}")
  elseif(DEFINED ENV{XDG_CACHE_HOME})
    set(dir "$ENV{XDG_CACHE_HOME}/subbit")
  else()
    set(dir "$ENV{HOME}/.cache/subbit")
  endif()
  set(${out} "${dir}" PARENT_SCOPE)
endfunction()

# subbit_fetch(OUT_VAR ERROR_VAR package sha512 COMMAND command... [PATHS path...])
#
# The command is run in an empty folder and must leave one archive there; of it, PATHS are unpacked, or everything. OUT_VAR is the folder in
# the cache, named after the package. If the command fails, OUT_VAR is empty and ERROR_VAR says what it printed. An archive with another
# SHA-512 (hexadecimal) ends the build.
function(subbit_fetch out error package sha512)
  cmake_parse_arguments(arg "" "" "COMMAND;PATHS" ${ARGN})
  subbit_cache_dir(cache)
  string(REGEX REPLACE "[^A-Za-z0-9.-]" "_" folder "${package}")
  set(target "${cache}/${folder}")
  set(${out} "${target}" PARENT_SCOPE)
  set(${error} "" PARENT_SCOPE)
  if(EXISTS "${target}")
    return()
  endif()
  file(MAKE_DIRECTORY "${cache}")
  # Two builds may run side by side: the second waits for the first and then finds the folder.
  file(LOCK "${cache}/.lock" GUARD FUNCTION TIMEOUT 600)
  if(EXISTS "${target}")
    return()
  endif()
  set(work "${target}.part")
  file(REMOVE_RECURSE "${work}")
  file(MAKE_DIRECTORY "${work}")
  message(STATUS "Fetching ${package} (once; kept in ${cache})")
  execute_process(COMMAND ${arg_COMMAND} WORKING_DIRECTORY "${work}" OUTPUT_QUIET ERROR_VARIABLE printed RESULT_VARIABLE rc)
  file(GLOB archive "${work}/*")
  list(LENGTH archive archives)
  if(NOT rc EQUAL 0 OR NOT archives EQUAL 1)
    file(REMOVE_RECURSE "${work}")
    set(${out} "" PARENT_SCOPE)
    set(${error} "${package} could not be fetched (exit: ${rc}). ${printed}" PARENT_SCOPE)
    return()
  endif()
  file(SHA512 "${archive}" actual)
  if(NOT actual STREQUAL sha512)
    file(REMOVE_RECURSE "${work}")
    message(FATAL_ERROR "${package} does not have the expected SHA-512 (${actual}); it was thrown away.")
  endif()
  if(arg_PATHS)
    list(PREPEND arg_PATHS PATTERNS)
  endif()
  file(ARCHIVE_EXTRACT INPUT "${archive}" DESTINATION "${work}" ${arg_PATHS})
  file(REMOVE "${archive}")
  file(RENAME "${work}" "${target}")
endfunction()

# subbit_npm_package(OUT_VAR name version sha512 path [path ...]): paths of a package of the npm registry. OUT_VAR is its `package` folder.
function(subbit_npm_package out name version sha512)
  find_program(SUBBIT_NPM npm)
  subbit_fetch(folder error "${name}-${version}" "${sha512}"
               COMMAND "${SUBBIT_NPM}" pack "${name}@${version}" --silent PATHS ${ARGN})
  if(NOT folder)
    message(FATAL_ERROR "${error}\nnpm is needed once for it: install Node.js, check the network and npm's registry setting, or point the "
                        "build at a copy of your own (ONNXRUNTIME_INCLUDE_DIR, GOOGLETEST_DIR).")
  endif()
  set(${out} "${folder}/package" PARENT_SCOPE)
endfunction()

# subbit_python_wheel(OUT_VAR ERROR_VAR name version sha512 [platform]): a package of the Python package index, unpacked; for the machine that
# builds, or for a platform as wheels name it. If it cannot be had, OUT_VAR is empty and ERROR_VAR says why.
function(subbit_python_wheel out error name version sha512)
  find_program(SUBBIT_PYTHON python3)
  set(key "${name}-${version}")
  set(platform)
  if(ARGN)
    string(APPEND key "-${ARGN}")
    set(platform --platform ${ARGN})
  endif()
  subbit_fetch(folder message "${key}" "${sha512}"
               COMMAND "${SUBBIT_PYTHON}" -m pip --disable-pip-version-check --no-cache-dir download --quiet --no-deps
                       --only-binary :all: ${platform} "${name}==${version}")
  if(NOT folder)
    string(APPEND message "\nPython 3 with pip is needed once for it (Debian: apt-get install python3-pip), and the network.")
  endif()
  set(${out} "${folder}" PARENT_SCOPE)
  set(${error} "${message}" PARENT_SCOPE)
endfunction()
