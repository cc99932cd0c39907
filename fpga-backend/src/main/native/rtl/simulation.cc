// The simulation library: subbit_simulation.sv for every element, built by Verilator, behind simulation_api.h.

#include <verilated.h>

#include <cstring>
#include <memory>
#include <string>

#include "Vsubbit_binary.h"
#include "Vsubbit_paper.h"
#include "Vsubbit_shared.h"
#include "Vsubbit_tables.h"
#include "Vsubbit_tables32.h"
#include "rtl/axi_memory.h"
#include "rtl/simulation_api.h"

namespace {

/// Set by a failed assertion of the simulation that runs.
thread_local std::string failure;

/// A simulated device and what holds its pins.
class Simulation {
 public:
  virtual ~Simulation() = default;
  virtual std::uint32_t Read(std::uint32_t offset) = 0;
  virtual void Write(std::uint32_t offset, std::uint32_t value) = 0;
  virtual bool Run(std::uint64_t cycles) = 0;

  /// Ends every function that lets time pass.
  void Keep() {
    if (!failure.empty()) {
      failure_ = failure;
      failure.clear();
    }
  }
  const char* failure_text() const { return failure_.empty() ? nullptr : failure_.c_str(); }

 private:
  std::string failure_;
};

template <class Model>
class SimulationOf final : public Simulation {
 public:
  explicit SimulationOf(const SubbitRtlMemory& memory) : model_(Prepared(context_, memory.seed)), memory_(memory) {
    // The pins, too, begin with any value.
    model_.s_axi_awvalid = model_.s_axi_wvalid = model_.s_axi_arvalid = 0;
    model_.s_axi_bready = model_.s_axi_rready = 0;
    model_.m_axi_arready = model_.m_axi_awready = model_.m_axi_wready = 0;
    model_.m_axi_rvalid = model_.m_axi_bvalid = 0;
    model_.aresetn = 0;
    for (int i = 0; i < 4; ++i) {
      // The memory is in reset, too.
      model_.aclk = 0;
      model_.eval();
      model_.aclk = 1;
      model_.eval();
    }
    model_.aresetn = 1;
    Cycle();
  }

  ~SimulationOf() override { model_.final(); }

  // The contract lets no access to a register wait for what the device is doing.
  std::uint32_t Read(std::uint32_t offset) override {
    model_.s_axi_araddr = offset;
    model_.s_axi_arvalid = 1;
    model_.s_axi_rready = 1;
    for (int i = 0; i < kAnswerCycles; ++i) {
      const bool taken = Settle() && model_.s_axi_arready;
      const bool answered = model_.s_axi_rvalid;
      const std::uint32_t value = model_.s_axi_rdata;
      Edge();
      if (taken) {
        model_.s_axi_arvalid = 0;
      }
      if (answered) {
        model_.s_axi_rready = 0;
        return value;
      }
    }
    failure = "a read of a register was not answered";
    return kAbsent;
  }

  void Write(std::uint32_t offset, std::uint32_t value) override {
    model_.s_axi_awaddr = offset;
    model_.s_axi_wdata = value;
    model_.s_axi_awvalid = model_.s_axi_wvalid = 1;
    model_.s_axi_bready = 1;
    for (int i = 0; i < kAnswerCycles; ++i) {
      const bool taken = Settle() && model_.s_axi_awready;
      const bool answered = model_.s_axi_bvalid;
      Edge();
      if (taken) {
        model_.s_axi_awvalid = model_.s_axi_wvalid = 0;
      }
      if (answered) {
        model_.s_axi_bready = 0;
        return;
      }
    }
    failure = "a write to a register was not answered";
  }

  bool Run(std::uint64_t cycles) override {
    for (std::uint64_t i = 0; i < cycles && !model_.irq; ++i) {
      Cycle();
    }
    return model_.irq;
  }

 private:
  static constexpr std::uint32_t kAbsent = 0xFFFFFFFF;
  static constexpr int kAnswerCycles = 100;

  /// Registers and memories without a reset begin with any value.
  static VerilatedContext* Prepared(VerilatedContext& context, std::uint32_t seed) {
    constexpr int kEveryBit = 2;
    context.randReset(kEveryBit);
    context.randSeed(static_cast<int>(seed));
    return &context;
  }

  bool Settle() {
    memory_.Drive(model_);
    model_.aclk = 0;
    model_.eval();
    return true;
  }
  void Edge() {
    memory_.Sample(model_);
    model_.aclk = 1;
    model_.eval();
    memory_.Clock(model_);
  }
  void Cycle() {
    Settle();
    Edge();
  }

  VerilatedContext context_;
  Model model_;
  subbit::fpga::AxiMemory<Model> memory_;
};

Simulation* Of(void* simulation) { return static_cast<Simulation*>(simulation); }

}  // namespace

// Verilator calls these where an assertion fails or the simulation cannot go on; by default they end the process.
void vl_stop(const char* filename, int line, const char*) {
  failure = std::string(filename) + ":" + std::to_string(line) + ": an assertion of the hardware description failed";
}
void vl_finish(const char* filename, int line, const char* hierarchy) { vl_stop(filename, line, hierarchy); }
void vl_fatal(const char* filename, int line, const char*, const char* message) {
  failure = std::string(filename) + ":" + std::to_string(line) + ": " + message;
}

extern "C" {

void* subbit_rtl_open(const char* element, const SubbitRtlMemory* memory) {
  const std::string name = element;
  if (name == "paper") {
    return static_cast<Simulation*>(new SimulationOf<Vsubbit_paper>(*memory));
  }
  if (name == "shared") {
    return static_cast<Simulation*>(new SimulationOf<Vsubbit_shared>(*memory));
  }
  if (name == "binary") {
    return static_cast<Simulation*>(new SimulationOf<Vsubbit_binary>(*memory));
  }
  if (name == "tables") {
    return static_cast<Simulation*>(new SimulationOf<Vsubbit_tables>(*memory));
  }
  if (name == "tables32") {
    return static_cast<Simulation*>(new SimulationOf<Vsubbit_tables32>(*memory));
  }
  return nullptr;
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
