# The toolchain for windows-x86_64. The libraries need Windows 10 or newer, whose C runtime they use and as ONNX Runtime itself does.

set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
include("${CMAKE_CURRENT_LIST_DIR}/Zig.cmake")
subbit_zig(x86_64-windows-gnu)
