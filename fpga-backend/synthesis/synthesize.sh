#!/usr/bin/env bash
# Area and clock of the hardware description, and proofs of its bus rules, by Yosys, nextpnr and SymbiYosys from the Python
# package index. From the repository root:
#
#   fpga-backend/synthesis/synthesize.sh [area] [clock] [slices] [lanes] [proofs]      # all if none is named: some hours
#
#   area    look-up tables, registers, block RAM and DSP blocks of every element, for Xilinx 7-series and ECP5
#   clock   places and routes the element tables for an ECP5-85F with eight seeds, at least a quarter of an hour each; clock,
#           slowest path, images/s from the emulator's cycles
#   slices  what a sub-bit array for binary activations takes, and what binary ones take for the same throughput
#   lanes   look-up tables per lane of a sub-bit array and of binary ones with the same throughput
#   proofs  proves the rules of AXI for the bus masters and the registers: half a minute
#
# Tools and results (area.json, clock.json, ...) go to fpga-backend/target/synthesis. Needs python3 with venv.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
scripts=$root/fpga-backend/synthesis
out=$root/fpga-backend/target/synthesis

steps=("$@")
if [ ${#steps[@]} -eq 0 ]; then
  steps=(area clock slices lanes proofs)
fi
for step in "${steps[@]}"; do
  case $step in
    area | clock | slices | lanes | proofs) ;;
    *)
      echo "synthesize.sh: there is no step '$step'; steps are area, clock, slices, lanes and proofs" >&2
      exit 2
      ;;
  esac
done

python=$out/venv/bin/python
if ! cmp -s "$scripts/requirements.txt" "$out/venv/requirements.txt"; then
  rm -rf "$out/venv"
  mkdir -p "$out"
  python3 -m venv "$out/venv"
  "$python" -m pip install --quiet --disable-pip-version-check -r "$scripts/requirements.txt"
  cp "$scripts/requirements.txt" "$out/venv/"
fi

for step in "${steps[@]}"; do
  echo "== $step"
  case $step in
    area) "$python" "$scripts/device.py" area --json "$out/area.json" ;;
    clock)
      "$root/subbit" bench fpga --activations binary --backends emulator --json "$out/cycles.json"
      "$python" "$scripts/device.py" clock --cycles "$out/cycles.json" --json "$out/clock.json"
      ;;
    slices) "$python" "$scripts/slices.py" --json "$out/slices.json" ;;
    lanes) "$python" "$scripts/lanes.py" --json "$out/lanes.json" ;;
    proofs) "$python" "$scripts/proofs.py" --json "$out/proofs.json" ;;
  esac
done
