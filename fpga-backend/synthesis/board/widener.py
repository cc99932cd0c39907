"""Joins the beats of an AXI4 master in pairs, for a memory that is twice as wide.

LiteDRAM's own converter reads or writes one of its words at a time, and waits for it: ten cycles and more for two beats.
Here a burst stays a burst, of half as many beats. It may begin and end in either half of a word.
"""

from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from litex.soc.interconnect.axi import BURST_INCR
from migen import Cat, Constant, If, Signal

# Bursts whose data are on their way.
BURSTS = 16


class Widener(LiteXModule):
    """Between `narrow`, which a master drives with bursts of whole words, and `wide`, which drives the memory."""

    def __init__(self, narrow, wide):
        self.size = (narrow.data_width // 8).bit_length() - 1
        assert wide.data_width == 2 * narrow.data_width
        self.reads = stream.SyncFIFO([("first_half", 1), ("last_half", 1)], BURSTS)
        self.writes = stream.SyncFIFO([("first_half", 1), ("last_half", 1)], BURSTS)
        self.hand_on(narrow.ar, wide.ar, self.reads.sink)
        self.hand_on(narrow.aw, wide.aw, self.writes.sink)
        self.read(narrow.r, wide.r, self.reads.source)
        self.write(narrow.w, wide.w, self.writes.source)
        self.comb += wide.b.connect(narrow.b)

    def hand_on(self, narrow, wide, bursts):
        """Passes a request on, and says in which halves of words its first and last beat lie."""
        first_half = narrow.addr[self.size]
        last = Signal(9)    # half a word behind the first word
        self.comb += [
            last.eq(narrow.len + first_half),
            wide.valid.eq(narrow.valid & bursts.ready),
            narrow.ready.eq(wide.ready & bursts.ready),
            bursts.valid.eq(narrow.valid & wide.ready),
            bursts.first_half.eq(first_half),
            bursts.last_half.eq(last[0]),
            wide.addr.eq(Cat(Constant(0, self.size + 1), narrow.addr[self.size + 1:])),
            wide.len.eq(last[1:]),
            wide.size.eq(self.size + 1),
            wide.burst.eq(BURST_INCR),
        ]

    def half(self, bursts, moves, last):
        """The half of a word that is due: it changes with every beat that moves."""
        begins, half, half_next = Signal(reset=1), Signal(), Signal()
        self.comb += half.eq(half_next)
        self.comb += If(begins, half.eq(bursts.first_half))
        self.sync += If(moves, half_next.eq(~half), begins.eq(last))
        self.comb += bursts.ready.eq(moves & last)
        return half

    def read(self, narrow, wide, bursts):
        moves = Signal()
        half = self.half(bursts, moves, narrow.last)
        self.comb += [
            narrow.valid.eq(wide.valid & bursts.valid),
            narrow.data.eq(wide.data),
            If(half, narrow.data.eq(wide.data[len(narrow.data):])),
            narrow.resp.eq(wide.resp),
            narrow.last.eq(wide.last & (half == bursts.last_half)),
            moves.eq(narrow.valid & narrow.ready),
            wide.ready.eq(moves & (half | narrow.last)),
        ]

    def write(self, narrow, wide, bursts):
        moves, sends = Signal(), Signal()
        half = self.half(bursts, moves, narrow.last)
        data, strobe = Signal(len(narrow.data)), Signal(len(narrow.strb))    # of the lower half, if it has come
        self.comb += [
            sends.eq(half | narrow.last),
            wide.valid.eq(narrow.valid & bursts.valid & sends),
            narrow.ready.eq(bursts.valid & (~sends | wide.ready)),
            wide.last.eq(narrow.last),
            If(half,
                wide.data.eq(Cat(data, narrow.data)),
                wide.strb.eq(Cat(strobe, narrow.strb)),
            ).Else(
                wide.data.eq(narrow.data),
                wide.strb.eq(narrow.strb),
            ),
            moves.eq(narrow.valid & narrow.ready),
        ]
        self.sync += If(moves,
            data.eq(narrow.data),
            strobe.eq(narrow.strb),
            If(sends, strobe.eq(0)),
        )
