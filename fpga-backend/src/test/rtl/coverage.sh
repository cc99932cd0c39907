#!/usr/bin/env bash
# Counts which lines of the hardware description the tests run and which of its bits change. Takes too long to be part of
# the build. From the repository root:
#
#   fpga-backend/src/test/rtl/coverage.sh BUILD_FOLDER
#
# Builds tests and simulation with counters, in BUILD_FOLDER/coverage (target/native/coverage); runs the tests of modules,
# those of whole devices and the shared vectors; and prints, by module, how many lines ran, branches were taken and bits rose and fell,
# then what did not run. Ends with 0 if 95 % of the lines ran.
set -euo pipefail

mkdir -p "$1"
work=$(cd "$1" && pwd)/coverage
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../../.." && pwd)
tests=$work/subbit-fpga-backend
counts=$work/counts
jobs=$(nproc)

cmake -S "$root" -B "$work" -DCMAKE_BUILD_TYPE=Release -DSUBBIT_RTL_COVERAGE=ON -DSUBBIT_RESOURCE_DIR="$work/out" >"$work.log"
cmake --build "$work" --target rtl_module_test rtl_test device_test --parallel "$jobs" >>"$work.log"

rm -rf "$counts"
mkdir "$counts"
export SUBBIT_RTL_COVERAGE=$counts
SUBBIT_RTL_LIBRARY=$(find "$work/out" -name 'libsubbit_rtl.*')
export SUBBIT_RTL_LIBRARY
export GTEST_TOTAL_SHARDS=$jobs
pids=()
for ((shard = 0; shard < jobs; ++shard)); do
  (
    export GTEST_SHARD_INDEX=$shard
    "$tests/rtl_module_test"
    "$tests/rtl_test" --gtest_filter=-*Cycles*
    "$tests/device_test" --gtest_filter='Simulation/*'
  ) >"$work.$shard.log" 2>&1 &
  pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do
  wait "$pid" || failed=1
done
if [ "$failed" -ne 0 ]; then
  echo "coverage.sh: tests failed; see $work.*.log" >&2
  exit 1
fi
python3 "$here/coverage.py" "$root/fpga-backend/src/main/rtl" "$counts"/*.dat
