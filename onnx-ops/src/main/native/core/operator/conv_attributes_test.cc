#include "core/operator/conv_attributes.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace subbit {
namespace {

ConvAttributes Valid() {
  ConvAttributes attributes;
  attributes.tau = 5;
  attributes.out_channels = 8;
  attributes.in_channels = 3;
  attributes.group = 2;
  return attributes;
}

struct Case {
  std::string field;
  std::function<void(ConvAttributes&)> spoil;
};

class ConvAttributesTest : public testing::TestWithParam<Case> {};

TEST_P(ConvAttributesTest, RejectsWithTheFieldsName) {
  ConvAttributes attributes = Valid();
  EXPECT_NO_THROW(Validate({"SubBitConv"}, attributes));
  GetParam().spoil(attributes);
  try {
    Validate({"SubBitConv"}, attributes);
    FAIL() << GetParam().field << " was accepted";
  } catch (const InvalidOperator& error) {
    EXPECT_EQ(error.field(), GetParam().field);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Fields, ConvAttributesTest,
    testing::Values(Case{"tau", [](ConvAttributes& a) { a.tau = 0; }},
                    Case{"tau", [](ConvAttributes& a) { a.tau = 10; }},
                    Case{"out_channels", [](ConvAttributes& a) { a.out_channels = 0; }},
                    Case{"out_channels", [](ConvAttributes& a) { a.out_channels = INT64_MAX; }},
                    Case{"in_channels", [](ConvAttributes& a) { a.in_channels = -1; }},
                    Case{"in_channels", [](ConvAttributes& a) { a.in_channels = kMaxChannels + 1; }},
                    Case{"in_channels * group", [](ConvAttributes& a) { a.in_channels = kMaxChannels; }},
                    Case{"group", [](ConvAttributes& a) { a.group = 0; }},
                    Case{"group", [](ConvAttributes& a) { a.group = 3; }},
                    Case{"strides", [](ConvAttributes& a) { a.strides[1] = 0; }},
                    Case{"strides", [](ConvAttributes& a) { a.strides[0] = INT64_MAX; }},
                    Case{"pads", [](ConvAttributes& a) { a.pads[3] = -1; }},
                    Case{"pads", [](ConvAttributes& a) { a.pads[0] = INT64_MAX; }},
                    Case{"dilations", [](ConvAttributes& a) { a.dilations[0] = 0; }},
                    Case{"dilations", [](ConvAttributes& a) { a.dilations[1] = INT64_MAX; }}));

}  // namespace
}  // namespace subbit
