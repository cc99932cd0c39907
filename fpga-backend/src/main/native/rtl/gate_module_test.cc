// The gate between network and bus, with datagrams that come once, twice, late, and from hosts that are no longer
// there, and a bus that answers when it likes.

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "Vsubbit_gate.h"
#include "board/gate.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {
namespace {

constexpr std::uint32_t kMemory = 0x40000000;

/// What a datagram does on the bus: words written one after the other, then words read.
struct Datagram {
  std::uint32_t address = gate::kPage;
  std::vector<std::uint32_t> written;
  std::uint8_t select = 0xF;
  std::vector<std::uint32_t> read_addresses;
};

class GateModule : public ::testing::Test {
 protected:
  GateModule() {
    m_.s_cyc = m_.s_stb = m_.m_ack = 0;
    Reset(m_);
  }

  /// One access as a Wishbone master makes it. Returns what was read.
  std::uint32_t Access(bool write, std::uint32_t address, std::uint32_t value, std::uint8_t select) {
    m_.s_cyc = 1;
    m_.s_stb = 1;
    m_.s_we = write;
    m_.s_adr = address >> 2;
    m_.s_sel = select;
    m_.s_dat_w = value;
    for (int cycle = 0; cycle < 200; ++cycle) {
      m_.m_ack = 0;
      Settle(m_);
      if (m_.m_cyc && m_.m_stb && Moves(random_)) {
        m_.m_ack = 1;
        m_.m_dat_r = memory_[m_.m_adr << 2];
        Settle(m_);
        if (m_.m_we) {
          Store(m_.m_adr << 2, m_.m_dat_w, m_.m_sel);
        }
      }
      const bool done = m_.s_ack;
      const std::uint32_t read = m_.s_dat_r;
      Edge(m_);
      if (done) {
        // The master may rest between two words, with the cycle going on.
        m_.s_stb = 0;
        m_.m_ack = 0;
        while (!Moves(random_)) {
          Settle(m_);
          EXPECT_FALSE(m_.m_stb) << "nothing is asked for";
          Edge(m_);
        }
        return read;
      }
    }
    ADD_FAILURE() << "no answer";
    return 0;
  }

  std::vector<std::uint32_t> Do(const Datagram& datagram) {
    std::uint32_t address = datagram.address;
    for (const std::uint32_t word : datagram.written) {
      Access(true, address, word, datagram.select);
      address += 4;
    }
    std::vector<std::uint32_t> read;
    for (const std::uint32_t at : datagram.read_addresses) {
      read.push_back(Access(false, at, 0, 0xF));
    }
    m_.s_cyc = 0;
    Cycle(m_);
    return read;
  }

  void Store(std::uint32_t address, std::uint32_t value, std::uint8_t select) {
    ++stores_;
    for (int byte = 0; byte < 4; ++byte) {
      if ((select >> byte & 1) != 0) {
        const std::uint32_t mask = 0xFFu << 8 * byte;
        memory_[address] = (memory_[address] & ~mask) | (value & mask);
      }
    }
  }

  static Datagram WriteOf(std::uint32_t ticket, std::uint32_t next, std::uint32_t address,
                          const std::vector<std::uint32_t>& words, std::uint8_t select = 0xF) {
    Datagram datagram{gate::kPage, {ticket, next, address}, select, {gate::kTicket, gate::kSum}};
    datagram.written.insert(datagram.written.end(), words.begin(), words.end());
    return datagram;
  }

  Vsubbit_gate m_;
  std::mt19937 random_{1};
  std::map<std::uint32_t, std::uint32_t> memory_;
  int stores_ = 0;
};

TEST_F(GateModule, LetsEveryDatagramPassOnceInOrder) {
  std::map<std::uint32_t, std::uint32_t> expected;
  std::vector<Datagram> earlier;
  std::uint32_t ticket = 0;
  int stores = 0;
  for (int i = 0; i < 300; ++i) {
    std::vector<std::uint32_t> words(static_cast<std::size_t>(Between(random_, 1, 12)));
    for (std::uint32_t& word : words) word = random_();
    const std::uint32_t address = kMemory + 4 * static_cast<std::uint32_t>(Between(random_, 0, 30));
    const auto select = static_cast<std::uint8_t>(i % 3 == 0 ? Between(random_, 1, 15) : 15);
    const std::uint32_t next = i == 0 ? random_() : ticket + 1;
    earlier.push_back(WriteOf(ticket, next, address, words, select));
    for (std::size_t k = 0; k < words.size(); ++k) {
      for (int byte = 0; byte < 4; ++byte) {
        if ((select >> byte & 1) != 0) {
          std::uint32_t& word = expected[address + 4 * static_cast<std::uint32_t>(k)];
          word = (word & ~(0xFFu << 8 * byte)) | (words[k] & 0xFFu << 8 * byte);
        }
      }
    }
    stores += static_cast<int>(words.size());
    ASSERT_EQ(Do(earlier.back()), (std::vector<std::uint32_t>{next, gate::Sum(address, words)})) << i;
    ticket = next;
    // A copy of this one finds it done and has the same reply; one of an earlier has no effect either.
    for (int copies = Between(random_, 0, 2); copies > 0; --copies) {
      const std::size_t which = static_cast<std::size_t>(random_()) % earlier.size();
      ASSERT_EQ(Do(earlier[which]), (std::vector<std::uint32_t>{next, gate::Sum(address, words)})) << i;
    }
    ASSERT_EQ(stores_, stores);
    const std::uint32_t any = kMemory + 4 * static_cast<std::uint32_t>(Between(random_, 0, 40));
    ASSERT_EQ(Do({0, {}, 0xF, {any, gate::kTicket}}), (std::vector<std::uint32_t>{expected[any], ticket})) << i;
  }
}

TEST_F(GateModule, LetsNothingPassElsewhere) {
  Do(WriteOf(0, 7, kMemory, {1}));
  Do({kMemory, {5, 6, 7}, 0xF, {}});
  Do({gate::kPage + 4096, {7, 8, kMemory, 9}, 0xF, {}});
  EXPECT_EQ(stores_, 1);
  EXPECT_EQ(memory_[kMemory], 1u);
  EXPECT_EQ(Do({0, {}, 0xF, {gate::kTicket}}).front(), 7u);
}

TEST_F(GateModule, IsClosedByATicketOfAnotherHost) {
  Do(WriteOf(0, 100, kMemory, {1}));
  Do({gate::kPage, {100, 900}, 0xF, {}});  // takes the board over
  EXPECT_EQ(Do(WriteOf(100, 101, kMemory, {2})).front(), 900u);
  EXPECT_EQ(memory_[kMemory], 1u);
  EXPECT_EQ(Do(WriteOf(900, 901, kMemory, {3})).front(), 901u);
  EXPECT_EQ(memory_[kMemory], 3u);
}

TEST_F(GateModule, BeginsAnewAfterAReset) {
  Do(WriteOf(0, 100, kMemory, {1}));
  Reset(m_);
  EXPECT_EQ(Do({0, {}, 0xF, {gate::kTicket, gate::kSum}}), (std::vector<std::uint32_t>{0, 0}));
  EXPECT_EQ(Do(WriteOf(100, 101, kMemory, {2})).front(), 0u);
  EXPECT_EQ(memory_[kMemory], 1u);
}

}  // namespace
}  // namespace subbit::fpga
