"""Adds up what models of the hardware description counted (Verilator's coverage files) and prints, by module, how many lines ran,
branches were taken and bits rose and fell, then the lines and branches that did not: coverage.py RTL_FOLDER FILE..."""

import collections
import pathlib
import re
import sys

LEAST_LINES = 0.95


def points(path):
    """The points of a file, each as its keys (a letter or name) and its count."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("C "):
                keys, count = line[3:].rsplit("' ", 1)
                yield dict(key.split("\2", 1) for key in keys.split("\1")[1:]), int(count)


def lines_of(ranges):
    """The numbers of "35-37,42"."""
    for part in filter(None, ranges.split(",")):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


class Module:
    """What the points of one source file counted, in all models together."""

    def __init__(self):
        self.points = collections.Counter()
        self.lines = {}

    def add(self, keys, count):
        kind = keys["page"].split("/")[0]
        point = (kind, int(keys["l"]), int(keys["n"]), keys["o"])
        self.points[point] += count
        for line in lines_of(keys.get("S", "")):
            self.lines.setdefault(line, set()).add(point)

    def lines_missed(self):
        """A line has run if all that begins on it has."""
        return sorted(line for line, of_line in self.lines.items() if not all(self.points[point] for point in of_line))

    def of_kind(self, kind):
        return {point: count for point, count in self.points.items() if point[0] == kind}


def ratio(hit, all_of_them):
    return f"{hit:6}/{all_of_them:<6}{100 * hit / all_of_them:5.1f} %" if all_of_them else f"{'-':>21}"


def main(rtl, files):
    modules = {path.name: Module() for path in sorted(rtl.glob("*.sv")) if not path.stem.endswith("_pkg")}
    for path in files:
        for keys, count in points(path):
            if keys["f"] in modules:
                modules[keys["f"]].add(keys, count)

    # What no model has in it has no points.
    sources = {name: (rtl / name).read_text(encoding="utf-8").splitlines() for name in modules}
    for name, module in modules.items():
        for line, text in enumerate(sources[name], 1):
            if re.match(r"\s*always", text):
                module.lines.setdefault(line, {"in no model"})

    total = [[0, 0], [0, 0], [0, 0]]
    print(f"{'module':28}{'lines':>15}{'branches':>23}{'toggles':>21}")
    for name, module in modules.items():
        missed = len(module.lines_missed())
        row = [[len(module.lines) - missed, len(module.lines)]]
        for kind in ("v_branch", "v_toggle"):
            counts = module.of_kind(kind).values()
            row.append([sum(count > 0 for count in counts), len(counts)])
        for sums, part in zip(total, row):
            sums[0] += part[0]
            sums[1] += part[1]
        print(f"{pathlib.Path(name).stem:28}" + "  ".join(ratio(*part) for part in row))
    print(f"{'all':28}" + "  ".join(ratio(*part) for part in total))

    for name, module in modules.items():
        missed = module.lines_missed()
        for line in missed:
            print(f"{name}:{line}: did not run: {sources[name][line - 1].strip()}")
        for (_, line, _, what), count in sorted(module.of_kind("v_branch").items()):
            if count == 0 and line not in missed:
                print(f"{name}:{line}: '{what}' was not taken: {sources[name][line - 1].strip()}")
    return total[0][0] >= LEAST_LINES * total[0][1]


if __name__ == "__main__":
    sys.exit(0 if main(pathlib.Path(sys.argv[1]), sys.argv[2:]) else 1)
