# Brings the files that the native build needs from packages of the npm registry, the one registry that holds them all.
#
#   subbit_npm_package(OUT_VAR name version sha512 path-in-package [path-in-package ...])
#
# fetches name@version once, checks it against its SHA-512 (hexadecimal), unpacks only the named paths into the cache and
# sets OUT_VAR to the unpacked `package` folder. The cache is $SUBBIT_CACHE, else $XDG_CACHE_HOME/subbit, else ~/.cache/subbit.

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

function(subbit_npm_package out name version sha512)
  subbit_cache_dir(cache)
  string(REGEX REPLACE "[^A-Za-z0-9.-]" "_" folder "${name}-${version}")
  set(target "${cache}/${folder}")
  if(NOT EXISTS "${target}/package")
    find_program(NPM npm)
    if(NOT NPM)
      message(FATAL_ERROR "npm is needed once, to fetch ${name}@${version}. Install Node.js, or point the build at a copy "
                          "of your own (ONNXRUNTIME_INCLUDE_DIR, GOOGLETEST_DIR).")
    endif()
    file(MAKE_DIRECTORY "${cache}")
    # Two builds may run side by side: the second waits for the first and then finds the folder.
    file(LOCK "${cache}/.lock" GUARD FUNCTION TIMEOUT 600)
    if(NOT EXISTS "${target}/package")
      set(work "${target}.part")
      file(REMOVE_RECURSE "${work}")
      file(MAKE_DIRECTORY "${work}")
      message(STATUS "Fetching ${name}@${version} (once; kept in ${cache})")
      execute_process(COMMAND "${NPM}" pack "${name}@${version}" --silent
                      WORKING_DIRECTORY "${work}" OUTPUT_VARIABLE printed RESULT_VARIABLE rc)
      file(GLOB archive "${work}/*.tgz")
      if(NOT rc EQUAL 0 OR NOT archive)
        message(FATAL_ERROR "npm could not fetch ${name}@${version} (exit ${rc}). Check the network or the npm registry setting.")
      endif()
      file(SHA512 "${archive}" actual)
      if(NOT actual STREQUAL sha512)
        file(REMOVE_RECURSE "${work}")
        message(FATAL_ERROR "${name}@${version} does not have the expected SHA-512 (${actual}); it was thrown away.")
      endif()
      file(ARCHIVE_EXTRACT INPUT "${archive}" DESTINATION "${work}" PATTERNS ${ARGN})
      file(REMOVE "${archive}")
      file(RENAME "${work}" "${target}")
    endif()
  endif()
  set(${out} "${target}/package" PARENT_SCOPE)
endfunction()
