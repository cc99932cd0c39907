"""What stands between the network and LiteEth's Etherbone, which trusts every datagram: one that is cut short, that has more words than
its buffer or that both writes and reads makes it wait for words that never come, or take those of the next datagram for its own. So does
one that comes while its buffer is full (LiteX's PacketFIFO, of 2024.12, then stores its last word's parameters more than once).
"""

from types import SimpleNamespace

from litex.gen import LiteXModule
from litex.soc.interconnect import stream
from liteeth.common import eth_udp_user_description
from migen import If, Memory, Mux, Signal

# How a datagram begins, first byte in the lowest bits: addresses and data of 32 bits, and no probe.
MAGIC = int.from_bytes(bytes.fromhex("4E6F1044"), "little")
# Words of the header, before those of which a record counts how many there are.
HEAD_WORDS = 3


class Inlet(LiteXModule):
    """Passes on whole datagrams whose length is that of their record, and which have either writes or reads. Drops all others, also those
    for which there is no room, and those that the network's checksum says are damaged. It never makes the network wait, since what waits
    there is lost in pieces.

    A datagram is passed on when Etherbone has room for it, and when the reply to the last one that reads has left."""

    def __init__(self, most_words, depth):
        """`most_words`: for which Etherbone has room, without heads of records; `depth`: words for which there is room here, a power of two."""
        self.sink = sink = stream.Endpoint(eth_udp_user_description(32))
        self.source = source = stream.Endpoint(eth_udp_user_description(32))
        # Etherbone has worked through a word of a record; a reply has left.
        self.consumed, self.replied = Signal(), Signal()

        words = Memory(33, depth)
        store, load = words.get_port(write_capable=True), words.get_port()
        self.specials += words, store, load
        names = [name for name, *_ in sink.description.param_layout]
        # Who has sent a datagram, how many words Etherbone keeps of it, and whether it reads; eight may wait.
        self.origins = origins = stream.SyncFIFO(stream.EndpointDescription([], [*sink.description.param_layout, ("words", 9), ("reads", 1)]), 8)

        # Modulo twice the depth, so that a full memory differs from an empty one. Words before `whole` belong to whole datagrams.
        written, whole, read, next_read = (Signal(max=2 * depth) for _ in range(4))
        at, due = Signal(max=2 * most_words), Signal(max=2 * most_words)
        faulty, here = Signal(), Signal()
        used = Signal(max=2 * depth)
        room, good, reading = Signal(), Signal(), Signal()
        writes, reads = sink.data[16:24], sink.data[24:32]
        self.comb += [
            sink.ready.eq(1),
            used.eq(written - read),
            room.eq(used != depth),
            store.adr.eq(written),
            store.dat_w.eq(sink.data | sink.last << 32),
            store.we.eq(sink.valid & room),
            good.eq(~faulty & room & origins.sink.ready & (at == due - 1) & (at >= HEAD_WORDS) & (sink.error == 0)),
            origins.sink.valid.eq(sink.valid & sink.last & good),
            *(getattr(origins.sink, name).eq(getattr(sink, name)) for name in names),
            origins.sink.words.eq(due - HEAD_WORDS),
            origins.sink.reads.eq(reading),
        ]
        self.sync += If(sink.valid,
            If(room, written.eq(written + 1)).Else(faulty.eq(1)),
            If(at != 2 * most_words - 1, at.eq(at + 1)),
            If((at == 0) & (sink.data != MAGIC), faulty.eq(1)),
            If(at == HEAD_WORDS - 1,
                due.eq(HEAD_WORDS + 1 + writes + reads),
                reading.eq(reads != 0),
                If((writes == 0) == (reads == 0), faulty.eq(1)),
                If(writes + reads >= most_words, faulty.eq(1)),
            ),
            If(sink.last,
                at.eq(0),
                faulty.eq(0),
                If(good, whole.eq(written + 1)).Else(written.eq(whole)),
            ),
        )
        taken, inside, clear = Signal(), Signal(), Signal()
        kept, reply_due = Signal(max=2 * most_words), Signal()
        self.comb += [
            # In the middle of a datagram, or there is room for the next.
            clear.eq(inside | ((kept + origins.source.words <= most_words) & ~(origins.source.reads & reply_due))),
            taken.eq(source.valid & source.ready),
            next_read.eq(read + taken),
            load.adr.eq(next_read),
            source.valid.eq(here & origins.source.valid & clear),
            source.data.eq(load.dat_r[:32]),
            source.last.eq(load.dat_r[32]),
            source.last_be.eq(source.last << 3),
            origins.source.ready.eq(taken & source.last),
            *(getattr(source, name).eq(getattr(origins.source, name)) for name in names),
        ]
        begins = taken & ~inside
        self.sync += [
            read.eq(next_read),
            here.eq(next_read != whole),
            If(taken, inside.eq(~source.last)),
            kept.eq(kept + Mux(begins, origins.source.words, 0) - self.consumed),
            If(begins & origins.source.reads, reply_due.eq(1)).Elif(self.replied, reply_due.eq(0)),
        ]


class Behind:
    """A core for UDP whose datagrams pass through an inlet, for LiteEthEtherbone."""

    def __init__(self, udp, inlet):
        self.crossbar, self.udp, self.inlet = self, udp, inlet
        self.dw = udp.crossbar.dw

    def get_port(self, number, dw, cd):
        port = self.udp.crossbar.get_port(number, dw=dw, cd=cd)
        self.inlet.comb += port.source.connect(self.inlet.sink)
        return SimpleNamespace(sink=port.sink, source=self.inlet.source)
