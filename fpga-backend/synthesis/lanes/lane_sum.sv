// Adds the terms of CHANNELS input channels with a tree of adders, registered at every level, and adds the sum to an
// accumulator: CHANNELS adders in all. Every term comes with a sign. A negative term is inverted where it is added, and
// the 1 that completes the negation goes into a free carry input; every level has as many of these as are needed, so
// signs cost no adder.
`default_nettype none

module lane_sum #(
    parameter int CHANNELS = 8,
    parameter int TERM_BITS = 12,
    parameter int SUM_BITS = 24
) (
    input  wire                                clk,
    input  wire                                restart,     // the sum starts again from 0 with these terms
    input  wire         [CHANNELS*TERM_BITS-1:0] terms,
    input  wire         [         CHANNELS-1:0] negative,
    output logic signed [          SUM_BITS-1:0] sum        // log2(CHANNELS) + 2 cycles later
);
  localparam int LEVELS = $clog2(CHANNELS);

  if ((1 << LEVELS) != CHANNELS || CHANNELS < 2) $error("CHANNELS must be a power of two, at least 2");

  // Level l holds CHANNELS >> l numbers of TERM_BITS + l bits each, and the 1s that are still to be added, one per
  // number.
  for (genvar l = 0; l <= LEVELS; l++) begin : g_level
    localparam int W = TERM_BITS + l;
    logic signed [W-1:0] number[CHANNELS>>l];
    logic [(CHANNELS>>l)-1:0] one;
    logic restarts;
    if (l == 0) begin : g_first
      always_ff @(posedge clk) begin
        restarts <= restart;
        one <= negative;
        for (int i = 0; i < CHANNELS; i++) number[i] <= terms[i*TERM_BITS+:TERM_BITS];
      end
    end else begin : g_next
      always_ff @(posedge clk) restarts <= g_level[l-1].restarts;
      for (genvar i = 0; i < (CHANNELS >> l); i++) begin : g_add
        // Only terms themselves are inverted, in level 1.
        wire signed [W-1:0] a = W'(g_level[l-1].number[2*i]) ^ {W{l == 1 && g_level[l-1].one[2*i]}};
        wire signed [W-1:0] b = W'(g_level[l-1].number[2*i+1]) ^ {W{l == 1 && g_level[l-1].one[2*i+1]}};
        wire [W:0] twice = {a, 1'b1} + {b, g_level[l-1].one[2*i]};
        always_ff @(posedge clk) begin
          number[i] <= twice[W:1];
          one[i] <= g_level[l-1].one[2*i+1];
        end
      end
    end
  end

  wire signed [SUM_BITS-1:0] total = SUM_BITS'(g_level[LEVELS].number[0]);
  wire signed [SUM_BITS-1:0] kept = g_level[LEVELS].restarts ? '0 : sum;
  wire [SUM_BITS:0] twice = {kept, 1'b1} + {total, g_level[LEVELS].one[0]};
  always_ff @(posedge clk) sum <= twice[SUM_BITS:1];
endmodule

`default_nettype wire
