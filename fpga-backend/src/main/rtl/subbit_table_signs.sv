// Turns the sums of a table core into bits. A sum counts the taps that match; with v taps of each channel inside the image
// the accumulator is 2 * sum - v * channels, and its bit is (accumulator >= threshold) xor inverted, by the rule of the
// output channel. It goes through images, blocks of output channels, bands of rows and steps in the order of the core.
`default_nettype none

module subbit_table_signs #(
    parameter int PIXELS = 7,
    // Output channels of a block, a power of two.
    parameter int OUTPUTS = 128,
    parameter int MAX_CHANNELS = 512,
    parameter int SUMS = 512,
    parameter int SUM_BITS = 13,
    // Words of a row of the output, each 2 * PIXELS pixels wide.
    parameter int PIECES = 4
) (
    input wire clk,
    input wire rst,

    // The layer, stable from `start` on; the rules are there by then.
    input wire        start,
    input wire        pairs,
    input wire [$clog2(MAX_CHANNELS):0] in_channels,
    input wire [15:0] in_height,
    input wire [15:0] in_width,
    input wire [15:0] out_channels,
    input wire [15:0] out_height,
    input wire [15:0] out_width,
    input wire [ 1:0] stride_h,
    input wire        stride_w_2,
    input wire [ 1:0] pad_top,
    input wire [ 1:0] pad_left,
    input wire [15:0] band_rows,

    // Rules: 2 * threshold + inverted.
    input wire                            rule_write,
    input wire [$clog2(MAX_CHANNELS)-1:0] rule_channel,
    input wire [                    31:0] rule,

    input wire                         sums_valid,
    input wire [2*PIXELS*SUM_BITS-1:0] sums,

    // Bits, in a half of the memory of rows for each band: those of an output channel's step.
    output logic                                    store,
    output logic                                    store_half,
    output logic [(PIECES>1?$clog2(PIECES):1)-1:0]  store_piece,      // step within the row
    output logic [                $clog2(SUMS)-1:0] store_address,    // output channel + outputs * row, or two rows without pairs
    output logic [                    2*PIXELS-1:0] store_bits,
    output logic                                    band_done         // one cycle: the band's last bits are stored
);
  localparam int ACC_BITS = SUM_BITS + 1;
  localparam int PIECE_BITS = PIECES > 1 ? $clog2(PIECES) : 1;
  localparam int CHANNEL_BITS = $clog2(MAX_CHANNELS);
  localparam int ADDRESS_BITS = $clog2(SUMS);
  localparam logic signed [30:0] MOST = (31'sd1 << (ACC_BITS - 1)) - 31'sd1;

  if (9 * MAX_CHANNELS >= (1 << (ACC_BITS - 1))) begin : g_check
    $error("SUM_BITS must hold nine matches of MAX_CHANNELS channels");
  end

  // ---- Rules. No accumulator reaches the ends of ACC_BITS bits, so a threshold beyond them may lie at them.
  wire signed [30:0] threshold = rule[31:1];
  wire signed [ACC_BITS-1:0] threshold_here =
      ACC_BITS'(threshold > MOST ? MOST : threshold < -MOST ? -MOST : threshold);
  logic [CHANNEL_BITS-1:0] channel, channel_next;
  logic [ACC_BITS:0] rule_found;
  subbit_memory #(
      .WIDTH(ACC_BITS + 1),
      .DEPTH(MAX_CHANNELS)
  ) rules (
      .clk,
      .write(rule_write),
      .write_address(rule_channel),
      .write_data({threshold_here, rule[0]}),
      .read(1'b1),
      .read_address(channel_next),
      .read_data(rule_found)
  );

  // ---- Where the sums that come belong.
  logic [15:0] first_channel, output_channel, rows_left, row, x;
  logic signed [17:0] y;       // of the input, under the top of the first tile's windows
  logic [ADDRESS_BITS-1:0] row_base;
  logic [PIECE_BITS-1:0] piece;
  logic half;
  wire [15:0] channels_left = out_channels - first_channel;
  wire [15:0] outputs = channels_left < 16'(OUTPUTS) ? channels_left : 16'(OUTPUTS);
  wire [15:0] rows_here = rows_left < band_rows ? rows_left : band_rows;
  wire [15:0] rows_step = pairs ? 16'd1 : 16'd2;
  wire step_ends = sums_valid && output_channel == outputs - 16'd1;
  wire row_ends = step_ends && (!pairs || x + 16'(2 * PIXELS) >= out_width);
  wire band_ends = row_ends && row + rows_step >= rows_here;
  wire block_ends = band_ends && rows_left <= band_rows;
  wire image_ends = block_ends && channels_left <= 16'(OUTPUTS);
  wire [15:0] first_next = image_ends ? 16'd0 : first_channel + 16'(OUTPUTS);
  assign channel_next = start ? '0 : block_ends ? CHANNEL_BITS'(first_next) : step_ends ? CHANNEL_BITS'(first_channel) :
      channel + CHANNEL_BITS'(sums_valid);
  wire signed [17:0] top = -18'(pad_top);

  always_ff @(posedge clk) begin
    channel <= channel_next;
    if (start) begin
      first_channel <= '0;
      output_channel <= '0;
      rows_left <= out_height;
      row <= '0;
      x <= '0;
      y <= top;
      row_base <= '0;
      piece <= '0;
      half <= 1'b0;
    end else begin
      if (sums_valid) output_channel <= step_ends ? 16'd0 : output_channel + 16'd1;
      if (step_ends) begin
        x <= row_ends ? 16'd0 : x + 16'(2 * PIXELS);
        piece <= row_ends ? '0 : piece + 1'b1;
      end
      if (row_ends) begin
        row <= band_ends ? 16'd0 : row + rows_step;
        y <= block_ends ? top : y + 18'(pairs ? {2'b00, stride_h} : {1'b0, stride_h, 1'b0});
        row_base <= band_ends ? '0 : row_base + ADDRESS_BITS'(outputs);
      end
      if (band_ends) begin
        half <= !half;
        rows_left <= block_ends ? out_height : rows_left - rows_here;
      end
      if (block_ends) first_channel <= first_next;
    end
  end

  // ---- Cycle 1: rows and columns of the windows inside the image. 2: their product with the channels. 3: accumulators.
  // 4: bits.
  function automatic logic [1:0] inside_of(input logic signed [17:0] first, input logic [15:0] length);
    logic [1:0] number;
    number = 2'd0;
    for (int t = 0; t < 3; t++) number = number + 2'(first + 18'(t) >= 0 && first + 18'(t) < signed'({2'b00, length}));
    return number;
  endfunction
  function automatic logic [ACC_BITS-1:0] times(input logic [ACC_BITS-1:0] number, input logic [1:0] factor);
    return (factor[0] ? number : '0) + (factor[1] ? number << 1 : '0);
  endfunction

  typedef struct packed {
    logic valid;
    logic last;
    logic half;
    logic [PIECE_BITS-1:0] piece;
    logic [ADDRESS_BITS-1:0] address;
  } place_t;
  place_t places[4];
  assign places[0] =
      '{valid: sums_valid, last: band_ends, half: half, piece: piece, address: row_base + ADDRESS_BITS'(output_channel)};
  logic [ACC_BITS:0] rule_1, rule_2, rule_3;
  logic [2*PIXELS*SUM_BITS-1:0] sums_1, sums_2;
  logic [ACC_BITS-1:0] taps[2];               // of a column of each tile's windows, all channels
  logic [1:0] columns[2*PIXELS];
  logic [ACC_BITS-1:0] offsets[2*PIXELS];
  logic signed [ACC_BITS-1:0] accumulators[2*PIXELS];
  wire signed [ACC_BITS-1:0] threshold_3 = rule_3[ACC_BITS:1];

  always_ff @(posedge clk) begin
    for (int i = 1; i < 4; i++) begin
      places[i] <= places[i-1];
      if (rst) places[i].valid <= 1'b0;
    end
    rule_1 <= rule_found;
    rule_2 <= rule_1;
    rule_3 <= rule_2;
    sums_1 <= sums;
    sums_2 <= sums_1;
    taps[0] <= times(ACC_BITS'(in_channels), inside_of(y, in_height));
    taps[1] <= times(ACC_BITS'(in_channels), inside_of(pairs ? y : y + 18'(stride_h), in_height));
    for (int p = 0; p < 2 * PIXELS; p++) begin
      columns[p] <= inside_of(
          ((18'(x) + 18'(pairs || p < PIXELS ? p : p - PIXELS)) << stride_w_2) - 18'(pad_left), in_width);
      offsets[p] <= times(taps[p/PIXELS], columns[p]);
      accumulators[p] <= ACC_BITS'({sums_2[p*SUM_BITS+:SUM_BITS], 1'b0}) - offsets[p];
      store_bits[p] <= (accumulators[p] >= threshold_3) ^ rule_3[0];
    end
    store <= places[3].valid && !rst;
    store_half <= places[3].half;
    store_piece <= places[3].piece;
    store_address <= places[3].address;
    band_done <= places[3].valid && places[3].last && !rst;
  end
endmodule

`default_nettype wire
