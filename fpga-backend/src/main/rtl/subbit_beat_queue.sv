// A queue for the beats of a bus, in block RAM. It is never full, because no more beats are requested than it has room
// for; so it takes a beat in every cycle. A beat leaves two cycles after it entered, at the earliest.
`default_nettype none

module subbit_beat_queue #(
    parameter int WIDTH = 64,
    // A power of two.
    parameter int DEPTH = 256
) (
    input wire clk,
    input wire rst,

    input wire             in_valid,
    input wire [WIDTH-1:0] in_data,

    output logic             out_valid,
    input  wire              out_ready,
    output logic [WIDTH-1:0] out_data
);
  localparam int AW = $clog2(DEPTH);

  if ((1 << AW) != DEPTH || DEPTH < 2) begin : g_check
    $error("DEPTH must be a power of two, at least 2");
  end

  // Positions modulo 2 * DEPTH, so that a full queue differs from an empty one.
  logic [AW:0] written, taken;
  wire empty = written == taken;
  wire advance = !out_valid || out_ready;

  // The place that is written is read only while the queue is empty.
  subbit_memory #(
      .WIDTH(WIDTH),
      .DEPTH(DEPTH)
  ) beats (
      .clk,
      .write(in_valid),
      .write_address(written[AW-1:0]),
      .write_data(in_data),
      .read(advance),
      .read_address(taken[AW-1:0]),
      .read_data(out_data)
  );

  always_ff @(posedge clk) begin
    if (rst) begin
      written <= '0;
      taken <= '0;
      out_valid <= 1'b0;
    end else begin
      if (in_valid) written <= written + 1'b1;
      if (advance) out_valid <= !empty;
      if (advance && !empty) taken <= taken + 1'b1;
    end
  end

`ifdef VERILATOR
  always_ff @(posedge clk) begin
    if (!rst && in_valid) assert (written - taken != (AW + 1)'(DEPTH)) else $error("more beats than were requested");
  end
`endif
endmodule

`default_nettype wire
