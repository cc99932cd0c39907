# Brings the tools that build and test for another processor into the cache of Fetch.cmake. None needs the rights of an administrator,
# and none is installed.

include("${CMAKE_CURRENT_LIST_DIR}/Fetch.cmake")

set(SUBBIT_WITHOUT_CROSS "or leave the libraries for other platforms out: ./mvnw -Dnative.skipCross ...")

# subbit_debian_files(OUT_VAR package path [path ...]): files and folders of a package of the Debian release that this machine runs, fetched by
# apt, which checks the archive's signature. OUT_VAR is the folder that they are unpacked in, under their own paths.
function(subbit_debian_files out package)
  subbit_cache_dir(cache)
  set(target "${cache}/debian-${package}")
  if(NOT EXISTS "${target}")
    find_program(SUBBIT_APT apt-get)
    find_program(SUBBIT_DPKG dpkg-deb)
    if(NOT SUBBIT_APT OR NOT SUBBIT_DPKG)
      message(FATAL_ERROR "This is no Debian or Ubuntu, whose package ${package} the tests for linux-aarch64 need. Install qemu-aarch64 and a C "
                          "library for aarch64 below /usr/aarch64-linux-gnu, ${SUBBIT_WITHOUT_CROSS}")
    endif()
    file(MAKE_DIRECTORY "${cache}")
    file(LOCK "${cache}/.lock" GUARD FUNCTION TIMEOUT 600)
    if(NOT EXISTS "${target}")
      set(work "${target}.part")
      file(REMOVE_RECURSE "${work}")
      file(MAKE_DIRECTORY "${work}/files")
      message(STATUS "Fetching Debian's ${package} (once; kept in ${cache})")
      execute_process(COMMAND "${SUBBIT_APT}" download "${package}" WORKING_DIRECTORY "${work}" OUTPUT_QUIET ERROR_QUIET)
      file(GLOB archive "${work}/*.deb")
      if(NOT archive)
        # The machine's lists of packages are old or were removed: fetch own ones.
        file(MAKE_DIRECTORY "${work}/lists/partial" "${work}/apt/archives/partial")
        set(own -o "Dir::State::lists=${work}/lists" -o "Dir::Cache=${work}/apt" -o Debug::NoLocking=true -o APT::Sandbox::User=)
        execute_process(COMMAND "${SUBBIT_APT}" ${own} update OUTPUT_QUIET ERROR_QUIET)
        execute_process(COMMAND "${SUBBIT_APT}" ${own} download "${package}"
                        WORKING_DIRECTORY "${work}" OUTPUT_QUIET ERROR_VARIABLE error)
        file(GLOB archive "${work}/*.deb")
      endif()
      if(NOT archive)
        message(FATAL_ERROR "apt-get could not fetch ${package}: ${error}Check the network, ${SUBBIT_WITHOUT_CROSS}")
      endif()
      list(TRANSFORM ARGN PREPEND ./ OUTPUT_VARIABLE paths)
      execute_process(COMMAND "${SUBBIT_DPKG}" --fsys-tarfile "${archive}" COMMAND tar -x -C "${work}/files" ${paths}
                      RESULTS_VARIABLE results ERROR_VARIABLE error)
      if(NOT results STREQUAL "0;0")
        message(FATAL_ERROR "The package ${package} of this release does not hold what is needed: ${error}Install qemu-user and "
                            "libc6-arm64-cross, ${SUBBIT_WITHOUT_CROSS}")
      endif()
      file(RENAME "${work}/files" "${target}")
      file(REMOVE_RECURSE "${work}")
    endif()
  endif()
  set(${out} "${target}" PARENT_SCOPE)
endfunction()

# subbit_emulator_of_aarch64(QEMU_VAR SYSROOT_VAR): QEMU's user-mode emulator and the folder of the C library (as `qemu -L` takes it), of this
# machine or, where it has none, fetched.
function(subbit_emulator_of_aarch64 qemu_out sysroot_out)
  find_program(qemu NAMES qemu-aarch64-static qemu-aarch64 NO_CACHE)
  if(NOT qemu)
    subbit_debian_files(files qemu-user-static usr/bin/qemu-aarch64-static)
    set(qemu "${files}/usr/bin/qemu-aarch64-static")
  endif()
  set(sysroot /usr/aarch64-linux-gnu)
  if(NOT EXISTS "${sysroot}/lib/ld-linux-aarch64.so.1")
    subbit_debian_files(files libc6-arm64-cross usr/aarch64-linux-gnu/lib)
    set(sysroot "${files}/usr/aarch64-linux-gnu")
  endif()
  set(${qemu_out} "${qemu}" PARENT_SCOPE)
  set(${sysroot_out} "${sysroot}" PARENT_SCOPE)
endfunction()
