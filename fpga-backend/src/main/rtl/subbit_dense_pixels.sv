// What the weights are multiplied with: rows of a stem's pixels, of which any window of 16 is read in a cycle, or pairs of a
// shortcut's values. A tap of a stem takes a pixel of the window, or the sum or difference of two, less the zero pixel, and in
// the padding 0; the second lane's pixels lie a distance further right.
//
//   pixels ─► banks, of two pixels each ─► one of 16 for each operand ─► less zero pixel ─► sum, difference ─► two lanes
//   values ─► the same banks ──────────────────────────────────────────────────────────────────────────────┘
//
// A pixel's column, modulo 16, is its place in the banks: so those of a window are all of them, those before its first pixel
// from the next 16 columns. Of a window that begins with an odd column the last pixel is not there.
`default_nettype none

module subbit_dense_pixels #(
    parameter int VALUES = 4096,       // pairs of values, a power of two
    parameter int ROW_WORDS = 128,     // of two pixels, of a row of a channel
    parameter int ROWS = 32            // of pixels, of all channels
) (
    input wire clk,
    input wire stem_i,

    // Two neighbours of a row of pixels.
    input wire                                  word_store_i,
    input wire [$clog2(ROWS*ROW_WORDS)-1:0]     word_address_i,    // rows, in them words
    input wire [                      15:0]     word_i,

    // Values: lanes that are stored.
    input wire [                 1:0]           pair_store_i,
    input wire [$clog2(VALUES)-1:0]             pair_address_i,
    input wire [                31:0]           pair_i,

    // A tap; what it is multiplied with follows by PIPELINE cycles. Of a stem, stable while taps are under way: the columns
    // that there are, and of the second lane's pixels how much further right they lie.
    input  wire         [            10:0]      width_i,
    input  wire         [             3:0]      distance_i,
    input  wire         [$clog2(ROWS)-1:0]      row_i,
    input  wire                                 row_inside_i,
    input  wire  signed [            10:0]      column_i,          // of the window's first pixel
    input  wire         [             3:0]      first_i,           // pixels of the window
    input  wire         [             3:0]      second_i,
    input  wire         [             1:0]      combination_i,     // 0 the first alone, 1 the sum, else the difference
    input  wire         [             7:0]      zero_i,
    input  wire         [$clog2(VALUES)-1:0]    address_i,         // of a shortcut
    output logic        [            31:0]      pixels_o
);
  localparam int PIPELINE = 5;
  localparam int BANKS = 8;
  localparam int DEPTH = VALUES / 4;
  localparam int DEPTH_BITS = $clog2(DEPTH);
  localparam int GROUP_BITS = $clog2(ROW_WORDS / BANKS);     // of 16 columns in a row

  if (DEPTH < ROWS * ROW_WORDS / BANKS) begin : g_check
    $error("VALUES must hold the words of ROWS rows of pixels");
  end

  // ---- Cycle 1: addresses, and columns of the operands. A bank is two pixels of a stem, or a quarter of a lane's values.
  logic [DEPTH_BITS-1:0] addresses_1[BANKS];
  logic signed [10:0] columns_1[4];                // of lanes, in them operands
  logic row_inside_1;
  logic [1:0] combinations[PIPELINE];
  logic [7:0] zeros[PIPELINE];
  logic [1:0] quarters[PIPELINE];
  assign combinations[0] = combination_i;
  assign zeros[0] = zero_i;
  assign quarters[0] = address_i[1:0];
  wire [GROUP_BITS-1:0] group = column_i[4+:GROUP_BITS];
  always_ff @(posedge clk) begin
    for (int b = 0; b < BANKS; b++)
      addresses_1[b] <= stem_i ? DEPTH_BITS'({row_i, group + GROUP_BITS'(3'(b) < column_i[3:1])}) : address_i[2+:DEPTH_BITS];
    for (int l = 0; l < 2; l++) begin
      columns_1[2*l] <= column_i + signed'(11'(first_i)) + (l == 1 ? signed'(11'(distance_i)) : '0);
      columns_1[2*l+1] <= column_i + signed'(11'(second_i)) + (l == 1 ? signed'(11'(distance_i)) : '0);
    end
    row_inside_1 <= row_inside_i;
    for (int i = 1; i < PIPELINE; i++) begin
      combinations[i] <= combinations[i-1];
      zeros[i] <= zeros[i-1];
      quarters[i] <= quarters[i-1];
    end
  end

  // ---- Cycle 2: words of the banks.
  logic [15:0] words_2[BANKS];
  for (genvar b = 0; b < BANKS; b++) begin : g_bank
    subbit_memory #(
        .WIDTH(16),
        .DEPTH(DEPTH)
    ) words (
        .clk,
        .write(stem_i ? word_store_i && word_address_i[2:0] == 3'(b) : pair_store_i[b/4] && pair_address_i[1:0] == 2'(b)),
        .write_address(stem_i ? DEPTH_BITS'(word_address_i >> 3) : pair_address_i[2+:DEPTH_BITS]),
        .write_data(stem_i ? word_i : pair_i[16*(b/4)+:16]),
        .read(1'b1),
        .read_address(addresses_1[b]),
        .read_data(words_2[b])
    );
  end
  logic [3:0] places_2[4];
  logic [3:0] inside_2;
  always_ff @(posedge clk) begin
    for (int o = 0; o < 4; o++) begin
      places_2[o] <= columns_1[o][3:0];
      inside_2[o] <= row_inside_1 && columns_1[o] >= 0 && columns_1[o] < signed'(width_i);
    end
  end

  // ---- Cycle 3: a pixel for each operand, or a value for each lane. 4: less the zero pixel. 5: sums and differences.
  logic [7:0] pixels_3[4];
  logic [3:0] inside_3;
  logic signed [8:0] pixels_4[4];
  logic [31:0] values_3, values_4;
  always_ff @(posedge clk) begin
    inside_3 <= inside_2;
    for (int o = 0; o < 4; o++) begin
      pixels_3[o] <= places_2[o][0] ? words_2[places_2[o][3:1]][15:8] : words_2[places_2[o][3:1]][7:0];
      pixels_4[o] <= inside_3[o] ? 9'(pixels_3[o]) - 9'(zeros[3]) : '0;
    end
    for (int l = 0; l < 2; l++) values_3[16*l+:16] <= words_2[{1'(l), quarters[2]}];
    values_4 <= values_3;
    for (int l = 0; l < 2; l++)
      pixels_o[16*l+:16] <= !stem_i ? values_4[16*l+:16] : 16'(pixels_4[2*l]) +
          (combinations[4] == 2'd0 ? 16'd0 : combinations[4] == 2'd1 ? 16'(pixels_4[2*l+1]) : -16'(pixels_4[2*l+1]));
  end
endmodule

`default_nettype wire
