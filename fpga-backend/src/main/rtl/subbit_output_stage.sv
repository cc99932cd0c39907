// Turns a sum into an output value: adds the bias, and then gives the sum itself, its sign by the rule of its channel,
// or the sum requantised to eight bits, with a residual if there is one. Results are exactly those of docs/DEVICE.md,
// computed with integers only. The stage takes one value per cycle; while `enable` is 0, everything keeps its value.
// Latency in enabled cycles: one for sums, three from the last sum of a byte of signs, fifteen for eight bits; so
// `format` may change only when no value is in the pipeline.
//
// Requantisation: the sum becomes a 24-bit significand (to nearest, ties to even), and so do its product with the
// multiplier, the product of the residual, and the sum of both, which is rounded to a whole number at the end.
`default_nettype none

module subbit_output_stage #(
    parameter int TAG_BITS = 1
) (
    input wire clk,
    input wire rst,
    input wire enable,

    // What the layer requires; constant while values are in the pipeline.
    input wire        [ 1:0] format,
    input wire signed [ 8:0] zero,
    input wire               has_residual,
    input wire signed [ 8:0] residual_zero,
    input wire        [31:0] residual_multiplier,    // float32

    // Sums, with what belongs to their channel and pixel. The tag is passed through.
    input wire                in_valid,
    input wire [        31:0] in_sum,
    input wire [        31:0] in_bias,
    input wire [        31:0] in_multiplier,         // float32, or the sign rule
    input wire [         7:0] in_residual,           // in the output's format
    input wire                in_byte_ends,          // for signs: the sum is the last one of its byte
    input wire [TAG_BITS-1:0] in_tag,

    // Values.
    output logic                out_valid,
    output logic [        31:0] out_value,           // in the lowest byte unless the format is sums
    output logic [TAG_BITS-1:0] out_tag
);
  import subbit_contract_pkg::*;
  import subbit_pkg::*;
  localparam int STAGES = 15;

  logic [STAGES:1] valid;
  logic [TAG_BITS-1:0] tag[1:STAGES];
  wire words = format == OUTPUT_FORMAT_I32;
  wire bits = format == OUTPUT_FORMAT_BITS;

  // Pipeline stages: 1 sum and bias, 2 sign and magnitude, 3 normalisation, 4 24 bits, 5 to 7 product, 8 to 13
  // addition, 14 whole number, 15 value.
  logic [31:0] total_1;
  logic [31:0] multiplier_1, multiplier_2, multiplier_3, multiplier_4;
  logic negative_2, negative_3, negative_4, negative_7, negative_13, negative_14;
  logic [31:0] magnitude_2, normal_3;
  logic signed [9:0] exponent_3, exponent_4, exponent_7, exponent_13;
  logic [23:0] significand_4, significand_7, significand_13;
  logic [9:0] whole_14;    // rounded down, saturated at 512
  logic up_14;             // to be rounded up
  logic [7:0] value_15;

  logic byte_ends_1, signs_valid;
  logic [7:0] signs_3;
  subbit_signs signs (
      .clk,
      .rst,
      .enable,
      .in_valid(valid[1] && bits),
      .in_sum(total_1),
      .in_rule(multiplier_1),
      .in_byte_ends(byte_ends_1),
      .out_valid(signs_valid),
      .out_byte(signs_3)
  );

  wire [4:0] zeros;
  wire [31:0] normal;
  subbit_normalize #(
      .BITS(32)
  ) normalize (
      .number(magnitude_2),
      .normal,
      .zeros
  );

  wire round_sum = normal_3[7] && (normal_3[8] || normal_3[6:0] != 0);
  wire [24:0] rounded_sum = {1'b0, normal_3[31:8]} + 25'(round_sum);

  subbit_float_product #(
      .BITS(24)
  ) sum_product (
      .clk,
      .enable,
      .in_negative(negative_4),
      .in_significand(significand_4),
      .in_exponent(exponent_4),
      .in_multiplier(multiplier_4[30:0]),
      .out_negative(negative_7),
      .out_significand(significand_7),
      .out_exponent(exponent_7)
  );

  // The residual: a difference of nine bits, whose magnitude fits into eight.
  logic signed [8:0] difference_1;
  logic residual_negative_2, residual_negative_3, residual_negative_4, residual_negative_7;
  logic [7:0] residual_magnitude_2, residual_3, residual_4;
  logic signed [9:0] residual_exponent_3, residual_exponent_4, residual_exponent_7;
  logic [23:0] residual_significand_7;
  wire signed [8:0] residual_pixel = {format == OUTPUT_FORMAT_S8 && in_residual[7], in_residual};
  wire signed [8:0] opposite_1 = -difference_1;

  logic [2:0] residual_zeros;
  always_comb begin
    residual_zeros = 3'd7;
    for (int i = 0; i < 8; i++) if (residual_magnitude_2[i]) residual_zeros = 3'(7 - i);
  end

  subbit_float_product #(
      .BITS(8)
  ) residual_product (
      .clk,
      .enable,
      .in_negative(residual_negative_4),
      .in_significand(residual_4),
      .in_exponent(residual_exponent_4),
      .in_multiplier(residual_multiplier[30:0]),
      .out_negative(residual_negative_7),
      .out_significand(residual_significand_7),
      .out_exponent(residual_exponent_7)
  );

  subbit_float_add addition (
      .clk,
      .enable,
      .a_negative(negative_7),
      .a_significand(significand_7),
      .a_exponent(exponent_7),
      .b_negative(residual_negative_7),
      .b_significand(residual_significand_7),
      .b_exponent(residual_exponent_7),
      .out_negative(negative_13),
      .out_significand(significand_13),
      .out_exponent(exponent_13)
  );

  // significand * 2^exponent as a whole number, ties to even; 512 stands for anything above the range of eight bits.
  logic [9:0] whole;
  logic whole_guard, whole_sticky;
  // Exponents of -24 to -15 leave a whole number of up to 9 bits; the binary point is then below bit 24 of `moved_up`.
  wire signed [9:0] above_least = exponent_13 + 10'sd24;
  wire [33:0] moved_up = {10'd0, significand_13} << above_least[3:0];
  wire vanishes = above_least < 0 || !significand_13[23];
  wire saturates = above_least > 10'sd9;
  always_comb begin
    whole = vanishes ? 10'd0 : saturates ? 10'd512 : moved_up[33:24];
    whole_guard = !vanishes && !saturates && moved_up[23];
    whole_sticky = moved_up[22:0] != 0;
  end

  // zero + whole, or zero - whole, each with its rounding: one addition, since -(n + up) = ~n + !up.
  wire [12:0] moved_twice = {12'(zero), 1'b1} + {12'(whole_14) ^ {12{negative_14}}, up_14 ^ negative_14};
  wire signed [11:0] moved = moved_twice[12:1];
  wire signed [11:0] lowest = format == OUTPUT_FORMAT_S8 ? -12'sd128 : 12'sd0;
  wire signed [11:0] highest = format == OUTPUT_FORMAT_S8 ? 12'sd127 : 12'sd255;
  wire signed [11:0] clamped = moved < lowest ? lowest : moved > highest ? highest : moved;

  assign out_valid = words ? valid[1] : bits ? signs_valid : valid[STAGES];
  assign out_tag = words ? tag[1] : bits ? tag[3] : tag[STAGES];
  assign out_value = words ? total_1 : {24'd0, bits ? signs_3 : value_15};

  always_ff @(posedge clk) begin
    if (rst) begin
      valid <= '0;
    end else if (enable) begin
      valid <= {valid[STAGES-1:2], valid[1] && !words && !bits, in_valid};
    end
    if (enable) begin
      tag[1] <= in_tag;
      for (int s = 2; s <= STAGES; s++) tag[s] <= tag[s-1];
      // Stage 1.
      total_1 <= in_sum + in_bias;
      multiplier_1 <= in_multiplier;
      byte_ends_1 <= in_byte_ends;

      // Stages 2 to 4: the sum becomes a 24-bit significand.
      multiplier_2 <= multiplier_1;
      negative_2 <= total_1[31] ^ multiplier_1[31];
      magnitude_2 <= total_1[31] ? -total_1 : total_1;

      multiplier_3 <= multiplier_2;
      negative_3 <= negative_2;
      normal_3 <= normal;
      exponent_3 <= 10'sd8 - 10'(zeros);

      multiplier_4 <= multiplier_3;
      negative_4 <= negative_3;
      significand_4 <= rounded_sum[24] ? 24'h800000 : rounded_sum[23:0];
      exponent_4 <= exponent_3 + 10'(rounded_sum[24]);

      // Stages 1 to 4 of the residual.
      difference_1 <= has_residual ? residual_pixel - residual_zero : 9'sd0;

      residual_negative_2 <= difference_1[8] ^ residual_multiplier[31];
      residual_magnitude_2 <= difference_1[8] ? opposite_1[7:0] : difference_1[7:0];

      residual_negative_3 <= residual_negative_2;
      residual_3 <= residual_magnitude_2 << residual_zeros;
      residual_exponent_3 <= -10'(residual_zeros);

      residual_negative_4 <= residual_negative_3;
      residual_4 <= residual_3;
      residual_exponent_4 <= residual_exponent_3;

      // Stages 14 and 15.
      negative_14 <= negative_13;
      whole_14 <= whole;
      up_14 <= whole_guard && (whole_sticky || whole[0]);

      value_15 <= clamped[7:0];
    end
  end
  wire unused = &{1'b0, multiplier_4[31], opposite_1[8], clamped[11:8], moved_twice[0]};
endmodule

`default_nettype wire
