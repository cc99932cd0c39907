// Adds two floats: 24 significant bits, rounded to nearest, ties to even. Latency: six cycles in which `enable` is 1;
// one sum per cycle. While `enable` is 0, everything keeps its value.
//
// A float is `significand` * 2^`exponent`, where the top bit of the significand is set, or a significand of 0. There is
// no overflow. Exponents of operands must be in -256 to 255.
//
// The smaller operand is shifted right below the larger one. Three bits below the last place are enough to round: a
// guard bit, another bit that a subtraction may shift up, and a sticky bit, which says whether anything was shifted
// out.
`default_nettype none

module subbit_float_add (
    input wire clk,
    input wire enable,

    // Operands.
    input wire               a_negative,
    input wire        [23:0] a_significand,
    input wire signed [ 9:0] a_exponent,
    input wire               b_negative,
    input wire        [23:0] b_significand,
    input wire signed [ 9:0] b_exponent,

    // Sum.
    output logic               out_negative,
    output logic        [23:0] out_significand,
    output logic signed [ 9:0] out_exponent
);
  // A shift by this much leaves nothing but the sticky bit.
  localparam logic [4:0] ALL_OUT = 5'd27;

  // Pipeline stages: 1 which operand is larger, 2 larger and smaller operand, 3 alignment, 4 sum, 5 normalisation, 6
  // rounding.
  logic negative_a_1, negative_b_1, a_larger_1;
  logic [23:0] a_1, b_1;
  logic signed [9:0] exponent_a_1, exponent_b_1, difference_1;
  logic negative_2, subtract_2, negative_3, subtract_3, negative_4, negative_5;
  logic [23:0] larger_2, smaller_2, larger_3;
  logic [4:0] shift_2;
  logic signed [9:0] exponent_2, exponent_3, exponent_4, exponent_5;
  logic [26:0] smaller_3;
  logic [27:0] sum_4, normal_5;

  // A zero is smaller than any other number, whatever its exponent.
  wire a_zero = a_significand == 0;
  wire b_zero = b_significand == 0;
  wire a_larger = b_zero || (!a_zero && (a_exponent > b_exponent ||
                                         (a_exponent == b_exponent && a_significand >= b_significand)));

  wire [9:0] distance = a_larger_1 ? difference_1 : -difference_1;

  logic [53:0] aligned;
  always_comb aligned = {smaller_2, 30'd0} >> shift_2;

  wire [4:0] zeros;
  wire [27:0] normal;
  subbit_normalize #(
      .BITS(28)
  ) normalize (
      .number(sum_4),
      .normal,
      .zeros
  );

  wire [24:0] rounded = {1'b0, normal_5[27:4]} + 25'(normal_5[3] && (normal_5[4] || normal_5[2:0] != 0));

  always_ff @(posedge clk) begin
    if (enable) begin
      negative_a_1 <= a_negative;
      negative_b_1 <= b_negative;
      a_1 <= a_significand;
      b_1 <= b_significand;
      exponent_a_1 <= a_exponent;
      exponent_b_1 <= b_exponent;
      a_larger_1 <= a_larger;
      difference_1 <= a_exponent - b_exponent;

      negative_2 <= a_larger_1 ? negative_a_1 : negative_b_1;
      subtract_2 <= negative_a_1 != negative_b_1;
      larger_2 <= a_larger_1 ? a_1 : b_1;
      smaller_2 <= a_larger_1 ? b_1 : a_1;
      exponent_2 <= a_larger_1 ? exponent_a_1 : exponent_b_1;
      // If an operand is zero, the distance has no meaning, but then only the zero is shifted.
      shift_2 <= distance > 10'(ALL_OUT) ? ALL_OUT : distance[4:0];

      negative_3 <= negative_2;
      subtract_3 <= subtract_2;
      larger_3 <= larger_2;
      exponent_3 <= exponent_2;
      smaller_3 <= {aligned[53:28], aligned[27] || aligned[26:0] != 0};

      negative_4 <= negative_3;
      exponent_4 <= exponent_3;
      sum_4 <= subtract_3 ? {1'b0, larger_3, 3'd0} - 28'(smaller_3) : {1'b0, larger_3, 3'd0} + 28'(smaller_3);

      negative_5 <= negative_4;
      exponent_5 <= exponent_4 + 10'sd1 - 10'(zeros);
      normal_5 <= normal;

      out_negative <= negative_5;
      out_significand <= rounded[24] ? 24'h800000 : rounded[23:0];
      out_exponent <= exponent_5 + 10'(rounded[24]);
    end
  end
endmodule

`default_nettype wire
