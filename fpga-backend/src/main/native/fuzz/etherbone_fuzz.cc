#include <numeric>
#include <vector>

#include "board/board.h"
#include "board/board_table.h"
#include "board/etherbone.h"
#include "fuzz/targets.h"

namespace subbit::fpga {
namespace {

void FuzzReply(FuzzInput* input) {
  const auto number = input->Any<std::uint32_t>();
  std::vector<std::uint32_t> words(static_cast<std::size_t>(input->Within(1, 255)));
  // A reply as it should be, but for what the input has of it.
  std::vector<std::uint8_t> bytes = {0x4E, 0x6F, 0x10, 0x44, 0, 0, 0, 0, 0, 0xF, 0, 0};
  bytes[10] = static_cast<std::uint8_t>(words.size());
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<std::uint8_t>(number >> shift));
  }
  bytes.resize(input->Once(2) ? static_cast<std::size_t>(input->Within(0, 1040)) : 16 + 4 * words.size());
  for (std::int64_t changes = input->Within(0, 3); changes > 0 && !bytes.empty(); --changes) {
    bytes[static_cast<std::size_t>(input->Within(0, static_cast<std::int64_t>(bytes.size()) - 1))] =
        input->Any<std::uint8_t>();
  }
  // In a block of its own, so that a sanitizer sees what is read beyond it.
  const std::vector<std::uint8_t> datagram(bytes);
  if (etherbone::DecodeReply(datagram.data(), datagram.size(), number, &words) &&
      datagram.size() != 16 + 4 * words.size()) {
    Finding("a reply of " + std::to_string(datagram.size()) + " bytes is taken for " + std::to_string(words.size()) +
            " words");
  }
}

void FuzzTable(FuzzInput* input) {
  const auto steps = static_cast<std::uint32_t>(input->Within(0, 5));
  const auto levelling = static_cast<std::uint32_t>(input->Once(2) ? 0 : input->Within(0, 60));
  std::vector<std::uint32_t> words = {BoardTable::kMagic,
                                      BoardTable::kVersion,
                                      10 + 3 * steps + levelling,
                                      0x90000000,
                                      0x40000000,
                                      1 << 20,
                                      0xF0000000,
                                      steps,
                                      levelling};
  while (words.size() + 1 < words[2]) {
    words.push_back(input->Once(8) ? input->Any<std::uint32_t>() : static_cast<std::uint32_t>(input->Within(0, 8)));
  }
  for (std::int64_t changes = input->Within(0, 2); changes > 0; --changes) {
    words[static_cast<std::size_t>(input->Within(0, 8))] = input->Any<std::uint32_t>();
  }
  words.push_back(0 - std::accumulate(words.begin(), words.end(), std::uint32_t{0}));
  try {
    const BoardTable table = BoardTable::Parse(words);
    if (table.steps.size() > BoardTable::kMostWords ||
        (table.levelling && table.levelling->phases.size() <= table.levelling->read_phase)) {
      Finding("a board table is taken that contradicts itself");
    }
  } catch (const BoardError&) {
    // As documented.
  }
}

}  // namespace

void FuzzEtherbone(FuzzInput* input) {
  FuzzReply(input);
  FuzzTable(input);
}

}  // namespace subbit::fpga
