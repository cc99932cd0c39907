// What becomes of a sum: bias, then either the sum itself or its requantisation to eight bits, to the bit as docs/DEVICE.md
// lays down, in integers alone. One value a cycle, eight cycles; everything stands still while `enable` is 0.
//
// Requantisation: the sum becomes a 24-bit significand (nearest, ties to even), the product with the multiplier's significand
// 48 bits, which are rounded to 24 again, and that to a whole number. Multipliers below the normal range and products that
// small round to 0.
`default_nettype none

module subbit_output_stage #(
    parameter int TAG_BITS = 1
) (
    input wire clk,
    input wire rst,
    input wire enable,

    input wire        [1:0] format,
    input wire signed [8:0] zero,

    input wire                in_valid,
    input wire [        31:0] in_sum,
    input wire [        31:0] in_bias,
    input wire [        31:0] in_multiplier,    // float32
    input wire [TAG_BITS-1:0] in_tag,

    output logic                out_valid,
    output logic [        31:0] out_value,      // the lowest byte where the format has eight bits
    output logic [TAG_BITS-1:0] out_tag
);
  import subbit_pkg::*;

  logic [8:1] valid;
  logic [TAG_BITS-1:0] tag[1:8];
  logic [31:0] raw[1:7];

  // 1: sum and bias. 2: sign and magnitude. 3: normalised. 4: 24 bits. 5: product. 6: 24 bits. 7: whole number. 8: value.
  logic [31:0] multiplier_1, multiplier_2, multiplier_3, multiplier_4;
  logic negative_2, negative_3, negative_4, negative_5, negative_6, negative_7;
  logic [31:0] magnitude_2, normal_3;
  logic signed [9:0] exponent_3, exponent_4, exponent_5, exponent_6;
  logic [23:0] significand_4, significand_6;
  logic [47:0] product_5;
  logic [9:0] whole_7;    // saturated at 512

  logic [4:0] zeros;
  always_comb begin
    zeros = 5'd31;
    for (int i = 0; i < 32; i++) if (magnitude_2[i]) zeros = 5'(31 - i);
  end

  wire round_sum = normal_3[7] && (normal_3[8] || normal_3[6:0] != 0);
  wire [24:0] rounded_sum = {1'b0, normal_3[31:8]} + 25'(round_sum);

  wire [23:0] multiplier_significand = multiplier_4[30:23] == 0 ? 24'd0 : {1'b1, multiplier_4[22:0]};
  wire high = product_5[47];
  wire [23:0] kept = high ? product_5[47:24] : product_5[46:23];
  wire guard = high ? product_5[23] : product_5[22];
  wire sticky = high ? product_5[22:0] != 0 : product_5[21:0] != 0;
  wire [24:0] rounded_product = {1'b0, kept} + 25'(guard && (sticky || kept[0]));

  // significand * 2^exponent as a whole number, ties to even; 512 stands for anything above the range of eight bits.
  logic [9:0] whole;
  logic whole_guard, whole_sticky;
  always_comb begin
    whole = 10'd512;
    whole_guard = 1'b0;
    whole_sticky = 1'b0;
    if (exponent_6 < -10'sd24) whole = 10'd0;
    for (int shift = 15; shift <= 24; shift++) begin
      if (exponent_6 == -10'(shift)) begin
        whole = 10'(significand_6 >> shift);
        whole_guard = significand_6[shift-1];
        whole_sticky = (significand_6 & ((24'd1 << (shift - 1)) - 24'd1)) != 0;
      end
    end
    if (significand_6 == 0) whole = 10'd0;
  end

  wire signed [11:0] signed_whole = negative_7 ? -12'(whole_7) : 12'(whole_7);
  wire signed [11:0] moved = signed_whole + 12'(zero);
  wire signed [11:0] lowest = format == OUTPUT_S8 ? -12'sd128 : 12'sd0;
  wire signed [11:0] highest = format == OUTPUT_S8 ? 12'sd127 : 12'sd255;
  wire signed [11:0] clamped = moved < lowest ? lowest : moved > highest ? highest : moved;

  assign out_valid = valid[8];
  assign out_tag = tag[8];

  always_ff @(posedge clk) begin
    if (rst) begin
      valid <= '0;
    end else if (enable) begin
      valid <= {valid[7:1], in_valid};
    end
    if (enable) begin
      tag[1] <= in_tag;
      for (int s = 2; s <= 8; s++) tag[s] <= tag[s-1];
      raw[1] <= in_sum + in_bias;
      for (int s = 2; s <= 7; s++) raw[s] <= raw[s-1];

      multiplier_1 <= in_multiplier;

      multiplier_2 <= multiplier_1;
      negative_2 <= raw[1][31] ^ multiplier_1[31];
      magnitude_2 <= raw[1][31] ? -raw[1] : raw[1];

      multiplier_3 <= multiplier_2;
      negative_3 <= negative_2;
      normal_3 <= magnitude_2 << zeros;
      exponent_3 <= 10'sd8 - 10'(zeros);

      multiplier_4 <= multiplier_3;
      negative_4 <= negative_3;
      significand_4 <= rounded_sum[24] ? 24'h800000 : rounded_sum[23:0];
      exponent_4 <= exponent_3 + 10'(rounded_sum[24]);

      negative_5 <= negative_4;
      product_5 <= 48'(significand_4) * 48'(multiplier_significand);
      exponent_5 <= exponent_4 + 10'(multiplier_4[30:23]) - 10'sd150;

      negative_6 <= negative_5;
      significand_6 <= rounded_product[24] ? 24'h800000 : rounded_product[23:0];
      exponent_6 <= exponent_5 + (high ? 10'sd24 : 10'sd23) + 10'(rounded_product[24]);

      negative_7 <= negative_6;
      whole_7 <= whole + 10'(whole_guard && (whole_sticky || whole[0]));

      out_value <= format == OUTPUT_I32 ? raw[7] : {24'd0, clamped[7:0]};
    end
  end
  wire unused = &{1'b0, multiplier_4[31], clamped[11:8]};
endmodule

`default_nettype wire
