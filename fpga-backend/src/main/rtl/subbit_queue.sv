// A short queue: data leaves in the order in which it entered, at the earliest one cycle later.
`default_nettype none

module subbit_queue #(
    parameter int WIDTH = 8,
    // A power of two.
    parameter int DEPTH = 4
) (
    input wire clk,
    input wire rst,

    input  wire              in_valid,
    output logic             in_ready,
    input  wire  [WIDTH-1:0] in_data,

    output logic             out_valid,
    input  wire              out_ready,
    output logic [WIDTH-1:0] out_data
);
  localparam int AW = $clog2(DEPTH);

  if ((1 << AW) != DEPTH || DEPTH < 2) begin : g_check
    $error("DEPTH must be a power of two, at least 2");
  end

  logic [WIDTH-1:0] memory[DEPTH];
  // Positions modulo 2 * DEPTH, so that a full queue differs from an empty one.
  logic [AW:0] written, taken;

  wire put = in_valid && in_ready;
  wire take = out_valid && out_ready;
  assign out_data = memory[taken[AW-1:0]];

  always_ff @(posedge clk) begin
    if (rst) begin
      written <= '0;
      taken <= '0;
      in_ready <= 1'b1;
      out_valid <= 1'b0;
    end else begin
      if (put) written <= written + 1'b1;
      if (take) taken <= taken + 1'b1;
      if (put != take) begin
        in_ready <= take || written - taken != (AW + 1)'(DEPTH - 1);
        out_valid <= put || written - taken != (AW + 1)'(1);
      end
    end
    if (put) memory[written[AW-1:0]] <= in_data;
  end
endmodule

`default_nettype wire
