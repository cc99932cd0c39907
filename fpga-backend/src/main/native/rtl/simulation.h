#pragma once

#include <verilated.h>

#include <cstdint>
#include <memory>
#include <string>

#include "rtl/axi_memory.h"
#include "rtl/simulation_api.h"

namespace subbit::fpga {

/// Set by a failed assertion of the simulation that runs.
extern thread_local std::string simulation_failure;

/// A simulated device and what holds its pins.
class Simulation {
 public:
  virtual ~Simulation() = default;
  virtual std::uint32_t Read(std::uint32_t offset) = 0;
  virtual void Write(std::uint32_t offset, std::uint32_t value) = 0;
  virtual bool Run(std::uint64_t cycles) = 0;

  /// Ends every function that lets time pass.
  void Keep() {
    if (!simulation_failure.empty()) {
      failure_ = simulation_failure;
      simulation_failure.clear();
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
    // From here on registers hold what they may.
    context_.assertOn(true);
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
    simulation_failure = "a read of a register was not answered";
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
    simulation_failure = "a write to a register was not answered";
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

  /// Registers and memories begin with any value, which for registers ends with the first reset: assertions hold after
  /// it.
  static VerilatedContext* Prepared(VerilatedContext& context, std::uint32_t seed) {
    constexpr int kEveryBit = 2;
    context.assertOn(false);
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
  AxiMemory<Model> memory_;
};

/// The simulation of the named element, or null. The file that says which elements the library has defines it.
std::unique_ptr<Simulation> OpenSimulation(const std::string& element, const SubbitRtlMemory& memory);

}  // namespace subbit::fpga
