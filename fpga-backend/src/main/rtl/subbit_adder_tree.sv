// Adds up N numbers without a sign, one set per cycle. The sum follows $clog2(N) cycles after its numbers.
`default_nettype none

module subbit_adder_tree #(
    parameter int N = 64,
    parameter int WIDTH = 4
) (
    input  wire                         clk,
    input  wire  [         N*WIDTH-1:0] numbers,
    output logic [WIDTH+$clog2(N)-1:0]  sum
);
  localparam int LEVELS = $clog2(N);

  if (N < 2 || (1 << LEVELS) != N) begin : g_check
    $error("N must be a power of two, at least 2");
  end

  for (genvar level = 0; level < LEVELS; level++) begin : g_level
    localparam int SUMS = N >> (level + 1);
    localparam int W = WIDTH + level;
    logic [SUMS*(W+1)-1:0] sums;
    wire [2*SUMS*W-1:0] from;
    if (level == 0) begin : g_first
      assign from = numbers;
    end else begin : g_next
      assign from = g_level[level-1].sums;
    end
    for (genvar i = 0; i < SUMS; i++) begin : g_sum
      always_ff @(posedge clk) sums[i*(W+1)+:W+1] <= {1'b0, from[2*i*W+:W]} + {1'b0, from[(2*i+1)*W+:W]};
    end
  end
  assign sum = g_level[LEVELS-1].sums;
endmodule

`default_nettype wire
