#include <cstdio>
#include <cstdlib>

#include "core/fuzz/fuzz_target.h"

namespace subbit {

void Finding(const std::string& what) {
  std::fprintf(stderr, "Finding: %s\n", what.c_str());
  std::abort();
}

}  // namespace subbit
