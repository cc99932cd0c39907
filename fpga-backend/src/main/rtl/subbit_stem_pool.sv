// The max pool of a stem: of two neighbouring columns of sums at a time, of which one at most ends a window, or of one. Windows
// overlap by one column or row at most, so one number is kept for each channel, the largest of a window's columns so far, and,
// in a memory of the user, one for each window of a row of the output, the largest of its rows. Of a minimum all bits are
// inverted.
`default_nettype none

module subbit_stem_pool #(
    parameter int OUTPUTS = 64,
    parameter int ADDRESS_BITS = 12,
    parameter int TAG_BITS = 8
) (
    input wire clk,
    input wire rst,
    // Windows share a row, or a column.
    input wire overlap_h_i,
    input wire overlap_w_i,

    input wire                       valid_i,
    input wire [$clog2(OUTPUTS)-1:0] place_i,         // of the channel
    input wire                       minimum_i,
    input wire                       first_i,         // columns of the row
    input wire [                1:0] present_i,       // columns that there are
    input wire [                1:0] ends_i,          // that end a window
    input wire [               31:0] sums_i,          // of the first and second column
    input wire                       row_first_i,     // of sums
    input wire                       row_ends_i,      // the windows
    input wire [   ADDRESS_BITS-1:0] address_i,       // of the window that ends
    input wire [       TAG_BITS-1:0] tag_i,

    // The memory, from which a word follows its address by one cycle.
    output logic [ADDRESS_BITS-1:0] read_address_o,
    input  wire  [            15:0] read_data_i,
    output logic                    store_o,
    output logic [ADDRESS_BITS-1:0] store_address_o,
    output logic [            15:0] store_data_o,

    // Windows that are complete; the tag follows all that comes by LATENCY cycles.
    output logic                    valid_o,
    output logic [            15:0] sum_o,
    output logic [    TAG_BITS-1:0] tag_o,
    output logic                    busy_o
);
  localparam int LATENCY = 4;
  localparam logic signed [15:0] LEAST = -16'sd32768;

  logic [LATENCY:0] valid;
  logic [LATENCY-1:0] minimum, row_ends, ends;
  logic [2:0] row_first;
  logic [TAG_BITS-1:0] tags[LATENCY+1];
  logic [ADDRESS_BITS-1:0] addresses[LATENCY];
  assign valid[0] = valid_i;
  assign minimum[0] = minimum_i;
  assign row_first[0] = row_first_i;
  assign row_ends[0] = row_ends_i;
  assign ends[0] = ends_i != 0;
  assign tags[0] = tag_i;
  assign addresses[0] = address_i;
  always_ff @(posedge clk) begin
    valid[LATENCY:1] <= rst ? '0 : valid[LATENCY-1:0];
    minimum[LATENCY-1:1] <= minimum[LATENCY-2:0];
    row_first[2:1] <= row_first[1:0];
    row_ends[LATENCY-1:1] <= row_ends[LATENCY-2:0];
    ends[LATENCY-1:1] <= ends[LATENCY-2:0];
    for (int i = 1; i <= LATENCY; i++) tags[i] <= tags[i-1];
    for (int i = 1; i < LATENCY; i++) addresses[i] <= addresses[i-1];
  end

  // ---- Cycle 1: of the columns, the largest that belongs to the window that they end, and to the one after.
  wire signed [15:0] first = !present_i[0] ? LEAST : minimum_i ? ~sums_i[15:0] : sums_i[15:0];
  wire signed [15:0] second = !present_i[1] ? LEAST : minimum_i ? ~sums_i[31:16] : sums_i[31:16];
  wire signed [15:0] both = first > second ? first : second;
  logic signed [15:0] of_window_1, of_next_1;
  logic first_1;
  logic [$clog2(OUTPUTS)-1:0] place_1;
  always_ff @(posedge clk) begin
    of_window_1 <= ends_i[0] ? first : both;
    of_next_1 <= ends_i[1] ? (overlap_w_i ? second : LEAST) : overlap_w_i ? both : second;
    first_1 <= first_i;
    place_1 <= place_i;
  end

  // ---- Cycle 2: with the window's columns before.
  logic signed [15:0] column_runs[OUTPUTS];
  wire signed [15:0] column_run = first_1 ? LEAST : column_runs[place_1];
  wire signed [15:0] of_columns = column_run > of_window_1 ? column_run : of_window_1;
  logic signed [15:0] of_columns_2, of_columns_3, row_run_3;
  assign read_address_o = addresses[1];
  always_ff @(posedge clk) begin
    if (valid[1]) column_runs[place_1] <= ends[1] ? of_next_1 : of_columns;
    of_columns_2 <= of_columns;
    of_columns_3 <= of_columns_2;
    // ---- Cycle 3: the largest of the rows before, from block RAM, whose output is slow.
    row_run_3 <= row_first[2] ? LEAST : signed'(read_data_i);
  end

  // ---- Cycle 4: the largest of all rows.
  wire signed [15:0] of_rows = row_run_3 > of_columns_3 ? row_run_3 : of_columns_3;
  assign store_o = valid[3] && ends[3];
  assign store_address_o = addresses[3];
  assign store_data_o = !row_ends[3] ? of_rows : overlap_h_i ? of_columns_3 : LEAST;
  always_ff @(posedge clk) begin
    valid_o <= store_o && row_ends[3] && !rst;
    sum_o <= minimum[3] ? ~of_rows : of_rows;
  end
  assign tag_o = tags[LATENCY];
  assign busy_o = valid != 0 || valid_o;
endmodule

`default_nettype wire
