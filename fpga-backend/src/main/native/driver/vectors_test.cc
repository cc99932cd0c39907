// Runs the test vectors that Java, the CPU kernels and the devices share through the driver, on emulator and
// simulation.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>
#include <string>

#include "board/etherbone_device.h"
#include "board/testing/fake_etherbone_board.h"
#include "core/integer/integer_arithmetic.h"
#include "core/integer/network_parameters.h"
#include "core/operator/conv_geometry.h"
#include "core/operator/conv_weights.h"
#include "core/operator/requantization.h"
#include "core/testing/vector_file.h"
#include "driver/backends.h"
#include "driver/binary_tensor.h"
#include "driver/driver.h"
#include "driver/integer_network.h"
#include "driver/sign_rules.h"

namespace subbit::fpga {
namespace {

/// Of a request. The simulation of a netlist takes seconds for what others do at once.
constexpr std::chrono::minutes kTimeLimit{10};

template <class T>
TensorView<T> View(const VectorCase& c, const char* input) {
  const VectorTensor& tensor = c.inputs.at(input);
  return {tensor.As<T>().data(), tensor.shape};
}

class Vectors : public ::testing::TestWithParam<const char*> {
 protected:
  /// A layer with the attributes and weights of a case.
  static ConvLayer Layer(const VectorCase& c, const ConvAttributes& attributes) {
    ConvLayer layer;
    layer.shape = ShapeOf(attributes);
    layer.index = c.inputs.at("index").As<std::uint8_t>();
    layer.codebook =
        MakeWeights({c.op, c.name}, attributes, View<std::uint8_t>(c, "index"), View<std::int8_t>(c, "codebook"))
            .codewords;
    return layer;
  }

  void Run(const ConvLayer& layer, const ConvGeometry& g, const void* input, void* output) {
    driver_->Run(*driver_->Load(layer), static_cast<std::uint32_t>(g.batch), static_cast<std::uint32_t>(g.height),
                 static_cast<std::uint32_t>(g.width), input, output, kTimeLimit);
  }

  void RunBlock(const ConvLayer& layer, const ConvGeometry& g, const void* input, const void* residual, void* output) {
    const auto size = [](std::int64_t height, std::int64_t width) {
      return ImageSize{static_cast<std::uint32_t>(height), static_cast<std::uint32_t>(width)};
    };
    const auto loaded = driver_->Load(layer);
    driver_->RunGraph({2, {{loaded.get(), 0, 1}}, {2}}, static_cast<std::uint32_t>(g.batch),
                      {{input, size(g.height, g.width)}, {residual, size(g.out_height, g.out_width)}}, {output},
                      kTimeLimit);
  }

  void RunBinary(const VectorCase& c, const ConvGeometry& g) {
    ConvLayer layer = Layer(c, g.attributes);
    layer.shape.input_format = InputFormat::kBits;
    layer.shape.output_format = OutputFormat::kI32;
    const auto rows = static_cast<std::size_t>(g.batch * g.InputChannels() * g.height);
    const auto width = static_cast<std::size_t>(g.width);
    std::vector<std::uint8_t> bits(rows * ((width + 7) / 8));
    PackSigns(c.inputs.at("X").As<float>().data(), rows, width, bits.data());
    const std::vector<float>& expected = c.outputs.at("Y").As<float>();
    std::vector<std::int32_t> accumulators(expected.size());
    Run(layer, g, bits.data(), accumulators.data());
    std::vector<float> y(expected.size());
    const auto pixels = static_cast<std::size_t>(g.out_height * g.out_width);
    const auto channels = static_cast<std::size_t>(g.attributes.out_channels);
    const std::vector<float>& scale = c.inputs.at("scale").As<float>();
    std::vector<float> bias(channels, 0.0f);
    if (c.inputs.count("bias") != 0) {
      bias = MakePerChannel({c.op, c.name}, "bias", g.attributes.out_channels, View<float>(c, "bias"));
    }
    for (std::size_t first = 0; first < y.size(); first += pixels) {
      const std::size_t channel = first / pixels % channels;
      ScaleAccumulators(accumulators.data() + first, pixels, scale[channel], bias[channel], y.data() + first);
    }
    EXPECT_EQ(std::memcmp(y.data(), expected.data(), y.size() * sizeof(float)), 0) << "bits differ";
  }

  /// Packed signs in and out: the float result Y does not leave the device, its signs do.
  void RunPacked(const VectorCase& c, const ConvGeometry& g) {
    ConvLayer layer = Layer(c, g.attributes);
    layer.shape.input_format = InputFormat::kBits;
    layer.shape.output_format = OutputFormat::kBits;
    layer.sign_rules = SignRulesOf(c.inputs.at("scale").As<float>(), c.inputs.at("bias").As<float>(),
                                   static_cast<std::int32_t>(9 * g.attributes.in_channels));
    const auto size = [](std::int64_t value) { return static_cast<std::size_t>(value); };
    const SignTensor in = {size(g.batch), size(g.InputChannels()), size(g.height), size(g.width)};
    const SignTensor out = {size(g.batch), size(g.attributes.out_channels), size(g.out_height), size(g.out_width)};
    std::vector<std::uint8_t> input(in.bit_bytes());
    BitsOfPackedSigns(c.inputs.at("B").As<std::uint8_t>().data(), in, input.data());
    std::vector<std::uint8_t> output(out.bit_bytes());
    Run(layer, g, input.data(), output.data());
    std::vector<std::uint8_t> s(out.packed_bytes());
    PackedSignsOfBits(output.data(), out, s.data());
    EXPECT_EQ(s, c.outputs.at("S").As<std::uint8_t>());
  }

  template <class T>
  void RunQuantised(const VectorCase& c, const ConvGeometry& g) {
    ConvLayer layer = Layer(c, g.attributes);
    layer.shape.input_format = std::is_signed_v<T> ? InputFormat::kS8 : InputFormat::kU8;
    layer.shape.output_format = std::is_signed_v<T> ? OutputFormat::kS8 : OutputFormat::kU8;
    layer.shape.input_zero_point = c.inputs.at("x_zero_point").As<T>().at(0);
    layer.shape.output_zero_point = c.inputs.at("y_zero_point").As<T>().at(0);
    if (c.inputs.count("B") != 0) {
      layer.bias = c.inputs.at("B").As<std::int32_t>();
    }
    const QuantizationInputs inputs = {View<float>(c, "x_scale"),     layer.shape.input_zero_point,
                                       View<float>(c, "w_scale"),     View<float>(c, "y_scale"),
                                       layer.shape.output_zero_point, nullptr};
    std::vector<T> y(c.outputs.at("y").As<T>().size());
    if (c.op == "QLinearSubBitBlock") {
      const std::int32_t zero_point = c.inputs.at("residual_zero_point").As<T>().at(0);
      const Requantization requantization =
          MakeBlockRequantization({c.op, c.name}, g.attributes, inputs, {View<float>(c, "residual_scale"), zero_point});
      layer.multiplier = requantization.multiplier;
      layer.shape.adds_residual = true;
      layer.shape.residual_multiplier = requantization.residual.multiplier;
      layer.shape.residual_zero_point = static_cast<std::int16_t>(zero_point);
      RunBlock(layer, g, c.inputs.at("x").As<T>().data(), c.inputs.at("residual").As<T>().data(), y.data());
    } else {
      layer.multiplier = MakeRequantization({c.op, c.name}, g.attributes.out_channels, inputs).multiplier;
      Run(layer, g, c.inputs.at("x").As<T>().data(), y.data());
    }
    EXPECT_EQ(y, c.outputs.at("y").As<T>());
  }

  /// Behind the backend "etherbone".
  std::optional<FakeEtherboneBoard> board_;
  std::shared_ptr<Driver> driver_ = OpenBackend(NameOf(GetParam()));

 private:
  std::string NameOf(const std::string& backend) { return backend == kEtherbone ? board_.emplace().name() : backend; }
};

ConvAttributes Attributes(const VectorCase& c) {
  ConvAttributes a;
  a.tau = c.attributes.at("tau").at(0);
  a.out_channels = c.attributes.at("out_channels").at(0);
  a.in_channels = c.attributes.at("in_channels").at(0);
  a.group = c.attributes.at("group").at(0);
  std::copy_n(c.attributes.at("strides").begin(), a.strides.size(), a.strides.begin());
  std::copy_n(c.attributes.at("pads").begin(), a.pads.size(), a.pads.begin());
  std::copy_n(c.attributes.at("dilations").begin(), a.dilations.size(), a.dilations.begin());
  return a;
}

/// Shape of what the convolution of a case reads; packed signs count as the signs that they are.
std::vector<std::int64_t> InputShape(const VectorCase& c) {
  if (c.op == "PackedBinarySubBitConv") {
    std::vector<std::int64_t> shape = c.inputs.at("B").shape;
    shape.at(1) = Attributes(c).in_channels * Attributes(c).group;
    return shape;
  }
  return c.inputs.at(c.op == "BinarySubBitConv" ? "X" : "x").shape;
}

TEST_P(Vectors, GiveTheSharedResults) {
  int binary = 0;
  int packed = 0;
  int quantised = 0;
  int blocks = 0;
  std::set<std::string> not_offered;
  for (const VectorCase& c : ReadVectorFolder(SUBBIT_VECTOR_DIR)) {
    SCOPED_TRACE(c.op + " " + c.name);
    // The others run on the CPU; of a BinarySubBitBlock and of integer layers, the convolution as a BinarySubBitConv.
    static const std::set<std::string> kOfDevices = {"BinarySubBitConv", "PackedBinarySubBitConv", "QLinearSubBitConv",
                                                     "QLinearSubBitBlock"};
    if (kOfDevices.count(c.op) == 0) continue;
    const auto geometry = [&] { return MakeGeometry({c.op, c.name}, Attributes(c), InputShape(c)); };
    if (!driver_->WhyNot(Layer(c, Attributes(c))).empty()) {
      not_offered.insert(c.name);
    } else if (c.op == "BinarySubBitConv") {
      RunBinary(c, geometry());
      ++binary;
    } else if (c.op == "PackedBinarySubBitConv") {
      RunPacked(c, geometry());
      ++packed;
    } else {
      if (std::holds_alternative<std::vector<std::uint8_t>>(c.inputs.at("x").values)) {
        RunQuantised<std::uint8_t>(c, geometry());
      } else {
        RunQuantised<std::int8_t>(c, geometry());
      }
      ++(c.op == "QLinearSubBitConv" ? quantised : blocks);
    }
  }
  std::set<std::string> expected = {"asymmetric", "wide_padding"};
  if (std::string(GetParam()).rfind("rtl", 0) == 0) {
    expected.insert({"depthwise", "dilation1x3", "dilation2", "groups2", "stride1x3"});
  }
  EXPECT_EQ(not_offered, expected) << "padding beyond the window is left to the CPU, by the simulation wide strides, "
                                      "dilation and groups, nothing else";
  EXPECT_GT(binary, 0) << "no vectors in " << SUBBIT_VECTOR_DIR;
  EXPECT_GT(packed, 0) << "no vectors in " << SUBBIT_VECTOR_DIR;
  EXPECT_GT(quantised, 0) << "no vectors in " << SUBBIT_VECTOR_DIR;
  EXPECT_GT(blocks, 0) << "no vectors in " << SUBBIT_VECTOR_DIR;
}

/// Devices with tables offer the layers that read and give signs.
class TableVectors : public Vectors {};

TEST_P(TableVectors, OfSignsGiveTheSharedResults) {
  int packed = 0;
  std::set<std::string> not_offered;
  for (const VectorCase& c : ReadVectorFolder(SUBBIT_VECTOR_DIR)) {
    if (c.op != "PackedBinarySubBitConv") {
      continue;
    }
    SCOPED_TRACE(c.op + " " + c.name);
    ConvLayer layer = Layer(c, Attributes(c));
    layer.shape.input_format = InputFormat::kBits;
    layer.shape.output_format = OutputFormat::kBits;
    if (!driver_->WhyNot(layer).empty()) {
      not_offered.insert(c.name);
      continue;
    }
    RunPacked(c, MakeGeometry({c.op, c.name}, Attributes(c), InputShape(c)));
    ++packed;
  }
  const std::set<std::string> expected = {"asymmetric", "depthwise", "dilation1x3", "dilation2",
                                          "groups2",    "stride1x3", "tau6",        "tau7",
                                          "tau8",       "tau9",      "wide_padding"};
  EXPECT_EQ(not_offered, expected) << "padding beyond the window, wide strides, dilation, groups and indices of more "
                                      "than five bits are left to the CPU, nothing else";
  EXPECT_GT(packed, 0) << "no vectors in " << SUBBIT_VECTOR_DIR;
}

INSTANTIATE_TEST_SUITE_P(Emulator, TableVectors, ::testing::Values("emulator:tables"));
#ifdef SUBBIT_RTL
INSTANTIATE_TEST_SUITE_P(Simulation, TableVectors, ::testing::Values("rtl:tables"));
INSTANTIATE_TEST_SUITE_P(Simulation32, TableVectors, ::testing::Values("rtl:tables32"));
#endif

AnyTensor Parameter(const VectorTensor& tensor) {
  return std::visit(
      [&](const auto& values) -> AnyTensor {
        using T = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_constructible_v<AnyTensor, TensorView<T>>) {
          return TensorView<T>{values.data(), tensor.shape};
        }
        return {};
      },
      tensor.values);
}

/// The pixels of a case as bytes, to which the host rounds floats.
std::vector<std::uint8_t> Pixels(const VectorTensor& x) {
  if (std::holds_alternative<std::vector<std::uint8_t>>(x.values)) {
    return x.As<std::uint8_t>();
  }
  const std::vector<float>& floats = x.As<float>();
  std::vector<std::uint8_t> pixels(floats.size());
  std::transform(floats.begin(), floats.end(), pixels.begin(),
                 [](float value) { return static_cast<std::uint8_t>(PixelValue(value)); });
  return pixels;
}

/// An operator of integer networks as the device's layer.
template <class Table>
DeviceLayer LayerOfCase(const VectorCase& c) {
  LayerOf<Table> layer;
  VisitAttributes(Table{}, layer.attributes, [&](const auto& row, auto* value) {
    const std::vector<std::int64_t>& from = c.attributes.at(row.name);
    if constexpr (std::is_same_v<std::decay_t<decltype(*value)>, std::int64_t>) {
      *value = from.at(0);
    } else {
      std::copy_n(from.begin(), value->size(), value->begin());
    }
  });
  std::vector<AnyTensor> parameters;
  for (const operators::InputRow& row : Table::kInputs) {
    if (row.use != operators::InputUse::kData) {
      parameters.push_back(Parameter(c.inputs.at(row.name)));
    }
  }
  const OpName op = {c.op, c.name};
  return DeviceLayersOf({{op, MakeParameters(op, layer, parameters), 0, -1}}).front();
}

/// Values [N, H, W, C] of the operators as the device has them, and back.
std::vector<std::uint8_t> DeviceValues(const VectorTensor& x) {
  const auto channels = static_cast<std::size_t>(x.shape[3]);
  const auto width = static_cast<std::size_t>(x.shape[2]);
  const auto rows = static_cast<std::size_t>(x.shape[0] * x.shape[1]);
  const std::size_t row_bytes = RowBytes(ElementFormat::kS16, static_cast<std::uint32_t>(width));
  std::vector<std::uint8_t> bytes(rows * channels * row_bytes);
  const std::vector<std::int16_t>& values = x.As<std::int16_t>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t row = i / (width * channels);
    std::memcpy(&bytes[(row * channels + i % channels) * row_bytes + 2 * (i / channels % width)], &values[i], 2);
  }
  return bytes;
}

class LayerVectors : public ::testing::TestWithParam<const char*> {
 protected:
  /// Runs a stem or shortcut; `input` is what the device reads.
  void Run(const VectorCase& c, const DeviceLayer& made, const std::vector<std::uint8_t>& input, ImageSize size) {
    const auto loaded = driver_->Load(std::get<DenseLayer>(made.layer));
    const VectorTensor& y = c.outputs.at("Y");
    const std::vector<std::uint8_t> expected = DeviceValues(y);
    std::vector<std::uint8_t> values(expected.size());
    driver_->RunGraph({1, {{loaded.get(), 0, kNoTensor}}, {1}}, static_cast<std::uint32_t>(y.shape[0]),
                      {{input.data(), size}}, {values.data()}, kTimeLimit);
    EXPECT_EQ(values, expected);
  }

  const std::shared_ptr<Driver> driver_ = OpenBackend(GetParam());
};

TEST_P(LayerVectors, OfStemsAndShortcutsGiveTheSharedResults) {
  std::set<std::string> not_offered;
  int stems = 0;
  int shortcuts = 0;
  for (const VectorCase& c : ReadVectorFolder(SUBBIT_VECTOR_DIR)) {
    const bool stem = c.op == operators::IntegerStem::kName;
    if (!stem && c.op != operators::IntegerShortcut::kName) {
      continue;
    }
    SCOPED_TRACE(c.op + " " + c.name);
    const DeviceLayer made = stem ? LayerOfCase<operators::IntegerStem>(c) : LayerOfCase<operators::IntegerShortcut>(c);
    if (!driver_->WhyNot(std::get<DenseLayer>(made.layer)).empty()) {
      not_offered.insert(c.name);
      continue;
    }
    const VectorTensor& x = c.inputs.at("X");
    const auto length = [&](std::size_t axis) { return static_cast<std::uint32_t>(x.shape[axis]); };
    if (stem) {
      Run(c, made, Pixels(x), {length(2), length(3)});
      ++stems;
    } else {
      Run(c, made, DeviceValues(x), {length(1), length(2)});
      ++shortcuts;
    }
  }
  const std::set<std::string> expected = {"largest_sum_down", "largest_sum_up", "random0", "random10",
                                          "random3",          "random7",        "random9"};
  EXPECT_EQ(not_offered, expected)
      << "more than four channels, strides beyond their window and pools that overlap by two "
         "are left to the CPU, nothing else";
  EXPECT_GT(stems, 0) << "no vectors in " << SUBBIT_VECTOR_DIR;
  EXPECT_GT(shortcuts, 0) << "no vectors in " << SUBBIT_VECTOR_DIR;
}

INSTANTIATE_TEST_SUITE_P(Emulator, LayerVectors, ::testing::Values("emulator:tables"));
#ifdef SUBBIT_RTL
INSTANTIATE_TEST_SUITE_P(Simulation, LayerVectors, ::testing::Values("rtl:tables"));
INSTANTIATE_TEST_SUITE_P(Simulation32, LayerVectors, ::testing::Values("rtl:tables32"));
#endif

INSTANTIATE_TEST_SUITE_P(Emulator, Vectors, ::testing::Values("emulator", "emulator:shared"));
INSTANTIATE_TEST_SUITE_P(Board, Vectors, ::testing::Values(kEtherbone));
#ifdef SUBBIT_RTL
INSTANTIATE_TEST_SUITE_P(Simulation, Vectors, ::testing::Values("rtl", "rtl:shared", "rtl:binary"));
#endif

}  // namespace
}  // namespace subbit::fpga
