// Sums up all positions of a map of 16-bit values, channel by channel, and moves each sum down: v = the nearest of 16 bits of
// floor(sum / 2^shift + 1/2). Values come in rows, in them in channels, in them in columns; the row of a channel is filled up
// to whole beats, and what fills it up does not count.
`default_nettype none

module subbit_position_sums #(
    parameter int MAX_CHANNELS = 512,
    // 16, 32 or 64: the row of a channel begins with a beat.
    parameter int DATA_WIDTH = 64
) (
    input wire clk,
    input wire rst,

    // The map; stable from `start_i` to the end of `busy_o`.
    input  wire         start_i,
    output logic        busy_o,
    input  wire  [15:0] channels_i,
    input  wire  [15:0] rows_i,
    input  wire  [15:0] row_beats_i,    // of a channel
    input  wire  [15:0] width_i,        // values of a row
    input  wire  [ 3:0] shift_i,

    // Its values.
    input  wire                  beat_valid_i,
    output logic                 beat_ready_o,
    input  wire [DATA_WIDTH-1:0] beat_data_i,

    // The sums, moved down.
    output logic                            store_o,
    output logic [$clog2(MAX_CHANNELS)-1:0] store_channel_o,
    output logic signed [             15:0] store_value_o
);
  localparam int VALUES = DATA_WIDTH / 16;
  localparam int CHANNEL_BITS = $clog2(MAX_CHANNELS);
  // Of at most 256 positions, and of the half that is added before a sum is moved down.
  localparam int SUM_BITS = 25;
  localparam logic signed [SUM_BITS-1:0] MOST = 25'sd32767;
  localparam logic signed [SUM_BITS-1:0] LEAST = -25'sd32768;

  if (VALUES < 1 || VALUES * 16 != DATA_WIDTH || DATA_WIDTH > 64) begin : g_check
    $error("DATA_WIDTH must be 16, 32 or 64");
  end

  // ---- Where the beat that comes belongs.
  logic [15:0] row_q, channel_q, beat_q, column_q;
  logic [VALUES-1:0] inside_q, inside_first_q, inside_next;    // which of the beat's values count, and of a row's first beat's
  logic [15:0] last_beat, last_channel, last_row;
  // A channel's sum is written one cycle after its last beat of a row; a map of one beat per row waits for it.
  logic alone;
  always_ff @(posedge clk) begin
    last_beat <= row_beats_i - 16'd1;
    last_channel <= channels_i - 16'd1;
    last_row <= rows_i - 16'd1;
    alone <= channels_i == 16'd1 && row_beats_i == 16'd1;
    for (int i = 0; i < VALUES; i++) inside_first_q[i] <= 16'(i) < width_i;
  end
  wire beat_ends = beat_q == last_beat;
  wire channel_ends = beat_ends && channel_q == last_channel;
  wire row_last = row_q == last_row;
  always_comb begin
    for (int i = 0; i < VALUES; i++) inside_next[i] = column_q + 16'(VALUES + i) < width_i;
  end
  logic due_q;
  logic sum_valid_q;
  assign beat_ready_o = due_q && !(alone && sum_valid_q);
  wire takes = beat_valid_i && beat_ready_o;

  always_ff @(posedge clk) begin
    if (takes) begin
      beat_q <= beat_ends ? 16'd0 : beat_q + 16'd1;
      column_q <= beat_ends ? 16'd0 : column_q + 16'(VALUES);
      inside_q <= beat_ends ? inside_first_q : inside_next;
      if (beat_ends) channel_q <= channel_ends ? 16'd0 : channel_q + 16'd1;
      if (channel_ends) row_q <= row_q + 16'd1;
      if (channel_ends && row_last) due_q <= 1'b0;
    end
    if (start_i) begin
      due_q <= 1'b1;
      row_q <= '0;
      channel_q <= '0;
      beat_q <= '0;
      column_q <= '0;
      for (int i = 0; i < VALUES; i++) inside_q[i] <= 16'(i) < width_i;
    end
    if (rst) due_q <= 1'b0;
  end

  // ---- The sum of a beat.
  logic signed [SUM_BITS-1:0] beat_sum, beat_sum_q;
  always_comb begin
    beat_sum = '0;
    for (int i = 0; i < VALUES; i++) begin
      if (inside_q[i]) beat_sum = beat_sum + SUM_BITS'(signed'(beat_data_i[16*i+:16]));
    end
  end
  logic first_beat_q, last_beat_q, first_row_q, last_row_q;
  logic [CHANNEL_BITS-1:0] sum_channel_q;
  always_ff @(posedge clk) begin
    sum_valid_q <= takes && !rst;
    beat_sum_q <= beat_sum;
    first_beat_q <= beat_q == 0;
    last_beat_q <= beat_ends;
    first_row_q <= row_q == 0;
    last_row_q <= row_last;
    sum_channel_q <= CHANNEL_BITS'(channel_q);
  end

  // ---- A cycle later: the sum of a row, and with those before it.
  logic signed [SUM_BITS-1:0] row_sum_q;
  logic [SUM_BITS-1:0] above;
  wire signed [SUM_BITS-1:0] row_sum = (first_beat_q ? '0 : row_sum_q) + beat_sum_q;
  wire signed [SUM_BITS-1:0] total = (first_row_q ? '0 : signed'(above)) + row_sum;
  wire total_valid = sum_valid_q && last_beat_q;
  subbit_memory #(
      .WIDTH(SUM_BITS),
      .DEPTH(MAX_CHANNELS)
  ) sums (
      .clk,
      .write(total_valid),
      .write_address(sum_channel_q),
      .write_data(total),
      .read(takes),
      .read_address(CHANNEL_BITS'(channel_q)),
      .read_data(above)
  );

  // ---- Three cycles later, since a block RAM's output is slow: moved down.
  logic total_valid_q, moves_q;
  logic signed [SUM_BITS-1:0] total_q, rounded_q;
  logic [CHANNEL_BITS-1:0] total_channel_q, rounded_channel_q;
  wire signed [SUM_BITS-1:0] half = shift_i == 0 ? '0 : SUM_BITS'(1) << (shift_i - 4'd1);
  wire signed [SUM_BITS-1:0] moved = rounded_q >>> shift_i;
  always_ff @(posedge clk) begin
    if (sum_valid_q) row_sum_q <= row_sum;
    total_valid_q <= total_valid && last_row_q && !rst;
    total_q <= total;
    total_channel_q <= sum_channel_q;
    moves_q <= total_valid_q && !rst;
    rounded_q <= total_q + half;
    rounded_channel_q <= total_channel_q;
    store_o <= moves_q && !rst;
    store_channel_o <= rounded_channel_q;
    store_value_o <= 16'(moved > MOST ? MOST : moved < LEAST ? LEAST : moved);
  end
  assign busy_o = due_q || sum_valid_q || total_valid_q || moves_q || store_o;
endmodule

`default_nettype wire
