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

}  // namespace subbit::fpga
