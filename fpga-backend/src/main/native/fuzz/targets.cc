#include "fuzz/targets.h"

namespace subbit {

std::vector<FuzzTarget> FuzzTargets() {
  return {{"emulator", fpga::FuzzEmulator},
          {"etherbone", fpga::FuzzEtherbone},
          {"driver", fpga::FuzzDriver},
          {"network", fpga::FuzzNetwork},
          {"hostile_device", fpga::FuzzHostileDevice}};
}

}  // namespace subbit
