#!/usr/bin/env python3
"""Proves the rules of the device's buses, for all sequences of inputs, by SymbiYosys and Z3.

    fpga-backend/synthesis/synthesize.sh proofs      # or, with the packages of requirements.txt: python fpga-backend/synthesis/proofs.py

Each file of proofs/ holds a module of the hardware description, assumptions about its surroundings, and assertions. They are proved by
induction: the assertions hold after a reset, and where they hold for DEPTH cycles, they hold in the next. Bursts and queues are shorter than
in the device, which leaves their rules as they are. A proof takes a few seconds.
"""

import argparse
import json
import tempfile
from pathlib import Path

import tools

HERE = Path(__file__).resolve().parent
RTL = HERE.parent / "src" / "main" / "rtl"
DEPTH = 3

# The modules that each proof needs.
PROOFS = {
    "axi_read_proof": ["subbit_axi_read", "subbit_beat_queue", "subbit_memory", "subbit_queue"],
    "axi_write_proof": ["subbit_axi_write", "subbit_queue"],
    "registers_proof": ["subbit_contract_pkg", "subbit_registers"],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("proofs", nargs="*", metavar="PROOF", help=f"{', '.join(PROOFS)}; all if none is named")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to this file")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="keep logs and counterexamples here")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.proofs if name not in PROOFS]
    if unknown:
        parser.error(f"there is no proof '{unknown[0]}'; proofs are {', '.join(PROOFS)}")
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        work = (arguments.work or Path(temporary)).resolve()
        for name in arguments.proofs or PROOFS:
            sources = [RTL / f"{module}.sv" for module in PROOFS[name]] + [HERE / "proofs" / f"{name}.sv"]
            tools.prove(work / name, sources, name, DEPTH)
            assertions = sources[-1].read_text(encoding="utf-8").count("assert (")
            print(f"{name}: {assertions} assertions proved")
            rows.append({"proof": name, "assertions": assertions})
    if arguments.json:
        arguments.json.write_text(json.dumps({"versions": tools.versions(), "result": rows}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
