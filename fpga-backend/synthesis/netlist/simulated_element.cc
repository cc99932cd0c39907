// The one element of the simulation library of a netlist (netlist.py): that of which the netlist was made.

#include "Vsubbit_simulation.h"
#include "rtl/simulation.h"

namespace subbit::fpga {

std::unique_ptr<Simulation> OpenSimulation(const std::string& element, const SubbitRtlMemory& memory) {
  return element == SUBBIT_ELEMENT ? std::make_unique<SimulationOf<Vsubbit_simulation>>(memory) : nullptr;
}

}  // namespace subbit::fpga
