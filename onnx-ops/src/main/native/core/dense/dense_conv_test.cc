// How the words of short rows are read. That results are right is tested with all other kernels, in
// kernel_choice_test.cc.

#include "core/dense/dense_conv.h"

#include <gtest/gtest.h>

namespace subbit {
namespace {

DenseKernels Kernels(bool loads_spans) { return {"test", 1, loads_spans, nullptr, nullptr, {}}; }

/// Of a layer with padding 1 and as many output channels as input channels.
DenseReading Reading(bool loads_spans, std::int64_t size, std::int64_t channels) {
  ConvAttributes attributes;
  attributes.tau = 1;
  attributes.in_channels = attributes.out_channels = channels;
  attributes.pads = {1, 1, 1, 1};
  const PhasePlanes planes(MakeGeometry({"test"}, attributes, {1, channels, size, size}));
  return ChooseDenseReading(Kernels(loads_spans), planes, channels);
}

TEST(DenseReading, ManyOutputChannelsShareACopy) {
  for (bool loads_spans : {false, true}) {
    EXPECT_EQ(Reading(loads_spans, 28, 128), DenseReading::kCopied);
    EXPECT_EQ(Reading(loads_spans, 14, 256), DenseReading::kCopied);
  }
}

TEST(DenseReading, FewOutputChannelsLoadSpansWhereTheyCan) {
  EXPECT_EQ(Reading(false, 16, 32), DenseReading::kInPlace);
  EXPECT_EQ(Reading(true, 16, 32), DenseReading::kSpans);
}

TEST(DenseReading, RowsThatNeedTooManySpansAreNotLoadedInSpans) {
  EXPECT_NE(Reading(true, 7, 16), DenseReading::kSpans);  // up to four in a vector
  EXPECT_NE(Reading(true, 5, 16), DenseReading::kSpans);
}

TEST(DenseReading, LongRowsLoseNothing) { EXPECT_EQ(Reading(true, 158, 16), DenseReading::kInPlace); }

}  // namespace
}  // namespace subbit
