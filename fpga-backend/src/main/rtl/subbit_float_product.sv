// Multiplies a whole number by a float32; the product is a float of 24 significant bits, rounded to nearest, ties to
// even. Latency: three cycles in which `enable` is 1 (halves of the product, their sum, rounding); one product per
// cycle. While `enable` is 0, everything keeps its value.
//
// A float is `significand` * 2^`exponent`, where the top bit of the significand is set, or a significand of 0; the
// exponent has room for every product, so nothing overflows. Multipliers below the normal range count as 0: their
// products would be far below half of the last place of an 8-bit result.
`default_nettype none

module subbit_float_product #(
    // Bits of the number's significand.
    parameter int BITS = 24
) (
    input wire clk,
    input wire enable,

    // Operands.
    input wire                   in_negative,    // of the product: includes the multiplier's sign
    input wire        [BITS-1:0] in_significand, // top bit set, or 0
    input wire signed [     9:0] in_exponent,
    input wire        [    30:0] in_multiplier,  // float32 without its sign, finite

    // Product.
    output logic               out_negative,
    output logic        [23:0] out_significand,
    output logic signed [ 9:0] out_exponent
);
  localparam int WIDTH = BITS + 24;

  wire [23:0] multiplier = in_multiplier[30:23] == 0 ? 24'd0 : {1'b1, in_multiplier[22:0]};

  logic half_negative, negative;
  logic [BITS+11:0] low, up;    // products with the lower and the upper half of the multiplier
  logic [WIDTH-1:0] product;
  logic signed [9:0] half_exponent, exponent;

  // In the product of two significands, the top bit or the one below it is set.
  wire high = product[WIDTH-1];
  wire [WIDTH-1:0] normal = high ? product : product << 1;
  wire guard = normal[BITS-1];
  wire sticky = normal[BITS-2:0] != 0;
  wire [24:0] rounded = {1'b0, normal[WIDTH-1:BITS]} + 25'(guard && (sticky || normal[BITS]));

  always_ff @(posedge clk) begin
    if (enable) begin
      // Stage 1.
      half_negative <= in_negative;
      low <= (BITS + 12)'(in_significand) * (BITS + 12)'(multiplier[11:0]);
      up <= (BITS + 12)'(in_significand) * (BITS + 12)'(multiplier[23:12]);
      half_exponent <= in_exponent + 10'(in_multiplier[30:23]) - 10'sd150;

      // Stage 2.
      negative <= half_negative;
      product <= {up, 12'd0} + WIDTH'(low);
      exponent <= half_exponent;

      // Stage 3.
      out_negative <= negative;
      out_significand <= rounded[24] ? 24'h800000 : rounded[23:0];
      out_exponent <= exponent + (high ? 10'(BITS) : 10'(BITS - 1)) + 10'(rounded[24]);
    end
  end
endmodule

`default_nettype wire
