// The accumulators of one lane, in two halves: one belongs to the tile that is being computed, the other to the tile
// that is being written back. The core does the adding; this module only holds the sums.
`default_nettype none

module subbit_accumulator #(
    parameter int DEPTH = 1024
) (
    input wire clk,

    // The core: `read_sum` follows its address by one cycle, in which the core adds to it and writes it back. It is not
    // defined where this place is written in the cycle of its address.
    input  wire                      half,
    input  wire  [$clog2(DEPTH)-1:0] read_address,
    output logic [             31:0] read_sum,
    input  wire                      write,
    input  wire                      write_half,
    input  wire  [$clog2(DEPTH)-1:0] write_address,
    input  wire  [             31:0] write_sum,

    // Write-back: while `draining`, one half belongs to it. A sum follows its address by two cycles in which `drain` is
    // 1; while `drain` is 0, everything keeps its value.
    input  wire                      draining,
    input  wire                      drain_half,
    input  wire                      drain,
    input  wire  [$clog2(DEPTH)-1:0] drain_address,
    output logic [             31:0] drain_sum
);
  localparam int AW = $clog2(DEPTH);

  if ((1 << AW) != DEPTH) begin : g_check
    $error("DEPTH must be a power of two");
  end

  wire [31:0] found[2];
  for (genvar h = 0; h < 2; h++) begin : g_half
    wire drains = draining && drain_half == 1'(h);
    wire [AW-1:0] address = drains ? drain_address : read_address;
    subbit_memory #(
        .WIDTH(32),
        .DEPTH(DEPTH)
    ) sums (
        .clk,
        .write(write && write_half == 1'(h)),
        .write_address,
        .write_data(write_sum),
        .read(!drains || drain),
        .read_address(address),
        .read_data(found[h])
    );
  end

  logic half_q;
  always_ff @(posedge clk) begin
    half_q <= half;
    if (drain) drain_sum <= found[drain_half];
  end
  assign read_sum = found[half_q];
endmodule

`default_nettype wire
