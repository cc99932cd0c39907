#pragma once

#include <stdint.h>

/* The simulation library as its loader sees it: plain C, so that neither side depends on the other's C++ runtime. Not
 * thread-safe. Every function takes what subbit_rtl_open returned. */

#define SUBBIT_RTL_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/** How device memory behaves on the bus. */
struct SubbitRtlMemory {
  /** Device memory from address 0. Reads and writes beyond it are answered with an error on the bus. */
  uint8_t* bytes;
  uint64_t size;
  /** Cycles from an address to its first data, and from the last data of a write to its response. */
  uint32_t latency;
  /** Of 100 cycles, how many each channel of the bus stands still, at random. */
  uint32_t stall_percent;
  /** Of the stalls, and of the values with which registers and memories begin that no reset sets; not 0. */
  uint32_t seed;
};

/** A simulation of the named element (device/element.h), out of reset; null where there is none of that name. */
SUBBIT_RTL_API void* subbit_rtl_open(const char* element, const struct SubbitRtlMemory* memory);
SUBBIT_RTL_API void subbit_rtl_close(void* simulation);

/** Registers, over the simulated AXI4-Lite bus; clock cycles pass. */
SUBBIT_RTL_API uint32_t subbit_rtl_read32(void* simulation, uint32_t offset);
SUBBIT_RTL_API void subbit_rtl_write32(void* simulation, uint32_t offset, uint32_t value);

/** Lets up to `cycles` clock cycles pass; returns 1, at once, when the interrupt is raised, else 0. */
SUBBIT_RTL_API int subbit_rtl_run(void* simulation, uint64_t cycles);

/** What broke a rule of the bus or an assertion, or null. */
SUBBIT_RTL_API const char* subbit_rtl_failure(void* simulation);

#ifdef __cplusplus
}
#endif
