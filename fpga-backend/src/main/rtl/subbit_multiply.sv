// Multiplies two unsigned numbers by shifting and adding, in at most 32 cycles. `busy` falls when the product is ready;
// `overflow` says that it does not fit into 40 bits. Both hold until the next `start`.
`default_nettype none

module subbit_multiply (
    input wire clk,
    input wire rst,
    input wire start,
    input wire [39:0] a,
    input wire [31:0] b,
    output logic busy,
    output logic [39:0] product,
    output logic overflow
);
  logic [40:0] shifted;     // the top bit stays set once it was
  logic [31:0] left;
  wire [40:0] sum = {1'b0, product} + {1'b0, shifted[39:0]};

  always_ff @(posedge clk) begin
    if (rst) begin
      busy <= 1'b0;
    end else if (start) begin
      busy <= 1'b1;
      shifted <= {1'b0, a};
      left <= b;
      product <= '0;
      overflow <= 1'b0;
    end else if (busy) begin
      if (left[0]) begin
        product <= sum[39:0];
        if (sum[40] || shifted[40]) overflow <= 1'b1;
      end
      shifted <= {shifted[40] | shifted[39], shifted[38:0], 1'b0};
      left <= left >> 1;
      busy <= left[31:1] != 0;
    end
  end
endmodule

`default_nettype wire
