// Turns the sums of a table core into accumulators and bits. A sum counts the taps that match; with v taps of each channel
// inside the image the accumulator is 2 * sum - v * channels, and its bit is (accumulator >= threshold) xor inverted, by the
// rule of the output channel. It goes through images, blocks of output channels, bands of rows and steps in the order of the
// core.
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
    input wire [$clog2(2*PIXELS*PIECES):0] in_width,
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
    input wire [     $clog2(SUMS)-1:0] sums_address,

    // Accumulators, one cycle before their bits, in halves likewise, at the address of their sums.
    output logic                              accumulators_store,
    output logic                              accumulators_half,
    output logic [          $clog2(SUMS)-1:0] accumulators_address,
    output logic [2*PIXELS*(SUM_BITS+1)-1:0]  accumulators_data,

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
  localparam int COLUMN_BITS = $clog2(2 * PIXELS * PIECES) + 2;
  localparam logic signed [30:0] MOST = (31'sd1 << (ACC_BITS - 1)) - 31'sd1;

  if (9 * MAX_CHANNELS >= (1 << (ACC_BITS - 1))) begin : g_check
    $error("SUM_BITS must hold nine matches of MAX_CHANNELS channels");
  end

  // ---- Rules. No accumulator reaches the ends of ACC_BITS bits, so a threshold beyond them may lie at them.
  wire signed [30:0] threshold = rule[31:1];
  wire signed [ACC_BITS-1:0] threshold_here =
      ACC_BITS'(threshold > MOST ? MOST : threshold < -MOST ? -MOST : threshold);
  logic [CHANNEL_BITS-1:0] channel;
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
      .read_address(channel),
      .read_data(rule_found)
  );

  // ---- Where the sums that come belong.
  logic [15:0] first_channel, output_channel, rows_left, row, x;
  logic signed [COLUMN_BITS-1:0] room, row_room;    // columns from the first window's to the end of the row; from the row's first
  logic signed [17:0] y, y_room;    // row of the input under the top of the first tile's windows; rows from it to the end
  logic [ADDRESS_BITS-1:0] row_base;
  logic [PIECE_BITS-1:0] piece;
  logic half;
  // Whether these are the last of what they are in. It is needed with the last sum of a step, which comes four cycles after
  // that of the step before, at the earliest.
  logic output_ends, last_piece, last_row, last_band, last_block, ends_band, ends_block;
  logic [15:0] outputs, rows_here, first_next;
  wire [15:0] channels_left = out_channels - first_channel;
  wire [15:0] rows_step = pairs ? 16'd1 : 16'd2;
  wire [15:0] output_next = !sums_valid ? output_channel : output_ends ? 16'd0 : output_channel + 16'd1;
  wire step_ends = sums_valid && output_ends;
  wire row_ends = step_ends && last_piece;
  wire band_ends = step_ends && ends_band;
  wire block_ends = step_ends && ends_block;
  always_ff @(posedge clk) begin
    outputs <= channels_left < 16'(OUTPUTS) ? channels_left : 16'(OUTPUTS);
    output_ends <= output_next == outputs - 16'd1;
    last_piece <= !pairs || x + 16'(2 * PIXELS) >= out_width;
    rows_here <= rows_left < band_rows ? rows_left : band_rows;
    last_row <= row + rows_step >= rows_here;
    last_band <= rows_left <= band_rows;
    ends_band <= last_piece && last_row;
    ends_block <= last_piece && last_row && last_band;
    last_block <= channels_left <= 16'(OUTPUTS);
    row_room <= COLUMN_BITS'(in_width) + COLUMN_BITS'(pad_left);
    first_next <= last_block ? 16'd0 : first_channel + 16'(OUTPUTS);
  end
  wire signed [17:0] top = -18'(pad_top);
  wire signed [17:0] y_step = 18'(pairs ? {2'b00, stride_h} : {1'b0, stride_h, 1'b0});

  always_ff @(posedge clk) begin
    output_channel <= output_next;
    if (sums_valid) channel <= step_ends ? CHANNEL_BITS'(block_ends ? first_next : first_channel) : channel + 1'b1;
    if (start) begin
      first_channel <= '0;
      channel <= '0;
      output_channel <= '0;
      rows_left <= out_height;
      row <= '0;
      x <= '0;
      room <= COLUMN_BITS'(in_width) + COLUMN_BITS'(pad_left);
      y <= top;
      y_room <= signed'({2'b00, in_height}) - top;
      row_base <= '0;
      piece <= '0;
      half <= 1'b0;
    end else begin
      if (step_ends) begin
        x <= row_ends ? 16'd0 : x + 16'(2 * PIXELS);
        room <= row_ends ? row_room : room - (COLUMN_BITS'(2 * PIXELS) << stride_w_2);
        piece <= row_ends ? '0 : piece + 1'b1;
      end
      if (row_ends) begin
        row <= band_ends ? 16'd0 : row + rows_step;
        y <= block_ends ? top : y + y_step;
        y_room <= block_ends ? signed'({2'b00, in_height}) - top : y_room - y_step;
        row_base <= band_ends ? '0 : row_base + ADDRESS_BITS'(outputs);
      end
      if (band_ends) begin
        half <= !half;
        rows_left <= block_ends ? out_height : rows_left - rows_here;
      end
      if (block_ends) first_channel <= first_next;
    end
  end

  // ---- Cycle 1: rows of the windows inside the image. 2: their product with the channels, and columns. 3: the product of both.
  // 4: accumulators. 5: bits.
  function automatic logic [1:0] count(input logic [2:0] bits);
    return {(bits[0] & bits[1]) | (bits[0] & bits[2]) | (bits[1] & bits[2]), ^bits};
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
    logic [ADDRESS_BITS-1:0] sums_address;
  } place_t;
  place_t places[5];
  assign places[0] =
      '{
          valid: sums_valid,
          last: band_ends,
          half: half,
          piece: piece,
          address: row_base + ADDRESS_BITS'(output_channel),
          sums_address: sums_address
      };
  logic [ACC_BITS:0] rule_2, rule_3, rule_4;
  logic [2*PIXELS*SUM_BITS-1:0] sums_1, sums_2, sums_3;
  logic [ACC_BITS-1:0] taps[2];               // of a column of each tile's windows, all channels
  logic [4:0] rows_inside;                    // the image, from the first tile's top on
  wire [6*PIXELS-1:0] pair_columns, columns;  // inside the image: of windows that are all neighbours, and of these
  subbit_table_columns #(
      .WINDOWS(2 * PIXELS),
      .BITS(COLUMN_BITS)
  ) inside_columns (
      .clk,
      .stride_2(stride_w_2),
      .left(x == 0 ? pad_left : 2'd0),
      .room,
      .columns(pair_columns)
  );
  assign columns = pairs ? pair_columns : {2{pair_columns[3*PIXELS-1:0]}};
  logic [ACC_BITS-1:0] offsets[2*PIXELS];
  logic signed [ACC_BITS-1:0] accumulators[2*PIXELS];
  wire signed [ACC_BITS-1:0] threshold_4 = rule_4[ACC_BITS:1];
  assign accumulators_store = places[4].valid;
  assign accumulators_half = places[4].half;
  assign accumulators_address = places[4].sums_address;
  for (genvar p = 0; p < 2 * PIXELS; p++) begin : g_pixel
    assign accumulators_data[p*ACC_BITS+:ACC_BITS] = accumulators[p];
  end

  always_ff @(posedge clk) begin
    for (int i = 1; i < 5; i++) begin
      places[i] <= places[i-1];
      if (rst) places[i].valid <= 1'b0;
    end
    rule_2 <= rule_found;
    rule_3 <= rule_2;
    rule_4 <= rule_3;
    sums_1 <= sums;
    sums_2 <= sums_1;
    sums_3 <= sums_2;
    for (int i = 0; i < 5; i++) rows_inside[i] <= y >= -18'(i) && y_room > 18'(i);
    taps[0] <= times(ACC_BITS'(in_channels), count(rows_inside[2:0]));
    taps[1] <= times(ACC_BITS'(in_channels), count(pairs ? rows_inside[2:0] : stride_h[1] ? rows_inside[4:2] : rows_inside[3:1]));
    for (int p = 0; p < 2 * PIXELS; p++) begin
      offsets[p] <= times(taps[p/PIXELS], count(columns[3*p+:3]));
      accumulators[p] <= ACC_BITS'({sums_3[p*SUM_BITS+:SUM_BITS], 1'b0}) - offsets[p];
      store_bits[p] <= (accumulators[p] >= threshold_4) ^ rule_4[0];
    end
    store <= places[4].valid && !rst;
    store_half <= places[4].half;
    store_piece <= places[4].piece;
    store_address <= places[4].address;
    band_done <= places[4].valid && places[4].last && !rst;
  end
endmodule

`default_nettype wire
