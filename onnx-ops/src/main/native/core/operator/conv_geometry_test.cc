#include "core/operator/conv_geometry.h"

#include <gtest/gtest.h>

#include "core/kernel/packed_kernels.h"

namespace subbit {
namespace {

using Shape = std::array<std::int64_t, 4>;

ConvAttributes Attributes() {
  ConvAttributes attributes;
  attributes.tau = 1;
  attributes.out_channels = 4;
  attributes.in_channels = 2;
  attributes.group = 2;
  return attributes;
}

TEST(ConvGeometry, OutputShapeFollowsOnnxConv) {
  ConvAttributes attributes = Attributes();
  EXPECT_EQ(MakeGeometry({"SubBitConv"}, attributes, {2, 4, 7, 5}).OutputShape(), (Shape{2, 4, 5, 3}));
  attributes.pads = {1, 1, 1, 1};
  EXPECT_EQ(MakeGeometry({"SubBitConv"}, attributes, {2, 4, 7, 5}).OutputShape(), (Shape{2, 4, 7, 5}));
  attributes.strides = {2, 3};
  EXPECT_EQ(MakeGeometry({"SubBitConv"}, attributes, {2, 4, 7, 5}).OutputShape(), (Shape{2, 4, 4, 2}));
  attributes.dilations = {3, 2};
  attributes.pads = {0, 0, 1, 2};
  EXPECT_EQ(MakeGeometry({"SubBitConv"}, attributes, {2, 4, 7, 5}).OutputShape(), (Shape{2, 4, 1, 1}));
}

TEST(ConvGeometry, InputPositionsOfATap) {
  ConvAttributes attributes = Attributes();
  attributes.strides = {2, 3};
  attributes.pads = {1, 2, 1, 2};
  attributes.dilations = {1, 2};
  const ConvGeometry geometry = MakeGeometry({"SubBitConv"}, attributes, {1, 4, 7, 7});
  EXPECT_EQ(geometry.InputRow(0, 0), -1);
  EXPECT_EQ(geometry.InputRow(1, 2), 3);
  EXPECT_EQ(geometry.InputColumn(0, 0), -2);
  EXPECT_EQ(geometry.InputColumn(1, 2), 5);
}

TEST(ConvGeometry, AnEmptyBatchIsFine) {
  EXPECT_EQ(MakeGeometry({"SubBitConv"}, Attributes(), {0, 4, 7, 5}).OutputShape(), (Shape{0, 4, 5, 3}));
}

TEST(ConvGeometry, RejectsInputsThatDoNotFit) {
  const OpName op{"SubBitConv"};
  ConvAttributes attributes = Attributes();
  EXPECT_THROW(MakeGeometry(op, attributes, {4, 7, 5}), InvalidOperator);      // rank
  EXPECT_THROW(MakeGeometry(op, attributes, {1, 3, 7, 5}), InvalidOperator);   // channels
  EXPECT_THROW(MakeGeometry(op, attributes, {1, 4, 0, 5}), InvalidOperator);   // empty image
  EXPECT_THROW(MakeGeometry(op, attributes, {1, 4, 2, 5}), InvalidOperator);   // smaller than the kernel
  EXPECT_THROW(MakeGeometry(op, attributes, {-1, 4, 7, 5}), InvalidOperator);  // no batch
  EXPECT_THROW(MakeGeometry(op, attributes, {INT64_MAX, 4, 7, 5}), InvalidOperator);
  EXPECT_THROW(MakeGeometry(op, attributes, {1, 4, INT64_MAX, INT64_MAX}), InvalidOperator);
  EXPECT_THROW(MakeGeometry(op, attributes, {0, 4, INT64_MAX, INT64_MAX}), InvalidOperator);
  attributes.pads.fill(operators::attributes::kPads.most);
  EXPECT_THROW(MakeGeometry(op, attributes, {1, 4, 7, 5}), InvalidOperator);  // padded size
}

TEST(ConvGeometry, PackedInputsHoldEightChannelsAByte) {
  const OpName op{"BinarySubBitBlock"};
  ConvAttributes attributes = Attributes();
  attributes.in_channels = 9;  // times two groups
  EXPECT_EQ(MakePackedGeometry(op, attributes, {2, 3, 7, 5}).OutputShape(),
            MakeGeometry(op, attributes, {2, 18, 7, 5}).OutputShape());
  EXPECT_THROW(MakePackedGeometry(op, attributes, {2, 2, 7, 5}), InvalidOperator);
  EXPECT_THROW(MakePackedGeometry(op, attributes, {2, 18, 7, 5}), InvalidOperator);
  // 2^28 bytes fit, their 2^31 signs do not.
  attributes.in_channels = 4;
  EXPECT_THROW(MakePackedGeometry(op, attributes, {1, 1, 1 << 14, 1 << 14}), InvalidOperator);
}

TEST(SignsShape, NeedsTheChannelsOfTheKernel) {
  const OpName op{"PackSigns"};
  const SignsShape shape = MakeSignsShape(op, 9, {2, 9, 7, 5});
  EXPECT_EQ(shape.batch, 2);
  EXPECT_EQ(shape.channels, 9);
  EXPECT_EQ(shape.pixels, 35);
  EXPECT_THROW(MakeSignsShape(op, 9, {2, 8, 7, 5}), InvalidOperator);
  EXPECT_THROW(MakeSignsShape(op, 9, {9, 7, 5}), InvalidOperator);
  EXPECT_THROW(MakeSignsShape(op, 9, {2, 9, 0, 5}), InvalidOperator);
  EXPECT_THROW(MakeSignsShape(op, 9, {0, 9, INT64_MAX, INT64_MAX}), InvalidOperator);
}

}  // namespace
}  // namespace subbit
