#pragma once

#include <string>
#include <vector>

#include "core/fuzz/fuzz_input.h"

namespace subbit {

/// Something that is run on inputs of any content, by libFuzzer (fuzz_main.cc) and, in every build, by a test
/// (corpus_test.cc). It returns, whatever the input; it ends the process by Finding if a result is wrong.
struct FuzzTarget {
  const char* name;
  void (*run)(FuzzInput* input);
};

/// The targets of the program; each program defines its own.
std::vector<FuzzTarget> FuzzTargets();

/// Says what is wrong and aborts.
[[noreturn]] void Finding(const std::string& what);

}  // namespace subbit
