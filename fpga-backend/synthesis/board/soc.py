"""The board's design without the engine's own sources, by LiteX: memory, network, and the engine between them.

    host ── UDP ── inlet (inlet.py) ── LiteEth's Etherbone ── subbit_gate ── bus ─┬─ subbit_block: registers
                                                                                  ├─ LiteDRAM ◄── widener ◄── subbit_block: AXI4 master
                                                                                  ├─ board table (table.py)
                                                                                  └─ LiteX's own registers

There is no processor: the host brings the memory up. The same system is made for a board (`for_ecpix5`) and for simulation
(`for_simulation`), where models take the places of the chips around the FPGA.
"""

from litedram import modules
from litedram.frontend.axi import LiteDRAMAXI2Native
from liteeth.core import LiteEthUDPIPCore
from liteeth.frontend.etherbone import LiteEthEtherbone
from litex.build.sim import SimPlatform
from litex.gen import LiteXModule
from litex.soc.integration.soc import SoCRegion
from litex.soc.integration.soc_core import SoCMini
from litex.soc.interconnect import axi, wishbone
from migen import ClockSignal, Instance, ResetSignal, Signal

import inlet
import table
import widener

# Where the host finds things. It knows the first two; the others it reads in the board table. The gate's page is that of
# subbit_gate.sv.
BOARD_TABLE = 0xA0000000
MEMORY = 0x40000000
REGISTERS = 0x90000000
CSR = 0xF0000000
MEMORY_BYTES = 512 << 20

# A board's addresses in the network, unless it is given others.
MAC = 0x10E2D5000000
IP = "192.168.1.50"
PORT = 1234

# Words of the largest record that LiteEth keeps while it works through it; its counts of words have eight bits.
DATAGRAM_WORDS = 256

# What the engine reads and writes; subbit_device.sv explains the parameters. The layers of integer networks need a bus of 64 bits, half
# of LiteDRAM's.
ENGINE = {"MEMORY_BYTES": f"64'd{MEMORY_BYTES}", "DATA_WIDTH": 64, "ADDR_WIDTH": 32}


class Engine(LiteXModule):
    """subbit_block on the bus (registers) and on a port of LiteDRAM (memory)."""

    def __init__(self, port, parameters):
        self.registers = axi.AXILiteInterface(data_width=32, address_width=32)
        self.memory = axi.AXIInterface(data_width=ENGINE["DATA_WIDTH"], address_width=32, id_width=1)
        wide = axi.AXIInterface(data_width=port.data_width, address_width=32, id_width=1)
        self.irq = Signal()
        pins = {"i_aclk": ClockSignal(), "i_aresetn": ~ResetSignal(), "o_irq": self.irq}
        # The host's side drives what is to be done, and the engine what it answers; on the memory's side the reverse.
        pins |= self.channels("s_axi", self.registers, "i", "o", {"aw": "addr", "w": "data strb", "b": "resp", "ar": "addr", "r": "data resp"})
        pins["i_s_axi_awaddr"] = self.registers.aw.addr[:12]
        pins["i_s_axi_araddr"] = self.registers.ar.addr[:12]
        pins |= {"i_s_axi_awprot": 0, "i_s_axi_arprot": 0}
        address = "addr len size burst"
        pins |= self.channels("m_axi", self.memory, "o", "i", {"aw": address, "w": "data strb last", "b": "resp", "ar": address, "r": "data resp last"})
        self.specials += Instance("subbit_block", **{f"p_{name}": Instance.PreformattedParam(value) for name, value in parameters.items()}, **pins)
        self.widener = widener.Widener(self.memory, wide)
        self.to_memory = LiteDRAMAXI2Native(wide, port)

    @staticmethod
    def channels(prefix, bus, to, back, signals):
        """The pins of a bus whose requests go in direction `to` and whose answers come `back`, as seen from the engine."""
        pins = {}
        for channel, names in signals.items():
            forth, reverse = (back, to) if channel in "br" else (to, back)
            endpoint = getattr(bus, channel)
            pins |= {f"{forth}_{prefix}_{channel}{name}": getattr(endpoint, name) for name in names.split()}
            pins |= {f"{forth}_{prefix}_{channel}valid": endpoint.valid, f"{reverse}_{prefix}_{channel}ready": endpoint.ready}
        return pins


class Gate(LiteXModule):
    """subbit_gate behind a Wishbone master."""

    def __init__(self, master):
        self.bus = wishbone.Interface(data_width=32, adr_width=30, addressing="word")
        pins = {"i_clk": ClockSignal(), "i_rst": ResetSignal()}
        for prefix, bus, to, back in (("s", master, "i", "o"), ("m", self.bus, "o", "i")):
            pins |= {f"{to}_{prefix}_{name}": getattr(bus, name) for name in ("cyc", "stb", "we", "adr", "sel", "dat_w")}
            pins |= {f"{back}_{prefix}_{name}": getattr(bus, name) for name in ("dat_r", "ack")}
        self.specials += Instance("subbit_gate", **pins)


class Board(SoCMini):
    """The system. The engine is added last, since it takes a port of the memory."""

    mem_map = {**SoCMini.mem_map, "csr": CSR}

    def __init__(self, platform, clock_hz):
        # Cycles after which an access to where nothing is ends.
        super().__init__(platform, clock_hz, ident="", ident_version=False, bus_timeout=4096)

    def add_memory(self, phy, module):
        self.ddrphy = phy
        # No cache: it would keep from the host what the engine writes.
        self.add_sdram("sdram", phy=phy, module=module, origin=MEMORY, size=MEMORY_BYTES, l2_cache_size=0)

    def add_network(self, phy, mac, ip, port):
        self.ethphy = phy
        # On 32 bits, the network's own clock drives little but the PHY, and meets 125 MHz.
        self.network = LiteEthUDPIPCore(
            phy=phy, mac_address=mac, ip_address=ip, clk_freq=self.clk_freq, arp_entries=4, dw=32, with_ip_broadcast=False, with_sys_datapath=True)
        self.inlet = inlet.Inlet(DATAGRAM_WORDS, depth=4 * DATAGRAM_WORDS)
        self.etherbone = LiteEthEtherbone(inlet.Behind(self.network.udp, self.inlet), port, buffer_depth=DATAGRAM_WORDS)
        record = self.etherbone.record
        self.comb += [
            self.inlet.consumed.eq(record.receiver.fifo.source.valid & record.receiver.fifo.source.ready),
            self.inlet.replied.eq(record.sender.source.valid & record.sender.source.ready & record.sender.source.last),
        ]
        self.gate = Gate(self.etherbone.wishbone.bus)
        self.bus.add_master("etherbone", master=self.gate.bus)

    def add_engine(self, parameters):
        """`parameters` of the engine, if the tool that reads the design is to set them here."""
        self.engine = Engine(self.sdram.crossbar.get_port(), parameters)
        self.bus.add_slave("subbit", self.engine.registers, SoCRegion(origin=REGISTERS, size=0x1000, cached=False))
        self.add_rom("board_table", origin=BOARD_TABLE, size=4 * table.WORDS)

    def generate(self, folder):
        """Writes board.v and, for a board, the pins (board.lpf) to `folder`."""
        self.finalize()
        words = table.of(self, registers=REGISTERS, memory=MEMORY, memory_bytes=MEMORY_BYTES)
        self.init_rom("board_table", words, auto_size=False)
        if isinstance(self.platform, SimPlatform):
            # LiteX's own build would make a simulator of it, for which it needs more than is here.
            fragment = self.get_fragment()
            self.platform.finalize(fragment)
            verilog = self.platform.get_verilog(fragment, name="board")
            for name, text in {"board.v": verilog.main_source, **verilog.data_files}.items():
                (folder / name).write_text(text, encoding="utf-8")
        else:
            self.platform.build(self, build_dir=str(folder), build_name="board", run=False)


def for_ecpix5(clock_hz, mac, ip, port):
    """LambdaConcept's ECPIX-5 with an LFE5UM5G-85F: 512 MiB of DDR3, gigabit Ethernet."""
    from litedram.phy import ECP5DDRPHY
    from liteeth.phy.ecp5rgmii import LiteEthPHYRGMII
    from litex_boards.platforms import lambdaconcept_ecpix5
    from litex_boards.targets.lambdaconcept_ecpix5 import _CRG

    platform = lambdaconcept_ecpix5.Platform(device="85F", toolchain="trellis")
    board = Board(platform, clock_hz)
    board.crg = _CRG(platform, clock_hz)
    phy = ECP5DDRPHY(platform.request("ddram"), sys_clk_freq=clock_hz)
    board.comb += board.crg.stop.eq(phy.init.stop), board.crg.reset.eq(phy.init.reset)
    board.add_memory(phy, modules.MT41K256M16(clock_hz, "1:2"))
    network = LiteEthPHYRGMII(clock_pads=platform.request("eth_clocks"), pads=platform.request("eth"), rx_delay=0)
    board.add_network(network, mac, ip, port)
    board.add_engine({})
    return board


def for_simulation(port, parameters):
    """The same between models: bytes of Ethernet frames in and out, and memory without a PHY to be levelled."""
    from litedram.phy.model import SDRAMPHYModel
    from liteeth.phy.model import LiteEthPHYModel
    from litex.build.generic_platform import Pins, Subsignal
    from litex.build.io import CRG
    clock_hz = 100e6
    pins = [
        ("clock", 0, Pins(1)),
        ("reset", 0, Pins(1)),
        ("eth", 0, *(Subsignal(f"{side}_{name}", Pins(8 if name == "data" else 1)) for side in ("source", "sink") for name in ("valid", "ready", "data"))),
    ]
    platform = SimPlatform("SIM", pins)
    board = Board(platform, clock_hz)
    board.crg = CRG(platform.request("clock"), rst=platform.request("reset"))
    module = modules.MT41K256M16(clock_hz, "1:4")
    board.add_memory(SDRAMPHYModel(module, data_width=16, clk_freq=clock_hz), module)
    board.add_network(LiteEthPHYModel(platform.request("eth")), MAC, IP, port)
    board.add_engine(parameters)
    return board
