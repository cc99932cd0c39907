// Walks through a layer in the order in which the engine works: image, tile of output pixels, input channel. A step is one
// channel of one tile; `valid` says that the outputs describe the current step, `next` goes on to the following one.
// A tile is whole rows where the accumulators hold at least one, else part of a row.
`default_nettype none

module subbit_tiles (
    input wire clk,
    input wire rst,
    input wire start,
    input wire next,
    input subbit_pkg::layer_t layer,

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

  logic running, settled;
  logic [31:0] image;
  logic [39:0] image_base, plane_base;
  logic [39:0] row_offset;     // of first_row from the start of its plane, modulo 2^40

  wire [9:0] tile_stride = 10'(layer.tile_rows) * 10'(layer.stride_h);
  wire [39:0] tile_bytes = 40'(tile_stride) * 40'(layer.row_bytes);
  wire [39:0] top_bytes = 40'(layer.pad_top) * 40'(layer.row_bytes);
  wire [39:0] next_plane = plane_base + layer.in_plane_bytes;
  wire ends_channels = channel == layer.in_channels - 16'd1;
  wire ends_columns = 17'(column) + 17'(layer.tile_columns) >= 17'(layer.out_width);
  wire ends_rows = 17'(row) + 17'(layer.tile_rows) >= 17'(layer.out_height);
  wire ends_images = image == layer.batch - 32'd1;

  wire [15:0] rows_left = layer.out_height - row;
  wire [15:0] columns_left = layer.out_width - column;
  wire [7:0] rows_now = rows_left < 16'(layer.tile_rows) ? rows_left[7:0] : layer.tile_rows;
  wire [17:0] more_rows = 18'(rows_now - 8'd1) * 18'(layer.stride_h);
  wire signed [17:0] end_row = first_row + signed'(more_rows) + 18'sd3;
  wire signed [17:0] height = 18'(layer.in_height);
  wire signed [17:0] real_first = first_row < 0 ? 18'sd0 : first_row;
  wire signed [17:0] real_end = end_row < height ? end_row : height;
  wire signed [17:0] negative = -first_row;

  assign valid = running && settled;

  always_ff @(posedge clk) begin
    if (rst) begin
      running <= 1'b0;
      settled <= 1'b0;
    end else if (start) begin
      running <= 1'b1;
      settled <= 1'b0;
      image <= '0;
      channel <= '0;
      row <= '0;
      column <= '0;
      image_base <= layer.input_address;
      plane_base <= layer.input_address;
      row_offset <= -top_bytes;
      first_row <= -18'(layer.pad_top);
    end else if (valid && next) begin
      settled <= 1'b0;
      if (last) running <= 1'b0;
      if (!ends_channels) begin
        channel <= channel + 16'd1;
        plane_base <= next_plane;
      end else begin
        channel <= '0;
        plane_base <= image_base;
        if (!ends_columns) begin
          column <= column + layer.tile_columns;
        end else begin
          column <= '0;
          if (!ends_rows) begin
            row <= row + 16'(layer.tile_rows);
            first_row <= first_row + 18'(tile_stride);
            row_offset <= row_offset + tile_bytes;
          end else begin
            row <= '0;
            first_row <= -18'(layer.pad_top);
            row_offset <= -top_bytes;
            image <= image + 32'd1;
            image_base <= next_plane;
            plane_base <= next_plane;
          end
        end
      end
    end else if (running) begin
      settled <= 1'b1;
    end
    if (!settled) begin
      first_channel <= channel == 0;
      last_channel <= ends_channels;
      last_tile <= ends_columns && ends_rows;
      last <= ends_channels && ends_columns && ends_rows && ends_images;
      rows <= rows_now;
      columns <= columns_left < layer.tile_columns ? columns_left : layer.tile_columns;
      lead_rows <= first_row < 0 ? negative[1:0] : 2'd0;
      load_address <= plane_base + (first_row < 0 ? 40'd0 : row_offset);
      load_rows <= 10'(real_end - real_first);
      load_bytes <= 24'(10'(real_end - real_first)) * 24'(layer.row_bytes);
    end
  end
endmodule

`default_nettype wire
