#!/usr/bin/env bash
# Area and clock of the hardware description, and proofs of its bus rules, by Yosys, nextpnr and SymbiYosys from the Python
# package index. From the repository root:
#
#   fpga-backend/synthesis/synthesize.sh [area] [clock] [lanes] [proofs]      # all if none is named: half an hour
#
#   area    look-up tables, registers, block RAM and DSP blocks of every element, for Xilinx 7-series and ECP5
#   clock   places and routes the shared element for an ECP5-85F; clock, slowest path, images/s from the emulator's cycles
#   lanes   look-up tables per lane of a sub-bit array and of binary ones with the same throughput
#   proofs  proves the rules of AXI for the bus masters and the registers: half a minute
#
# Tools and results (area.json, clock.json, lanes.json, proofs.json) go to fpga-backend/target/synthesis. Needs python3 with venv.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
scripts=$root/fpga-backend/synthesis
out=$root/fpga-backend/target/synthesis

steps=("$@")
if [ ${#steps[@]} -eq 0 ]; then
  steps=(area clock lanes proofs)
fi
for step in "${steps[@]}"; do
  case $step in
    area | clock | lanes | proofs) ;;
    *)
      echo "synthesize.sh: there is no step '$step'; steps are area, clock, lanes and proofs" >&2
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
      "$root/subbit" bench fpga --backends emulator --json "$out/cycles.json"
      "$python" "$scripts/device.py" clock --cycles "$out/cycles.json" --json "$out/clock.json"
      ;;
    lanes) "$python" "$scripts/lanes.py" --json "$out/lanes.json" ;;
    proofs) "$python" "$scripts/proofs.py" --json "$out/proofs.json" ;;
  esac
done
