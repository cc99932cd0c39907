#include "emulator/engine.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "emulator/dense_engine.h"
#include "emulator/integer_output.h"
#include "emulator/output_stage.h"
#include "emulator/response_tile.h"

namespace subbit::fpga {
namespace {

/// The number of output pixels that are processed at once: their row sums, responses and accumulators stay in the
/// second-level cache.
constexpr std::uint32_t kTilePixels = 256;

std::uint32_t LoadU32(const std::uint8_t* from) {
  return from[0] | std::uint32_t{from[1]} << 8 | std::uint32_t{from[2]} << 16 | std::uint32_t{from[3]} << 24;
}

/// The engine with the layer's weights loaded into its memories.
class Engine {
 public:
  Engine(const LayerDescriptor& layer, std::uint8_t* memory)
      : layer_(layer),
        memory_(memory),
        rows_per_tile_(std::min(layer.out_height, std::max(1u, kTilePixels / layer.out_width))),
        tile_pixels_(std::size_t{rows_per_tile_} * layer.out_width),
        response_tile_(tile_pixels_),
        accumulators_(layer.group_out_channels() * tile_pixels_) {
    if (layer.mode == Mode::kTable) {
      table_.resize((std::size_t{1} << layer.tau) * tile_pixels_);
    }
  }

  ErrorCode LoadWeights(IndexOrder order) {
    codebook_.resize(std::size_t{1} << layer_.tau);
    const std::uint8_t* codeword = memory_ + layer_.codebook_address;
    for (std::uint16_t& entry : codebook_) {
      entry = static_cast<std::uint16_t>(codeword[0] | codeword[1] << 8);
      codeword += 2;
      if (entry > 511) {
        return ErrorCode::kCodeword;
      }
    }
    indices_ = IndicesOf(layer_, order, memory_ + layer_.index_address);
    if (layer_.integer.has_value()) {
      std::optional<std::vector<IntegerParameters>> parameters = LoadParameters(layer_, memory_);
      if (!parameters.has_value()) {
        return ErrorCode::kMultiplier;
      }
      parameters_ = std::move(*parameters);
      return ErrorCode::kNone;
    }
    outputs_.resize(layer_.out_channels);
    for (std::uint32_t o = 0; o < layer_.out_channels; ++o) {
      ChannelOutput& output = outputs_[o];
      output = {layer_.output_format, 0, 0.0f, layer_.output_zero_point, {0, false}};
      if (layer_.bias_address != 0) {
        output.bias = static_cast<std::int32_t>(LoadU32(memory_ + layer_.bias_address + 4 * o));
      }
      if (layer_.output_format == OutputFormat::kBits) {
        const std::uint32_t word = LoadU32(memory_ + layer_.multiplier_address + 4 * o);
        output.rule = SignRule::Decode(static_cast<std::int32_t>(word));
      } else if (layer_.output_format != OutputFormat::kI32) {
        const std::uint32_t bits = LoadU32(memory_ + layer_.multiplier_address + 4 * o);
        std::memcpy(&output.multiplier, &bits, sizeof bits);
        if (!std::isfinite(output.multiplier)) {
          return ErrorCode::kMultiplier;
        }
      }
    }
    return ErrorCode::kNone;
  }

  void Run() {
    for (std::uint32_t image = 0; image < layer_.batch; ++image) {
      for (std::uint32_t group = 0; group < layer_.group; ++group) {
        for (std::uint32_t row = 0; row < layer_.out_height; row += rows_per_tile_) {
          RunTile(image, group, {row, std::min(rows_per_tile_, layer_.out_height - row)});
        }
      }
    }
  }

 private:
  void RunTile(std::uint32_t image, std::uint32_t group, const Tile& tile) {
    const std::uint32_t in_channels = layer_.group_in_channels();
    const std::uint64_t plane_bytes = layer_.in_height * layer_.input_row_bytes();
    const std::uint8_t* plane = memory_ + layer_.input_address + image * layer_.input_image_bytes() +
                                std::uint64_t{group} * in_channels * plane_bytes;
    std::fill(accumulators_.begin(), accumulators_.end(), 0);
    for (std::uint32_t c = 0; c < in_channels; ++c, plane += plane_bytes) {
      response_tile_.Load(layer_, plane, tile);
      if (layer_.mode == Mode::kTable) {
        FillTable();
      }
      AccumulateChannel(group, c);
    }
    StoreTile(image, group, tile);
  }

  void FillTable() {
    for (std::size_t index = 0; index < codebook_.size(); ++index) {
      response_tile_.Response(codebook_[index], table_.data() + index * tile_pixels_);
    }
  }

  void AccumulateChannel(std::uint32_t group, std::uint32_t c) {
    const std::uint32_t out_channels = layer_.group_out_channels();
    const std::uint32_t in_channels = layer_.group_in_channels();
    const std::uint16_t* index = indices_.data() + std::size_t{group} * out_channels * in_channels + c;
    for (std::uint32_t o = 0; o < out_channels; ++o, index += in_channels) {
      std::int32_t* accumulator = accumulators_.data() + o * tile_pixels_;
      if (layer_.mode == Mode::kTable) {
        Add(table_.data() + *index * tile_pixels_, response_tile_.pixels(), accumulator);
      } else {
        response_tile_.Accumulate(codebook_[*index], accumulator);
      }
    }
  }

  static void Add(const std::int16_t* __restrict response, std::size_t pixels, std::int32_t* __restrict accumulator) {
    for (std::size_t p = 0; p < pixels; ++p) {
      accumulator[p] += response[p];
    }
  }

  void StoreIntegerTile(std::uint32_t image, const Tile& tile) {
    IntegerOutput output(layer_, parameters_, memory_);
    for (std::uint32_t o = 0; o < layer_.out_channels; ++o) {
      for (std::uint32_t row = 0; row < tile.rows; ++row) {
        output.WriteSums(image, tile.first_row + row, o,
                         accumulators_.data() + o * tile_pixels_ + std::size_t{row} * layer_.out_width);
      }
    }
  }

  void StoreTile(std::uint32_t image, std::uint32_t group, const Tile& tile) {
    if (layer_.integer.has_value()) {
      StoreIntegerTile(image, tile);
      return;
    }
    // Rows of bits begin on a byte of their own; everything else is one run.
    const bool by_rows = layer_.output_format == OutputFormat::kBits;
    const std::uint32_t runs = by_rows ? tile.rows : 1;
    const std::size_t run_pixels = by_rows ? layer_.out_width : response_tile_.pixels();
    for (std::uint32_t o = 0; o < layer_.group_out_channels(); ++o) {
      const std::uint64_t channel = std::uint64_t{group} * layer_.group_out_channels() + o;
      const std::uint64_t row = channel * layer_.out_height + tile.first_row;
      const std::uint64_t at = image * layer_.output_image_bytes() + row * layer_.output_row_bytes();
      const Residual residual = {layer_.adds_residual ? memory_ + layer_.residual_address + at : nullptr,
                                 layer_.residual_multiplier, layer_.residual_zero_point};
      const std::int32_t* sums = accumulators_.data() + o * tile_pixels_;
      std::uint8_t* to = memory_ + layer_.output_address + at;
      for (std::uint32_t run = 0; run < runs; ++run, sums += run_pixels, to += layer_.output_row_bytes()) {
        WriteOutput(outputs_[channel], residual, sums, run_pixels, to);
      }
    }
  }

  const LayerDescriptor& layer_;
  std::uint8_t* memory_;
  std::uint32_t rows_per_tile_;
  std::size_t tile_pixels_;
  ResponseTile response_tile_;
  std::vector<std::int32_t> accumulators_;
  std::vector<std::int16_t> table_;
  std::vector<std::uint16_t> codebook_;
  std::vector<std::uint16_t> indices_;
  std::vector<ChannelOutput> outputs_;
  std::vector<IntegerParameters> parameters_;  ///< of an integer layer, in place of outputs_
};

}  // namespace

ErrorCode RunLayer(const LayerDescriptor& layer, IndexOrder order, std::uint8_t* memory) {
  if (layer.integer.has_value() && layer.integer->kind != Kind::kConv) {
    return RunDenseLayer(layer, memory);
  }
  Engine engine(layer, memory);
  if (const ErrorCode code = engine.LoadWeights(order); code != ErrorCode::kNone) {
    return code;
  }
  engine.Run();
  return ErrorCode::kNone;
}

}  // namespace subbit::fpga
