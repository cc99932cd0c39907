#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <random>

#include "rtl/simulation_api.h"

namespace subbit::fpga {

/// Device memory as an AXI4 slave, one call a clock cycle: Drive sets what the slave answers in this cycle, Clock takes
/// the handshakes of it. `Model` has the ports of subbit_simulation.sv.
template <class Model>
class AxiMemory {
 public:
  AxiMemory(const SubbitRtlMemory& memory) : memory_(memory), random_(memory.seed) {}

  void Drive(Model& m) {
    m.m_axi_arready = Open();
    m.m_axi_awready = Open();
    m.m_axi_wready = Open();
    // An answer that was raised stays until it is taken.
    if (!m.m_axi_rvalid && !reads_.empty() && reads_.front().from <= cycle_ && Open()) {
      Burst& burst = reads_.front();
      m.m_axi_rvalid = 1;
      m.m_axi_rlast = burst.beats == 1;
      m.m_axi_rresp = Holds(burst.address) ? kOkay : kSlaveError;
      if (Holds(burst.address)) {
        std::memcpy(&m.m_axi_rdata, memory_.bytes + burst.address, kBytes);
      }
    }
    if (!m.m_axi_bvalid && !answers_.empty() && answers_.front().from <= cycle_ && Open()) {
      m.m_axi_bvalid = 1;
      m.m_axi_bresp = answers_.front().response;
    }
  }

  /// Call with the outputs settled, before the clock edge; the answers are withdrawn after it.
  void Sample(const Model& m) {
    read_taken_ = m.m_axi_rvalid && m.m_axi_rready;
    answer_taken_ = m.m_axi_bvalid && m.m_axi_bready;
    if (m.m_axi_arvalid && m.m_axi_arready) {
      reads_.push_back({m.m_axi_araddr, m.m_axi_arlen + 1u, cycle_ + memory_.latency});
    }
    if (m.m_axi_awvalid && m.m_axi_awready) {
      writes_.push_back({m.m_axi_awaddr, m.m_axi_awlen + 1u, 0});
    }
    if (m.m_axi_wvalid && m.m_axi_wready) {
      Beat beat;
      std::memcpy(beat.data, &m.m_axi_wdata, kBytes);
      beat.strobe = m.m_axi_wstrb;
      beats_.push_back(beat);
    }
    while (!writes_.empty() && !beats_.empty()) {
      Write(writes_.front(), beats_.front());
      beats_.pop_front();
      if (writes_.front().beats == 0) {
        writes_.pop_front();
      }
    }
  }

  void Clock(Model& m) {
    if (read_taken_) {
      m.m_axi_rvalid = 0;
      Burst& burst = reads_.front();
      burst.address += kBytes;
      if (--burst.beats == 0) {
        reads_.pop_front();
      }
    }
    if (answer_taken_) {
      m.m_axi_bvalid = 0;
      answers_.pop_front();
    }
    ++cycle_;
  }

 private:
  static constexpr std::size_t kBytes = sizeof(Model::m_axi_rdata);
  static constexpr std::uint8_t kOkay = 0;
  static constexpr std::uint8_t kSlaveError = 2;

  struct Burst {
    std::uint64_t address;
    std::uint32_t beats;
    std::uint64_t from;
  };
  struct Beat {
    std::uint8_t data[kBytes];
    std::uint32_t strobe;
  };
  struct Answer {
    std::uint64_t from;
    std::uint8_t response;
  };

  bool Open() { return memory_.stall_percent == 0 || random_() % 100 >= memory_.stall_percent; }
  bool Holds(std::uint64_t address) const { return address + kBytes <= memory_.size; }

  void Write(Burst& burst, const Beat& beat) {
    if (!Holds(burst.address)) {
      response_ = kSlaveError;
    } else {
      for (std::size_t i = 0; i < kBytes; ++i) {
        if ((beat.strobe >> i & 1) != 0) {
          memory_.bytes[burst.address + i] = beat.data[i];
        }
      }
    }
    burst.address += kBytes;
    if (--burst.beats == 0) {
      answers_.push_back({cycle_ + memory_.latency, response_});
      response_ = kOkay;
    }
  }

  SubbitRtlMemory memory_;
  std::mt19937 random_;
  std::deque<Burst> reads_;
  std::deque<Burst> writes_;
  std::deque<Beat> beats_;
  std::deque<Answer> answers_;
  std::uint8_t response_ = kOkay;
  std::uint64_t cycle_ = 0;
  bool read_taken_ = false;
  bool answer_taken_ = false;
};

}  // namespace subbit::fpga
