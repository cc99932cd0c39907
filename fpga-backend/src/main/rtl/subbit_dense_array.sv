// Multiply-adders: the weights of OUTPUTS output channels, each for PIXELS pixels of 16 bits. Sums have 32 bits; those of a
// pass, from its first tap to its last, are held for reading while the next pass adds up its own.
`default_nettype none

module subbit_dense_array #(
    parameter int OUTPUTS = 64,
    parameter int PIXELS = 2
) (
    input wire clk,
    input wire rst,

    // One tap of all: its products are added three cycles later. With the last tap of a pass the sums take the place of those
    // that are held, and begin again at 0.
    input wire                 tap_i,
    input wire                 last_i,
    input wire [8*OUTPUTS-1:0] weights_i,    // signed
    input wire [16*PIXELS-1:0] pixels_i,     // signed

    // The sums of one output channel that are held, from the first one on; of a pixel that is shifted, in the next cycle those
    // of the next channel.
    input  wire  [   PIXELS-1:0] shift_i,
    output logic [32*PIXELS-1:0] sums_o
);
  if (OUTPUTS < 4) begin : g_check
    $error("OUTPUTS must be at least 4");
  end

  // Multipliers and sums lie all over the FPGA: few of them read each copy of the pixels, and of what they are to do.
  localparam int READERS = 8;
  localparam int COPIES = (OUTPUTS + READERS - 1) / READERS;
  logic tap_q, tap_last_q;
  wire [16*PIXELS*COPIES-1:0] pixels;
  wire [COPIES-1:0] multiplied, complete;
  wire [PIXELS*COPIES-1:0] shift;
  for (genvar i = 0; i < COPIES; i++) begin : g_copy
    subbit_copy #(
        .WIDTH(16 * PIXELS)
    ) of_pixels (
        .clk,
        .source(pixels_i),
        .copy(pixels[16*PIXELS*i+:16*PIXELS])
    );
    subbit_copy #(
        .WIDTH(2)
    ) of_steps (
        .clk,
        .source({tap_q && !rst, (tap_q && tap_last_q) || rst}),
        .copy({multiplied[i], complete[i]})
    );
    subbit_copy #(
        .WIDTH(PIXELS)
    ) of_shift (
        .clk,
        .source(complete[0] ? '0 : shift_i),
        .copy(shift[PIXELS*i+:PIXELS])
    );
  end

  logic [8*OUTPUTS-1:0] weights_q;
  logic signed [23:0] products_q[PIXELS*OUTPUTS];
  logic signed [31:0] sums_q[PIXELS*OUTPUTS], totals[PIXELS*OUTPUTS];
  logic [31:0] held_q[PIXELS*OUTPUTS];
  for (genvar i = 0; i < PIXELS * OUTPUTS; i++) begin : g_total
    assign totals[i] = sums_q[i] + 32'(products_q[i]);
  end

  always_ff @(posedge clk) begin
    tap_q <= tap_i && !rst;
    tap_last_q <= last_i;
    weights_q <= weights_i;
    for (int p = 0; p < PIXELS; p++) begin
      for (int o = 0; o < OUTPUTS; o++) begin
        products_q[p*OUTPUTS+o] <= signed'(pixels[16*(PIXELS*(o/READERS)+p)+:16]) * signed'(weights_q[8*o+:8]);
        // A sum is cleared when it is complete, which a register does by itself, where adding to 0 would take a gate for each bit.
        if (complete[o/READERS]) sums_q[p*OUTPUTS+o] <= '0;
        else if (multiplied[o/READERS]) sums_q[p*OUTPUTS+o] <= totals[p*OUTPUTS+o];
        // The first two sums move at once, and the others, which are told by copies, a cycle later.
        if (complete[o/READERS]) held_q[p*OUTPUTS+o] <= totals[p*OUTPUTS+o];
        else if (o == 0 ? shift_i[p] : o == 1 ? shift_i[p] && !shift[p] : shift[PIXELS*(o/READERS)+p])
          held_q[p*OUTPUTS+o] <= o + 1 < OUTPUTS ? held_q[p*OUTPUTS+(o+1<OUTPUTS?o+1:o)] : '0;
        else if (o == 1 && shift_i[p]) held_q[p*OUTPUTS+o] <= held_q[p*OUTPUTS+3];
      end
    end
  end
  for (genvar p = 0; p < PIXELS; p++) begin : g_pixel
    assign sums_o[32*p+:32] = held_q[p*OUTPUTS];
  end
endmodule

`default_nettype wire
