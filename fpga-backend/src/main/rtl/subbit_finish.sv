// What an integer layer does with its sums, VALUES neighbouring ones of an output channel per cycle:
//
//   u = round(sum * multiplier / 2^15) + bias, v = the nearest of value_bits to (the nearest of 16 bits to u) + residual,
//   p = v, or where v < 0 the nearest of value_bits to round(v * slope / 2^15) * 2^slope_shift,
//   value = the nearest of value_bits to p + shift_out, sign = value >= threshold
//
// where halves are rounded up. Without residuals p + shift_out is v. It is a pipeline that never stops; a value follows its
// sum by 14 cycles. The parameters of a channel are read when they are needed.
`default_nettype none

module subbit_finish #(
    parameter int VALUES = 4,
    parameter int MAX_CHANNELS = 512,
    // Bits that go with the sums.
    parameter int TAG_BITS = 1
) (
    input wire clk,
    input wire rst,

    // The layer, stable from its first sum to its last value.
    input wire       residual_i,       // whether residuals are added
    input wire [4:0] value_bits_i,     // 9 to 16
    input wire [1:0] slope_shift_i,

    // Parameters: multiplier and bias, slope and shift_out, and threshold, the first of two in the lower half.
    input wire                            scale_store_i,
    input wire                            bend_store_i,
    input wire                            threshold_store_i,
    input wire [$clog2(MAX_CHANNELS)-1:0] store_channel_i,
    input wire [                    31:0] scale_i,
    input wire [                    31:0] bend_i,
    input wire [                    15:0] threshold_i,

    // Sums of an output channel.
    input wire                            valid_i,
    input wire [            TAG_BITS-1:0] tag_i,
    input wire [$clog2(MAX_CHANNELS)-1:0] channel_i,
    input wire [           16*VALUES-1:0] sums_i,

    // Their residuals, five cycles later.
    output logic                           residual_take_o,
    input  wire           [16*VALUES-1:0]  residual_data_i,

    // Values and their signs.
    output logic                 valid_o,
    output logic [ TAG_BITS-1:0] tag_o,
    output logic [16*VALUES-1:0] values_o,
    output logic [   VALUES-1:0] signs_o
);
  localparam int CHANNEL_BITS = $clog2(MAX_CHANNELS);
  localparam int LATENCY = 14;

  // ---- What goes with the sums, by cycles since they came.
  logic [LATENCY:0] valid;
  logic [TAG_BITS-1:0] tags[LATENCY+1];
  logic [CHANNEL_BITS-1:0] channels[12];
  assign valid[0] = valid_i;
  assign tags[0] = tag_i;
  assign channels[0] = channel_i;
  always_ff @(posedge clk) begin
    valid[LATENCY:1] <= rst ? '0 : valid[LATENCY-1:0];
    for (int i = 1; i <= LATENCY; i++) tags[i] <= tags[i-1];
    for (int i = 1; i < 12; i++) channels[i] <= channels[i-1];
  end
  assign residual_take_o = valid[5] && residual_i;
  assign valid_o = valid[LATENCY];
  assign tag_o = tags[LATENCY];

  // ---- Parameters; each has a register behind its memory, whose output is slow.
  logic [31:0] scale_1, bend_6;
  logic [15:0] threshold_12;
  logic signed [15:0] multiplier_2, bias_2, bias_3, slope_7, shift_out_7, threshold_13;
  logic signed [15:0] shifts_out[8:11];
  subbit_memory #(
      .WIDTH(32),
      .DEPTH(MAX_CHANNELS)
  ) scales (
      .clk,
      .write(scale_store_i),
      .write_address(store_channel_i),
      .write_data(scale_i),
      .read(1'b1),
      .read_address(channels[0]),
      .read_data(scale_1)
  );
  subbit_memory #(
      .WIDTH(32),
      .DEPTH(MAX_CHANNELS)
  ) bends (
      .clk,
      .write(bend_store_i),
      .write_address(store_channel_i),
      .write_data(bend_i),
      .read(1'b1),
      .read_address(channels[5]),
      .read_data(bend_6)
  );
  subbit_memory #(
      .WIDTH(16),
      .DEPTH(MAX_CHANNELS)
  ) thresholds (
      .clk,
      .write(threshold_store_i),
      .write_address(store_channel_i),
      .write_data(threshold_i),
      .read(1'b1),
      .read_address(channels[11]),
      .read_data(threshold_12)
  );
  logic signed [15:0] most;    // the largest value
  always_ff @(posedge clk) begin
    most <= 16'((17'd1 << (value_bits_i - 5'd1)) - 17'd1);
    {bias_2, multiplier_2} <= scale_1;
    bias_3 <= bias_2;
    slope_7 <= bend_6[15:0];
    shift_out_7 <= residual_i ? bend_6[31:16] : '0;
    shifts_out[8] <= shift_out_7;
    for (int i = 9; i <= 11; i++) shifts_out[i] <= shifts_out[i-1];
    threshold_13 <= threshold_12;
  end

  // The nearest value.
  function automatic logic signed [15:0] nearest(input logic signed [18:0] number, input logic signed [15:0] largest);
    return 16'(number > 19'(largest) ? 19'(largest) : number < 19'(~largest) ? 19'(~largest) : number);
  endfunction

  for (genvar i = 0; i < VALUES; i++) begin : g_value
    // Of a product of two numbers of 16 bits, of which one is not the least: 16 bits too.
    logic signed [15:0] sum_1, sum_2, sum_5, residual_5, v_7, scaled_9, bent_11, value_13;
    logic signed [31:0] product_3, product_8;
    logic signed [16:0] u_4, sum_6, sum_12;
    logic signed [15:0] v[8:10];
    logic signed [18:0] moved_10;
    assign residual_5 = residual_i ? residual_data_i[16*i+:16] : '0;
    always_ff @(posedge clk) begin
      sum_1 <= sums_i[16*i+:16];
      sum_2 <= sum_1;
      product_3 <= sum_2 * multiplier_2;
      u_4 <= 17'(product_3 >>> 15) + 17'(bias_3) + 17'(product_3[14]);
      sum_5 <= u_4[16] != u_4[15] ? {u_4[16], {15{!u_4[16]}}} : u_4[15:0];
      sum_6 <= 17'(sum_5) + 17'(residual_5);
      v_7 <= nearest(19'(sum_6), most);
      product_8 <= v_7 * slope_7;
      v[8] <= v_7;
      scaled_9 <= 16'(product_8 >>> 15) + 16'(product_8[14]);
      v[9] <= v[8];
      moved_10 <= 19'(scaled_9) <<< slope_shift_i;
      v[10] <= v[9];
      bent_11 <= residual_i && v[10] < 0 ? nearest(moved_10, most) : v[10];
      sum_12 <= 17'(bent_11) + 17'(shifts_out[11]);
      value_13 <= nearest(19'(sum_12), most);
      values_o[16*i+:16] <= value_13;
      signs_o[i] <= value_13 >= threshold_13;
    end
  end
endmodule

`default_nettype wire
