// Slides a 3x3 window with stride 1 or 2 over the rows of one channel and tile, and delivers one window per output
// pixel, row by row. It reads one column of three pixels per cycle and works two windows ahead, so that it does not
// depend on whether a window is accepted in the same cycle. Taps in the padding are 0.
`default_nettype none

module subbit_window #(
    parameter int DEPTH = 1024,        // of the input buffers' banks
    parameter int ADDRESS_BITS = 10,   // of the accumulator addresses
    parameter int TAG_BITS = 4         // data of a step that is passed through with its windows
) (
    input wire clk,
    input wire rst,
    input subbit_pkg::layer_t layer,

    // The step, from subbit_tiles.
    input  wire               start,      // one cycle, while `busy` is 0; the step's fields are stable until `busy` falls
    input  wire        [ 7:0] rows,
    input  wire        [15:0] columns,
    input  wire        [15:0] column,     // first output column
    input  wire signed [17:0] first_row,
    input  wire        [TAG_BITS-1:0] step_tag,
    output logic              busy,

    // Columns, from the input buffers: pixels follow one cycle after `read`.
    output logic                                 read,
    output logic [          3*$clog2(DEPTH)-1:0] read_address,
    input  wire  [      3*subbit_pkg::PIXEL_BITS-1:0] read_pixels,

    // Windows, to the cores.
    output logic                               window_valid,
    input  wire                                window_ready,
    output logic [  subbit_pkg::WINDOW_BITS-1:0] window,
    output logic                               window_fresh,    // shares no column with the previous window
    output logic                               window_last,     // of the step
    output logic [           ADDRESS_BITS-1:0] window_address,  // of its first accumulator
    output logic [               TAG_BITS-1:0] window_tag
);
  import subbit_pkg::*;
  localparam int AW = $clog2(DEPTH);
  localparam int P = PIXEL_BITS;

  // The column that is requested.
  logic [7:0] rows_left;
  logic [15:0] columns_left;
  logic signed [17:0] x;          // input column
  logic [1:0] need;               // columns until the next window is complete
  logic fresh;
  logic signed [17:0] y;          // input row of the first tap row
  logic [1:0] bank;               // of the first tap row
  logic [AW-1:0] base;            // of its row in the bank
  logic [ADDRESS_BITS-1:0] address;
  logic [TAG_BITS-1:0] tag, column_tag;

  // The column that arrives.
  logic column_valid, column_whole, column_fresh, column_last;
  logic [2:0] column_inside;
  logic [1:0] column_bank;
  logic [ADDRESS_BITS-1:0] column_address;
  logic [3*P-1:0] older, old;

  // A window that waits behind the one on the outputs.
  logic second_valid, second_fresh, second_last;
  logic [WINDOW_BITS-1:0] second;
  logic [ADDRESS_BITS-1:0] second_address;
  logic [TAG_BITS-1:0] second_tag;
  wire first_free = !window_valid || window_ready;

  wire signed [17:0] height = 18'(layer.in_height);
  wire signed [17:0] width = 18'(layer.in_width);
  wire signed [17:0] first_x = 18'(column) * 18'(layer.stride_w) - 18'(layer.pad_left);
  wire x_inside = x >= 0 && x < width;
  wire whole = need == 2'd1;
  wire row_ends = whole && columns_left == 16'd1;
  wire step_ends = row_ends && rows_left == 8'd1;
  wire advance = !(column_valid && column_whole && second_valid);
  wire completes = column_valid && column_whole && !second_valid;

  // Down `stride_h` rows: the bank moves on, and after the third bank to the next row of the first one.
  wire [2:0] bank_sum = 3'(bank) + 3'(layer.stride_h);
  wire bank_wraps = bank_sum >= 3'd3;
  wire [AW-1:0] row_step = AW'(layer.in_width);
  logic [AW-1:0] base_below;      // one row further in the bank

  assign read = advance && busy;
  for (genvar b = 0; b < 3; b++) begin : g_address
    wire [AW-1:0] row_base = 2'(b) < bank ? base_below : base;
    assign read_address[b*AW+:AW] = row_base + AW'(x);
  end

  // Puts the rows from the banks in order, with zeros outside the image.
  function automatic logic [1:0] turned(input logic [1:0] at, input logic [1:0] by);
    logic [2:0] sum;
    sum = 3'(at) + 3'(by);
    return sum >= 3'd3 ? 2'(sum - 3'd3) : 2'(sum);
  endfunction
  logic [3*P-1:0] arrived;
  logic [WINDOW_BITS-1:0] completed;
  always_comb begin
    for (int k = 0; k < 3; k++) begin
      completed[(3*k+0)*P+:P] = older[k*P+:P];
      completed[(3*k+1)*P+:P] = old[k*P+:P];
      completed[(3*k+2)*P+:P] = arrived[k*P+:P];
    end
  end
  always_comb begin
    for (int k = 0; k < 3; k++) begin
      arrived[k*P+:P] = '0;
      for (int b = 0; b < 3; b++) begin
        if (column_inside[k] && turned(column_bank, 2'(k)) == 2'(b)) arrived[k*P+:P] = read_pixels[b*P+:P];
      end
    end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      busy <= 1'b0;
      column_valid <= 1'b0;
      window_valid <= 1'b0;
      second_valid <= 1'b0;
    end else begin
      if (first_free) begin
        window_valid <= second_valid || completes;
        second_valid <= 1'b0;
      end else if (completes) begin
        second_valid <= 1'b1;
      end
      if (start) begin
        busy <= 1'b1;
        rows_left <= rows;
        columns_left <= columns;
        x <= first_x;
        need <= 2'd3;
        fresh <= 1'b1;
        y <= first_row;
        bank <= 2'd0;
        base <= '0;
        base_below <= row_step;
        address <= '0;
        tag <= step_tag;
      end
      // Move on by one column; what arrives belongs to the column requested before.
      if (advance) begin
        column_valid <= busy;
        column_whole <= whole;
        column_fresh <= fresh;
        column_last <= step_ends;
        column_inside <= {
          y + 18'sd2 >= 0 && y + 18'sd2 < height && x_inside,
          y + 18'sd1 >= 0 && y + 18'sd1 < height && x_inside,
          y >= 0 && y < height && x_inside
        };
        column_bank <= bank;
        column_address <= address;
        column_tag <= tag;
        if (busy) begin
          x <= row_ends ? first_x : x + 18'sd1;
          need <= row_ends ? 2'd3 : whole ? layer.stride_w : need - 2'd1;
          if (whole) begin
            fresh <= row_ends;
            address <= address + ADDRESS_BITS'(layer.slots);
            columns_left <= row_ends ? columns : columns_left - 16'd1;
          end
          if (row_ends) begin
            rows_left <= rows_left - 8'd1;
            y <= y + 18'(layer.stride_h);
            bank <= bank_wraps ? 2'(bank_sum - 3'd3) : 2'(bank_sum);
            if (bank_wraps) begin
              base <= base_below;
              base_below <= base_below + row_step;
            end
          end
          if (step_ends) busy <= 1'b0;
        end
        if (column_valid) begin
          older <= old;
          old <= arrived;
        end
      end
    end

    // The outputs take the waiting window first.
    if (first_free) begin
      window <= second_valid ? second : completed;
      window_fresh <= second_valid ? second_fresh : column_fresh;
      window_last <= second_valid ? second_last : column_last;
      window_address <= second_valid ? second_address : column_address;
      window_tag <= second_valid ? second_tag : column_tag;
    end
    if (!second_valid) begin
      second <= completed;
      second_fresh <= column_fresh;
      second_last <= column_last;
      second_address <= column_address;
      second_tag <= column_tag;
    end
  end
endmodule

`default_nettype wire
