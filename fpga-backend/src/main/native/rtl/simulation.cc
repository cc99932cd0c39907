// The simulation library behind simulation_api.h. Which elements it has, says another file: simulated_elements.cc, or
// that of a netlist.

#include "rtl/simulation.h"

namespace subbit::fpga {

thread_local std::string simulation_failure;

}  // namespace subbit::fpga

namespace {

subbit::fpga::Simulation* Of(void* simulation) { return static_cast<subbit::fpga::Simulation*>(simulation); }

}  // namespace

// Verilator calls these where an assertion fails or the simulation cannot go on; by default they end the process.
void vl_stop(const char* filename, int line, const char*) {
  subbit::fpga::simulation_failure =
      std::string(filename) + ":" + std::to_string(line) + ": an assertion of the hardware description failed";
}
void vl_finish(const char* filename, int line, const char* hierarchy) { vl_stop(filename, line, hierarchy); }
void vl_fatal(const char* filename, int line, const char*, const char* message) {
  subbit::fpga::simulation_failure = std::string(filename) + ":" + std::to_string(line) + ": " + message;
}

extern "C" {

void* subbit_rtl_open(const char* element, const SubbitRtlMemory* memory) {
  return subbit::fpga::OpenSimulation(element, *memory).release();
}

void subbit_rtl_close(void* simulation) { delete Of(simulation); }

uint32_t subbit_rtl_read32(void* simulation, uint32_t offset) {
  const uint32_t value = Of(simulation)->Read(offset);
  Of(simulation)->Keep();
  return value;
}

void subbit_rtl_write32(void* simulation, uint32_t offset, uint32_t value) {
  Of(simulation)->Write(offset, value);
  Of(simulation)->Keep();
}

int subbit_rtl_run(void* simulation, uint64_t cycles) {
  const bool raised = Of(simulation)->Run(cycles);
  Of(simulation)->Keep();
  return raised ? 1 : 0;
}

const char* subbit_rtl_failure(void* simulation) { return Of(simulation)->failure_text(); }

}  // extern "C"
