// Runs the shared test vectors through the reference and through every kernel that this processor can run.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <type_traits>
#include <variant>

#include "core/choice/kernel_choice.h"
#include "core/integer/network_layers.h"
#include "core/testing/vector_file.h"
#include "tables/operators.h"

namespace subbit {
namespace {

template <class T>
TensorView<T> View(const VectorTensor& tensor) {
  return {tensor.As<T>().data(), tensor.shape};
}

ConvAttributes Attributes(const VectorCase& c) {
  ConvAttributes attributes;
  attributes.tau = c.attributes.at("tau").at(0);
  attributes.out_channels = c.attributes.at("out_channels").at(0);
  attributes.in_channels = c.attributes.at("in_channels").at(0);
  attributes.group = c.attributes.at("group").at(0);
  const auto copy = [&](const char* name, auto& to) {
    const auto& from = c.attributes.at(name);
    ASSERT_EQ(from.size(), to.size());
    std::copy(from.begin(), from.end(), to.begin());
  };
  copy("strides", attributes.strides);
  copy("pads", attributes.pads);
  copy("dilations", attributes.dilations);
  return attributes;
}

/// Runs the case on one level and checks the shape of the output.
template <class T>
std::vector<T> RunKernel(const VectorCase& c, const ConvKernel<T>& kernel, const char* x_name, const char* y_name) {
  const auto residual = c.inputs.find("residual");
  const ConvGeometry geometry = MakeGeometry({c.op, c.name}, Attributes(c), c.inputs.at(x_name).shape);
  EXPECT_EQ(Dims(geometry.OutputShape()), Dims(c.outputs.at(y_name).shape));
  std::vector<T> y(c.outputs.at(y_name).As<T>().size());
  std::vector<std::byte> scratch(kernel.ScratchBytes(geometry));
  kernel.Run(
      geometry,
      {c.inputs.at(x_name).As<T>().data(), residual == c.inputs.end() ? nullptr : residual->second.As<T>().data()},
      y.data(), scratch.data(), RunSerially);
  return y;
}

/// Bits tell +0 from -0.
std::vector<std::uint32_t> Bits(const std::vector<float>& values) {
  std::vector<std::uint32_t> bits(values.size());
  std::memcpy(bits.data(), values.data(), values.size() * sizeof(float));
  return bits;
}

/// The kernel of StagedSubBitConv, SubBitConv or BinarySubBitConv.
std::unique_ptr<ConvKernel<float>> ChooseFloatConv(const VectorCase& c, Isa isa) {
  const OpName op{c.op, c.name};
  const ConvAttributes attributes = Attributes(c);
  Validate(op, attributes);
  const auto index = View<std::uint8_t>(c.inputs.at("index"));
  const auto codebook = View<std::int8_t>(c.inputs.at("codebook"));
  const auto scale = View<float>(c.inputs.at("scale"));
  std::vector<float> bias(static_cast<std::size_t>(attributes.out_channels), 0.0f);
  if (c.inputs.count("bias") != 0) {
    bias = MakePerChannel(op, "bias", attributes.out_channels, View<float>(c.inputs.at("bias")));
  }
  if (c.op == "StagedSubBitConv") {
    return ChooseStagedSubBitConv(isa, MakeWeightStages(op, attributes, index, codebook, scale), std::move(bias));
  }
  SubBitWeights weights = MakeWeights(op, attributes, index, codebook);
  std::vector<float> scales = MakePerChannel(op, "scale", attributes.out_channels, scale);
  if (c.op == "SubBitConv") return ChooseSubBitConv(isa, std::move(weights), std::move(scales), std::move(bias));
  return ChooseBinarySubBitConv(isa, KernelPolicy::kEstimate, std::move(weights), std::move(scales), std::move(bias));
}

void RunFloat(const VectorCase& c, Isa isa) {
  const auto kernel = ChooseFloatConv(c, isa);
  const std::vector<float>& expected = c.outputs.at("Y").As<float>();
  const std::vector<float> y = RunKernel(c, *kernel, "X", "Y");
  if (c.op == "BinarySubBitConv") {
    EXPECT_EQ(Bits(y), Bits(expected)) << kernel->Name();
    return;
  }
  float largest = 0.0f;
  for (float value : expected) largest = std::max(largest, std::fabs(value));
  for (std::size_t i = 0; i < y.size(); ++i)
    ASSERT_NEAR(y[i], expected[i], 1e-5f * largest) << kernel->Name() << " at " << i;
}

void RunPackSigns(const VectorCase& c, Isa isa) {
  const OpName op{c.op, c.name};
  const VectorTensor& x = c.inputs.at("X");
  const TensorView<float> shift = View<float>(c.inputs.at("shift"));
  const auto kernel = ChoosePackSigns(isa, MakePerChannel(op, "shift", shift.shape[0], shift));
  const SignsShape shape = MakeSignsShape(op, kernel->Channels(), x.shape);
  std::vector<std::uint8_t> b(c.outputs.at("B").As<std::uint8_t>().size(), 0xa5);
  std::vector<std::byte> scratch(kernel->ScratchBytes(shape));
  kernel->Run(shape, x.As<float>().data(), b.data(), scratch.data(), RunSerially);
  EXPECT_EQ(b, c.outputs.at("B").As<std::uint8_t>()) << kernel->Name();
}

std::unique_ptr<PackedConvKernel> ChoosePackedConv(const VectorCase& c, Isa isa) {
  const OpName op{c.op, c.name};
  const ConvAttributes attributes = Attributes(c);
  Validate(op, attributes);
  SubBitWeights weights =
      MakeWeights(op, attributes, View<std::uint8_t>(c.inputs.at("index")), View<std::int8_t>(c.inputs.at("codebook")));
  const auto per_channel = [&](const char* name) {
    return MakePerChannel(op, name, attributes.out_channels, View<float>(c.inputs.at(name)));
  };
  if (c.op == "PackedBinarySubBitConv") {
    return ChoosePackedBinarySubBitConv(isa, KernelPolicy::kEstimate, std::move(weights), per_channel("scale"),
                                        per_channel("bias"));
  }
  return ChooseBinarySubBitBlock(
      isa, KernelPolicy::kEstimate, std::move(weights), per_channel("scale"), per_channel("bias"),
      {per_channel("shift_in"), per_channel("slope"), per_channel("shift_out"), per_channel("next_shift")});
}

void RunPackedConv(const VectorCase& c, Isa isa) {
  const auto kernel = ChoosePackedConv(c, isa);
  const ConvGeometry geometry = MakePackedGeometry({c.op, c.name}, Attributes(c), c.inputs.at("B").shape);
  PackedInputs inputs{c.inputs.at("B").As<std::uint8_t>().data(), nullptr};
  if (c.inputs.count("residual") != 0) inputs.residual = c.inputs.at("residual").As<float>().data();
  const std::vector<float>& expected_y = c.outputs.at("Y").As<float>();
  const std::vector<std::uint8_t>& expected_s = c.outputs.at("S").As<std::uint8_t>();
  EXPECT_EQ(Dims(geometry.OutputShape()), Dims(c.outputs.at("Y").shape));
  std::vector<std::byte> scratch(kernel->ScratchBytes(geometry));
  for (const bool with_y : {true, false}) {
    for (const bool with_s : {true, false}) {
      std::vector<float> y(with_y ? expected_y.size() : 0, 12345.0f);
      std::vector<std::uint8_t> s(with_s ? expected_s.size() : 0, 0xa5);
      kernel->Run(geometry, inputs, {with_y ? y.data() : nullptr, with_s ? s.data() : nullptr}, scratch.data(),
                  RunSerially);
      if (with_y) {
        EXPECT_EQ(Bits(y), Bits(expected_y)) << kernel->Name();
      }
      if (with_s) {
        EXPECT_EQ(s, expected_s) << kernel->Name();
      }
    }
  }
}

template <class Q>
void RunQuantized(const VectorCase& c, Isa isa) {
  const OpName op{c.op, c.name};
  const ConvAttributes attributes = Attributes(c);
  Validate(op, attributes);
  SubBitWeights weights =
      MakeWeights(op, attributes, View<std::uint8_t>(c.inputs.at("index")), View<std::int8_t>(c.inputs.at("codebook")));
  TensorView<std::int32_t> bias{nullptr, {}};
  const bool has_bias = c.inputs.count("B") != 0;
  if (has_bias) bias = View<std::int32_t>(c.inputs.at("B"));
  const QuantizationInputs inputs{View<float>(c.inputs.at("x_scale")),       c.inputs.at("x_zero_point").As<Q>().at(0),
                                  View<float>(c.inputs.at("w_scale")),       View<float>(c.inputs.at("y_scale")),
                                  c.inputs.at("y_zero_point").As<Q>().at(0), has_bias ? &bias : nullptr};
  Requantization requantization = c.op == "QLinearSubBitConv"
                                      ? MakeRequantization(op, attributes.out_channels, inputs)
                                      : MakeBlockRequantization(op, attributes, inputs,
                                                                {View<float>(c.inputs.at("residual_scale")),
                                                                 c.inputs.at("residual_zero_point").As<Q>().at(0)});
  const auto kernel =
      ChooseQLinearSubBitConv<Q>(isa, KernelPolicy::kEstimate, std::move(weights), std::move(requantization));
  EXPECT_EQ(RunKernel(c, *kernel, "x", "y"), c.outputs.at("y").As<Q>()) << kernel->Name();
}

AnyTensor Parameter(const VectorTensor& tensor) {
  return std::visit(
      [&](const auto& values) -> AnyTensor {
        using T = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_constructible_v<AnyTensor, TensorView<T>>)
          return TensorView<T>{values.data(), tensor.shape};
        return {};
      },
      tensor.values);
}

/// The attributes and parameters of an integer layer as a network of one layer.
template <class Table>
std::unique_ptr<IntegerNetwork> LayerNetwork(const VectorCase& c, Isa isa, KernelPolicy policy) {
  LayerOf<Table> layer;
  VisitAttributes(Table{}, layer.attributes, [&](const auto& row, auto* value) {
    const std::vector<std::int64_t>& from = c.attributes.at(row.name);
    if constexpr (std::is_same_v<std::decay_t<decltype(*value)>, std::int64_t>) {
      *value = from.at(0);
    } else {
      ASSERT_EQ(from.size(), value->size());
      std::copy(from.begin(), from.end(), value->begin());
    }
  });
  Validate({c.op, c.name}, layer.attributes);
  std::vector<AnyTensor> parameters;
  for (const operators::InputRow& row : Table::kInputs) {
    if (row.use != operators::InputUse::kData) parameters.push_back(Parameter(c.inputs.at(row.name)));
  }
  return MakeLayerNetwork(isa, policy, {c.op, c.name}, layer, parameters);
}

std::unique_ptr<IntegerNetwork> Network(const VectorCase& c, Isa isa, KernelPolicy policy) {
  if (c.op == operators::IntegerStem::kName) return LayerNetwork<operators::IntegerStem>(c, isa, policy);
  if (c.op == operators::IntegerSubBitConv::kName) return LayerNetwork<operators::IntegerSubBitConv>(c, isa, policy);
  if (c.op == operators::IntegerSubBitBlock::kName) return LayerNetwork<operators::IntegerSubBitBlock>(c, isa, policy);
  if (c.op == operators::IntegerShortcut::kName) return LayerNetwork<operators::IntegerShortcut>(c, isa, policy);
  if (c.op == operators::IntegerClassifier::kName) return LayerNetwork<operators::IntegerClassifier>(c, isa, policy);
  std::vector<AnyTensor> parameters;
  for (std::size_t i = 0; i + 1 < c.inputs.size(); ++i) {
    parameters.push_back(Parameter(c.inputs.at(operators::IntegerNetwork::kP.name + std::to_string(i))));
  }
  return MakeNetwork(
      isa, policy, {c.op, c.name},
      {c.attributes.at("kinds"), c.attributes.at("reads"), c.attributes.at("residuals"), c.attributes.at("settings")},
      parameters);
}

/// The integer operators: layers, and whole networks.
void RunInteger(const VectorCase& c, Isa isa, KernelPolicy policy) {
  const std::unique_ptr<IntegerNetwork> network = Network(c, isa, policy);
  const VectorTensor& x = c.inputs.at("X");
  const VectorTensor& y = c.outputs.at("Y");
  const bool features = std::holds_alternative<std::vector<std::int16_t>>(x.values);
  const auto plan = network->PlanFor(features ? MapShape{x.shape[1], x.shape[2], x.shape[3]}
                                              : MapShape{x.shape[2], x.shape[3], x.shape[1]});
  NetworkInputs inputs{x.shape[0], std::visit([](const auto& v) -> const void* { return v.data(); }, x.values)};
  if (std::holds_alternative<std::vector<std::uint8_t>>(x.values)) inputs.pixel_type = PixelType::kUint8;
  if (c.inputs.count("residual") != 0) inputs.residual = c.inputs.at("residual").As<std::int16_t>().data();
  const MapShape shape = network->OutputShape(*plan);
  std::vector<std::byte> scratch(network->ScratchBytes(*plan, inputs.batch));
  if (std::holds_alternative<std::vector<float>>(y.values)) {
    EXPECT_EQ(Dims(y.shape), (Dims{inputs.batch, shape.height}));
    std::vector<float> logits(y.As<float>().size());
    network->Run(*plan, inputs, {nullptr, logits.data()}, scratch.data(), RunSerially);
    EXPECT_EQ(Bits(logits), Bits(y.As<float>())) << network->Name();
  } else {
    EXPECT_EQ(Dims(y.shape), (Dims{inputs.batch, shape.height, shape.width, shape.channels}));
    std::vector<std::int16_t> values(y.As<std::int16_t>().size());
    network->Run(*plan, inputs, {values.data(), nullptr}, scratch.data(), RunSerially);
    EXPECT_EQ(values, y.As<std::int16_t>()) << network->Name();
  }
}

TEST(Vectors, EveryKernelGivesTheSharedResults) {
  const std::vector<VectorCase> cases = ReadVectorFolder(SUBBIT_VECTOR_DIR);
  std::map<std::string, int> ran;
  for (const VectorCase& c : cases) {
    for (Isa isa : AvailableIsas()) {
      SCOPED_TRACE(c.op + " " + c.name + " " + ToString(isa));
      if (c.op.rfind("Integer", 0) == 0) {
        for (KernelPolicy policy : {KernelPolicy::kEstimate, KernelPolicy::kLookUp, KernelPolicy::kNibbles,
                                    KernelPolicy::kPopcount, KernelPolicy::kMeasure}) {
          RunInteger(c, isa, policy);
        }
      } else if (c.op == "PackSigns") {
        RunPackSigns(c, isa);
      } else if (c.op == "PackedBinarySubBitConv" || c.op == "BinarySubBitBlock") {
        RunPackedConv(c, isa);
      } else if (c.op != "QLinearSubBitConv" && c.op != "QLinearSubBitBlock") {
        RunFloat(c, isa);
      } else if (std::holds_alternative<std::vector<std::uint8_t>>(c.inputs.at("x").values)) {
        RunQuantized<std::uint8_t>(c, isa);
      } else {
        RunQuantized<std::int8_t>(c, isa);
      }
    }
    ++ran[c.op];
  }
  for (const operators::OperatorRow& row : operators::kAll) {
    EXPECT_GT(ran[row.name], 0) << "no vectors of " << row.name << " in " << SUBBIT_VECTOR_DIR;
  }
}

}  // namespace
}  // namespace subbit
