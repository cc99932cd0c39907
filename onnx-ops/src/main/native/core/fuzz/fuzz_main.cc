// Runs one of the program's targets under libFuzzer: PROGRAM --target=NAME [argument of libFuzzer ...]. With --targets
// it lists them.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "core/fuzz/fuzz_target.h"

namespace {

subbit::FuzzTarget chosen{nullptr, nullptr};

void Choose(const std::string& name) {
  for (const subbit::FuzzTarget& target : subbit::FuzzTargets()) {
    if (name == target.name) chosen = target;
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  const std::string option = "--target=";
  for (int i = 1; i < *argc; ++i) {
    const std::string argument = (*argv)[i];
    if (argument == "--targets") {
      for (const subbit::FuzzTarget& target : subbit::FuzzTargets()) std::puts(target.name);
      std::exit(0);
    }
    if (argument.rfind(option, 0) == 0) Choose(argument.substr(option.size()));
  }
  if (chosen.run == nullptr) {
    std::fputs("Name a target: --target=NAME; --targets lists them.\n", stderr);
    std::exit(2);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  subbit::FuzzInput input(data, size);
  chosen.run(&input);
  return 0;
}
