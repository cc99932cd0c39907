#!/usr/bin/env python3
"""Simulates the netlist that Yosys makes of the device for an ECP5, and runs tests of the hardware description on it.

    fpga-backend/synthesis/synthesize.sh netlist                                # tools included; needs the native tests (docs/DEVICE.md)

or, with the packages of requirements.txt:

    python fpga-backend/synthesis/netlist.py --work FOLDER --tests target/native/subbit-fpga-backend

The netlist is that of the element tables32 with the layers of integer networks: look-up tables, carry chains, registers, RAM of look-up
tables, block RAM and multipliers. It is as it is placed and routed, but without the pins of rtl/subbit_device_pins.sv. Its cells are
simulated by Yosys's own models, or by those in netlist/cells.sv, and take no time: what this shows is that synthesis kept the function.
Verilator makes a library of it that takes the place of the simulation of the hardware description, below the same model of memory and
the same assertions on the buses, so tests of the element run on it unchanged.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import device
import tools

HERE = Path(__file__).resolve().parent
RTL = HERE.parent / "src" / "main" / "rtl"
NATIVE = HERE.parent / "src" / "main" / "native"
ELEMENT = "tables32"
DEVICE = "subbit_device"
# Programs, and which of their tests run on the netlist: those of the element, but for whole large networks and for cycles, which are
# those of the hardware description if registers are.
TESTS = [
    ("device_test", "Simulation32/*"),
    ("rtl_test", "RtlTables32.*:-*AWhole*:*TakesTheCycles*"),
]


def with_parameters(verilog, module, parameters):
    """A netlist has no parameters. What instantiates it gives it those that it was made with, and others at their defaults."""
    defaults = {"MAX_CHANNELS": 512, "ADDR_WIDTH": 32, "DATA_WIDTH": 64, "MEMORY_BYTES": "64'h10000000"}
    head, ports, body = verilog.partition(f"module {module}(")
    if not ports:
        sys.exit(f"There is no module {module} in the netlist.")
    port_names, end, rest = body.partition(");")
    declared = "".join(f"\n  parameter {name} = {value};" for name, value in {**defaults, **parameters}.items())
    return head + ports + port_names + end + declared + rest


def build(work, parameters):
    """Synthesises the device, and builds the library of its netlist's simulation; returns the cells' number by name."""
    cells = tools.synthesise(work, list(RTL.glob("*.sv")), DEVICE, parameters, "ecp5", device.OPTIONS[ELEMENT, "ecp5"])
    print(f"{ELEMENT}: {tools.area(cells, 'ecp5')}", flush=True)
    models = tools.write_verilog(work)
    netlist = work / "netlist.v"
    netlist.write_text(with_parameters(netlist.read_text(encoding="utf-8"), DEVICE, parameters), encoding="utf-8")
    simulation = [RTL / "subbit_block.v", *(RTL / "simulation").glob("*.sv"), HERE / "netlist" / "cells.sv", *models]
    names = tools.copy_sources(simulation, work)
    programs = [NATIVE / "rtl" / "simulation.cc", HERE / "netlist" / "simulated_element.cc"]
    settings = [f"-G{name}={value}" for name, value in parameters.items()]
    # Yosys's netlists and models are not free of lint warnings, and cells.sv goes before them. Functions of any length would take the
    # compiler too long, and of Verilator's passes the one that is left out.
    options = ["--assert", "-O3", "-Wno-fatal", "-Wno-lint", "-Wno-style", "-Wno-SPECIFYIGN", "-Wno-MODDUP", "-DNO_INCLUDES", "-fno-life-post",
               "--output-split", "30000", "--output-split-cfuncs", "3000"]
    flags = ["-fPIC", "-shared", f"-I{NATIVE}", f'-DSUBBIT_ELEMENT="{ELEMENT}"', "-DVL_USER_STOP", "-DVL_USER_FINISH", "-DVL_USER_FATAL"]
    tools.build_simulation(work, [*options, *settings], "subbit_simulation", [*names, "netlist.v"], programs, "libsubbit_netlist.so", flags)
    return cells


def run(work, tests, program, chosen):
    """Runs tests on the library; exits if one fails."""
    begin = time.monotonic()
    command = [str(tests / program), f"--gtest_filter={chosen}"]
    environment = {**os.environ, "SUBBIT_RTL_LIBRARY": str(work / "libsubbit_netlist.so")}
    ran = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    (work / f"{program}.log").write_text(ran.stdout, encoding="utf-8")
    passed = [line.split()[-1] for line in ran.stdout.splitlines() if line.startswith("[  PASSED  ]")]
    if ran.returncode or not passed or "[  PASSED  ] 0 tests" in ran.stdout:
        sys.exit(f"{ran.stdout[-5000:]}\n{program} failed on the netlist with {chosen}")
    seconds = round(time.monotonic() - begin)
    print("\n".join(line for line in ran.stdout.splitlines() if line.startswith(("[       OK ]", "[  PASSED  ]"))))
    print(f"{program}, {chosen}: passed on the netlist in {seconds} s", flush=True)
    return {"program": program, "filter": chosen, "seconds": seconds}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=Path, metavar="FOLDER", help="where the native tests are; without it, nothing is run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to this file")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="keep sources, netlist and library here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = (arguments.work or Path(temporary)).resolve()
        cells = build(work, device.NETWORKS[ELEMENT])
        runs = [run(work, arguments.tests.resolve(), *test) for test in TESTS] if arguments.tests else []
    if arguments.json:
        result = {"versions": tools.versions(), "element": ELEMENT, "cells": cells, "runs": runs}
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
