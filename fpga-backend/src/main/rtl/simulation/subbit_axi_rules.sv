// Asserts the rules of one AXI channel, for simulation: a request stays, unchanged, until it is accepted, and nothing
// is requested in reset.
`default_nettype none

module subbit_axi_rules #(
    parameter int WIDTH = 1
) (
    input wire clk,
    input wire rst,
    input wire valid,
    input wire ready,
    input wire [WIDTH-1:0] payload
);
  logic waiting;
  logic [WIDTH-1:0] payload_q;
  always_ff @(posedge clk) begin
    waiting <= !rst && valid && !ready;
    payload_q <= payload;
    if (!rst && waiting) begin
      assert (valid) else $error("a request was withdrawn");
      assert (payload == payload_q) else $error("a request changed while it waited");
    end
  end
endmodule

`default_nettype wire
