// Walks through a layer in the order in which the engine works: image, tile of output pixels, input channel. A step is
// one channel of one tile; `valid` says that the outputs describe the current step, and `next` moves on to the following
// one. A tile consists of whole rows if the accumulators hold at least one, and of part of a
// row otherwise.
//
// Describing a step takes SETTLE cycles, with one sum or product per cycle. The walk prepares the following step in the
// meantime, so steps that take at least as many cycles are not delayed.
`default_nettype none

module subbit_tiles (
    input wire clk,
    input wire rst,
    input wire start,
    input wire next,
    input subbit_pkg::layer_t layer,

    // The current step.
    output logic        valid,
    output logic [15:0] channel,
    output logic        first_channel,
    output logic        last_channel,
    output logic        last_tile,        // of the image
    output logic        last,             // of the layer
    output logic [15:0] row,              // first output row of the tile
    output logic [15:0] column,           // first output column
    output logic [ 7:0] rows,
    output logic [15:0] columns,
    output logic signed [17:0] first_row, // input row under the first tap row of the tile; negative in the padding
    output logic [ 1:0] lead_rows,        // rows of padding above the image
    output logic [39:0] load_address,     // of the input rows that the tile needs
    output logic [23:0] load_bytes,
    output logic [ 9:0] load_rows
);
  import subbit_pkg::*;

  localparam logic [2:0] SETTLE = 3'd5;

  // The step that is being prepared.
  logic running;
  logic [2:0] age;             // cycles since the walk moved on to it
  logic [31:0] image;
  logic [15:0] at_channel, at_row, at_column;
  logic signed [17:0] at_first_row;
  logic [39:0] image_base, plane_base;
  logic [39:0] row_offset;     // of at_first_row from the start of its plane, modulo 2^40

  // Constant for the whole layer.
  logic [15:0] final_channel;
  logic [9:0] tile_stride;
  logic [39:0] tile_bytes, top_bytes;
  wire signed [17:0] height = 18'(layer.in_height);

  // Cycle by cycle: 1 what is left and what ends, 2 rows of the tile, 3 first and last row under its taps, 4 rows to
  // load, 5 their bytes.
  logic ends_channels, ends_columns, ends_rows, ends_images;
  logic [15:0] rows_left_1, columns_left_1, columns_2;
  logic [7:0] rows_2;
  logic [9:0] more_rows_3;
  logic signed [17:0] end_row_4, real_end_5;
  logic [9:0] load_rows_5;
  logic [39:0] next_plane, load_address_1;
  wire above = at_first_row < 0;
  wire signed [17:0] negative = -at_first_row;
  wire signed [17:0] real_first = above ? 18'sd0 : at_first_row;
  assign load_rows_5 = 10'(real_end_5 - real_first);

  wire settled = running && age == SETTLE;
  wire hand_on = settled && (!valid || next);

  always_ff @(posedge clk) begin
    tile_stride <= 10'(layer.tile_rows) * 10'(layer.stride_h);
    tile_bytes <= 40'(tile_stride) * 40'(layer.row_bytes);
    top_bytes <= 40'(layer.pad_top) * 40'(layer.row_bytes);

    final_channel <= layer.in_channels - 16'd1;
    ends_channels <= at_channel == final_channel;
    ends_columns <= columns_left_1 <= layer.tile_columns;
    ends_rows <= rows_left_1 <= 16'(layer.tile_rows);
    ends_images <= image == layer.batch - 32'd1;
    next_plane <= plane_base + layer.in_plane_bytes;
    rows_left_1 <= layer.out_height - at_row;
    columns_left_1 <= layer.out_width - at_column;
    columns_2 <= columns_left_1 < layer.tile_columns ? columns_left_1 : layer.tile_columns;
    rows_2 <= rows_left_1 < 16'(layer.tile_rows) ? rows_left_1[7:0] : layer.tile_rows;
    more_rows_3 <= 10'(rows_2 - 8'd1) * 10'(layer.stride_h);
    end_row_4 <= at_first_row + 18'(more_rows_3) + 18'sd3;
    real_end_5 <= end_row_4 < height ? end_row_4 : height;
    load_address_1 <= plane_base + (above ? 40'd0 : row_offset);

    // The step that was prepared becomes the current one.
    if (hand_on) begin
      channel <= at_channel;
      first_channel <= at_channel == 0;
      last_channel <= ends_channels;
      last_tile <= ends_columns && ends_rows;
      last <= ends_channels && ends_columns && ends_rows && ends_images;
      row <= at_row;
      column <= at_column;
      rows <= rows_2;
      columns <= columns_2;
      first_row <= at_first_row;
      lead_rows <= above ? negative[1:0] : 2'd0;
      load_address <= load_address_1;
      load_rows <= load_rows_5;
      load_bytes <= 24'(load_rows_5) * 24'(layer.row_bytes);
    end

    if (rst) begin
      running <= 1'b0;
      valid <= 1'b0;
    end else if (start) begin
      running <= 1'b1;
      valid <= 1'b0;
    end else begin
      if (hand_on) valid <= 1'b1;
      else if (next) valid <= 1'b0;
      if (hand_on && ends_channels && ends_columns && ends_rows && ends_images) running <= 1'b0;
    end

    // Registers that matter only while `running` need no reset.
    if (start || hand_on) age <= '0;
    else if (!settled) age <= age + 3'd1;
    if (start) begin
      image <= '0;
      at_channel <= '0;
      at_row <= '0;
      at_column <= '0;
      image_base <= layer.input_address;
      plane_base <= layer.input_address;
      row_offset <= -top_bytes;
      at_first_row <= -18'(layer.pad_top);
    end else if (hand_on) begin
      // The next step: channels first, then tiles along a row, then rows of tiles, then images.
      if (!ends_channels) begin
        at_channel <= at_channel + 16'd1;
        plane_base <= next_plane;
      end else begin
        at_channel <= '0;
        plane_base <= image_base;
        if (!ends_columns) begin
          at_column <= at_column + layer.tile_columns;
        end else begin
          at_column <= '0;
          if (!ends_rows) begin
            at_row <= at_row + 16'(layer.tile_rows);
            at_first_row <= at_first_row + 18'(tile_stride);
            row_offset <= row_offset + tile_bytes;
          end else begin
            at_row <= '0;
            at_first_row <= -18'(layer.pad_top);
            row_offset <= -top_bytes;
            image <= image + 32'd1;
            image_base <= next_plane;
            plane_base <= next_plane;
          end
        end
      end
    end
  end
endmodule

`default_nettype wire
