// Multiply-adders: the weights of OUTPUTS output channels, each for PIXELS pixels. A pixel has nine bits, so a value of 16
// bits is two: its upper half with its sign, whose products count 256-fold, and its lower half. Sums have 32 bits.
`default_nettype none

module subbit_dense_array #(
    parameter int OUTPUTS = 64,
    parameter int PIXELS = 7
) (
    input wire clk,
    input wire rst,

    // One tap of all: products are added to the sums two cycles later, to 0 for the first tap.
    input wire                  tap_i,
    input wire                  first_i,
    input wire                  upper_i,
    input wire [ 8*OUTPUTS-1:0] weights_i,    // signed
    input wire [  9*PIXELS-1:0] pixels_i,     // signed

    // A sum, one cycle after its place.
    input  wire  [(PIXELS>1?$clog2(PIXELS):1)-1:0]   sum_pixel_i,
    input  wire  [(OUTPUTS>1?$clog2(OUTPUTS):1)-1:0] sum_output_i,
    output logic [                             31:0] sum_o
);
  logic multiplied_q, first_q, upper_q;
  logic signed [16:0] products_q[PIXELS*OUTPUTS];
  logic signed [31:0] sums_q[PIXELS*OUTPUTS];

  always_ff @(posedge clk) begin
    multiplied_q <= tap_i && !rst;
    first_q <= first_i;
    upper_q <= upper_i;
    for (int p = 0; p < PIXELS; p++) begin
      for (int o = 0; o < OUTPUTS; o++) begin
        if (tap_i) products_q[p*OUTPUTS+o] <= signed'(pixels_i[9*p+:9]) * signed'(weights_i[8*o+:8]);
        if (multiplied_q) begin
          sums_q[p*OUTPUTS+o] <= (first_q ? 32'sd0 : sums_q[p*OUTPUTS+o]) +
              (upper_q ? 32'(products_q[p*OUTPUTS+o]) <<< 8 : 32'(products_q[p*OUTPUTS+o]));
        end
      end
    end
    sum_o <= sums_q[32'(sum_pixel_i)*OUTPUTS+32'(sum_output_i)];
  end
endmodule

`default_nettype wire
