"""The widener between models of a master and of a memory, with random bursts, strobes and stalls on all channels."""

import random

from litex.soc.interconnect import axi
from migen import passive, run_simulation

import widener

HALF = 8       # bytes of a beat of the master's
PAGE = 4096    # a burst stays within one; reads have the first, writes the second
BURSTS = 150


def test(seed=1):
    """Raises an AssertionError if the memory or what is read differs from what the bursts say."""
    source = random.Random(seed)
    memory = bytearray(source.randbytes(2 * PAGE))
    before, expected = bytes(memory), bytearray(memory)

    def bursts(base):
        for _ in range(BURSTS):
            beats = source.choice([1, 2, 3, 16, source.randint(1, 64)])
            yield base + HALF * source.randrange(PAGE // HALF - beats + 1), beats

    reads, writes = list(bursts(0)), []
    for address, beats in bursts(PAGE):
        data = [(source.randbytes(HALF), source.choice([255, source.randint(0, 255)])) for _ in range(beats)]
        writes.append((address, data))
        for place, (word, strobe) in enumerate(data):
            for byte in range(HALF):
                if strobe >> byte & 1:
                    expected[address + HALF * place + byte] = word[byte]

    narrow = axi.AXIInterface(data_width=8 * HALF, address_width=32, id_width=1)
    wide = axi.AXIInterface(data_width=16 * HALF, address_width=32, id_width=1)
    tested = widener.Widener(narrow, wide)

    def stalls():
        return source.random() < 0.4

    def send(channel, items, fields):
        for item in items:
            while stalls():
                yield
            for field, value in zip(fields, item):
                yield getattr(channel, field).eq(value)
            yield channel.valid.eq(1)
            yield
            while not (yield channel.ready):
                yield
            yield channel.valid.eq(0)

    def moved(channel):
        return (yield channel.valid) and (yield channel.ready)

    def take_reads():
        for address, beats in reads:
            for place in range(beats):
                taken = False
                while not taken:
                    yield narrow.r.ready.eq(not stalls())
                    yield
                    taken = yield from moved(narrow.r)
                at = address + HALF * place
                assert (yield narrow.r.data) == int.from_bytes(before[at:at + HALF], "little"), f"read of {address}, beat {place} of {beats}"
                assert (yield narrow.r.last) == (place == beats - 1), f"the end of the read of {address}, beat {place} of {beats}"

    def take_responses():
        yield narrow.b.ready.eq(1)
        for _ in writes:
            yield
            while not (yield narrow.b.valid):
                yield

    def requested(channel):
        """The addresses of the wide beats of a request, if one has been taken, and which is the last."""
        if not (yield from moved(channel)):
            return []
        address, more, size = (yield channel.addr), (yield channel.len), (yield channel.size)
        assert address % (2 * HALF) == 0 and 1 << size == 2 * HALF
        return [(address + 2 * HALF * place, place == more) for place in range(more + 1)]

    @passive
    def serve_reads():
        due, shown = [], False
        while True:
            yield
            due += yield from requested(wide.ar)
            if shown and (yield wide.r.ready):
                due.pop(0)
                shown = False
            shown = shown or (bool(due) and not stalls())
            yield wide.ar.ready.eq(not stalls())
            yield wide.r.valid.eq(shown)
            if shown:
                address, last = due[0]
                yield wide.r.data.eq(int.from_bytes(memory[address:address + 2 * HALF], "little"))
                yield wide.r.last.eq(last)

    @passive
    def serve_writes():
        due, responses = [], 0
        while True:
            yield
            due += yield from requested(wide.aw)
            if (yield from moved(wide.w)):
                address, last = due.pop(0)
                assert (yield wide.w.last) == last, f"the end of a write, at {address}"
                data, strobe = (yield wide.w.data).to_bytes(2 * HALF, "little"), (yield wide.w.strb)
                for byte in range(2 * HALF):
                    if strobe >> byte & 1:
                        memory[address + byte] = data[byte]
                responses += last
            responses -= bool((yield from moved(wide.b)))
            yield wide.b.valid.eq(responses > 0)
            yield wide.aw.ready.eq(not stalls())
            yield wide.w.ready.eq(bool(due) and not stalls())

    words = [(int.from_bytes(word, "little"), strobe, place == len(data) - 1) for _, data in writes for place, (word, strobe) in enumerate(data)]
    run_simulation(tested, [
        send(narrow.ar, [(address, beats - 1) for address, beats in reads], ("addr", "len")),
        send(narrow.aw, [(address, len(data) - 1) for address, data in writes], ("addr", "len")),
        send(narrow.w, words, ("data", "strb", "last")),
        take_reads(),
        take_responses(),
        serve_reads(),
        serve_writes(),
    ])
    assert memory == expected, "what was written differs"
