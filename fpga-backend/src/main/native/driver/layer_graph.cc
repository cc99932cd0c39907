#include "driver/layer_graph.h"

#include <algorithm>
#include <string>

#include "core/operator/conv_geometry.h"
#include "driver/driver.h"

namespace subbit::fpga {
namespace {

enum class ElementFormat { kBits, kU8, kS8, kI32 };

ElementFormat FormatOf(InputFormat format) {
  switch (format) {
    case InputFormat::kBits:
      return ElementFormat::kBits;
    case InputFormat::kU8:
      return ElementFormat::kU8;
    case InputFormat::kS8:
      return ElementFormat::kS8;
  }
  throw DriverError(Fault::kUnsupported, "a layer reads an unknown format");
}

ElementFormat FormatOf(OutputFormat format) {
  switch (format) {
    case OutputFormat::kI32:
      return ElementFormat::kI32;
    case OutputFormat::kU8:
      return ElementFormat::kU8;
    case OutputFormat::kS8:
      return ElementFormat::kS8;
    case OutputFormat::kBits:
      return ElementFormat::kBits;
  }
  throw DriverError(Fault::kUnsupported, "a layer gives an unknown format");
}

/// What one image of a tensor is.
struct Tensor {
  ImageSize size;
  /// Known once something reads or gives the tensor.
  std::optional<ElementFormat> format;
  std::uint32_t channels = 0;
  std::uint64_t image_bytes = 0;
};

/// The tensors of a graph, as far as layers have been seen.
class Tensors {
 public:
  explicit Tensors(const std::vector<ImageSize>& sizes) {
    for (const ImageSize& size : sizes) {
      tensors_.push_back({size, std::nullopt, 0, 0});
    }
  }

  /// The tensor as something that reads it in this format expects it.
  const Tensor& Read(TensorNumber number, ElementFormat format, std::uint32_t channels) {
    if (number >= tensors_.size()) {
      throw DriverError(Fault::kUnsupported, "a layer reads tensor " + std::to_string(number) + " before it is there");
    }
    Tensor& tensor = tensors_[number];
    if (!tensor.format.has_value()) {
      const std::uint64_t row = format == ElementFormat::kBits ? (tensor.size.width + 7u) / 8u : tensor.size.width;
      tensor = {tensor.size, format, channels, channels * (tensor.size.height * row)};
    }
    if (*tensor.format != format || tensor.channels != channels) {
      throw DriverError(Fault::kUnsupported, "a layer cannot read its input: it expects " + std::to_string(channels) +
                                                 " channels where there are " + std::to_string(tensor.channels) +
                                                 ", or another format");
    }
    return tensor;
  }

  void Give(const LayerShape& d) {
    tensors_.push_back(
        {{d.out_height, d.out_width}, FormatOf(d.output_format), d.out_channels, d.output_image_bytes()});
  }

  std::vector<std::uint64_t> ImageBytes() const {
    std::vector<std::uint64_t> bytes;
    for (const Tensor& tensor : tensors_) {
      bytes.push_back(tensor.image_bytes);
    }
    return bytes;
  }

 private:
  std::vector<Tensor> tensors_;
};

}  // namespace

std::optional<std::size_t> LayerGraph::OutputPosition(TensorNumber tensor) const {
  const auto found = std::find(outputs.begin(), outputs.end(), tensor);
  return found == outputs.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - outputs.begin()));
}

GraphShapes ShapesOf(const LayerGraph& graph, const std::vector<ImageSize>& sizes) {
  Tensors tensors(sizes);
  GraphShapes shapes;
  for (const GraphLayer& layer : graph.layers) {
    LayerShape d = layer.layer->shape();
    const ImageSize in = tensors.Read(layer.input, FormatOf(d.input_format), d.in_channels).size;
    d.in_height = in.height;
    d.in_width = in.width;
    d.out_height =
        static_cast<std::uint32_t>(OutputLength(in.height, d.pad_top, d.pad_bottom, d.dilation_h, d.stride_h));
    d.out_width = static_cast<std::uint32_t>(OutputLength(in.width, d.pad_left, d.pad_right, d.dilation_w, d.stride_w));
    if ((layer.residual != kNoTensor) != d.adds_residual) {
      throw DriverError(Fault::kUnsupported, "a layer was given a residual that it does not add, or the reverse");
    }
    if (layer.residual != kNoTensor) {
      const ImageSize residual = tensors.Read(layer.residual, FormatOf(d.output_format), d.out_channels).size;
      if (residual.height != d.out_height || residual.width != d.out_width) {
        throw DriverError(Fault::kUnsupported, "a residual does not have the size of the tensor that it is added to");
      }
    }
    tensors.Give(d);
    shapes.layers.push_back(d);
  }
  shapes.image_bytes = tensors.ImageBytes();
  for (const TensorNumber output : graph.outputs) {
    if (output < sizes.size() || output >= shapes.image_bytes.size()) {
      throw DriverError(Fault::kUnsupported, "tensor " + std::to_string(output) + " is not the output of a layer");
    }
  }
  return shapes;
}

}  // namespace subbit::fpga
