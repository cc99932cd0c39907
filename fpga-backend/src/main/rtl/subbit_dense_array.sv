// Multiply-adders: the weights of OUTPUTS output channels, of 10 bits each, for each of PIXELS pixels of 16 bits. Sums have 32
// bits; those of a pass, from its first tap to its last, are held for reading while the next pass adds up its own.
`default_nettype none

module subbit_dense_array #(
    parameter int OUTPUTS = 64,
    parameter int PIXELS = 2
) (
    input wire clk,
    input wire rst,

    // One tap of all: its products are added three cycles later. With the last tap of a pass the sums take the place of those
    // that are held, and begin again at 0.
    input wire                  tap_i,
    input wire                  last_i,
    input wire [10*OUTPUTS-1:0] weights_i,    // signed
    input wire [ 16*PIXELS-1:0] pixels_i,     // signed

    // The sums of two output channels that are held, from the first ones on, the second in the upper half; of a pixel that is
    // shifted, in the next cycle those of the next two channels.
    input  wire  [   PIXELS-1:0] shift_i,
    output logic [64*PIXELS-1:0] sums_o
);
  if (OUTPUTS < 6 || OUTPUTS % 2 != 0) begin : g_check
    $error("OUTPUTS must be even, and 6 at least");
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

  logic [10*OUTPUTS-1:0] weights_q;
  logic signed [25:0] products_q[PIXELS*OUTPUTS];
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
        products_q[p*OUTPUTS+o] <= signed'(pixels[16*(PIXELS*(o/READERS)+p)+:16]) * signed'(weights_q[10*o+:10]);
        // A sum is cleared when it is complete, which a register does by itself, where adding to 0 would take a gate for each bit.
        if (complete[o/READERS]) sums_q[p*OUTPUTS+o] <= '0;
        else if (multiplied[o/READERS]) sums_q[p*OUTPUTS+o] <= totals[p*OUTPUTS+o];
        // The first two sums move at once, and the others, which are told by copies, a cycle later: so of two moves in a row the
        // first two find what is theirs two places further.
        if (complete[o/READERS]) held_q[p*OUTPUTS+o] <= totals[p*OUTPUTS+o];
        else if (o < 2 ? shift_i[p] : shift[PIXELS*(o/READERS)+p])
          held_q[p*OUTPUTS+o] <= o < 2 && shift[p] ? held_q[p*OUTPUTS+(o<2?o+4:o)] :
              o + 2 < OUTPUTS ? held_q[p*OUTPUTS+(o+2<OUTPUTS?o+2:o)] : '0;
      end
    end
  end
  for (genvar p = 0; p < PIXELS; p++) begin : g_pixel
    assign sums_o[64*p+:64] = {held_q[p*OUTPUTS+1], held_q[p*OUTPUTS]};
  end
endmodule

`default_nettype wire
