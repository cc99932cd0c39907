// The input rows of one channel and tile, in two halves: one is read while the other is filled. Rows lie in three
// banks, row r of the tile in bank r mod 3, so that the three pixels of a column are read in one cycle.
//
// Filling takes bytes as they lie in memory and stores one pixel per cycle, with its zero point subtracted. Rows above
// the image are not stored, only counted: there are `lead_rows` of them.
`default_nettype none

module subbit_input_buffer #(
    parameter int DATA_WIDTH = 64,
    // Pixels that a bank holds in each half, a power of two.
    parameter int DEPTH = 1024
) (
    input wire clk,
    input wire rst,

    // Filling: the geometry is taken with `fill`; `filling` falls when the last pixel is stored.
    input  wire               fill,          // one cycle, while `filling` is 0
    input  wire               fill_half,
    input  wire        [ 1:0] fill_lead_rows,
    input  wire        [ 9:0] fill_rows,
    input  wire        [15:0] fill_width,
    input  wire        [ 1:0] input_format,
    input  wire signed [ 8:0] input_zero,
    output logic              filling,

    // The bytes of the rows.
    input  wire                   beat_valid,
    output logic                  beat_ready,
    input  wire  [DATA_WIDTH-1:0] beat_data,

    // Reading: one pixel from each bank, one cycle after its address.
    input  wire                                      read,          // while this is 0, the pixels keep their values
    input  wire                                      read_half,
    input  wire  [              3*$clog2(DEPTH)-1:0] read_address,  // one for each bank
    output logic [      3*subbit_pkg::PIXEL_BITS-1:0] read_pixels
);
  import subbit_contract_pkg::*;
  import subbit_pkg::*;
  localparam int AW = $clog2(DEPTH);
  localparam int BYTES = DATA_WIDTH / 8;
  localparam int LEFT_BITS = $clog2(BYTES + 1);

  if ((1 << AW) != DEPTH) begin : g_check
    $error("DEPTH must be a power of two");
  end

  logic half;
  logic [DATA_WIDTH-1:0] word, next;    // being stored, and the one after it
  logic next_valid;
  logic [LEFT_BITS-1:0] bytes_left;
  logic has_byte, last_byte;            // there is at least one, or exactly one
  logic [2:0] bit_at;
  logic [15:0] x, width;
  logic [9:0] rows_left;
  logic [1:0] bank;
  logic [AW-1:0] base;
  logic row_ends;                // x is the last pixel of its row
  logic [15:0] last_but_one;     // of a row of at least two pixels

  wire bits = input_format == INPUT_FORMAT_BITS;
  wire has_pixel = filling && has_byte;
  wire byte_ends = !bits || row_ends || bit_at == 3'd7;
  wire fill_ends = has_pixel && row_ends && rows_left == 10'd1;
  wire signed [8:0] raw = input_format == INPUT_FORMAT_S8 ? {word[7], word[7:0]} : {1'b0, word[7:0]};
  wire [7:0] low_byte = word[7:0];
  wire signed [8:0] pixel = bits ? (low_byte[bit_at] ? 9'sd1 : -9'sd1) : raw - input_zero;

  // The last word of a fill is not followed by another.
  wire word_ends = !has_byte || (last_byte && byte_ends);
  wire word_begins = filling && word_ends && next_valid;

  always_ff @(posedge clk) begin
    if (rst) begin
      filling <= 1'b0;
      has_byte <= 1'b0;
    end else if (fill) begin
      filling <= 1'b1;
      has_byte <= 1'b0;
      half <= fill_half;
      width <= fill_width;
      rows_left <= fill_rows;
      x <= '0;
      row_ends <= fill_width == 16'd1;
      bit_at <= '0;
      bank <= fill_lead_rows;
      base <= '0;
    end else begin
      // Store one pixel, and move on to the next.
      if (has_pixel) begin
        x <= row_ends ? 16'd0 : x + 16'd1;
        row_ends <= row_ends ? width == 16'd1 : x == last_but_one;
        bit_at <= byte_ends ? 3'd0 : bit_at + 3'd1;
        if (byte_ends) begin
          word <= word >> 8;
          bytes_left <= bytes_left - 1'b1;
          has_byte <= !last_byte;
          last_byte <= bytes_left == LEFT_BITS'(2);
        end
        if (row_ends) begin
          rows_left <= rows_left - 10'd1;
          bank <= bank == 2'd2 ? 2'd0 : bank + 2'd1;
          if (bank == 2'd2) base <= base + AW'(width);
        end
        if (fill_ends) filling <= 1'b0;
      end
      // Take the next word.
      if (word_begins) begin
        word <= next;
        bytes_left <= LEFT_BITS'(BYTES);
        has_byte <= 1'b1;
        last_byte <= 1'b0;
      end
    end
  end

  assign beat_ready = !next_valid;
  always_ff @(posedge clk) begin
    if (rst || fill) next_valid <= 1'b0;
    else next_valid <= next_valid ? !word_begins : beat_valid;
    if (!next_valid) next <= beat_data;
    last_but_one <= width - 16'd2;
  end

  wire [AW:0] write_address = {half, base + AW'(x)};
  for (genvar b = 0; b < 3; b++) begin : g_bank
    subbit_memory #(
        .WIDTH(PIXEL_BITS),
        .DEPTH(2 * DEPTH)
    ) pixels (
        .clk,
        .write(has_pixel && bank == 2'(b)),
        .write_address,
        .write_data(pixel),
        .read,
        .read_address({read_half, read_address[b*AW+:AW]}),
        .read_data(read_pixels[b*PIXEL_BITS+:PIXEL_BITS])
    );
  end
endmodule

`default_nettype wire
