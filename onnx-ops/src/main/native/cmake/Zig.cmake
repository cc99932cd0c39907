# The compiler of the toolchains for other platforms: Zig's C++ compiler, which is a Clang with the C and C++ libraries of them all.

include("${CMAKE_CURRENT_LIST_DIR}/CrossTools.cmake")

# subbit_zig(target): takes it for a target as Zig names it, with the version of its oldest system: aarch64-linux-gnu.2.28.
macro(subbit_zig target)
  subbit_python_wheel(zig error ziglang 0.17.1
    645b50c236ac2d240708ae5003e471107a1efbc0bb13f2110b34bc2210500a9315a63169c5c8036b668c7700d760d442d53ee93dab38a311371ae5da446161ac)
  if(NOT zig)
    message(FATAL_ERROR "${error} Mend that, ${SUBBIT_WITHOUT_CROSS}")
  endif()
  # CMake wants a program for each tool; Zig is all of them in one.
  set(tools "${zig}/${target}")
  foreach(tool "c++ -target ${target}" ar ranlib rc)
    string(REGEX MATCH "^[^ ]+" name "${tool}")
    if(NOT EXISTS "${tools}/${name}")
      file(WRITE "${tools}/${name}.part" "#!/bin/sh\nZIG_GLOBAL_CACHE_DIR='${zig}/cache' exec '${zig}/ziglang/zig' ${tool} \"$@\"\n")
      file(CHMOD "${tools}/${name}.part" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
      file(RENAME "${tools}/${name}.part" "${tools}/${name}")
    endif()
  endforeach()
  set(CMAKE_CXX_COMPILER "${tools}/c++")
  # Zig compiles the C++ library that it links, in minutes, for each set of these options: without them here CMake's check of the compiler
  # would have one of its own. What Zig adds for debuggers is ten times the size of all the rest, so it is left out. The options of the
  # build type come behind and win.
  set(CMAKE_CXX_FLAGS "-O2 -s")
  set(CMAKE_RC_COMPILER "${tools}/rc")
  set(CMAKE_AR "${tools}/ar" CACHE FILEPATH "")
  set(CMAKE_RANLIB "${tools}/ranlib" CACHE FILEPATH "")
endmacro()
