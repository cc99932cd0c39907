"""The board table: what a host must know of a board, in the board itself. docs/DEVICE.md describes it.

It names the addresses of the engine's registers and of memory, and says how memory is brought up: LiteX's own sequence for
its DDR3, which a processor in the design would run, as a list of steps, and what levelling needs.
"""

from litedram.init import get_sdram_phy_init_sequence

MAGIC = int.from_bytes(b"SBBD", "little")
VERSION = 1
WORDS = 256

# Kinds of steps.
WRITE, WAIT = 1, 2

# Bits of the DFI injector's registers (litedram/dfii.py), as LiteX's generated header defines them.
DFII = {
    "DFII_CONTROL_SEL": 1, "DFII_CONTROL_CKE": 2, "DFII_CONTROL_ODT": 4, "DFII_CONTROL_RESET_N": 8,
    "DFII_COMMAND_CS": 1, "DFII_COMMAND_WE": 2, "DFII_COMMAND_CAS": 4, "DFII_COMMAND_RAS": 8,
}


def csr_addresses(soc):
    """The address of each of LiteX's registers, by its name in LiteX's own lists."""
    found = {}
    for name, region in soc.csr.regions.items():
        address = region.origin
        for csr in region.obj:
            found[f"{name}_{csr.name}"] = address
            address += 4 * ((csr.size + 31) // 32)
    return found


def bring_up(soc, csr):
    """The steps of LiteX's initialisation: kind, address, value; or kind, microseconds, 0."""
    control = csr["sdram_dfii_control"]
    software = DFII["DFII_CONTROL_CKE"] | DFII["DFII_CONTROL_ODT"] | DFII["DFII_CONTROL_RESET_N"]
    steps = [(WRITE, control, software)]
    sequence, _ = get_sdram_phy_init_sequence(soc.sdram.controller.settings.phy, soc.sdram.controller.settings.timing)
    for _, address, bank, command, cycles in sequence:
        value = sum(DFII[name] for name in command.split("|"))
        steps += [(WRITE, csr["sdram_dfii_pi0_address"], address), (WRITE, csr["sdram_dfii_pi0_baddress"], bank)]
        if command.startswith("DFII_CONTROL"):
            steps.append((WRITE, control, value))
        else:
            steps += [(WRITE, csr["sdram_dfii_pi0_command"], value), (WRITE, csr["sdram_dfii_pi0_command_issue"], 1)]
        if cycles:
            steps.append((WAIT, max(1, -int(-cycles * 1e6 // soc.clk_freq)), 0))
    return steps


def levelling(soc, csr):
    """What levelling the reads needs, or nothing where the PHY has nothing to level."""
    phy = soc.sdram.controller.settings.phy
    if not phy.read_leveling:
        return []
    per_phase = [csr[f"sdram_dfii_pi{phase}_{name}"] for phase in range(phy.nphases) for name in ("command", "command_issue", "address", "baddress", "wrdata", "rddata")]
    names = ("dly_sel", "rdly_dq_rst", "rdly_dq_inc", "rdly_dq_bitslip_rst", "rdly_dq_bitslip", "burstdet_clr", "burstdet_seen")
    return [
        phy.databits // 8, phy.delays, phy.bitslips, phy.nphases, int(phy.rdphase), int(phy.wrphase), phy.dfi_databits // 32,
        *per_phase, *(csr[f"ddrphy_{name}"] for name in names),
    ]


def of(soc, registers, memory, memory_bytes):
    """The words of the table, whose sum is 0 modulo 2^32."""
    csr = csr_addresses(soc)
    steps, level = bring_up(soc, csr), levelling(soc, csr)
    words = [MAGIC, VERSION, 0, registers, memory, memory_bytes, csr["sdram_dfii_control"], len(steps), len(level)]
    words += [word for step in steps for word in step] + level
    words.append(0)
    words[2] = len(words)
    words[-1] = -sum(words) % (1 << 32)
    if len(words) > WORDS:
        raise ValueError(f"the board table has {len(words)} words, more than the {WORDS} that have room")
    return words
