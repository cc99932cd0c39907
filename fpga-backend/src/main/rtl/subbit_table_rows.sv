// Cuts the rows of images out of the bytes that the bus delivers, three rows per cycle: rows 3 r to 3 r + 2 of a channel
// lie at one place of subbit_row_store's three banks. Places follow each other, channel by channel; the last place of a
// channel may hold fewer rows. If an image takes half of the places at most, every second one begins at the other half.
`default_nettype none

module subbit_table_rows #(
    parameter int DATA_WIDTH = 64,
    // Pixels of a row, a multiple of eight, and places of the store.
    parameter int WIDTH = 56,
    parameter int DEPTH = 1536,
    // Channels of a group.
    parameter int CHANNELS = 64
) (
    input wire clk,
    input wire rst,

    // The images of a layer, stable from two cycles before `start` on.
    input wire        start,
    input wire [15:0] channels,
    input wire [15:0] height,
    input wire [$clog2(WIDTH/8+1)-1:0] row_bytes,

    // Their bytes: rows in order, without gaps. An image begins with a beat; `beat_last`: of an image.
    input  wire                   beat_valid,
    output logic                  beat_ready,
    input  wire  [DATA_WIDTH-1:0] beat_data,
    input  wire                   beat_last,

    // To subbit_row_store. What lies beyond a row or a channel has any value.
    output logic                     store,
    output logic [$clog2(DEPTH)-1:0] store_address,
    output logic [      3*WIDTH-1:0] store_rows,
    output logic                     group_stored,    // one cycle: with the last rows of a group of channels
    output logic                     halves           // images lie in halves, by turns; known when the first one is stored
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
  logic last_rows, last_channel;              // the rows that are due are a channel's last; the channel is the image's last
  logic [$clog2(CHANNELS)-1:0] channel;       // in its group
  logic first, second_half;                   // of the images; the image lies in the second half
  logic all_taken;                            // the image's last beat has come, its last rows have not left
  // Rows of the channel with those after the ones that are due, and with those after these: anew behind a channel's last ones.
  logic [15:0] rows_next, rows_after;
  logic [COUNT_BITS-1:0] due, due_next;       // bytes of the rows that are due, and of those after them
  logic [$clog2(DEPTH)-1:0] place;

  wire [COUNT_BITS-1:0] bytes = COUNT_BITS'(row_bytes);
  function automatic logic [COUNT_BITS-1:0] of_rows(input logic [15:0] number, input logic [COUNT_BITS-1:0] each);
    return number == 16'd1 ? each : number == 16'd2 ? each << 1 : (each << 1) + each;
  endfunction
  function automatic logic [15:0] after(input logic [15:0] number, input logic [15:0] all);
    return number <= 16'd3 ? all : number - 16'd3;
  endfunction

  // Of a channel's first rows: these do not change within a layer.
  logic [15:0] height_next, height_after;
  logic [COUNT_BITS-1:0] due_first, due_second;
  logic one_place, one_channel;
  always_ff @(posedge clk) begin
    height_next <= after(height, height);
    height_after <= after(height_next, height);
    due_first <= of_rows(height, bytes);
    due_second <= of_rows(height_next, bytes);
    one_place <= height <= 16'd3;
    one_channel <= channels == 16'd1;
  end

  wire takes = beat_valid && beat_ready;
  wire [COUNT_BITS-1:0] at_taken = takes ? at + COUNT_BITS'(BYTES) : at;
  wire [COUNT_BITS-1:0] due_after = cuts ? due_next : due;
  wire [COUNT_BITS:0] more = {1'b0, at_taken} - {1'b0, due_after};
  wire channel_ends = cuts && last_rows;
  wire ends = channel_ends && last_channel;
  wire cuts_after = !ends && !more[COUNT_BITS];
  assign beat_ready = !all_taken && at <= COUNT_BITS'(3 * ROW);
  wire fits = first ? place < ($clog2(DEPTH))'(DEPTH / 2) : halves;
  wire other_half = fits && !second_half;

  always_ff @(posedge clk) begin
    store <= cuts;
    store_address <= place;
    store_rows[WIDTH-1:0] <= held[WIDTH-1:0];
    store_rows[2*WIDTH-1:WIDTH] <= WIDTH'(held >> {bytes, 3'b000});
    store_rows[3*WIDTH-1:2*WIDTH] <= WIDTH'(held >> {bytes, 4'b0000});
    held <= (cuts ? held >> {due, 3'b000} : held) | (takes ? (8*CAPACITY)'(beat_data) << {at, 3'b000} : '0);
    cuts <= cuts_after;
    at <= cuts_after ? more[COUNT_BITS-1:0] : at_taken;
    group_stored <= channel_ends && (channel == '1 || last_channel);
    if (takes) all_taken <= beat_last;
    if (cuts) begin
      place <= place + 1'b1;
      last_rows <= rows_next <= 16'd3;
      rows_next <= rows_after;
      rows_after <= after(rows_after, height);
      due <= due_next;
      due_next <= of_rows(rows_after, bytes);
    end
    if (channel_ends) begin
      channels_left <= channels_left - 16'd1;
      last_channel <= channels_left == 16'd2;
      channel <= channel + 1'b1;
    end
    if (ends) begin
      first <= 1'b0;
      halves <= fits;
      second_half <= other_half;
    end
    if (start) begin
      first <= 1'b1;
      second_half <= 1'b0;
      halves <= 1'b0;
    end
    // The next image; what is left of the last beat is none of its rows.
    if (start || ends) begin
      held <= '0;
      cuts <= 1'b0;
      at <= '0;
      place <= !start && other_half ? ($clog2(DEPTH))'(DEPTH / 2) : '0;
      channels_left <= channels;
      last_channel <= one_channel;
      last_rows <= one_place;
      channel <= '0;
      rows_next <= height_next;
      rows_after <= height_after;
      due <= due_first;
      due_next <= due_second;
      all_taken <= 1'b0;
    end
    if (rst) begin
      cuts <= 1'b0;
      // Until an image begins, no rows are there that could be cut.
      at <= '0;
      due <= '1;
      store <= 1'b0;
      group_stored <= 1'b0;
    end
  end
endmodule

`default_nettype wire
