#!/usr/bin/env bash
# Area and clock of the hardware description, and proofs of its bus rules, by Yosys, nextpnr and SymbiYosys from the Python
# package index. From the repository root:
#
#   fpga-backend/synthesis/synthesize.sh [area] [clock] [slices] [lanes] [proofs]      # all if none is named: some hours
#   fpga-backend/synthesis/synthesize.sh networks                                      # some minutes
#   fpga-backend/synthesis/synthesize.sh netlist                                       # an hour or more
#   fpga-backend/synthesis/synthesize.sh board                                         # an hour or more
#   fpga-backend/synthesis/synthesize.sh board-simulation                              # some minutes
#
#   area    look-up tables, registers, block RAM and DSP blocks of every element, for Xilinx 7-series and ECP5
#   networks  the same for ECP5 of the elements with tables that run integer networks whole, and of the modules that they add
#   clock   places and routes the element tables for an ECP5-85F with eight seeds, at least a quarter of an hour each; clock,
#           slowest path, images/s from the emulator's cycles
#   slices  what a sub-bit array for binary activations takes, and what binary ones take for the same throughput
#   lanes   look-up tables per lane of a sub-bit array and of binary ones with the same throughput
#   proofs  proves the rules of AXI for the bus masters and the registers: half a minute
#   netlist  simulates the netlist for ECP5 of the element that runs integer networks whole, and runs the shared vectors, layers and
#           networks on it; needs the native tests (see docs/DEVICE.md)
#   board   the bitstream of a board with memory and network, board/board.bit; board/board.py has options for it
#   board-simulation  the same design, simulated, runs 100 images over UDP: on a good network, on one that loses 1 % of the
#                     datagrams, and with a loss of power in the middle; and a whole integer network; needs the native tests
#                     (see docs/DEVICE.md)
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
    area | networks | clock | slices | lanes | proofs | netlist | board | board-simulation) ;;
    *)
      echo "synthesize.sh: there is no step '$step'; steps are area, networks, clock, slices, lanes, proofs, netlist, board and board-simulation" >&2
      exit 2
      ;;
  esac
done

python=$out/venv/bin/python
requirements() { cat "$scripts/requirements.txt" "$scripts/board/requirements.txt"; }
if ! cmp -s <(requirements) "$out/venv/requirements.txt"; then
  rm -rf "$out/venv"
  mkdir -p "$out"
  python3 -m venv "$out/venv"
  "$python" -m pip install --quiet --disable-pip-version-check -r "$scripts/requirements.txt"
  "$python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$scripts/board/requirements.txt"
  requirements >"$out/venv/requirements.txt"
fi

for step in "${steps[@]}"; do
  echo "== $step"
  case $step in
    area) "$python" "$scripts/device.py" area --json "$out/area.json" ;;
    networks) "$python" "$scripts/device.py" networks --json "$out/networks.json" ;;
    clock)
      "$root/subbit" bench fpga --activations binary --backends emulator --json "$out/cycles.json"
      "$python" "$scripts/device.py" clock --cycles "$out/cycles.json" --json "$out/clock.json"
      ;;
    slices) "$python" "$scripts/slices.py" --json "$out/slices.json" ;;
    lanes) "$python" "$scripts/lanes.py" --json "$out/lanes.json" ;;
    proofs) "$python" "$scripts/proofs.py" --json "$out/proofs.json" ;;
    netlist)
      "$python" "$scripts/netlist.py" --work "$out/netlist" --json "$out/netlist.json" --tests "$root/target/native/subbit-fpga-backend"
      ;;
    board-simulation)
      "$python" "$scripts/board/board.py" simulation --work "$out/board-simulation" --json "$out/board-simulation.json" \
        --test "$root/target/native/subbit-fpga-backend/device_test"
      ;;
    board) "$python" "$scripts/board/board.py" bitstream --work "$out/board" --json "$out/board.json" ;;
  esac
done
