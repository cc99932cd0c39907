// Asserts the rules of an AXI4 master's bursts, for simulation: they are aligned, as wide as the bus, incrementing, and
// within a page and device memory; they have as many beats as announced, with the last one marked; there is no response
// without a request; and no announced burst makes the bus wait for this master.
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
    input wire data_first,               // write data may come before its address
    input wire late                      // the bus could move data, but the master does not
);
  localparam int BYTES = DATA_WIDTH / 8;
  localparam int SIZE = $clog2(BYTES);
  // Cycles from an accepted address to the first data.
  localparam logic [2:0] FIRST_DATA = 3'd3;

  logic [7:0] lengths[256];    // of the bursts announced and not finished
  logic [7:0] first, next, at;
  logic [2:0] waits;           // cycles in which the bus waits for the master
  wire signed [7:0] open = next - first;    // negative where data came before their address
  wire [63:0] bytes = (64'(length) + 64'd1) << SIZE;

  always_ff @(posedge clk) begin
    if (rst) begin
      first <= '0;
      next <= '0;
      at <= '0;
      waits <= '0;
    end else begin
      waits <= late && open > 0 ? waits + 3'd1 : 3'd0;
      assert (waits <= FIRST_DATA) else $error("the bus waits for a burst that was announced");
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
