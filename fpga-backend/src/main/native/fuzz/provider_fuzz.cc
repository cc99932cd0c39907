// Models of any content through ONNX Runtime: on the operators' kernels, and on the execution provider with the
// emulator. Both refuse a model, or both give the same bits. Needs ONNX Runtime's library, whose path is in the
// environment variable SUBBIT_ONNXRUNTIME; a program of its own, because nothing else here does.

#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/operator/bit_planes.h"
#include "core/operator/conv_geometry.h"
#include "core/operator/packed_bits.h"
#include "ep/ort_api.h"
#include "fuzz/targets.h"
#include "tables/operators.h"

namespace subbit::fpga {
namespace {

/// ONNX Runtime with both libraries, once for the process.
class Runtime {
 public:
  static Runtime& Get() {
    static Runtime runtime;
    return runtime;
  }

  Ort::Session Open(const Ort::Model& model, bool on_device) {
    Ort::SessionOptions options;
    options.SetIntraOpNumThreads(1);
    options.SetLogSeverityLevel(4);
    options.RegisterCustomOpsLibrary(SUBBIT_OPS_LIBRARY);
    if (on_device) {
      for (const Ort::ConstEpDevice& device : env_.GetEpDevices()) {
        if (std::strcmp(device.EpName(), kEpName) == 0) {
          options.AppendExecutionProvider_V2(env_, {device},
                                             std::unordered_map<std::string, std::string>{{"backend", "emulator"}});
        }
      }
    }
    return Ort::Session(env_, model, options);
  }

 private:
  Runtime() : env_(Load()) { env_.RegisterExecutionProviderLibrary(kEpName, SUBBIT_FPGA_LIBRARY); }

  static Ort::Env Load() {
    const char* path = std::getenv("SUBBIT_ONNXRUNTIME");
    if (path == nullptr) Finding("SUBBIT_ONNXRUNTIME does not name ONNX Runtime's library");
    void* library = ::dlopen(path, RTLD_NOW);
    if (library == nullptr) Finding(::dlerror());
    const auto base = reinterpret_cast<const OrtApiBase* (*)()>(::dlsym(library, "OrtGetApiBase"));
    Ort::InitApi(base()->GetApi(kOrtApiVersion));
    return Ort::Env(ORT_LOGGING_LEVEL_FATAL, "fuzz");
  }

  Ort::Env env_;
};

/// What flows from one node to the next.
struct Value {
  std::string name;
  ONNXTensorElementDataType type;
  std::vector<std::int64_t> shape;  ///< N, channels or bytes of channels, height, width
  std::int64_t channels;
};

/// A chain of nodes that the input describes; most are sound.
class Chain {
 public:
  explicit Chain(FuzzInput* input) : input_(*input), random_(input->Any<std::uint32_t>()) {
    const bool real = input_.Once(2);
    Value x{"x", real ? ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT : AnyBytes(), {1, 0, 0, 0}, input_.Within(1, 12)};
    x.shape = {input_.Within(1, 3), x.channels, input_.Within(1, 9), input_.Within(1, 9)};
    x_ = x;
    Declare(x, &inputs_);
    for (std::int64_t left = input_.Within(1, 4); left > 0; --left) {
      const Value before = x;
      x = x.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT ? AddReal(x) : AddQuantized(x);
      if (input_.Once(4)) Declare(before, &outputs_, before.name != "x");
    }
    Declare(x, &outputs_);
    graph_.SetInputs(inputs_);
    graph_.SetOutputs(outputs_);
    model_.AddGraph(graph_);
  }

  const Ort::Model& model() const { return model_; }

  /// The bytes of all outputs.
  std::vector<std::uint8_t> Run(Ort::Session& session) const {
    std::mt19937 random(7);
    const std::size_t count = Count(x_.shape);
    std::vector<std::uint8_t> bytes(count * SizeOf(x_.type));
    if (x_.type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT) {
      std::normal_distribution<float> normal;
      for (std::size_t i = 0; i < count; ++i) {
        const float value = normal(random);
        std::memcpy(bytes.data() + i * sizeof value, &value, sizeof value);
      }
    } else {
      for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    }
    const Ort::MemoryInfo memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
    const Ort::Value tensor =
        Ort::Value::CreateTensor(memory, bytes.data(), bytes.size(), x_.shape.data(), x_.shape.size(), x_.type);
    const char* input = "x";
    std::vector<const char*> names;
    for (const std::string& name : output_names_) names.push_back(name.c_str());
    std::vector<std::uint8_t> result;
    for (const Ort::Value& output :
         session.Run(Ort::RunOptions{nullptr}, &input, &tensor, 1, names.data(), names.size())) {
      const auto* data = static_cast<const std::uint8_t*>(output.GetTensorRawData());
      const Ort::TensorTypeAndShapeInfo info = output.GetTensorTypeAndShapeInfo();
      const std::size_t size = info.GetElementCount() * SizeOf(info.GetElementType());
      result.insert(result.end(), data, data + size);
    }
    return result;
  }

 private:
  static std::size_t SizeOf(ONNXTensorElementDataType type) {
    return type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT ? sizeof(float) : 1;
  }

  static std::size_t Count(const std::vector<std::int64_t>& shape) {
    std::int64_t count = 1;
    for (const std::int64_t length : shape) count *= length;
    return static_cast<std::size_t>(count);
  }

  ONNXTensorElementDataType AnyBytes() {
    return input_.Once(2) ? ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8 : ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8;
  }

  void Declare(const Value& value, std::vector<Ort::ValueInfo>* values, bool wanted = true) {
    if (!wanted) return;
    const Ort::TensorTypeAndShapeInfo info(value.type, value.shape);
    values->emplace_back(value.name, Ort::TypeInfo::CreateTensorInfo(info.GetConst()).GetConst());
    if (values == &outputs_) output_names_.push_back(value.name);
  }

  std::string NewName() { return "v" + std::to_string(names_++); }

  template <class T>
  std::string Constant(std::vector<std::int64_t> shape, const std::vector<T>& values) {
    const std::string name = NewName();
    Ort::AllocatorWithDefaultOptions allocator;
    Ort::Value tensor = Ort::Value::CreateTensor<T>(allocator, shape.data(), shape.size());
    std::copy(values.begin(), values.end(), tensor.GetTensorMutableData<T>());
    graph_.AddInitializer(name, tensor, false);
    return name;
  }

  std::string Scalar(ONNXTensorElementDataType type, std::int64_t value) {
    return type == ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8 ? Constant<std::uint8_t>({}, {static_cast<std::uint8_t>(value)})
                                                       : Constant<std::int8_t>({}, {static_cast<std::int8_t>(value)});
  }
  std::string Scale() { return Constant<float>({}, {static_cast<float>(input_.Within(1, 200)) / 256}); }

  template <class T>
  std::string PerChannel(std::int64_t channels, int low, int high, T unit) {
    std::vector<T> values(static_cast<std::size_t>(channels));
    for (T& value : values) {
      value = static_cast<T>(std::uniform_int_distribution<int>(low, high)(random_)) * unit;
    }
    // Now and then one value too many.
    if (input_.Once(60)) values.push_back(T{});
    return Constant<T>({static_cast<std::int64_t>(values.size())}, values);
  }

  /// Sets the attributes of a convolution and gives its index and codebook; `y` is what comes of `x`.
  std::vector<std::string> Weights(const Value& x, Value* y, std::vector<Ort::OpAttr>* attributes) {
    ConvAttributes a;
    a.tau = input_.Within(1, 9);
    a.group = x.channels % 2 == 0 && input_.Once(4) ? 2 : 1;
    a.in_channels = x.channels / a.group;
    a.out_channels = a.group * input_.Within(1, 12);
    a.strides = {input_.Within(1, 3), input_.Within(1, 3)};
    a.pads = {input_.Within(0, 2), input_.Within(0, 2), input_.Within(0, 2), input_.Within(0, 2)};
    a.dilations = {input_.Within(1, 2), input_.Within(1, 2)};
    const std::size_t kernels = static_cast<std::size_t>(a.out_channels * a.in_channels);
    std::vector<std::uint8_t> index(static_cast<std::size_t>(a.tau) * PlaneBytes(kernels));
    for (std::uint8_t& byte : index) byte = static_cast<std::uint8_t>(random_());
    std::vector<std::int8_t> codebook((std::size_t{1} << a.tau) * kTaps);
    for (std::int8_t& tap : codebook) tap = random_() % 2 == 0 ? 1 : -1;
    if (input_.Once(60)) codebook[input_.Any<std::uint8_t>() % codebook.size()] = input_.Any<std::int8_t>();
    y->channels = a.out_channels;
    y->shape = {x.shape[0], a.out_channels,
                OutputLength(x.shape[2], a.pads[0], a.pads[2], a.dilations[0], a.strides[0]),
                OutputLength(x.shape[3], a.pads[1], a.pads[3], a.dilations[1], a.strides[1])};
    if (input_.Once(60)) a.tau = input_.Mostly(0, 10);
    if (input_.Once(60)) a.group = input_.Mostly(0, 3);
    if (input_.Once(60)) a.strides[0] = input_.Mostly(0, 40'000);
    if (input_.Once(60)) a.pads[1] = input_.Mostly(-1, 40'000);
    namespace rows = operators::attributes;
    const auto number = [&](const char* name, std::int64_t value) {
      if (!input_.Once(200)) attributes->emplace_back(name, &value, 1, ORT_OP_ATTR_INT);
    };
    const auto list = [&](const char* name, const auto& values) {
      attributes->emplace_back(name, values.data(), static_cast<int>(values.size()), ORT_OP_ATTR_INTS);
    };
    number(rows::kTau.name, a.tau);
    number(rows::kOutChannels.name, a.out_channels);
    number(rows::kInChannels.name, a.in_channels);
    list(rows::kStrides.name, a.strides);
    list(rows::kPads.name, a.pads);
    list(rows::kDilations.name, a.dilations);
    number(rows::kGroup.name, a.group);
    return {Constant<std::uint8_t>({static_cast<std::int64_t>(index.size() / PlaneBytes(kernels)),
                                    static_cast<std::int64_t>(PlaneBytes(kernels))},
                                   index),
            Constant<std::int8_t>({static_cast<std::int64_t>(codebook.size()) / kTaps, 3, 3}, codebook)};
  }

  void AddNode(const char* type, const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
               std::vector<Ort::OpAttr>* attributes) {
    Ort::Node node(type, operators::kDomain, NewName(), inputs, outputs, *attributes);
    graph_.AddNode(node);
  }

  /// BinarySubBitConv, or PackSigns with a convolution or a block over it. (SubBitConv sums floats in an order of its
  /// own, so its bits are not compared.)
  Value AddReal(const Value& x) {
    Value y{NewName(), ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, {}, 0};
    std::vector<Ort::OpAttr> attributes;
    const std::int64_t kind = input_.Within(0, 2);
    std::vector<std::string> weights = Weights(x, &y, &attributes);
    const std::string scale = PerChannel<float>(y.channels, -40, 40, 1 / 64.0f);
    const std::string bias = PerChannel<float>(y.channels, -40, 40, 1 / 16.0f);
    if (kind == 0) {
      AddNode(operators::BinarySubBitConv::kName, {x.name, weights[0], weights[1], scale, bias}, {y.name}, &attributes);
      return y;
    }
    std::vector<Ort::OpAttr> none;
    const std::string signs = NewName();
    AddNode(operators::PackSigns::kName, {x.name, PerChannel<float>(x.channels, -9, 9, 1 / 16.0f)}, {signs}, &none);
    if (kind == 2 && y.shape == x.shape) {
      std::vector<std::string> inputs = {signs, weights[0], weights[1], scale, bias, x.name};
      for (int i = 0; i < 4; ++i) inputs.push_back(PerChannel<float>(y.channels, -9, 9, 1 / 16.0f));
      AddNode(operators::BinarySubBitBlock::kName, inputs, {y.name, NewName()}, &attributes);
    } else {
      AddNode(operators::PackedBinarySubBitConv::kName, {signs, weights[0], weights[1], scale, bias},
              {y.name, NewName()}, &attributes);
    }
    return y;
  }

  Value AddQuantized(const Value& x) {
    Value y{NewName(), x.type, {}, 0};
    std::vector<Ort::OpAttr> attributes;
    const std::vector<std::string> weights = Weights(x, &y, &attributes);
    std::vector<std::string> inputs = {x.name,
                                       Scale(),
                                       Scalar(x.type, input_.Within(0, 127)),
                                       weights[0],
                                       weights[1],
                                       PerChannel<float>(y.channels, -40, 40, 1 / 256.0f),
                                       Scale(),
                                       Scalar(x.type, input_.Within(0, 127))};
    const bool block = y.shape == x.shape && input_.Once(2);
    if (block || input_.Once(2)) inputs.push_back(PerChannel<std::int32_t>(y.channels, -500, 500, 1));
    if (block) {
      inputs.insert(inputs.end(), {x.name, Scale(), Scalar(x.type, input_.Within(0, 127))});
    }
    AddNode(block ? operators::QLinearSubBitBlock::kName : operators::QLinearSubBitConv::kName, inputs, {y.name},
            &attributes);
    return y;
  }

  FuzzInput& input_;
  std::mt19937 random_;
  int names_ = 0;
  Value x_{};
  Ort::Graph graph_;
  Ort::Model model_{{{"", 18}, {operators::kDomain, 1}}};
  std::vector<Ort::ValueInfo> inputs_;
  std::vector<Ort::ValueInfo> outputs_;
  std::vector<std::string> output_names_;
};

/// What the model gives; nothing if it is refused.
std::vector<std::uint8_t> Run(const Chain& chain, bool on_device, bool* refused) {
  try {
    Ort::Session session = Runtime::Get().Open(chain.model(), on_device);
    return chain.Run(session);
  } catch (const Ort::Exception&) {
    *refused = true;
    return {};
  }
}

}  // namespace

void FuzzProvider(FuzzInput* input) {
  Runtime::Get();
  const Chain chain(input);
  bool refused_on_cpu = false;
  bool refused_on_device = false;
  const std::vector<std::uint8_t> expected = Run(chain, false, &refused_on_cpu);
  const std::vector<std::uint8_t> found = Run(chain, true, &refused_on_device);
  if (refused_on_cpu != refused_on_device) Finding(refused_on_cpu ? "only the CPU refuses" : "only the device refuses");
  if (found != expected) Finding("the device gives other bits");
}

}  // namespace subbit::fpga

namespace subbit {

std::vector<FuzzTarget> FuzzTargets() { return {{"provider", fpga::FuzzProvider}}; }

}  // namespace subbit
