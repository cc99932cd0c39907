// Responses of one codeword to PIXELS neighbouring windows of bits, one codeword per cycle: for each window the number of
// taps, 0 to 9, whose sign is that of the pixel under them. Taps over the padding do not count.
//
// With v taps inside the image, of which m match, the response of a kernel of -1 and +1 to pixels of -1 and +1 is
// 2 m - v; v is the same for all channels, so the matches alone are looked up and added.
`default_nettype none

module subbit_match_unit #(
    parameter int PIXELS = 7
) (
    input wire clk,

    // The windows, taken with the first of their codewords: the nine pixels of each, row-major.
    input wire                take,
    input wire [9*PIXELS-1:0] windows,
    input wire [         2:0] rows_inside,       // rows of the windows that lie in the image
    input wire [3*PIXELS-1:0] columns_inside,    // the three columns of each window

    // Codewords, and their matches two cycles later, four bits for each window.
    input  wire  [         8:0] codeword,
    output logic [4*PIXELS-1:0] matching
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
    signs <= codeword;
  end

  // Nine bits are counted by full adders: three sums and three carries of three taps each, and so on.
  function automatic logic [1:0] add3(input logic [2:0] bits);
    return {(bits[0] & bits[1]) | (bits[0] & bits[2]) | (bits[1] & bits[2]), ^bits};
  endfunction

  for (genvar p = 0; p < PIXELS; p++) begin : g_pixel
    wire [8:0] inside_image = {{3{rows[2]}}, {3{rows[1]}}, {3{rows[0]}}} & {3{columns[3*p+:3]}};
    wire [8:0] match = ~(pixels[9*p+:9] ^ signs) & inside_image;
    wire [1:0] top = add3(match[2:0]);
    wire [1:0] middle = add3(match[5:3]);
    wire [1:0] bottom = add3(match[8:6]);
    wire [1:0] ones = add3({bottom[0], middle[0], top[0]});
    wire [1:0] twos = add3({bottom[1], middle[1], top[1]});
    wire both = twos[0] & ones[1];
    always_ff @(posedge clk) matching[4*p+:4] <= {twos[1] & both, twos[1] ^ both, twos[0] ^ ones[1], ones[0]};
  end
endmodule

`default_nettype wire
