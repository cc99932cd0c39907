# The toolchain for macos-aarch64. The libraries need macOS 14 or newer, as ONNX Runtime itself does.

set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_PROCESSOR arm64)
include("${CMAKE_CURRENT_LIST_DIR}/Zig.cmake")
subbit_zig(aarch64-macos.14.0)
