// Computes one response: the sum of nine pixels with the signs of a codeword. Eight adders, two cycles, one response
// per cycle.
//
// So that eight carry inputs suffice for nine signs, the first tap is always added; `negative` says that the response
// is the negative of `value`. The accumulator corrects the sign.
`default_nettype none

module subbit_dot9 (
    input  wire                                              clk,
    input  wire        [        subbit_pkg::WINDOW_BITS-1:0] window,
    input  wire        [                                8:0] codeword,
    output logic signed [     subbit_pkg::RESPONSE_BITS-1:0] value,
    output logic                                             negative
);
  import subbit_pkg::*;
  localparam int P = PIXEL_BITS;

  function automatic logic signed [12:0] add(input logic signed [12:0] a, input logic signed [12:0] b, input logic minus);
    logic [13:0] sum;
    sum = {a, 1'b1} + {b ^ {13{minus}}, minus};
    return sum[13:1];
  endfunction

  wire [8:0] minus = ~codeword ^ {9{~codeword[0]}};
  logic signed [12:0] v[9];
  logic signed [12:0] left_q, right_q, tail_q;
  logic [2:0] minus_q;
  logic negative_q;

  always_comb begin
    for (int t = 0; t < 9; t++) v[t] = 13'(signed'(window[t*P+:P]));
  end

  // v0 +- v1 +- v2, and likewise v3 to v5 and v6 to v8, whose first taps get their signs only in the second cycle.
  wire [8:0] local_minus = {minus[8] ^ minus[6], minus[7] ^ minus[6], 1'b0, minus[5] ^ minus[3], minus[4] ^ minus[3], 1'b0,
                            minus[2:0]};
  always_ff @(posedge clk) begin
    left_q <= add(add(v[0], v[1], local_minus[1]), v[2], local_minus[2]);
    right_q <= add(add(v[3], v[4], local_minus[4]), v[5], local_minus[5]);
    tail_q <= add(add(v[6], v[7], local_minus[7]), v[8], local_minus[8]);
    minus_q <= {minus[6], minus[3], 1'b0};
    negative_q <= ~codeword[0];
    value <= add(add(left_q, right_q, minus_q[1]), tail_q, minus_q[2]);
    negative <= negative_q;
  end
  wire unused = &{1'b0, local_minus[0], local_minus[3], local_minus[6], minus_q[0]};
endmodule

`default_nettype wire
