// Part of programs and libraries whose models count what runs in them (SUBBIT_RTL_COVERAGE): writes the counts when the
// program ends, into the folder that the environment variable SUBBIT_RTL_COVERAGE names, one file per process.

#include <unistd.h>
#include <verilated.h>
#include <verilated_cov.h>

#include <cstdlib>
#include <string>

namespace {

struct Writer {
  // What is made first is destroyed last.
  Writer() { Verilated::defaultContextp()->coveragep(); }
  ~Writer() {
    if (const char* folder = std::getenv("SUBBIT_RTL_COVERAGE"); folder != nullptr) {
      Verilated::defaultContextp()->coveragep()->write(std::string(folder) + "/" + std::to_string(getpid()) + ".dat");
    }
  }
};

const Writer writer;

}  // namespace
