#include "driver/layer_graph.h"

#include <algorithm>
#include <string>

#include "driver/driver.h"

namespace subbit::fpga {
namespace {

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
  Tensors(const LayerGraph& graph, const std::vector<ImageSize>& sizes) : tensors_(graph.tensors()) {
    for (std::size_t i = 0; i < std::min(graph.inputs, sizes.size()); ++i) {
      tensors_[i] = Tensor{sizes[i], std::nullopt, 0, 0};
    }
  }

  /// The tensor as something that reads it in this format expects it.
  const Tensor& Read(TensorNumber number, ElementFormat format, std::uint32_t channels) {
    if (number >= tensors_.size() || !tensors_[number].has_value()) {
      throw DriverError(Fault::kUnsupported, "a layer reads tensor " + std::to_string(number) + " before it is there");
    }
    Tensor& tensor = *tensors_[number];
    if (!tensor.format.has_value()) {
      tensor = Of(tensor.size, format, channels);
    }
    if (*tensor.format != format || tensor.channels != channels) {
      throw DriverError(Fault::kUnsupported, "a layer cannot read its input: it expects " + std::to_string(channels) +
                                                 " channels where there are " + std::to_string(tensor.channels) +
                                                 ", or another format");
    }
    return tensor;
  }

  void Give(TensorNumber number, ElementFormat format, const LayerShape& d) {
    tensors_[number] = Of({d.out_height, d.out_width}, format, d.out_channels);
  }

  std::vector<std::uint64_t> ImageBytes() const {
    std::vector<std::uint64_t> bytes;
    for (const std::optional<Tensor>& tensor : tensors_) {
      bytes.push_back(tensor.has_value() ? tensor->image_bytes : 0);
    }
    return bytes;
  }

 private:
  static Tensor Of(ImageSize size, ElementFormat format, std::uint32_t channels) {
    return {size, format, channels, channels * (size.height * RowBytes(format, size.width))};
  }

  std::vector<std::optional<Tensor>> tensors_;
};

}  // namespace

std::optional<std::size_t> LayerGraph::OutputPosition(TensorNumber tensor) const {
  const auto found = std::find(outputs.begin(), outputs.end(), tensor);
  return found == outputs.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - outputs.begin()));
}

GraphShapes ShapesOf(const LayerGraph& graph, const std::vector<ImageSize>& sizes) {
  Tensors tensors(graph, sizes);
  GraphShapes shapes;
  for (const GraphLayer& layer : graph.layers) {
    LayerShape d = layer.layer->shape();
    const ImageSize in = tensors.Read(layer.input, d.input_element(), d.in_channels).size;
    const ImageSize out = d.OutputSize(in);
    d.in_height = in.height;
    d.in_width = in.width;
    d.out_height = out.height;
    d.out_width = out.width;
    if ((layer.residual != kNoTensor) != d.adds_residual) {
      throw DriverError(Fault::kUnsupported, "a layer was given a residual that it does not add, or the reverse");
    }
    if (layer.residual != kNoTensor) {
      const ImageSize residual = tensors.Read(layer.residual, d.output_element(), d.out_channels).size;
      if (residual.height != d.out_height || residual.width != d.out_width) {
        throw DriverError(Fault::kUnsupported, "a residual does not have the size of the tensor that it is added to");
      }
    }
    const std::size_t number = shapes.layers.size();
    tensors.Give(graph.inputs + number, d.output_element(), d);
    if (d.integer.has_value() && d.integer->gives_signs) {
      tensors.Give(graph.SignsOf(number), ElementFormat::kBits, d);
    }
    shapes.layers.push_back(d);
  }
  shapes.image_bytes = tensors.ImageBytes();
  for (const TensorNumber output : graph.outputs) {
    if (output < graph.inputs || output >= graph.inputs + graph.layers.size()) {
      throw DriverError(Fault::kUnsupported, "tensor " + std::to_string(output) + " is not the output of a layer");
    }
  }
  return shapes;
}

}  // namespace subbit::fpga
