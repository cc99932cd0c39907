#!/usr/bin/env python3
"""Adds up what Verilator's simulations have counted, and prints the share of each file's lines and bits that tests reach.

    coverage.py COUNTS...

Each file of COUNTS was written by a simulation. A place in the source counts as reached if any simulation, in any instance of its module,
with any parameters, reached it.
"""

import sys
from collections import defaultdict
from pathlib import Path

# What the kinds of Verilator's counters are shown as.
KINDS = {"line": "lines", "branch": "lines", "toggle": "bits"}


def points(path):
    """Each counter of a file: the fields that name it, and its count."""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("C '"):
                names, count = line[3:].rsplit("' ", 1)
                yield dict(field.split("\x02", 1) for field in names.split("\x01") if field), int(count)


def main():
    reached = defaultdict(lambda: defaultdict(int))
    for path in sys.argv[1:]:
        for fields, count in points(path):
            kind = KINDS.get(fields["page"].split("/")[0].removeprefix("v_"))
            name = Path(fields["f"]).name
            if kind and name.startswith("subbit_"):
                reached[name, kind][fields["l"], fields.get("n"), fields.get("o")] += count
    if not reached:
        sys.exit("coverage.py: no counters in the given files; usage: coverage.py COUNTS...")

    def share(counters):
        hit = sum(count > 0 for count in counters)
        return f"{hit:6d} of {len(counters):6d}  {100 * hit / max(1, len(counters)):5.1f} %"

    print(f"{'':32s}{'lines':>26s}{'bits, up and down':>28s}")
    for name in sorted({name for name, _ in reached}):
        print(f"{name:32s}" + "".join(f"{share(reached[name, kind].values()):>26s}  " for kind in ("lines", "bits")))
        for (line, _, what), count in sorted(reached[name, "lines"].items(), key=lambda item: int(item[0][0])):
            if count == 0:
                print(f"    line {line} ({what}) is never reached")
    everything = {kind: [c for (_, k), counters in reached.items() if k == kind for c in counters.values()] for kind in ("lines", "bits")}
    print(f"{'all':32s}" + "".join(f"{share(everything[kind]):>26s}  " for kind in ("lines", "bits")))


if __name__ == "__main__":
    main()
