"""Chooses where block RAMs and multipliers lie on an ECP5-85F, and writes that into a netlist for nextpnr.

There are few places for them, in seven rows that cross the whole die, and a large design takes most. nextpnr puts each on the next
free place, one by one, after it has found where all would like to lie: the last ones end far away, and the logic around them is torn
apart with them. Here all cells are placed by the length of their wires alone, as points that may overlap. From round to round they are
drawn towards where they lie when they are spread evenly over the die, and blocks towards places of their own, which are assigned to all
of them at once; at last, pairs of blocks change places where that makes wires shorter. The logic is left to nextpnr.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import cg

# Columns and rows of the die, and the places of blocks in it: their rows, and in each row thirteen groups of four, in two halves,
# by their first column; what lies how far behind it, and what nextpnr calls it.
COLUMNS, ROWS = 126, 86
GROUPS = [4 + 9 * group + (2 if group > 6 else 0) for group in range(13)]
PLACES = {
    "MULT18X18D": ((10, 34, 58), (0, 1, 4, 5), ("MULT18_0", "MULT18_1", "MULT18_4", "MULT18_5")),
    "DP16KD": ((22, 46, 70, 82), (0, 2, 4, 6), ("EBR0", "EBR1", "EBR2", "EBR3")),
}
# What a cell takes of the die, in look-up tables; a register may share the place of one.
AREA = {"LUT4": 1.0, "CCU2C": 2.0, "TRELLIS_DPR16X4": 6.0, "TRELLIS_FF": 0.35}
# Nets with more ends than this say nothing about where they should be.
MOST_ENDS = 400


class Design:
    """Cells of a flattened netlist, and which of them each net joins."""

    def __init__(self, netlist):
        self.modules = netlist["modules"]
        self.names, self.kinds = [], []
        ends = defaultdict(list)
        self._bits = 0
        self._flatten(next(name for name, module in self.modules.items() if "top" in module["attributes"]), "", {}, ends)
        nets = [sorted(set(cells)) for cells in ends.values()]
        nets = [cells for cells in nets if 2 <= len(cells) <= MOST_ENDS]
        self.sizes = numpy.array([len(cells) for cells in nets])
        self.starts = numpy.concatenate([[0], numpy.cumsum(self.sizes)[:-1]])
        self.ends = numpy.concatenate(nets)
        self.net_of_end = numpy.repeat(numpy.arange(len(nets)), self.sizes)
        self.kinds = numpy.array(self.kinds)
        self.degree = numpy.bincount(self.ends, minlength=len(self.kinds))

    def _flatten(self, module, prefix, ports, ends):
        bits = dict(ports)

        def global_bit(bit):
            if bit not in bits:
                self._bits += 1
                bits[bit] = self._bits
            return bits[bit]

        for name, cell in self.modules[module]["cells"].items():
            inner = self.modules.get(cell["type"])
            if inner and "blackbox" not in inner["attributes"]:
                joined = {
                    inside: global_bit(outside)
                    for port, outsides in cell["connections"].items()
                    for inside, outside in zip(inner["ports"][port]["bits"], outsides)
                    if isinstance(inside, int) and isinstance(outside, int)
                }
                self._flatten(cell["type"], f"{prefix}{name}.", joined, ends)
            elif cell["type"] in AREA or cell["type"] in PLACES:
                for port, connected in cell["connections"].items():
                    if not port.startswith(("CLK", "WCK")):
                        for bit in connected:
                            if isinstance(bit, int):
                                ends[global_bit(bit)].append(len(self.names))
                self.names.append(prefix + name)
                self.kinds.append(cell["type"])

    def length(self, at):
        """Half the perimeter of all nets."""
        of_ends = at[:, self.ends]
        return float(sum((numpy.maximum.reduceat(axis, self.starts) - numpy.minimum.reduceat(axis, self.starts)).sum() for axis in of_ends))

    def shortest(self, at, targets, pull):
        """Places of shortest wires on one axis, each cell pulled to its target; lengths count as at the places `at`."""
        ends, net = self.ends, self.net_of_end
        there = at[ends] + numpy.arange(len(ends)) * 1e-9     # no two are the same
        first = numpy.minimum.reduceat(there, self.starts)
        last = numpy.maximum.reduceat(there, self.starts)
        low = ends[numpy.flatnonzero(there == first[net])]
        high = ends[numpy.flatnonzero(there == last[net])]
        rows, columns, distances, nets = [], [], [], []
        for bound, place in ((low, first), (high, last)):
            other = ends != bound[net]
            if bound is high:
                other &= ends != low[net]
            rows.append(ends[other])
            columns.append(bound[net][other])
            distances.append(numpy.abs(there[other] - place[net][other]))
            nets.append(net[other])
        rows, columns, distances, nets = map(numpy.concatenate, (rows, columns, distances, nets))
        weights = 2.0 / (self.sizes[nets] - 1) / numpy.maximum(distances, 1.0)
        count = len(at)
        joined = coo_matrix((weights, (rows, columns)), shape=(count, count)).tocsr()
        joined = joined + joined.T
        anchors = pull / numpy.maximum(numpy.abs(at - targets), 1.0) + 1e-6
        diagonal = numpy.asarray(joined.sum(axis=1)).ravel() + anchors
        matrix = diags(diagonal) - joined
        solution, _ = cg(matrix, anchors * targets, x0=at, rtol=1e-4, maxiter=150, M=diags(1 / diagonal))
        return solution


def spread(at, cells, area):
    """Where cells lie when they fill the die evenly, in the order in which they lie: halves again and again, of area and cells."""
    result = at.copy()
    work = [(cells, 1.0, COLUMNS - 1.0, 1.0, ROWS - 1.0)]
    while work:
        some, left, right, bottom, top = work.pop()
        if len(some) <= 8:
            result[0, some] = (left + right) / 2
            result[1, some] = (bottom + top) / 2
            continue
        axis = 0 if right - left >= top - bottom else 1
        some = some[numpy.argsort(at[axis, some], kind="stable")]
        filled = numpy.cumsum(area[some])
        half = min(int(numpy.searchsorted(filled, filled[-1] / 2)) + 1, len(some) - 1)
        if axis == 0:
            middle = left + (right - left) * filled[half - 1] / filled[-1]
            work += [(some[:half], left, middle, bottom, top), (some[half:], middle, right, bottom, top)]
        else:
            middle = bottom + (top - bottom) * filled[half - 1] / filled[-1]
            work += [(some[:half], left, right, bottom, middle), (some[half:], left, right, middle, top)]
    return result


def places_of(kind):
    """Column, row and name of each place of a kind of block."""
    rows, offsets, names = PLACES[kind]
    return [(group + offset, row, f"X{group + offset}/Y{row}/{name}") for row in rows for group in GROUPS for offset, name in zip(offsets, names)]


def exchange(design, at, blocks, sites, rounds=4):
    """Moves blocks to free places, and lets pairs change places, where wires become shorter; `blocks` to places, by number."""
    nets_of = defaultdict(list)
    chosen = set(blocks)
    for net, cell in zip(design.net_of_end, design.ends):
        if cell in chosen:
            nets_of[cell].append(net)

    def length(nets):
        total = 0.0
        for net in nets:
            ends = design.ends[design.starts[net] : design.starts[net] + design.sizes[net]]
            total += numpy.ptp(at[0, ends]) + numpy.ptp(at[1, ends])
        return total

    cells = list(blocks)
    for _ in range(rounds):
        moved = 0
        for cell in cells:
            # The places nearest to where the wires of the block would have it.
            others = numpy.concatenate([design.ends[design.starts[n] : design.starts[n] + design.sizes[n]] for n in nets_of[cell]])
            best_x, best_y = numpy.median(at[0, others]), numpy.median(at[1, others])
            owner = {site: other for other, site in blocks.items()}
            near = sorted(range(len(sites)), key=lambda s: abs(sites[s][0] - best_x) + abs(sites[s][1] - best_y))[:10]
            for site in near:
                if site == blocks[cell]:
                    break
                other = owner.get(site)
                nets = set(nets_of[cell]) | set(nets_of[other] if other is not None else ())
                before, old = length(nets), blocks[cell]
                at[:, cell] = sites[site][:2]
                if other is not None:
                    at[:, other] = sites[old][:2]
                if length(nets) < before:
                    blocks[cell] = site
                    if other is not None:
                        blocks[other] = old
                    moved += 1
                    break
                at[:, cell] = sites[old][:2]
                if other is not None:
                    at[:, other] = sites[site][:2]
        if not moved:
            break


def place(netlist, seed=1, rounds=36, report=None):
    """The place of each block of a netlist, by the cell's name."""
    design = Design(netlist)
    random = numpy.random.default_rng(seed)
    count = len(design.kinds)
    area = numpy.array([AREA.get(kind, 0.0) for kind in design.kinds])
    logic = numpy.flatnonzero(area > 0)
    kinds = {kind: numpy.flatnonzero(design.kinds == kind) for kind in PLACES}
    sites = {kind: places_of(kind) for kind in PLACES}
    at = random.uniform([[1], [1]], [[COLUMNS - 1], [ROWS - 1]], (2, count))
    targets = at.copy()
    chosen = {}

    def assign():
        for kind, cells in kinds.items():
            where = numpy.array([site[:2] for site in sites[kind]], dtype=float).T
            cost = sum(numpy.abs(at[axis, cells][:, None] - where[axis][None, :]) for axis in (0, 1))
            _, numbers = linear_sum_assignment(cost)
            chosen[kind] = dict(zip(cells.tolist(), numbers.tolist()))
            targets[:, cells] = where[:, numbers]

    for step in range(rounds):
        pull = 0.02 * 1.13**step * numpy.ones(count)
        for cells in kinds.values():
            pull[cells] *= 3 * design.degree[cells]
        at = numpy.array([design.shortest(at[axis], targets[axis], pull) for axis in (0, 1)])
        targets = spread(at, logic, area)
        assign()
        if report:
            report(f"round {step}: wires of {design.length(at):.0f}, spread {design.length(targets):.0f}")
    at = targets.copy()
    for kind in PLACES:
        exchange(design, at, chosen[kind], sites[kind])
    if report:
        report(f"with blocks exchanged: {design.length(at):.0f}")
    return {design.names[cell]: sites[kind][site][2] for kind in PLACES for cell, site in chosen[kind].items()}


def write_places(path, report=None):
    """Writes the places of blocks into a netlist that Yosys has written as JSON, where nextpnr reads them."""
    netlist = json.loads(Path(path).read_text(encoding="utf-8"))
    top = next(module for module in netlist["modules"].values() if "top" in module["attributes"])
    for name, bel in place(netlist, report=report).items():
        top["cells"][name]["attributes"]["BEL"] = bel
    Path(path).write_text(json.dumps(netlist), encoding="utf-8")


if __name__ == "__main__":
    write_places(sys.argv[1], report=lambda line: print(line, flush=True))
