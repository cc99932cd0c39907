// Cuts the rows of an image out of the bytes that the bus delivers, three rows per cycle: rows 3 r to 3 r + 2 of a channel
// lie at one place of subbit_row_store's three banks. Places follow each other, channel by channel; the last place of a
// channel may hold fewer rows.
`default_nettype none

module subbit_table_rows #(
    parameter int DATA_WIDTH = 64,
    // Pixels of a row, a multiple of eight, and places of the store.
    parameter int WIDTH = 56,
    parameter int DEPTH = 1536
) (
    input wire clk,
    input wire rst,

    // The image; stable from `start` to the end of `busy`.
    input wire        start,
    output logic      busy,
    input wire [15:0] channels,
    input wire [15:0] height,
    input wire [$clog2(WIDTH/8+1)-1:0] row_bytes,

    // Its bytes: rows in order, without gaps.
    input  wire                   beat_valid,
    output logic                  beat_ready,
    input  wire  [DATA_WIDTH-1:0] beat_data,

    // To subbit_row_store. What lies beyond a row or a channel has any value.
    output logic                     store,
    output logic [$clog2(DEPTH)-1:0] store_address,
    output logic [      3*WIDTH-1:0] store_rows
);
  localparam int BYTES = DATA_WIDTH / 8;
  localparam int ROW = WIDTH / 8;
  // A beat fits in whenever three rows are not yet complete.
  localparam int CAPACITY = 3 * ROW + BYTES;
  localparam int COUNT_BITS = $clog2(CAPACITY + 1);

  if (WIDTH % 8 != 0) begin : g_check
    $error("WIDTH must be a multiple of eight");
  end

  logic [8*CAPACITY-1:0] held;                // bytes that have come, the first one lowest; above them 0
  logic cuts;                                 // the rows that are due are among them, and leave in this cycle
  logic [COUNT_BITS-1:0] at;                  // bytes that stay behind them: the place of the next one
  logic [15:0] channels_left;
  logic [15:0] rows_left, rows_next;          // with the rows that are due, and with those after them
  logic [COUNT_BITS-1:0] due, due_next;       // bytes of these
  logic [$clog2(DEPTH)-1:0] place;

  wire [COUNT_BITS-1:0] bytes = COUNT_BITS'(row_bytes);
  function automatic logic [COUNT_BITS-1:0] of_rows(input logic [15:0] number, input logic [COUNT_BITS-1:0] each);
    return number == 16'd1 ? each : number == 16'd2 ? each << 1 : (each << 1) + each;
  endfunction
  function automatic logic [15:0] after(input logic [15:0] number, input logic [15:0] all);
    return number <= 16'd3 ? all : number - 16'd3;
  endfunction

  wire takes = beat_valid && beat_ready;
  wire [COUNT_BITS-1:0] at_taken = takes ? at + COUNT_BITS'(BYTES) : at;
  wire [COUNT_BITS-1:0] due_after = cuts ? due_next : due;
  wire [COUNT_BITS:0] more = {1'b0, at_taken} - {1'b0, due_after};
  wire ends = cuts && rows_left <= 16'd3 && channels_left == 16'd1;
  wire cuts_after = busy && !ends && !more[COUNT_BITS];
  assign beat_ready = busy && at <= COUNT_BITS'(3 * ROW);

  always_ff @(posedge clk) begin
    store <= cuts;
    store_address <= place;
    store_rows[WIDTH-1:0] <= held[WIDTH-1:0];
    store_rows[2*WIDTH-1:WIDTH] <= WIDTH'(held >> {bytes, 3'b000});
    store_rows[3*WIDTH-1:2*WIDTH] <= WIDTH'(held >> {bytes, 4'b0000});
    held <= (cuts ? held >> {due, 3'b000} : held) | (takes ? (8*CAPACITY)'(beat_data) << {at, 3'b000} : '0);
    cuts <= cuts_after;
    at <= cuts_after ? more[COUNT_BITS-1:0] : at_taken;
    if (cuts) begin
      place <= place + 1'b1;
      rows_left <= rows_next;
      rows_next <= after(rows_next, height);
      due <= due_next;
      due_next <= of_rows(after(rows_next, height), bytes);
      if (rows_left <= 16'd3) channels_left <= channels_left - 16'd1;
    end
    if (ends) busy <= 1'b0;
    if (start) begin
      busy <= 1'b1;
      held <= '0;
      cuts <= 1'b0;
      at <= '0;
      place <= '0;
      channels_left <= channels;
      rows_left <= height;
      rows_next <= after(height, height);
      due <= of_rows(height, bytes);
      due_next <= of_rows(after(height, height), bytes);
    end
    if (rst) begin
      busy <= 1'b0;
      cuts <= 1'b0;
      store <= 1'b0;
    end
  end
endmodule

`default_nettype wire
