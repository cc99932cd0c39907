// As subbit_match_unit, for plain binary kernels that are looked up in two tables: in every cycle the entry of this number
// for the first five taps and the one for the last four, three bits for each window.
//
// Without FOLD, a table of five taps has 32 entries. With FOLD it has 16, whose first sign is +1; the array turns what it
// finds there for the others.
`default_nettype none

module binary_match_unit #(
    parameter int PIXELS = 12,
    parameter bit FOLD = 1'b0
) (
    input wire clk,

    // The windows, taken with the first of their entries.
    input wire                take,
    input wire [9*PIXELS-1:0] windows,
    input wire [         2:0] rows_inside,
    input wire [3*PIXELS-1:0] columns_inside,

    // Numbers of entries, and their matches two cycles later.
    input  wire  [         4:0] entry,
    output logic [3*PIXELS-1:0] five,
    output logic [3*PIXELS-1:0] four
);
  logic [9*PIXELS-1:0] pixels;
  logic [2:0] rows;
  logic [3*PIXELS-1:0] columns;
  logic [8:0] signs;

  always_ff @(posedge clk) begin
    if (take) begin
      pixels <= windows;
      rows <= rows_inside;
      columns <= columns_inside;
    end
    signs <= {entry[3:0], FOLD ? {entry[3:0], 1'b1} : entry};
  end

  function automatic logic [1:0] add3(input logic [2:0] bits);
    return {(bits[0] & bits[1]) | (bits[0] & bits[2]) | (bits[1] & bits[2]), ^bits};
  endfunction

  for (genvar p = 0; p < PIXELS; p++) begin : g_pixel
    wire [8:0] inside_image = {{3{rows[2]}}, {3{rows[1]}}, {3{rows[0]}}} & {3{columns[3*p+:3]}};
    wire [8:0] match = ~(pixels[9*p+:9] ^ signs) & inside_image;
    wire [1:0] first = add3(match[2:0]);
    wire [1:0] second = add3({match[4:3], first[0]});
    wire all = &match[8:5];
    always_ff @(posedge clk) begin
      five[3*p+:3] <= {first[1] & second[1], first[1] ^ second[1], second[0]};
      // A number of four bits is a function of four.
      four[3*p] <= ^match[8:5];
      four[3*p+1] <= !all && ((match[5] & match[6]) | (match[7] & match[8]) | ((match[5] | match[6]) & (match[7] | match[8])));
      four[3*p+2] <= all;
    end
  end
endmodule

`default_nettype wire
