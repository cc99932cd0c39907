#include "board/board.h"

#include <cstdlib>

namespace subbit::fpga {

std::string BoardRoot() {
  const char* root = std::getenv("SUBBIT_FPGA_ROOT");
  std::string path = root == nullptr ? "" : root;
  while (!path.empty() && path.back() == '/') {
    path.pop_back();
  }
  return path;
}

const char* WhyNoBoards() {
#ifdef __linux__
  return nullptr;
#else
  return "boards are reached through drivers of Linux, which this system does not have";
#endif
}

}  // namespace subbit::fpga
