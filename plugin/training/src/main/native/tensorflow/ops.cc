#include "tensorflow/ops.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <initializer_list>
#include <string>
#include <vector>

#include "passes/passes.h"
#include "tensorflow/op_context.h"

namespace subbit {

namespace {

// TensorFlow calls functions without a place for this pointer.
const TensorFlowApi* tensorflow = nullptr;

using Shape = std::vector<std::int64_t>;

/// The attributes of an operator's node; 0 where the operator has none of that name.
struct Attributes {
  std::int64_t summands = 0;   ///< gradients that arrive
  std::int64_t residuals = 0;  ///< 0 or 1
  std::int64_t parts = 0;      ///< parts of the batch
  std::int64_t stride = 0;
  float epsilon = 0;
};

std::size_t Size(std::int64_t value) { return static_cast<std::size_t>(value); }

Pixels PixelsOf(const Shape& shape) {
  if (shape.empty()) throw OpError{"Activations have no channels"};
  Pixels pixels{1, shape.back()};
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) pixels.rows *= shape[i];
  if (pixels.channels < 1) throw OpError{"Activations have no channels"};
  return pixels;
}

/// Fails unless a tensor has the shape that is expected of it.
void Require(const OpTensor& tensor, const Shape& shape, const char* name) {
  if (tensor.shape() != shape) throw OpError{std::string(name) + " has another shape than expected"};
}

/// Mean and spread of each channel over all parts of the batch.
struct Statistics {
  std::vector<double> mean;
  std::vector<double> variance;
  double rows = 0;

  /// Of the outputs of SubbitMoments, [3][channels]: rows, mean, squares.
  Statistics(const std::vector<OpTensor>& parts, std::int64_t channels)
      : mean(Size(channels), 0.0), variance(Size(channels), 0.0) {
    std::vector<double> squares(Size(channels), 0.0);
    for (const OpTensor& part : parts) {
      Require(part, {3, channels}, "moments");
      const double* values = part.data<double>();
      const double more = values[0];
      if (more == 0) continue;  // a part of a small batch without images
      for (std::int64_t c = 0; c < channels; ++c) {
        // Chan et al., 1979.
        const double distance = values[channels + c] - mean[Size(c)];
        mean[Size(c)] += distance * more / (rows + more);
        squares[Size(c)] += values[2 * channels + c] + distance * distance * rows * more / (rows + more);
      }
      rows += more;
    }
    for (std::int64_t c = 0; c < channels; ++c) variance[Size(c)] = squares[Size(c)] / rows;
  }

  double Inverse(std::int64_t channel, float epsilon) const {
    return 1.0 / std::sqrt(variance[Size(channel)] + static_cast<double>(epsilon));
  }
};

/// Batch normalisation as one factor and one offset for each channel.
struct Fold {
  std::vector<float> factor;
  std::vector<float> offset;
  std::vector<float> inverse;  ///< of the deviation
  std::vector<float> shifted;  ///< - mean / deviation

  Fold(const Statistics& statistics, const float* gamma, const float* beta, const float* before, float epsilon)
      : factor(statistics.mean.size()),
        offset(statistics.mean.size()),
        inverse(statistics.mean.size()),
        shifted(statistics.mean.size()) {
    for (std::size_t c = 0; c < factor.size(); ++c) {
      const double deviation = statistics.Inverse(static_cast<std::int64_t>(c), epsilon);
      factor[c] = static_cast<float>(deviation * gamma[c]);
      offset[c] = static_cast<float>(static_cast<double>(beta[c]) + static_cast<double>(before[c]) -
                                     statistics.mean[c] * deviation * static_cast<double>(gamma[c]));
      inverse[c] = static_cast<float>(deviation);
      shifted[c] = static_cast<float>(-statistics.mean[c] * deviation);
    }
  }
};

/// Reads a run's inputs one after the other.
class Inputs {
 public:
  explicit Inputs(OpContext& context) : context_(context) {}

  OpTensor Next() { return context_.Input(next_++); }

  OpTensor Channels(std::int64_t channels, const char* name) {
    OpTensor tensor = Next();
    Require(tensor, {channels}, name);
    return tensor;
  }

  OpTensor Like(const Shape& shape, const char* name) {
    OpTensor tensor = Next();
    Require(tensor, shape, name);
    return tensor;
  }

  std::vector<OpTensor> Several(std::int64_t count) {
    std::vector<OpTensor> tensors;
    for (std::int64_t i = 0; i < count; ++i) tensors.push_back(Next());
    return tensors;
  }

 private:
  OpContext& context_;
  int next_ = 0;
};

void RunMoments(const Passes& passes, const Attributes&, OpContext& context) {
  const OpTensor x = Inputs(context).Next();
  const Pixels pixels = PixelsOf(x.shape());
  const OpTensor moments = context.DoubleOutput(0, {3, pixels.channels});
  double* values = moments.data<double>();
  for (std::int64_t c = 0; c < pixels.channels; ++c) values[c] = static_cast<double>(pixels.rows);
  passes.moments(pixels, x.data<float>(), values + pixels.channels, values + 2 * pixels.channels);
}

void RunNorm(const Passes& passes, const Attributes& attributes, OpContext& context) {
  Inputs inputs(context);
  const OpTensor x = inputs.Next();
  const Shape shape = x.shape();
  const Pixels pixels = PixelsOf(shape);
  std::vector<OpTensor> residual = inputs.Several(attributes.residuals);
  for (const OpTensor& tensor : residual) Require(tensor, shape, "residual");
  const std::vector<OpTensor> moments = inputs.Several(attributes.parts);
  const OpTensor gamma = inputs.Channels(pixels.channels, "gamma");
  const OpTensor beta = inputs.Channels(pixels.channels, "beta");
  const OpTensor before = inputs.Channels(pixels.channels, "before");
  const OpTensor slope = inputs.Channels(pixels.channels, "slope");
  const OpTensor after = inputs.Channels(pixels.channels, "after");
  const Statistics statistics(moments, pixels.channels);
  const Fold fold(statistics, gamma.data<float>(), beta.data<float>(), before.data<float>(), attributes.epsilon);
  const NormForm form{fold.factor.data(), fold.offset.data(), slope.data<float>(), after.data<float>()};
  const OpTensor y = context.FloatOutput(0, shape);
  passes.norm(pixels, form, x.data<float>(), residual.empty() ? nullptr : residual[0].data<float>(), y.data<float>());
  const OpTensor mean = context.FloatOutput(1, {pixels.channels});
  const OpTensor variance = context.FloatOutput(2, {pixels.channels});
  // As TensorFlow's own, the variance that is kept has the sum divided by one less.
  const double unbiased = statistics.rows > 1 ? statistics.rows / (statistics.rows - 1) : 1;
  for (std::int64_t c = 0; c < pixels.channels; ++c) {
    mean.data<float>()[c] = static_cast<float>(statistics.mean[Size(c)]);
    variance.data<float>()[c] = static_cast<float>(statistics.variance[Size(c)] * unbiased);
  }
}

void RunNormSums(const Passes& passes, const Attributes& attributes, OpContext& context) {
  Inputs inputs(context);
  const std::vector<OpTensor> gradients = inputs.Several(attributes.summands);
  const OpTensor x = inputs.Next();
  const Shape shape = x.shape();
  const Pixels pixels = PixelsOf(shape);
  std::vector<const float*> summands;
  for (const OpTensor& gradient : gradients) {
    Require(gradient, shape, "gradient");
    summands.push_back(gradient.data<float>());
  }
  std::vector<OpTensor> residual = inputs.Several(attributes.residuals);
  for (const OpTensor& tensor : residual) Require(tensor, shape, "residual");
  const std::vector<OpTensor> moments = inputs.Several(attributes.parts);
  const OpTensor gamma = inputs.Channels(pixels.channels, "gamma");
  const OpTensor beta = inputs.Channels(pixels.channels, "beta");
  const OpTensor before = inputs.Channels(pixels.channels, "before");
  const OpTensor slope = inputs.Channels(pixels.channels, "slope");
  const Statistics statistics(moments, pixels.channels);
  const Fold fold(statistics, gamma.data<float>(), beta.data<float>(), before.data<float>(), attributes.epsilon);
  const NormForm form{fold.factor.data(), fold.offset.data(), slope.data<float>(), nullptr};
  const OpTensor du = context.FloatOutput(0, shape);
  const OpTensor sums = context.DoubleOutput(1, {4, pixels.channels});
  double* rows = sums.data<double>();
  passes.norm_sums(pixels, form, fold.inverse.data(), fold.shifted.data(),
                   {summands.data(), static_cast<std::int64_t>(summands.size())}, x.data<float>(),
                   residual.empty() ? nullptr : residual[0].data<float>(), du.data<float>(),
                   {rows, rows + pixels.channels, rows + 2 * pixels.channels, rows + 3 * pixels.channels});
}

/// The gradient of a normalisation, from the sums of all parts of the batch.
class NormGradients {
 public:
  /// Reads sums, moments and gamma, the last inputs of an operator.
  NormGradients(Inputs& inputs, const Attributes& attributes, std::int64_t channels)
      : channels_(channels),
        totals_(Size(4 * channels), 0.0),
        of_du_(Size(channels)),
        of_x_(Size(channels)),
        offset_(Size(channels)) {
    const std::vector<OpTensor> sums = inputs.Several(attributes.parts);
    const std::vector<OpTensor> moments = inputs.Several(attributes.parts);
    const OpTensor gamma = inputs.Channels(channels, "gamma");
    const Statistics statistics(moments, channels);
    for (const OpTensor& part : sums) {
      Require(part, {4, channels}, "sums");
      for (std::size_t i = 0; i < totals_.size(); ++i) totals_[i] += part.data<double>()[i];
    }
    for (std::int64_t c = 0; c < channels; ++c) {
      const double inverse = statistics.Inverse(c, attributes.epsilon);
      const double factor = inverse * static_cast<double>(gamma.data<float>()[c]);
      const double slope = -factor * inverse * totals_[Size(3 * channels + c)] / statistics.rows;
      of_du_[Size(c)] = static_cast<float>(factor);
      of_x_[Size(c)] = static_cast<float>(slope);
      offset_[Size(c)] = static_cast<float>(-factor * totals_[Size(2 * channels + c)] / statistics.rows -
                                            slope * statistics.mean[Size(c)]);
    }
  }

  NormBack back() const { return {of_du_.data(), of_x_.data(), offset_.data()}; }

  /// Writes the gradients of gamma, of beta and the shift before, of the slope, and of the shift after.
  void WriteOutputs(OpContext& context, int first) const {
    for (const std::int64_t row : {3, 2, 1, 0}) {
      const OpTensor gradient = context.FloatOutput(first++, {channels_});
      for (std::int64_t c = 0; c < channels_; ++c) {
        gradient.data<float>()[c] = static_cast<float>(totals_[Size(row * channels_ + c)]);
      }
    }
  }

 private:
  const std::int64_t channels_;
  std::vector<double> totals_;
  std::vector<float> of_du_;
  std::vector<float> of_x_;
  std::vector<float> offset_;
};

void RunNormGradient(const Passes& passes, const Attributes& attributes, OpContext& context) {
  Inputs inputs(context);
  const OpTensor du = inputs.Next();
  const Shape shape = du.shape();
  const Pixels pixels = PixelsOf(shape);
  const OpTensor x = inputs.Like(shape, "x");
  const NormGradients gradients(inputs, attributes, pixels.channels);
  const OpTensor dx = context.FloatOutput(0, shape);
  passes.norm_gradient(pixels, gradients.back(), du.data<float>(), x.data<float>(), dx.data<float>());
  gradients.WriteOutputs(context, 1);
}

ConvShape ConvShapeOf(const Shape& x, const Shape& weights, std::int64_t stride) {
  if (x.size() != 4 || weights.size() != 4 || weights[0] != 3 || weights[1] != 3 || weights[2] != x[3] || stride < 1) {
    throw OpError{"A convolution needs [N, H, W, in] and [3, 3, in, out]"};
  }
  return {x[0], x[1], x[2], x[3], weights[3], stride};
}

Shape Output(const ConvShape& shape) { return {shape.images, shape.OutHeight(), shape.OutWidth(), shape.out}; }

/// The moments of a convolution's output, [3][out]; the rows are filled in.
OpTensor MomentsOutput(OpContext& context, int index, const ConvShape& shape) {
  OpTensor moments = context.DoubleOutput(index, {3, shape.out});
  const auto rows = static_cast<double>(shape.images * shape.OutHeight() * shape.OutWidth());
  std::fill_n(moments.data<double>(), shape.out, rows);
  return moments;
}

void RunBinaryConv(const Passes& passes, const Attributes& attributes, OpContext& context) {
  Inputs inputs(context);
  const OpTensor x = inputs.Next();
  PixelsOf(x.shape());
  const OpTensor shift = inputs.Channels(x.shape().back(), "shift");
  const OpTensor weights = inputs.Next();
  const ConvShape shape = ConvShapeOf(x.shape(), weights.shape(), attributes.stride);
  const OpTensor y = context.FloatOutput(0, Output(shape));
  const OpTensor moments = MomentsOutput(context, 1, shape);
  passes.binary_conv(shape, x.data<float>(), shift.data<float>(), weights.data<float>(), y.data<float>(),
                     moments.data<double>() + shape.out, moments.data<double>() + 2 * shape.out);
}

ConvShape OfBlocks(const ConvShape& shape) {
  if (shape.in % kConvChannels != 0 || shape.out % kConvChannels != 0) {
    throw OpError{"A convolution of floats needs multiples of " + std::to_string(kConvChannels) + " channels"};
  }
  return shape;
}

void RunConv(const Passes& passes, const Attributes& attributes, OpContext& context) {
  Inputs inputs(context);
  const OpTensor x = inputs.Next();
  const OpTensor weights = inputs.Next();
  const ConvShape shape = OfBlocks(ConvShapeOf(x.shape(), weights.shape(), attributes.stride));
  const OpTensor y = context.FloatOutput(0, Output(shape));
  const OpTensor moments = MomentsOutput(context, 1, shape);
  passes.conv(shape, x.data<float>(), weights.data<float>(), y.data<float>(), moments.data<double>() + shape.out,
              moments.data<double>() + 2 * shape.out);
}

void RunConvGradients(const Passes& passes, const Attributes& attributes, OpContext& context) {
  Inputs inputs(context);
  const OpTensor x = inputs.Next();
  const OpTensor weights = inputs.Next();
  const ConvShape shape = OfBlocks(ConvShapeOf(x.shape(), weights.shape(), attributes.stride));
  const OpTensor dy = inputs.Like(Output(shape), "gradient");
  const OpTensor dx = context.FloatOutput(0, x.shape());
  const OpTensor gradient = context.FloatOutput(1, weights.shape());
  passes.conv_gradients(shape, x.data<float>(), weights.data<float>(), dy.data<float>(), dx.data<float>(),
                        gradient.data<float>());
}

void RunNormConvGradients(const Passes& passes, const Attributes& attributes, OpContext& context) {
  Inputs inputs(context);
  const OpTensor x = inputs.Next();
  const OpTensor weights = inputs.Next();
  const ConvShape shape = OfBlocks(ConvShapeOf(x.shape(), weights.shape(), attributes.stride));
  const OpTensor y = inputs.Like(Output(shape), "output");
  const OpTensor du = inputs.Like(Output(shape), "gradient");
  const NormGradients gradients(inputs, attributes, shape.out);
  const OpTensor dx = context.FloatOutput(0, x.shape());
  const OpTensor gradient = context.FloatOutput(1, weights.shape());
  passes.norm_conv_gradients(shape, gradients.back(), du.data<float>(), y.data<float>(), x.data<float>(),
                             weights.data<float>(), dx.data<float>(), gradient.data<float>());
  gradients.WriteOutputs(context, 2);
}

void RunSigns(const Passes& passes, const Attributes&, OpContext& context) {
  Inputs inputs(context);
  const OpTensor x = inputs.Next();
  const Pixels pixels = PixelsOf(x.shape());
  const OpTensor shift = inputs.Channels(pixels.channels, "shift");
  const OpTensor y = context.FloatOutput(0, x.shape());
  passes.signs(pixels, x.data<float>(), shift.data<float>(), y.data<float>());
}

void RunSignsGradient(const Passes& passes, const Attributes&, OpContext& context) {
  Inputs inputs(context);
  const OpTensor gradient = inputs.Next();
  const Shape shape = gradient.shape();
  const Pixels pixels = PixelsOf(shape);
  const OpTensor x = inputs.Like(shape, "x");
  const OpTensor shift = inputs.Channels(pixels.channels, "shift");
  const OpTensor dx = context.FloatOutput(0, shape);
  const OpTensor shift_gradient = context.FloatOutput(1, {pixels.channels});
  std::vector<double> sums(Size(pixels.channels), 0.0);
  passes.signs_gradient(pixels, gradient.data<float>(), x.data<float>(), shift.data<float>(), dx.data<float>(),
                        sums.data());
  for (std::int64_t c = 0; c < pixels.channels; ++c) {
    shift_gradient.data<float>()[c] = static_cast<float>(sums[Size(c)]);
  }
}

/// A node of an operator in a graph.
struct Node {
  const Passes* passes;
  Attributes attributes;
};

void* Create(TF_OpKernelConstruction* construction, std::initializer_list<const char*> names) {
  auto* node = new Node{&ChosenPasses(), {}};
  TF_Status* status = tensorflow->TF_NewStatus();
  for (const char* attribute : names) {
    const std::string name(attribute);
    Attributes& values = node->attributes;
    if (name == "epsilon") {
      tensorflow->TF_OpKernelConstruction_GetAttrFloat(construction, attribute, &values.epsilon, status);
    } else {
      std::int64_t& value = name == "summands"    ? values.summands
                            : name == "residuals" ? values.residuals
                            : name == "parts"     ? values.parts
                                                  : values.stride;
      tensorflow->TF_OpKernelConstruction_GetAttrInt64(construction, attribute, &value, status);
    }
    if (tensorflow->TF_GetCode(status) != kTensorFlowOk) {
      tensorflow->TF_OpKernelConstruction_Failure(construction, status);
      break;
    }
  }
  tensorflow->TF_DeleteStatus(status);
  return node;
}

template <void (*kRun)(const Passes&, const Attributes&, OpContext&)>
void Compute(void* kernel, TF_OpKernelContext* tensorflow_context) {
  const Node& node = *static_cast<const Node*>(kernel);
  OpContext context(*tensorflow, tensorflow_context);
  try {
    kRun(*node.passes, node.attributes, context);
  } catch (const OpError& error) {
    context.Fail(error.message);
  } catch (const std::exception& error) {
    context.Fail(error.what());
  }
}

void Destroy(void* kernel) { delete static_cast<Node*>(kernel); }

void UnknownShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  tensorflow->TF_ShapeInferenceContextSetUnknownShape(context, status);
}

/// One operator, as TensorFlow's definitions are written.
struct Definition {
  const char* name;
  std::vector<const char*> inputs;
  std::vector<const char*> outputs;
  std::vector<const char*> attributes;
  void* (*create)(TF_OpKernelConstruction*);
  void (*compute)(void*, TF_OpKernelContext*);
};

bool Register(const Definition& definition) {
  TF_Status* status = tensorflow->TF_NewStatus();
  TF_OpDefinitionBuilder* op = tensorflow->TF_NewOpDefinitionBuilder(definition.name);
  for (const char* attribute : definition.attributes) tensorflow->TF_OpDefinitionBuilderAddAttr(op, attribute);
  for (const char* input : definition.inputs) tensorflow->TF_OpDefinitionBuilderAddInput(op, input);
  for (const char* output : definition.outputs) tensorflow->TF_OpDefinitionBuilderAddOutput(op, output);
  tensorflow->TF_OpDefinitionBuilderSetShapeInferenceFunction(op, UnknownShape);
  tensorflow->TF_RegisterOpDefinition(op, status);
  bool done = tensorflow->TF_GetCode(status) == kTensorFlowOk;
  if (done) {
    TF_KernelBuilder* kernel =
        tensorflow->TF_NewKernelBuilder(definition.name, "CPU", definition.create, definition.compute, Destroy);
    tensorflow->TF_RegisterKernelBuilder(definition.name, kernel, status);
    done = tensorflow->TF_GetCode(status) == kTensorFlowOk;
  }
  if (!done) std::fprintf(stderr, "Subbit: TensorFlow refuses the operator %s\n", definition.name);
  tensorflow->TF_DeleteStatus(status);
  return done;
}

}  // namespace

bool RegisterOps(const TensorFlowApi& api) {
  tensorflow = &api;
  const char* parts = "parts: int >= 1";
  const char* residuals = "residuals: int >= 0";
  const char* summands = "summands: int >= 1";
  const char* epsilon = "epsilon: float";
  const char* stride = "stride: int >= 1";
  const Definition definitions[] = {
      {"SubbitMoments",
       {"x: float"},
       {"moments: double"},
       {},
       [](TF_OpKernelConstruction* c) { return Create(c, {}); },
       Compute<RunMoments>},
      {"SubbitNorm",
       {"x: float", "residual: residuals * float", "moments: parts * double", "gamma: float", "beta: float",
        "before: float", "slope: float", "after: float"},
       {"y: float", "mean: float", "variance: float"},
       {residuals, parts, epsilon},
       [](TF_OpKernelConstruction* c) { return Create(c, {"residuals", "parts", "epsilon"}); },
       Compute<RunNorm>},
      {"SubbitNormSums",
       {"gradient: summands * float", "x: float", "residual: residuals * float", "moments: parts * double",
        "gamma: float", "beta: float", "before: float", "slope: float"},
       {"inner: float", "sums: double"},
       {summands, residuals, parts, epsilon},
       [](TF_OpKernelConstruction* c) { return Create(c, {"summands", "residuals", "parts", "epsilon"}); },
       Compute<RunNormSums>},
      {"SubbitNormGradient",
       {"inner: float", "x: float", "sums: parts * double", "moments: parts * double", "gamma: float"},
       {"dx: float", "gamma_gradient: float", "beta_gradient: float", "slope_gradient: float", "after_gradient: float"},
       {parts, epsilon},
       [](TF_OpKernelConstruction* c) { return Create(c, {"parts", "epsilon"}); },
       Compute<RunNormGradient>},
      {"SubbitBinaryConv",
       {"x: float", "shift: float", "weights: float"},
       {"y: float", "moments: double"},
       {stride},
       [](TF_OpKernelConstruction* c) { return Create(c, {"stride"}); },
       Compute<RunBinaryConv>},
      {"SubbitSigns",
       {"x: float", "shift: float"},
       {"y: float"},
       {},
       [](TF_OpKernelConstruction* c) { return Create(c, {}); },
       Compute<RunSigns>},
      {"SubbitSignsGradient",
       {"gradient: float", "x: float", "shift: float"},
       {"dx: float", "shift_gradient: float"},
       {},
       [](TF_OpKernelConstruction* c) { return Create(c, {}); },
       Compute<RunSignsGradient>},
  };
  for (const Definition& definition : definitions) {
    if (!Register(definition)) return false;
  }
  if (ChosenPasses().conv == nullptr) return true;
  const Definition convs[] = {
      {"SubbitConv",
       {"x: float", "weights: float"},
       {"y: float", "moments: double"},
       {stride},
       [](TF_OpKernelConstruction* c) { return Create(c, {"stride"}); },
       Compute<RunConv>},
      {"SubbitConvGradients",
       {"x: float", "weights: float", "gradient: float"},
       {"dx: float", "weights_gradient: float"},
       {stride},
       [](TF_OpKernelConstruction* c) { return Create(c, {"stride"}); },
       Compute<RunConvGradients>},
      {"SubbitNormConvGradients",
       {"x: float", "weights: float", "y: float", "inner: float", "sums: parts * double", "moments: parts * double",
        "gamma: float"},
       {"dx: float", "weights_gradient: float", "gamma_gradient: float", "beta_gradient: float",
        "slope_gradient: float", "after_gradient: float"},
       {parts, epsilon, stride},
       [](TF_OpKernelConstruction* c) { return Create(c, {"parts", "epsilon", "stride"}); },
       Compute<RunNormConvGradients>},
  };
  for (const Definition& definition : convs) {
    if (!Register(definition)) return false;
  }
  return true;
}

}  // namespace subbit
