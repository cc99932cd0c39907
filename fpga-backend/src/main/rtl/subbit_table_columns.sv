// Which columns of neighbouring windows of a row lie inside the image, one cycle after the first window's place. A window
// has three columns; two of them at most lie left of the image, and those of its first windows only.
`default_nettype none

module subbit_table_columns #(
    parameter int WINDOWS = 14,
    // Bits of a number of columns, with its sign.
    parameter int BITS = 8
) (
    input wire                   clk,
    input wire                   stride_2,
    input wire        [     1:0] left,       // columns of the first window that lie left of the image
    input wire signed [BITS-1:0] room,       // columns from the first window's to the end of the row
    output logic [3*WINDOWS-1:0] columns     // column t of window p at 3 p + t
);
  localparam int SPAN = 2 * WINDOWS + 1;
  wire [SPAN-1:0] inside_image;
  for (genvar i = 0; i < SPAN; i++) begin : g_column
    assign inside_image[i] = (i > 1 || 2'(i) >= left) && room > BITS'(i);
  end
  always_ff @(posedge clk) begin
    for (int p = 0; p < WINDOWS; p++) begin
      for (int t = 0; t < 3; t++) columns[3*p+t] <= stride_2 ? inside_image[2*p+t] : inside_image[p+t];
    end
  end
endmodule

`default_nettype wire
