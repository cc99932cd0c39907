// Adds TAPS pixels of 8 bits for the set bits of the codeword and subtracts those for the clear bits, with TAPS - 1
// adders in two registered steps. Signs are relative to the first tap, which is always added; `negative` says that the
// response is the negative of `value`. The user of the response corrects the sign.
`default_nettype none

module signed_taps #(
    parameter int TAPS = 9,
    parameter int BITS = 12
) (
    input  wire                      clk,
    input  wire        [8*TAPS-1:0]  pixels,
    input  wire        [  TAPS-1:0]  codeword,
    output logic signed [  BITS-1:0] value,       // two cycles later
    output logic                     negative
);
  localparam int GROUPS = (TAPS + 2) / 3;

  function automatic logic signed [BITS-1:0] add(input logic signed [BITS-1:0] a, input logic signed [BITS-1:0] b, input logic minus);
    logic [BITS:0] twice;
    twice = {a, 1'b1} + {b ^ {BITS{minus}}, minus};
    return twice[BITS:1];
  endfunction

  logic signed [BITS-1:0] group[GROUPS], sum;
  logic [GROUPS-1:0] minus;
  logic negative_1;
  always_ff @(posedge clk) begin
    for (int g = 0; g < GROUPS; g++) begin
      logic signed [BITS-1:0] partial;
      partial = BITS'(signed'(pixels[8*3*g+:8]));
      for (int t = 3 * g + 1; t < 3 * g + 3; t++) begin
        if (t < TAPS) partial = add(partial, BITS'(signed'(pixels[8*t+:8])), codeword[t] ^ codeword[3*g]);
      end
      group[g] <= partial;
      minus[g] <= codeword[3*g] ^ codeword[0];
    end
    negative_1 <= !codeword[0];
    negative <= negative_1;
    value <= sum;
  end
  always_comb begin
    sum = group[0];
    for (int g = 1; g < GROUPS; g++) sum = add(sum, group[g], minus[g]);
  end
endmodule

`default_nettype wire
