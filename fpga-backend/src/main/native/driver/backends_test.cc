#include "driver/backends.h"

#include <gtest/gtest.h>

namespace subbit::fpga {
namespace {

/// The message of the exception E that choosing `name` ends in.
template <typename E>
std::string ChoiceError(const std::string& name) {
  try {
    ChooseBackend(name);
  } catch (const E& e) {
    return e.what();
  }
  ADD_FAILURE() << name << " was accepted";
  return "";
}

TEST(Backends, AutoTakesTheEmulatorWhereThereIsNoBoard) {
  EXPECT_EQ(ChooseBackend("auto"), "emulator");
  EXPECT_EQ(ChooseBackend("emulator"), "emulator");
}

TEST(Backends, SaysWhatToChooseInstead) {
  for (const char* name : {"xdma", "uio", "etherbone"}) {
    const std::string message = ChoiceError<UnavailableBackend>(name);
    EXPECT_NE(message.find(name), std::string::npos) << message;
    EXPECT_NE(message.find("Choose 'emulator'"), std::string::npos) << message;
  }
}

TEST(Backends, ListsTheNamesWhereOneIsUnknown) {
  const std::string message = ChoiceError<UnknownBackend>("fpga9");
  for (const char* name : {"fpga9", "auto", "emulator", "rtl", "xdma", "uio", "etherbone"}) {
    EXPECT_NE(message.find(name), std::string::npos) << message;
  }
}

TEST(Backends, SharesOneDeviceWhileSomebodyHoldsIt) {
  const auto first = OpenBackend("emulator");
  EXPECT_EQ(OpenBackend("emulator"), first);
  EXPECT_NE(OpenBackend("emulator:shared"), first) << "another processing element is another device";
}

}  // namespace
}  // namespace subbit::fpga
