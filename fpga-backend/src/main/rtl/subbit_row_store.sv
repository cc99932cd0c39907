// The rows of a layer's binary input, and the windows that are cut out of them: in one cycle PIXELS neighbouring windows
// of one channel, and the next PIXELS of the same row. A word holds a whole row. Row r lies in bank r mod 3, so that the
// three rows under a window are read together, and three rows are stored together; a channel's rows lie in a row of places
// in each bank.
`default_nettype none

module subbit_row_store #(
    parameter int PIXELS = 7,
    // Pixels of a row, and rows that a bank holds.
    parameter int WIDTH = 64,
    parameter int DEPTH = 2048
) (
    input wire clk,

    // Storing: rows 3 r to 3 r + 2, the first one lowest, and its first pixel in the lowest bit; a set bit is +1.
    input wire                     store,
    input wire [$clog2(DEPTH)-1:0] store_address,
    input wire [      3*WIDTH-1:0] store_rows,

    // Cutting: the windows follow four cycles after their place. What lies outside of the image has any value.
    input wire [                 1:0] cut_bank,       // of the upper row
    input wire [   $clog2(DEPTH)-1:0] cut_address,    // of the upper row; in banks before its own, one further
    input wire signed [$clog2(WIDTH)+1:0] cut_column, // of the first window's left pixel; from -2
    input wire                        cut_stride_2,
    output logic [9*PIXELS-1:0] windows,              // pixel t of window p at 9 p + t, row-major
    output logic [9*PIXELS-1:0] next_windows
);
  localparam int AW = $clog2(DEPTH);
  localparam int COLUMN_BITS = $clog2(WIDTH) + 2;
  localparam int COLUMNS = 4 * PIXELS + 1;           // of twice PIXELS windows, with stride 2
  localparam int PADDED = WIDTH + 2 + COLUMNS;

  // Cycle 1: the banks' words. 2: rows in order. 3: their columns from the first window's on. 4: the windows.
  logic [1:0] bank_1;
  logic [COLUMN_BITS-1:0] shift_1, shift_2;
  logic stride_2_1, stride_2_2, stride_2_3;
  wire [WIDTH-1:0] found[3];
  for (genvar b = 0; b < 3; b++) begin : g_bank
    subbit_memory #(
        .WIDTH(WIDTH),
        .DEPTH(DEPTH)
    ) rows (
        .clk,
        .write(store),
        .write_address(store_address),
        .write_data(store_rows[b*WIDTH+:WIDTH]),
        .read(1'b1),
        .read_address(cut_address + AW'(2'(b) < cut_bank)),
        .read_data(found[b])
    );
  end

  logic [WIDTH-1:0] row[3];
  logic [COLUMNS-1:0] columns[3];
  always_ff @(posedge clk) begin
    bank_1 <= cut_bank;
    shift_1 <= COLUMN_BITS'(cut_column + COLUMN_BITS'(2));
    stride_2_1 <= cut_stride_2;
    for (int r = 0; r < 3; r++) begin
      case (bank_1)
        2'd0: row[r] <= found[r];
        2'd1: row[r] <= found[(r+1)%3];
        default: row[r] <= found[(r+2)%3];
      endcase
    end
    shift_2 <= shift_1;
    stride_2_2 <= stride_2_1;
    for (int r = 0; r < 3; r++) columns[r] <= COLUMNS'(PADDED'({row[r], 2'b00}) >> shift_2);
    stride_2_3 <= stride_2_2;
    for (int p = 0; p < PIXELS; p++) begin
      for (int t = 0; t < 9; t++) begin
        windows[9*p+t] <= stride_2_3 ? columns[t/3][2*p+t%3] : columns[t/3][p+t%3];
        next_windows[9*p+t] <= stride_2_3 ? columns[t/3][2*(p+PIXELS)+t%3] : columns[t/3][p+PIXELS+t%3];
      end
    end
  end
endmodule

`default_nettype wire
