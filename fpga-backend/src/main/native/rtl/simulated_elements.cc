// The elements of the simulation library: subbit_simulation.sv with the parameters of each, built by Verilator.

#include "Vsubbit_binary.h"
#include "Vsubbit_paper.h"
#include "Vsubbit_shared.h"
#include "Vsubbit_tables.h"
#include "Vsubbit_tables32.h"
#include "rtl/simulation.h"

namespace subbit::fpga {

std::unique_ptr<Simulation> OpenSimulation(const std::string& element, const SubbitRtlMemory& memory) {
  if (element == "paper") {
    return std::make_unique<SimulationOf<Vsubbit_paper>>(memory);
  }
  if (element == "shared") {
    return std::make_unique<SimulationOf<Vsubbit_shared>>(memory);
  }
  if (element == "binary") {
    return std::make_unique<SimulationOf<Vsubbit_binary>>(memory);
  }
  if (element == "tables") {
    return std::make_unique<SimulationOf<Vsubbit_tables>>(memory);
  }
  if (element == "tables32") {
    return std::make_unique<SimulationOf<Vsubbit_tables32>>(memory);
  }
  return nullptr;
}

}  // namespace subbit::fpga
