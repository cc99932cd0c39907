// Shifts a number left until its top bit is set: first by nibbles, then by single bits, to keep the logic shallow. A
// number of 0 stays 0, with the largest count of zeros. Combinational.
`default_nettype none

module subbit_normalize #(
    // A multiple of four, at most 32.
    parameter int BITS = 32
) (
    input  wire  [BITS-1:0] number,
    output logic [BITS-1:0] normal,
    output logic [     4:0] zeros     // places by which the number was shifted
);
  localparam int NIBBLES = BITS / 4;

  if (BITS % 4 != 0 || BITS > 32 || BITS < 8) begin : g_check
    $error("BITS must be a multiple of four, 8 to 32");
  end

  logic [NIBBLES-1:0] empty;
  logic [2:0] nibbles;
  logic [BITS-1:0] coarse;
  logic [1:0] places;
  always_comb begin
    for (int n = 0; n < NIBBLES; n++) empty[n] = number[4*n+:4] == 0;
    nibbles = 3'(NIBBLES - 1);
    for (int n = 0; n < NIBBLES; n++) if (!empty[n]) nibbles = 3'(NIBBLES - 1 - n);
    coarse = number << {nibbles, 2'b00};
    casez (coarse[BITS-1-:4])
      4'b1???: places = 2'd0;
      4'b01??: places = 2'd1;
      4'b001?: places = 2'd2;
      default: places = 2'd3;
    endcase
    normal = coarse << places;
    zeros = {nibbles, places};
  end
endmodule

`default_nettype wire
