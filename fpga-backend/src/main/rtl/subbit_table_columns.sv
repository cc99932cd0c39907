// Which columns of neighbouring windows of a row lie inside the image, two cycles after the first window's place. A window
// has three columns; two of them at most lie left of the image, and those of its first windows only.
`default_nettype none

module subbit_table_columns #(
    parameter int WINDOWS = 14,
    // Bits of a number of columns, with its sign.
    parameter int BITS = 8
) (
    input wire                   clk,
    input wire                   stride_2,   // stable
    input wire        [     1:0] left,       // columns of the first window that lie left of the image
    input wire signed [BITS-1:0] room,       // columns from the first window's to the end of the row
    output logic [3*WINDOWS-1:0] columns     // column t of window p at 3 p + t
);
  localparam int SPAN = 2 * WINDOWS + 1;
  localparam int COUNT_BITS = $clog2(SPAN + 1);
  // Cycle 1: the columns up to the end of the row, of those that windows have. 2: those of each window. To compare the number
  // with each column's place in one cycle would take a chain of look-up tables.
  logic [COUNT_BITS-1:0] count_1;
  logic [1:0] left_1;
  wire [SPAN-1:0] inside_image = ~({SPAN{1'b1}} << count_1) & ({SPAN{1'b1}} << left_1);
  always_ff @(posedge clk) begin
    count_1 <= room < 0 ? '0 : room > BITS'(SPAN) ? COUNT_BITS'(SPAN) : COUNT_BITS'(room);
    left_1 <= left;
    for (int p = 0; p < WINDOWS; p++) begin
      for (int t = 0; t < 3; t++) columns[3*p+t] <= stride_2 ? inside_image[2*p+t] : inside_image[p+t];
    end
  end
endmodule

`default_nettype wire
