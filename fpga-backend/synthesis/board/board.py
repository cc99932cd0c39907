#!/usr/bin/env python3
"""Makes the design of a board with an ECP5-85F, memory and network, and its bitstream, with free tools.

    fpga-backend/synthesis/synthesize.sh board                                  # tools included

or, with the packages of both files requirements.txt:

    python fpga-backend/synthesis/board/board.py bitstream --work FOLDER        # FOLDER/board.bit
    python fpga-backend/synthesis/board/board.py simulation --work FOLDER       # FOLDER/board_simulation ADDRESS PORT; --test: runs it

The bitstream is for LambdaConcept's ECPIX-5 85F. It is written for each seed; the command fails, and leaves none, unless every clock of
a placed and routed design keeps its constraint. Boards in one network need addresses of their own, and boards of one host ports of their
own, to which they also answer (docs/DEVICE.md).
"""

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import device  # noqa: E402
import soc  # noqa: E402
import tools  # noqa: E402
import widener_test  # noqa: E402

RTL = HERE.parents[1] / "src" / "main" / "rtl"
# Each a name, options of simulation.cc and a test.
RUNS = [
    ("a network that loses nothing", [], "RunsAHundredImages"),
    ("a network that loses nothing", [], "RunsAWholeIntegerNetwork"),
    ("a network that loses 1 % of the datagrams", ["--lose", "0.01"], "RunsAHundredImages"),
    ("a loss of power in the middle", ["--restart-after", "300"], "ComesBackAfterAReset"),
]
ELEMENT = "tables32"
PARAMETERS = {**device.NETWORKS[ELEMENT], **soc.ENGINE}


def constraints(report):
    """Each clock of nextpnr's report, with the frequency that it reaches and the one that it must have, in MHz."""
    return {name: {"reached": round(clock["achieved"], 1), "needed": round(clock["constraint"], 1)} for name, clock in report["fmax"].items()}


def bitstream(arguments, work):
    board = soc.for_ecpix5(arguments.clock * 1e6, arguments.mac, arguments.ip, arguments.port)
    board.generate(work)
    sources = [*RTL.glob("*.sv"), RTL / "subbit_block.v"]
    names = tools.copy_sources(sources, work)
    # The gate and the engine have their parameters before LiteX's design, which is plain Verilog, refers to them.
    reading = "; ".join([tools.read(names, "subbit_block", PARAMETERS), tools.read(["subbit_gate.sv"], "subbit_gate", {}), "read_verilog board.v"])
    area = tools.area(tools.synthesise_read(work, reading, "board", "ecp5", device.OPTIONS[ELEMENT, "ecp5"]), "ecp5")
    print(f"board: {area}", flush=True)
    runs = []
    for seed in arguments.seeds:
        report = tools.place_and_route_board(work, "CABGA554", 8, "board.lpf", seed)
        clocks = constraints(report)
        late = [name for name, clock in clocks.items() if clock["reached"] < clock["needed"]]
        print(f"seed {seed}: " + "; ".join(f"{name} {clock['reached']} MHz of {clock['needed']}" for name, clock in clocks.items()), flush=True)
        runs.append({"seed": seed, "clocks": clocks, "late": late, "utilisation": report["utilization"]})
        if not late:
            return {"area": area, "clock_mhz": arguments.clock, "runs": runs}
    (work / "board.bit").unlink()
    sys.exit(f"No seed meets the constraints: {runs[-1]['late']} are too slow. Try more --seeds, or a lower --clock.")


def simulation(arguments, work):
    widener_test.test()
    soc.for_simulation(arguments.port, PARAMETERS).generate(work)
    names = tools.copy_sources([*RTL.glob("*.sv"), RTL / "subbit_block.v", HERE / "simulation.cc"], work)
    names.remove("simulation.cc")
    # LiteX's Verilog is not free of lint warnings.
    tools.build_simulation(work, ["-O3", "-Wno-fatal", "-Wno-lint", "-Wno-style", "--x-initial", "unique"], "board", [*names, "board.v"], ["simulation.cc"], "board_simulation")
    print(work / "board_simulation")
    return [run(work, arguments, *case) for case in RUNS] if arguments.test else []


def send_what_no_host_sends(address, port):
    """Sends datagrams after which LiteEth's Etherbone alone would never answer again: cut short, too long, of any content, too many."""
    head = bytes.fromhex("4E6F104400000000")
    cut = [head + bytes([0, 15, writes, reads]) + bytes(length) for writes, reads, length in ((200, 0, 40), (1, 1, 16), (0, 255, 900), (2, 0, 400), (0, 0, 4), (3, 0, 15))]
    source = random.Random(1)
    anything = [source.randbytes(source.randint(0, 1400)) for _ in range(20)]
    many = [head + bytes([0, 15, 240, 0]) + bytes(4 * 241)] * 12
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for datagram in cut + anything + many:
            stranger.sendto(datagram, (address, port))
            time.sleep(0.02)


def run(work, arguments, name, options, test):
    """Runs a test of board/named_board_test.cc on the simulated board, after hostile datagrams; exits if it fails."""
    address = "127.0.0.2"
    command = [str(work / "board_simulation"), address, str(arguments.port), *options]
    with subprocess.Popen(command, cwd=work, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as board:
        board.stdout.readline()
        send_what_no_host_sends(address, arguments.port)
        environment = {**os.environ, "SUBBIT_TEST_BOARD": f"etherbone:{address}:{arguments.port}"}
        tested = subprocess.run(
            [str(arguments.test), f"--gtest_filter=NamedBoard.{test}"], env=environment, capture_output=True, text=True, check=False)
        simulated, _ = board.communicate()
    if tested.returncode or "[  PASSED  ] 1 test" not in tested.stdout:
        sys.exit(f"{tested.stdout}{tested.stderr}\n{test} failed with {name}: {simulated}")
    images = [line for line in tested.stdout.splitlines() if " images in " in line]
    print(f"{name}: {test} passed; {'; '.join([*images, simulated.strip()])}", flush=True)
    return {"network": name, "test": test, "images": images, "simulation": simulated.strip()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("bitstream", help="for the board; takes an hour or more")
    command.add_argument("--clock", type=float, default=65, metavar="MHZ", help="of engine and memory controller; memory's is twice as fast")
    command.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4], help="tried in turn until one meets all constraints")
    command.set_defaults(make=bitstream)
    command.add_argument("--ip", default=soc.IP, help="the board's address")
    command.add_argument("--mac", type=lambda text: int(text.replace(":", ""), 16), default=soc.MAC, help="the board's Ethernet address")
    command = commands.add_parser("simulation", help="a program that is the board at a loopback address; needs a C++ compiler")
    command.add_argument("--test", type=Path, metavar="DEVICE_TEST", help="run networks on it over UDP, by this program of the native tests")
    command.set_defaults(make=simulation)
    for command in commands.choices.values():
        command.add_argument("--port", type=int, default=soc.PORT, help="the UDP port at which the board listens, and to which it answers")
        command.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to this file")
        command.add_argument("--work", type=Path, metavar="FOLDER", help="where the results go")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = (arguments.work or Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        result = {"versions": tools.versions(), "result": arguments.make(arguments, work)}
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
