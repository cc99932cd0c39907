#!/usr/bin/env python3
"""Measures area and clock of the device on FPGAs with free tools.

    fpga-backend/synthesis/synthesize.sh                                # everything, tools included

or, with the packages of requirements.txt:

    python fpga-backend/synthesis/device.py area --json area.json       # look-up tables, registers, memory, DSP
    ./subbit bench fpga --backends emulator --json fpga.json            # cycles, for images/s
    python fpga-backend/synthesis/device.py clock --cycles fpga.json    # placed and routed for an ECP5-85F

`area` synthesises the elements as they are simulated, for Xilinx 7-series and ECP5. `clock` places and routes the shared element with
six index planes, for an ECP5-85F, behind five pins (rtl/subbit_device_pins.sv), and reports the clock at which nextpnr closes timing,
and the slowest path. Areas are synthesised, clocks are placed and routed, and images/s are modelled from the cycles of the 3x3 layers
and that clock. An element takes a minute or two to synthesise, and a quarter of an hour to place and route.
"""

import argparse
import json
import tempfile
from pathlib import Path

import tools

HERE = Path(__file__).resolve().parent
RTL = HERE.parent / "src" / "main" / "rtl"

# The elements with the parameters that the simulation gives them (CMakeLists.txt).
ELEMENTS = {
    "paper": {},
    "shared": {"RESPONSE_UNIT": 1, "LANES": 16, "SUM_DEPTH": 512},
    "binary": {"DOT_UNITS": 2, "LANES": 2, "SUM_DEPTH": 2048},
    "tables": {
        "RESPONSE_UNIT": 2,
        "LANES": 14,
        "DOT_UNITS": 7,
        "CHANNEL_LANES": 64,
        "INDEX_PLANES": 5,
        "TABLE_DEPTH": 32,
        "MAX_WIDTH": 56,
        "SUM_DEPTH": 512,
        "ROW_DEPTH": 1536,
    },
}
# The engine that is placed and routed: for sub-bit networks only, so its index needs no planes for plain binary ones.
PLACED = "shared"
PLACED_PARAMETERS = {**ELEMENTS[PLACED], "INDEX_PLANES": 6}


def print_table(head, rows):
    columns = [[str(row[i]) for row in (head, *rows)] for i in range(len(head))]
    widths = [max(map(len, column)) for column in columns]
    for row in zip(*columns):
        print("  ".join(cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths))))


def measure_area(arguments, work):
    rows = []
    for family in arguments.families:
        for element in arguments.elements:
            cells = tools.synthesise(work / f"{family}-{element}", list(RTL.glob("*.sv")), "subbit_device", ELEMENTS[element], family)
            rows.append({"element": element, "family": family, **tools.area(cells, family)})
    head = ["element", "family", "LUTs", "of them RAM", "registers", "block RAM, Kbit", "DSP"]
    print_table(head, [list(row.values()) for row in rows])
    return rows


def slowest_path(report):
    """The slowest path from clock edge to register: its ends, its delay, and the share of wires in it."""
    paths = [path for path in report["critical_paths"] if not path["from"].startswith("<") and not path["to"].startswith("<")]
    path = max(paths, key=lambda p: sum(step["delay"] for step in p["path"]))["path"]
    wires = sum(step["delay"] for step in path if step["type"] == "routing")
    return {
        "from": path[0]["from"]["cell"],
        "to": path[-1]["to"]["cell"],
        "ns": round(sum(step["delay"] for step in path), 2),
        "in_wires": round(wires, 2),
    }


def measure_clock(arguments, work):
    folder = work / "clock"
    sources = [*RTL.glob("*.sv"), HERE / "rtl" / "subbit_device_pins.sv"]
    cells = tools.synthesise(folder, sources, "subbit_device_pins", PLACED_PARAMETERS, "ecp5")
    report = tools.place_and_route(folder, arguments.speed, arguments.target, arguments.seed)
    (clock,) = report["fmax"].values()
    result = {
        "element": PLACED,
        "parameters": PLACED_PARAMETERS,
        "speed_grade": arguments.speed,
        "seed": arguments.seed,
        "mhz": round(clock["achieved"], 2),
        "slowest": slowest_path(report),
        "used": {name: use for name, use in report["utilization"].items() if use["used"]},
        "synthesised": tools.area(cells, "ecp5"),
    }
    print(f"ECP5-85F, speed grade {arguments.speed}: {result['mhz']} MHz with {PLACED_PARAMETERS}")
    path = result["slowest"]
    print(f"slowest: {path['from']} to {path['to']}, {path['ns']} ns, {path['in_wires']} of them in wires")
    print_table(["cells", "used", "available"], [[name, use["used"], use["available"]] for name, use in result["used"].items()])
    if arguments.cycles:
        result["images"] = images(json.loads(arguments.cycles.read_text(encoding="utf-8")), clock["achieved"])
        print_table(["network", "tau", "cycles", "images/s"], [list(row.values()) for row in result["images"]])
    return result


def images(rows, mhz):
    """Images per second of each network on this element, from the rows of `subbit bench fpga`."""
    return [
        {"network": row["network"], "tau": row["tau"], "cycles": row["cycles"], "images_per_s": round(mhz * 1e6 / row["cycles"], 1)}
        for row in rows
        if row["element"] == PLACED and row["backend"] == "emulator"
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    area = commands.add_parser("area", help="synthesise; count cells")
    area.add_argument("--elements", nargs="+", choices=ELEMENTS, default=list(ELEMENTS))
    area.add_argument("--families", nargs="+", choices=tools.LUTS, default=list(tools.LUTS))
    area.set_defaults(measure=measure_area)
    clock = commands.add_parser("clock", help="place and route for an ECP5-85F")
    clock.add_argument("--speed", type=int, choices=(6, 7, 8), default=8, help="speed grade; 8 is the fastest")
    clock.add_argument("--target", type=float, default=100, metavar="MHZ", help="the clock that nextpnr aims at")
    clock.add_argument("--seed", type=int, default=1)
    clock.add_argument("--cycles", type=Path, metavar="FILE", help="rows of `subbit bench fpga --json`")
    clock.set_defaults(measure=measure_clock)
    for command in (area, clock):
        command.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to this file")
        command.add_argument("--work", type=Path, metavar="FOLDER", help="keep sources, netlists and logs here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = (arguments.work or Path(temporary)).resolve()
        result = {"versions": tools.versions(), "result": arguments.measure(arguments, work)}
    print("by " + ", ".join(f"{name} {version}" for name, version in result["versions"].items()))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
