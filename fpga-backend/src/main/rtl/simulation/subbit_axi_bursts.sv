// Asserts the rules of an AXI4 master's bursts, for simulation: they are aligned, as wide as the bus, incrementing, and
// within a page and device memory; they have as many beats as announced, with the last one marked; and there is no
// response without a request.
`default_nettype none

module subbit_axi_bursts #(
    parameter int ADDR_WIDTH = 32,
    parameter int DATA_WIDTH = 64,
    parameter logic [63:0] MEMORY_BYTES = 64'd1 << 28
) (
    input wire clk,
    input wire rst,
    input wire request,                  // address handshake
    input wire [ADDR_WIDTH-1:0] address,
    input wire [7:0] length,
    input wire [2:0] size,
    input wire [1:0] burst,
    input wire beat,                     // data handshake
    input wire last,
    input wire data_first                // write data may come before its address
);
  localparam int BYTES = DATA_WIDTH / 8;
  localparam int SIZE = $clog2(BYTES);

  logic [7:0] lengths[256];    // of the bursts announced and not finished
  logic [7:0] first, next, at;
  wire [63:0] bytes = (64'(length) + 64'd1) << SIZE;

  always_ff @(posedge clk) begin
    if (rst) begin
      first <= '0;
      next <= '0;
      at <= '0;
    end else begin
      if (request) begin
        assert (address[SIZE-1:0] == 0) else $error("a burst is not aligned to the bus");
        assert (size == 3'(SIZE) && burst == 2'b01) else $error("a burst is not incrementing at the width of the bus");
        assert (64'(address[11:0]) + bytes <= 64'd4096) else $error("a burst crosses a page");
        assert (64'(address) + bytes <= MEMORY_BYTES) else $error("a burst leaves device memory");
        lengths[next] <= length;
        next <= next + 8'd1;
      end
      if (beat) begin
        assert (data_first || first != next) else $error("data without a burst");
        if (first != next) assert (last == (at == lengths[first])) else $error("the last beat is marked wrongly");
        at <= last ? 8'd0 : at + 8'd1;
        if (last) first <= first + 8'd1;
      end
    end
  end
endmodule

`default_nettype wire
