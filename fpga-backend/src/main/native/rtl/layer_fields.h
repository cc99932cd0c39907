#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <string>

#include "device/layer_descriptor.h"

namespace subbit::fpga {

/// What decides how large a tile is: accumulators in a row, sums of each, and pixels of an input bank.
struct TileLimits {
  std::int64_t lanes;
  std::int64_t sum_depth;
  std::int64_t row_depth;
};

/// The fields of `layer_t` for a layer that the device offers, by their definitions.
inline std::map<std::string, std::int64_t> LayerFields(const LayerDescriptor& d, const TileLimits& limits) {
  const auto signed64 = [](auto value) { return static_cast<std::int64_t>(value); };
  const std::int64_t slots = (d.out_channels + limits.lanes - 1) / limits.lanes;
  const std::int64_t row_sums = d.out_width * slots;
  std::int64_t rows = 1;
  const auto fits = [&](std::int64_t more) {
    const std::int64_t in_rows = (more - 1) * d.stride_h + 3;
    return more <= 64 && more <= d.out_height && more * row_sums <= limits.sum_depth &&
           (in_rows + 2) / 3 * d.in_width <= limits.row_depth;
  };
  while (row_sums <= limits.sum_depth && fits(rows + 1)) {
    ++rows;
  }
  // Parts of a row of bits are whole bytes.
  const std::int64_t part = limits.sum_depth / slots;
  const std::int64_t columns = d.output_format == OutputFormat::kBits ? part / 8 * 8 : part;
  std::uint32_t multiplier = 0;
  std::memcpy(&multiplier, &d.residual_multiplier, sizeof multiplier);
  std::map<std::string, std::int64_t> fields = {
      {"input_format", signed64(d.input_format)},
      {"output_format", signed64(d.output_format)},
      {"tau", d.tau},
      {"direct", signed64(d.mode)},
      {"input_zero", d.input_zero_point},
      {"output_zero", d.output_zero_point},
      {"batch", d.batch},
      {"in_channels", d.in_channels},
      {"in_height", d.in_height},
      {"in_width", d.in_width},
      {"out_channels", d.out_channels},
      {"out_height", d.out_height},
      {"out_width", d.out_width},
      {"stride_h", d.stride_h},
      {"stride_w", d.stride_w},
      {"pad_top", d.pad_top},
      {"pad_left", d.pad_left},
      {"has_bias", d.bias_address != 0},
      {"input_address", signed64(d.input_address)},
      {"output_address", signed64(d.output_address)},
      {"index_address", signed64(d.index_address)},
      {"codebook_address", signed64(d.codebook_address)},
      {"bias_address", signed64(d.bias_address)},
      {"multiplier_address", signed64(d.multiplier_address)},
      {"has_residual", d.adds_residual},
      {"residual_address", signed64(d.residual_address)},
      {"residual_multiplier", multiplier},
      {"residual_zero", d.residual_zero_point},
      {"classifier", 0},
      {"integer_conv", d.integer.has_value() && d.integer->kind == Kind::kConv},
      {"gives_values", d.integer.has_value()},
      {"stem", d.integer.has_value() && d.integer->kind == Kind::kStem},
      {"beside", d.integer.has_value() && d.integer->beside != 0},
      {"shortcut", d.integer.has_value() && d.integer->kind == Kind::kShortcut},
      {"gives_signs", d.integer.has_value() && d.integer->gives_signs},
      {"row_bytes", signed64(d.input_row_bytes())},
      {"in_image_bytes", signed64(d.input_image_bytes())},
      {"row_places", (d.in_height + 2) / 3},
      {"out_image_bytes", signed64(d.output_image_bytes())},
      {"in_plane_bytes",
       signed64(d.input_row_bytes() *
                (d.integer.has_value() && d.integer->kind == Kind::kShortcut ? d.in_channels : d.in_height))},
      {"out_plane_bytes", signed64(d.output_image_bytes() / (d.integer.has_value() ? d.out_height : d.out_channels))},
      {"index_plane_bytes", signed64((d.kernels() + 7) / 8)},
      {"index_bytes", signed64(d.index_bytes())},
      {"slots", slots},
      {"tile_columns", row_sums <= limits.sum_depth ? d.out_width : columns},
      {"tile_rows", rows}};
  if (d.integer.has_value()) {
    // A layer of an integer network that gives values.
    const std::int64_t sign_plane = signed64(d.out_height * RowBytes(ElementFormat::kBits, d.out_width));
    fields.insert({{"shift", d.integer->shift},
                   {"slope_shift", d.integer->slope_shift},
                   {"value_bits", d.integer->value_bits},
                   {"signs_address", signed64(d.signs_address)},
                   {"signs_plane_bytes", sign_plane},
                   {"signs_image_bytes", sign_plane * d.out_channels}});
    const IntegerStage& stage = *d.integer;
    if (stage.kind == Kind::kStem || stage.kind == Kind::kShortcut) {
      fields["index_plane_bytes"] = fields["index_bytes"] = signed64(d.dense_bytes());
      fields.insert({{"dense_taps", signed64(d.dense_taps())},
                     {"pool_height", stage.pool[0]},
                     {"pool_width", stage.pool[1]},
                     {"pool_stride_h", stage.pool_strides[0]},
                     {"pool_stride_w", stage.pool_strides[1]}});
    }
    if (stage.kind == Kind::kStem) {
      fields.insert({{"pool_pad_top", stage.pool_pads[0]},
                     {"pool_pad_left", stage.pool_pads[1]},
                     {"kernel", stage.kernel},
                     {"stem_stride_h", d.stride_h},
                     {"stem_stride_w", d.stride_w},
                     {"stem_pad_top", d.pad_top},
                     {"stem_pad_left", d.pad_left},
                     {"sum_height", (signed64(d.in_height) + d.pad_top + d.pad_bottom - stage.kernel) / d.stride_h + 1},
                     {"sum_width", (signed64(d.in_width) + d.pad_left + d.pad_right - stage.kernel) / d.stride_w + 1}});
    }
  }
  return fields;
}

}  // namespace subbit::fpga
