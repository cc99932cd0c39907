// Runs every fuzz target of the program on random bytes, always the same ones, and on the inputs in SUBBIT_FUZZ_DIR,
// which once were findings. A finding ends the process.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "core/fuzz/fuzz_target.h"

namespace subbit {
namespace {

constexpr int kRandomInputs = 40;

class Corpus : public testing::TestWithParam<FuzzTarget> {
 protected:
  static void Run(const std::vector<std::uint8_t>& bytes) {
    FuzzInput input(bytes.data(), bytes.size());
    GetParam().run(&input);
  }
};

TEST_P(Corpus, RandomBytesGiveNoFinding) {
  std::mt19937 random(1);
  for (int i = 0; i < kRandomInputs; ++i) {
    std::vector<std::uint8_t> bytes(random() % 300);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    Run(bytes);
  }
}

TEST_P(Corpus, FormerFindingsGiveNone) {
  const std::filesystem::path folder = std::filesystem::path(SUBBIT_FUZZ_DIR) / GetParam().name;
  if (!std::filesystem::exists(folder)) return;
  std::vector<std::filesystem::path> files(std::filesystem::directory_iterator(folder), {});
  std::sort(files.begin(), files.end());
  for (const std::filesystem::path& file : files) {
    SCOPED_TRACE(file);
    std::ifstream in(file, std::ios::binary);
    Run({std::istreambuf_iterator<char>(in), {}});
  }
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Corpus, testing::ValuesIn(FuzzTargets()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace subbit
