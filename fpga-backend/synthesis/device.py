#!/usr/bin/env python3
"""Measures area and clock of the device on FPGAs with free tools.

    fpga-backend/synthesis/synthesize.sh                                # everything, tools included

or, with the packages of requirements.txt:

    python fpga-backend/synthesis/device.py area --json area.json                              # look-up tables, registers, memory, DSP
    ./subbit bench fpga --activations binary --backends emulator --json fpga.json              # cycles, for images/s
    python fpga-backend/synthesis/device.py networks                                           # what whole integer networks take
    python fpga-backend/synthesis/device.py clock --element tables --cycles fpga.json          # placed and routed for an ECP5-85F

`area` synthesises the elements for Xilinx 7-series and ECP5, those with tables without the layers of integer networks. `networks`
synthesises the elements with tables with these layers, and one by one the modules that they add, for ECP5. `clock` places and routes one element for an
ECP5-85F, behind five pins (rtl/subbit_device_pins.sv), its blocks first (blocks.py), once for each seed, and reports the clock at which nextpnr closes timing, and
the slowest path; the least of them counts. Areas are synthesised, clocks are placed and routed, and images/s are modelled from the
cycles of the 3x3 layers and that clock. An element takes some minutes to synthesise, and a quarter of an hour or more per seed to place
and route.
"""

import argparse
import json
import tempfile
from pathlib import Path

import blocks
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
ELEMENTS["tables32"] = {**ELEMENTS["tables"], "CHANNEL_LANES": 32}
# The elements that run integer networks whole, and with what else they do so.
NETWORKS = {name: {**ELEMENTS[name], "INTEGER_CONV": 1, "DENSE": 1} for name in ("tables", "tables32")}
# The engines that are placed and routed. The shared one is for sub-bit networks only: its index needs no planes for plain binary ones.
# With the layers of integer networks, tables has more block RAMs than there are.
PLACED = {"tables": ELEMENTS["tables"], "tables32": NETWORKS["tables32"], "shared": {**ELEMENTS["shared"], "INDEX_PLANES": 6}}
# Without the multiplexers behind ECP5's look-up tables, which trade area for depth: they make the many bit counters of tables, which
# have registers enough, half as large again.
OPTIONS = {(name, "ecp5"): "-nowidelut" for name in NETWORKS}


# The modules that the parameters INTEGER_CONV and DENSE add to tables, and the checks of descriptors, which they make larger.
NETWORK_MODULES = {
    "subbit_table_values": {"ACC_BITS": 16},
    "subbit_dense_engine": {},
    "subbit_stem_end": {},
    "subbit_classifier_engine": {},
    "subbit_descriptor": {
        name: value for name, value in NETWORKS["tables32"].items() if name not in ("DOT_UNITS", "CHANNEL_LANES")
    },
}


def print_table(head, rows):
    columns = [[str(row[i]) for row in (head, *rows)] for i in range(len(head))]
    widths = [max(map(len, column)) for column in columns]
    for row in zip(*columns):
        print("  ".join(cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths))))


def measure_area(arguments, work):
    rows = []
    for family in arguments.families:
        for element in arguments.elements:
            cells = tools.synthesise(
                work / f"{family}-{element}", list(RTL.glob("*.sv")), "subbit_device", ELEMENTS[element], family, OPTIONS.get((element, family), ""))
            rows.append({"element": element, "family": family, **tools.area(cells, family)})
    head = ["element", "family", "LUTs", "of them RAM", "registers", "block RAM, Kbit", "DSP"]
    print_table(head, [list(row.values()) for row in rows])
    return rows


def measure_networks(arguments, work):
    rows = []
    devices = [(f"{name}, whole", "subbit_device", parameters) for name, parameters in NETWORKS.items()]
    modules = [(module, module, parameters) for module, parameters in NETWORK_MODULES.items()]
    for name, top, parameters in [*devices, *modules]:
        cells = tools.synthesise(work / name.replace(", ", "-"), list(RTL.glob("*.sv")), top, parameters, "ecp5", OPTIONS["tables", "ecp5"])
        rows.append({"module": name, "family": "ecp5", **tools.area(cells, "ecp5")})
    head = ["device or module", "family", "LUTs", "of them RAM", "registers", "block RAM, Kbit", "DSP"]
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
    parameters = PLACED[arguments.element]
    cells = tools.synthesise(folder, sources, "subbit_device_pins", parameters, "ecp5", OPTIONS.get((arguments.element, "ecp5"), ""))
    print(f"{arguments.element} on an ECP5-85F, speed grade {arguments.speed}, with {parameters}: {tools.area(cells, 'ecp5')}", flush=True)
    blocks.write_places(folder / "netlist.json")
    runs = []
    for seed in arguments.seeds:
        report = tools.place_and_route(folder, arguments.speed, arguments.target, seed)
        (clock,) = report["fmax"].values()
        path = slowest_path(report)
        runs.append({"seed": seed, "mhz": round(clock["achieved"], 2), "slowest": path})
        print(f"seed {seed}: {runs[-1]['mhz']} MHz; {path['from']} to {path['to']}, {path['ns']} ns, {path['in_wires']} of them in wires", flush=True)
    result = {
        "element": arguments.element,
        "parameters": parameters,
        "speed_grade": arguments.speed,
        "mhz": min(run["mhz"] for run in runs),
        "seeds": runs,
        "used": {name: use for name, use in report["utilization"].items() if use["used"]},
        "synthesised": tools.area(cells, "ecp5"),
    }
    print(f"the least of {len(runs)}: {result['mhz']} MHz")
    print_table(["cells", "used", "available"], [[name, use["used"], use["available"]] for name, use in result["used"].items()])
    if arguments.cycles:
        result["images"] = images(json.loads(arguments.cycles.read_text(encoding="utf-8")), arguments.element, result["mhz"])
        print_table(["network", "tau", "cycles", "images/s"], [list(row.values()) for row in result["images"]])
    return result


def images(rows, element, mhz):
    """Images per second of each network on this element, from the rows of `subbit bench fpga`."""
    return [
        {"network": row["network"], "tau": row["tau"], "cycles": row["cycles"], "images_per_s": round(mhz * 1e6 / row["cycles"], 1)}
        for row in rows
        if row["element"] == element and row["backend"] == "emulator"
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    area = commands.add_parser("area", help="synthesise; count cells")
    area.add_argument("--elements", nargs="+", choices=ELEMENTS, default=list(ELEMENTS))
    area.add_argument("--families", nargs="+", choices=tools.LUTS, default=list(tools.LUTS))
    area.set_defaults(measure=measure_area)
    networks = commands.add_parser("networks", help="synthesise what runs integer networks whole; count cells")
    networks.set_defaults(measure=measure_networks)
    clock = commands.add_parser("clock", help="place and route for an ECP5-85F")
    clock.add_argument("--speed", type=int, choices=(6, 7, 8), default=8, help="speed grade; 8 is the fastest")
    clock.add_argument("--target", type=float, default=100, metavar="MHZ", help="the clock that nextpnr aims at")
    clock.add_argument("--element", choices=PLACED, default="tables")
    clock.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 9)))
    clock.add_argument("--cycles", type=Path, metavar="FILE", help="rows of `subbit bench fpga --json`")
    clock.set_defaults(measure=measure_clock)
    for command in (area, networks, clock):
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
