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

  logic [8*CAPACITY-1:0] held, rest;          // bytes that have come, the first one lowest; above them 0
  logic [COUNT_BITS-1:0] count, rest_count;   // their number
  logic [15:0] channels_left, rows_left;      // with the rows that are due
  logic [$clog2(DEPTH)-1:0] place;
  logic [COUNT_BITS-1:0] due;                 // bytes of the rows that are due

  wire [COUNT_BITS-1:0] bytes = COUNT_BITS'(row_bytes);
  function automatic logic [COUNT_BITS-1:0] of_rows(input logic [15:0] number, input logic [COUNT_BITS-1:0] each);
    return number == 16'd1 ? each : number == 16'd2 ? each << 1 : (each << 1) + each;
  endfunction

  wire cuts = busy && count >= due;
  wire channel_ends = rows_left <= 16'd3;
  wire [15:0] rows_next = channel_ends ? height : rows_left - 16'd3;
  wire takes = beat_valid && beat_ready;
  assign beat_ready = busy && rest_count <= COUNT_BITS'(3 * ROW);
  assign rest = cuts ? held >> {due, 3'b000} : held;
  assign rest_count = cuts ? count - due : count;

  always_ff @(posedge clk) begin
    store <= cuts;
    store_address <= place;
    store_rows[WIDTH-1:0] <= held[WIDTH-1:0];
    store_rows[2*WIDTH-1:WIDTH] <= WIDTH'(held >> {bytes, 3'b000});
    store_rows[3*WIDTH-1:2*WIDTH] <= WIDTH'(held >> {bytes, 4'b0000});
    held <= rest | (takes ? (8*CAPACITY)'(beat_data) << {rest_count, 3'b000} : '0);
    count <= rest_count + (takes ? COUNT_BITS'(BYTES) : '0);
    if (cuts) begin
      place <= place + 1'b1;
      rows_left <= rows_next;
      due <= of_rows(rows_next, bytes);
      if (channel_ends) channels_left <= channels_left - 16'd1;
      if (channel_ends && channels_left == 16'd1) busy <= 1'b0;
    end
    if (start) begin
      busy <= 1'b1;
      held <= '0;
      count <= '0;
      place <= '0;
      channels_left <= channels;
      rows_left <= height;
      due <= of_rows(height, bytes);
    end
    if (rst) begin
      busy <= 1'b0;
      store <= 1'b0;
    end
  end
endmodule

`default_nettype wire
