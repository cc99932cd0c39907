// The array of a sub-bit engine, without its inputs' memories: CHANNELS x OUTPUTS kernels of nine taps in every cycle,
// with one look-up each. One response unit per channel fills one bank of that channel's tables, with one response per
// cycle, while the lanes read the other bank. It finishes after 2^TAU cycles, in which the lanes serve OUTPUTS * 2^TAU
// output channels.
`default_nettype none

module subbit_lanes #(
    parameter int CHANNELS = 8,
    parameter int OUTPUTS = 16,
    parameter int TAU = 5,
    parameter int SUM_BITS = 24
) (
    input wire clk,
    // Filling: the windows of all channels, nine pixels of 8 bits each, and one codeword per cycle.
    input wire [CHANNELS*72-1:0] windows,
    input wire [8:0] codeword,
    input wire write,
    input wire [TAU-1:0] write_index,
    input wire write_bank,
    // Looking up.
    input wire read_bank,
    input wire [CHANNELS*OUTPUTS*TAU-1:0] indices,
    input wire restart,
    output wire [OUTPUTS*SUM_BITS-1:0] sums
);
  localparam int W = 12;

  logic [2:0] writes;
  logic [TAU:0] write_address[3];
  logic [8:0] codeword_q;
  logic [CHANNELS*72-1:0] windows_q;
  always_ff @(posedge clk) begin
    writes <= {writes[1:0], write};
    write_address <= '{{write_bank, write_index}, write_address[0], write_address[1]};
    codeword_q <= codeword;
    windows_q <= windows;
  end

  wire [W-1:0] found[OUTPUTS][CHANNELS];
  for (genvar c = 0; c < CHANNELS; c++) begin : g_channel
    wire signed [W-1:0] value;
    wire negative;
    signed_taps unit (.clk, .pixels(windows_q[c*72+:72]), .codeword(codeword_q), .value, .negative);
    wire signed [W-1:0] response = negative ? -value : value;
    for (genvar o = 0; o < OUTPUTS; o++) begin : g_output
      (* ram_style = "distributed" *) logic [W-1:0] memory[2<<TAU];
      always_ff @(posedge clk) if (writes[2]) memory[write_address[2]] <= response;
      assign found[o][c] = memory[{read_bank, indices[(o*CHANNELS+c)*TAU+:TAU]}];
    end
  end

  for (genvar o = 0; o < OUTPUTS; o++) begin : g_sum
    wire [CHANNELS*W-1:0] terms;
    for (genvar c = 0; c < CHANNELS; c++) begin : g_term
      assign terms[c*W+:W] = found[o][c];
    end
    lane_sum #(.CHANNELS(CHANNELS), .TERM_BITS(W), .SUM_BITS(SUM_BITS)) sum (
        .clk, .restart, .terms, .negative('0), .sum(sums[o*SUM_BITS+:SUM_BITS]));
  end
endmodule

`default_nettype wire
