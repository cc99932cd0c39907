// Computes sums of the three columns of a window, four per column: a + b + c, a + b - c, a - b + c and a - b - c, from
// top to bottom. These and their negatives are all eight sign patterns. Two adders take three cycles per column;
// columns that the window shares with the previous one are not built again.
`default_nettype none

module subbit_column_sums #(
    parameter int TAG_BITS = 1
) (
    input wire clk,
    input wire rst,
    // Columns from one window to the next, 1 or 2.
    input wire [1:0] stride,

    // Windows: one is held until its last column is built, and accepted in that cycle.
    input  wire                               window_valid,
    output logic                              window_ready,
    input  wire [subbit_pkg::WINDOW_BITS-1:0] window,
    input  wire                               window_fresh,
    input  wire [               TAG_BITS-1:0] window_tag,

    // The sums of all three columns, with the tag of their window.
    output logic                sums_valid,
    input  wire                 sums_ready,
    output logic [    3*44-1:0] sums,        // column c at [44*c +: 44], sum q at [11*q +: 11] of it
    output logic [TAG_BITS-1:0] sums_tag
);
  import subbit_pkg::*;
  localparam int P = PIXEL_BITS;
  localparam int Q = 11;

  logic [1:0] column;     // being built, 0 to 2
  logic building;
  logic [1:0] turn;       // 0: a + b and a - b; 1: sum +- c; 2: difference +- c
  logic signed [Q-1:0] sum, difference, first, second;

  wire [1:0] first_column = window_fresh ? 2'd0 : 2'd3 - stride;
  wire [1:0] column_now = building ? column : first_column;
  wire free = !sums_valid || sums_ready;
  wire work = window_valid && free;
  wire column_ends = work && turn == 2'd2;
  assign window_ready = column_ends && column_now == 2'd2;

  logic signed [Q-1:0] a, b, c;
  always_comb begin
    a = '0;
    b = '0;
    c = '0;
    for (int k = 0; k < 3; k++) begin
      if (column_now == 2'(k)) begin
        a = Q'(signed'(window[(0+k)*P+:P]));
        b = Q'(signed'(window[(3+k)*P+:P]));
        c = Q'(signed'(window[(6+k)*P+:P]));
      end
    end
  end

  // The two adders.
  wire signed [Q-1:0] left = turn == 2'd0 ? a : turn == 2'd1 ? sum : difference;
  wire signed [Q-1:0] right = turn == 2'd0 ? b : c;
  wire signed [Q-1:0] plus = left + right;
  wire signed [Q-1:0] minus = left - right;

  always_ff @(posedge clk) begin
    if (rst) begin
      building <= 1'b0;
      turn <= 2'd0;
      sums_valid <= 1'b0;
    end else begin
      if (sums_ready) sums_valid <= 1'b0;
      if (work) begin
        turn <= turn == 2'd2 ? 2'd0 : turn + 2'd1;
        if (turn == 2'd2) begin
          building <= column_now != 2'd2;
          column <= column_now + 2'd1;
        end
      end
      if (window_ready) sums_valid <= 1'b1;
    end
    if (work && turn == 2'd0) begin
      sum <= plus;
      difference <= minus;
    end
    if (work && turn == 2'd1) begin
      first <= plus;
      second <= minus;
    end
    if (column_ends) sums <= {minus, plus, second, first, sums[3*44-1:44]};
    if (window_ready) sums_tag <= window_tag;
  end
endmodule

`default_nettype wire
