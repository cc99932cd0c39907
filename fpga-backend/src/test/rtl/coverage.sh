#!/usr/bin/env bash
# Measures how much of the hardware description the simulation's tests reach: lines (statements and branches) and bits
# that rise and fall. From the repository root:
#
#   fpga-backend/src/test/rtl/coverage.sh BUILD_FOLDER
#
# BUILD_FOLDER is where cmake built the native code with its tests (target/native); simulations that count are built in
# its folder `coverage`, which takes a quarter of an hour on two cores. Prints a table by module.
set -euo pipefail

build=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/../../../.." && pwd)
work=$build/coverage
mkdir -p "$work/counts"
rm -f "$work"/counts/*

cmake -S "$root" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSUBBIT_RTL_COVERAGE=ON -DSUBBIT_RESOURCE_DIR="$work/out" >"$work/log"
cmake --build "$work/build" --target rtl_module_test --target rtl_test --target device_test --parallel 2 >>"$work/log"
library=$(find "$work/out" -name 'libsubbit_rtl.*')
export SUBBIT_RTL_LIBRARY=$library SUBBIT_RTL_COVERAGE=$work/counts
"$work/build/subbit-fpga-backend/rtl_module_test" --gtest_brief=1
"$work/build/subbit-fpga-backend/rtl_test" --gtest_brief=1
"$work/build/subbit-fpga-backend/device_test" --gtest_brief=1 --gtest_filter='Vectors*'
python3 "$(dirname "$0")/coverage.py" "$work"/counts/*.dat
