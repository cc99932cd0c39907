// The multiply-adders of integer networks, and two of the three kinds of layers that use them: shortcuts and stems. Their
// sums are moved down to 16 bits. Those of shortcuts are stored as accumulators of subbit_table_values, which does all that
// follows; those of stems, pooled, go to subbit_stem_end one by one. So a stem needs nothing of the engine with tables. The third
// kind, classifiers, has an engine of its own, to which the array is lent.
//
//   bus ─┬─► subbit_dense_weights: a word of OUTPUTS for each tap ───────────────────────┐
//        ├─► the list of a stem's taps ─┐                                               │
//        └─► rows: values, averaged, or pixels ─► subbit_dense_pixels: two pixels ──────┴─► subbit_dense_array
//
//   sums ─┬─► of a shortcut: moved down ─► accumulators of a band
//         └─► of a stem: subbit_stem_sums ─► columns, moved down ─► subbit_stem_pool ─► subbit_stem_end
//
// The order is that of subbit_table_values: images, blocks of output channels, bands of rows. A block of a shortcut has BLOCK
// channels; in a row come sets of OUTPUTS channels, pairs of pixels, taps, one per cycle. A block of a stem is one set; in a row
// come groups of neighbouring columns, sums of the list, taps. The weights of a block are on chip; where they are not those of
// all output channels, they are read again for every image. The rows of the image are read again for every block.
//
// What is read goes through a queue with room for the longest row of pixels, whose beats are stored in some cycles each: so a
// run of them leaves the bus as fast as it comes.
//
// The max pool comes before the multiplier: the largest value is that of the largest sum, or where the multiplier is negative of
// the smallest. A stem without one has windows of one sum.
`default_nettype none

module subbit_dense_engine #(
    parameter int OUTPUTS = 64,       // a power of two
    parameter int BLOCK = 128,        // output channels of a block, twice OUTPUTS
    parameter int TAPS = 256,         // most of a shortcut, half the list of a stem; a power of two
    parameter int VALUES = 4096,      // pairs of values of two rows, or of pixels, 128 for a row of a channel; a power of two
    parameter int TILE_PIXELS = 7,    // half the pixels of a step of subbit_table_values, and how many steps make a row
    parameter int PIECES = 4,
    parameter int SUMS = 512,         // of a band, for each pixel of a step
    parameter int MAX_CHANNELS = 512,
    parameter int MAX_WIDTH = 56,     // of the output
    parameter int ADDR_WIDTH = 32,
    parameter int DATA_WIDTH = 64     // 32 or 64
) (
    input wire clk,
    input wire rst,
    // A stem or shortcut, stable from `start_i` to its end.
    input wire subbit_pkg::layer_t layer_i,
    input  wire  start_i,
    output logic busy_o,               // to the last accumulator

    // Integer parameters, as subbit_weight_loader gives them, of stems alone; the sign of the first word's multiplier.
    input wire                                           parameters_store_i,
    input wire [$clog2(128*MAX_CHANNELS/DATA_WIDTH)-1:0] parameters_address_i,
    input wire                                           parameters_sign_i,

    // Reads from device memory, runs of bytes.
    output logic                  read_valid_o,
    input  wire                   read_ready_i,
    output logic [ADDR_WIDTH-1:0] read_address_o,
    output logic [          23:0] read_bytes_o,
    input  wire                   read_beat_valid_i,
    output logic                  read_beat_ready_o,
    input  wire  [DATA_WIDTH-1:0] read_beat_data_i,
    input  wire                   read_beat_last_i,

    // Bands of accumulators, as subbit_table_engine has them: a band begins when there is room for it.
    input  wire                           band_ready_i,     // band_rows_i and pieces_i are known
    input  wire  [                  15:0] band_rows_i,
    input  wire  [$clog2(PIECES+1)-1:0]   pieces_i,         // steps of a row
    input  wire                           band_room_i,
    output logic                          band_begin_o,     // one cycle
    output logic                          store_o,
    output logic                          store_half_o,
    output logic [      $clog2(SUMS)-1:0] store_address_o,
    output logic [     2*TILE_PIXELS-1:0] store_lanes_o,    // pixels of the step that are stored
    output logic [  32*TILE_PIXELS-1:0]   store_data_o,
    output logic                          band_done_o,      // one cycle: the band's last accumulators are stored

    // Sums of a stem, pooled, as subbit_stem_end takes them: a unit is a row of the output of at most OUTPUTS channels.
    input  wire                             unit_room_i,
    output logic                            unit_begin_o,   // one cycle
    output logic                            sum_valid_o,
    output logic [$clog2(MAX_CHANNELS)-1:0] sum_channel_o,
    output logic [     $clog2(OUTPUTS)-1:0] sum_place_o,    // of the channel in the unit
    output logic [   $clog2(MAX_WIDTH)-1:0] sum_column_o,
    output logic signed [             15:0] sum_o,
    output logic                            unit_done_o,    // with the unit's last sum, or behind it

    // Weights and array, for a classifier, while no layer runs here: beats of weights, which fill the words from the first one
    // on; when a word is stored; taps with their pixels; when the sums of a pass, to its last tap, are held; and these, of one
    // output channel, and of a pixel that is shifted in the next cycle those of the next.
    input  wire                    lend_i,
    input  wire                    lent_begin_i,     // one cycle, before the first beat
    input  wire                    lent_beat_valid_i,
    input  wire  [ DATA_WIDTH-1:0] lent_beat_data_i,
    output logic                   lent_stored_o,    // one cycle: a word is being stored
    input  wire                    lent_tap_i,
    input  wire                    lent_last_i,
    input  wire  [$clog2(MAX_CHANNELS)-1:0] lent_word_i,
    input  wire  [           31:0] lent_pixels_i,
    output logic                   lent_held_o,      // one cycle
    input  wire  [            1:0] lent_shift_i,
    output logic [           63:0] lent_sums_o
);
  localparam int BYTES = DATA_WIDTH / 8;
  localparam int SIZE = $clog2(BYTES);
  localparam int STEP = 2 * TILE_PIXELS;
  localparam int WORDS = TAPS * BLOCK / OUTPUTS;
  localparam int WORD_ADDRESS = $clog2(WORDS);
  localparam int VALUE_ADDRESS = $clog2(VALUES);
  localparam int HALF_ADDRESS = VALUE_ADDRESS - 1;
  // A row of one channel of a stem's pixels: words of two.
  localparam int ROW_WORDS = 128;
  localparam int PLACE_BITS = VALUE_ADDRESS - $clog2(ROW_WORDS);
  localparam int SUM_ADDRESS = $clog2(SUMS);
  localparam int LANE_BITS = $clog2(STEP) + 1;
  localparam int OUTPUT_BITS = $clog2(OUTPUTS);
  localparam int CHANNEL_BITS = $clog2(MAX_CHANNELS);
  localparam int COLUMN_BITS = $clog2(MAX_WIDTH);
  // The longest row of pixels, in beats.
  localparam int QUEUE = 2 * ROW_WORDS / BYTES;
  // The longest list of a stem's taps, and the bits of its sums.
  localparam int LIST = WORDS;
  localparam int LIST_BITS = $clog2(LIST);
  localparam int SUM_BITS = 27;
  // Pixels of 16 bits in 32 bits of a beat: of a shortcut a pair of values, or the two of one average.
  localparam int UNITS = DATA_WIDTH / 32;
  localparam int PARTS = 128 / DATA_WIDTH;
  // Cycles that a pass takes at least, so that what the one before has kept of its pixels is stored.
  localparam int SHORTEST = 8;

  if (DATA_WIDTH != 32 && DATA_WIDTH != 64) begin : g_check
    $error("DATA_WIDTH must be 32 or 64");
  end
  if (BLOCK != 2 * OUTPUTS) begin : g_check2
    $error("BLOCK must be 2 * OUTPUTS");
  end
  if (WORDS < MAX_CHANNELS) begin : g_check4
    $error("the words of weights must hold those of a classifier's MAX_CHANNELS channels");
  end
  if (VALUES < 32 * ROW_WORDS) begin : g_check3
    $error("VALUES must hold eight rows of four channels of a stem");
  end

  // ---- What comes from the bus.
  logic beat_valid, beat_ready, beat_last;
  logic [DATA_WIDTH-1:0] beat_data;
  subbit_queue #(
      .WIDTH(DATA_WIDTH + 1),
      .DEPTH(QUEUE)
  ) beats (
      .clk,
      .rst,
      .in_valid(read_beat_valid_i),
      .in_ready(read_beat_ready_o),
      .in_data({read_beat_last_i, read_beat_data_i}),
      .out_valid(beat_valid),
      .out_ready(beat_ready),
      .out_data({beat_last, beat_data})
  );

  logic stem, average;                                 // `average`: of two rows and columns
  always_ff @(posedge clk) begin
    stem <= layer_i.stem;
    average <= !layer_i.stem && layer_i.pool_height[1];
  end
  wire [15:0] block_most = stem ? 16'(OUTPUTS) : 16'(BLOCK);
  wire single = layer_i.out_channels <= block_most;    // block: its weights are loaded once

  // ---- Reading: of a stem zero pixels and the list of taps; weights of a block; rows, for which there must be room.
  typedef enum logic [2:0] {
    IDLE,
    ASK_LIST,
    READ_LIST,
    ASK_WEIGHTS,
    WEIGHTS,
    ASK_ROW,       // of values of all channels, one or two that are averaged; or of pixels of a channel
    ROW,
    COMPUTED       // waits for the block's sums
  } read_t;
  read_t reading_q;
  logic [31:0] images_left_q;
  logic [39:0] image_at_q, weights_at_q, row_at_q, plane_at_q;
  logic [15:0] read_first_q;           // first channel of the block
  logic [15:0] rows_left_q;            // of the image, with those that are read
  logic [15:0] stored_q;               // rows of pixels that are stored, of all channels
  logic [1:0] read_channel_q;          // of pixels
  logic [PLACE_BITS-1:0] read_place_q; // of the row of pixels that is read
  logic [1:0] held_q, filled_q;        // rows of values that are read or not yet used, and those that are not yet used
  logic fill_half_q;
  logic begun_q;                       // weights of a block are here, and its rows follow
  logic computed_q;                    // all of the block's sums are under way
  // One cycle: the sums of a block begin; a row of values, and all of a block's, are used no more.
  logic block_taken, row_used, block_used;
  logic signed [17:0] y_top_q;         // first row of pixels that is needed
  logic [PLACE_BITS-1:0] places_q;
  wire two = average && rows_left_q != 16'd1;
  wire read_block_last = 32'(layer_i.out_channels) - 32'(read_first_q) <= 32'(block_most);
  wire [15:0] read_outputs = read_block_last ? layer_i.out_channels - read_first_q : block_most;
  wire [39:0] taps = 40'(layer_i.dense_taps);
  wire [39:0] set_bytes = taps << OUTPUT_BITS;
  // Weights of a stem have two bytes each.
  wire [39:0] weight_bytes = stem || read_outputs > 16'(OUTPUTS) ? set_bytes << 1 : set_bytes;
  wire signed [17:0] place_end = (y_top_q < 0 ? 18'sd0 : y_top_q) + signed'(18'(places_q));
  wire row_may_come = stem ? signed'({2'b00, stored_q}) < place_end || computed_q : held_q != 2'd2;
  wire run_ends = beat_valid && beat_ready && beat_last;
  // A cycle after what they are made of: whoever asks waits for them, and it is longer to the end of what is asked for.
  logic settled_q, row_may_come_q, two_q, read_block_last_q, read_images_last_q, single_q, channels_end_q, image_ends_read_q;
  logic [39:0] weight_bytes_q, image_next_q, row_next_q, plane_next_q;
  wire asked = read_valid_o && read_ready_i;
  wire channels_end = !stem || 16'(read_channel_q) == layer_i.in_channels - 16'd1;
  wire row_ends_read = reading_q == ROW && run_ends && channels_end_q;
  wire image_ends_read = rows_left_q == (two ? 16'd2 : 16'd1);
  wire block_begins = reading_q == WEIGHTS && run_ends;
  wire next_block = reading_q == COMPUTED && computed_q;
  logic row_ready;

  wire asks = reading_q == ASK_LIST || reading_q == ASK_WEIGHTS || reading_q == ASK_ROW;
  assign read_valid_o = settled_q && (reading_q != ASK_ROW || row_may_come_q);
  always_ff @(posedge clk) begin
    settled_q <= asks && !asked && !rst;
    row_may_come_q <= row_may_come;
    two_q <= two;
    read_block_last_q <= read_block_last;
    read_images_last_q <= images_left_q == 32'd1;
    single_q <= single;
    channels_end_q <= channels_end;
    image_ends_read_q <= image_ends_read;
    weight_bytes_q <= weight_bytes;
    image_next_q <= image_at_q + layer_i.in_image_bytes;
    row_next_q <= row_at_q + (stem ? 40'(layer_i.in_width) : two ? layer_i.in_plane_bytes << 1 : layer_i.in_plane_bytes);
    plane_next_q <= channels_end ? row_at_q + 40'(layer_i.in_width) : plane_at_q + layer_i.in_plane_bytes;
    case (reading_q)
      ASK_LIST: {read_address_o, read_bytes_o} <= {ADDR_WIDTH'(layer_i.codebook_address), 24'd8 + (24'(layer_i.dense_taps) << 2)};
      ASK_WEIGHTS: {read_address_o, read_bytes_o} <= {ADDR_WIDTH'(weights_at_q), 24'(weight_bytes)};
      default: begin
        read_address_o <= ADDR_WIDTH'(stem ? plane_at_q : row_at_q);
        read_bytes_o <= stem ? 24'(layer_i.in_width) : two ? 24'(layer_i.in_plane_bytes << 1) : 24'(layer_i.in_plane_bytes);
      end
    endcase
  end
  logic list_ready;
  assign beat_ready = (reading_q == READ_LIST && list_ready) || reading_q == WEIGHTS || (reading_q == ROW && row_ready);

  always_ff @(posedge clk) begin
    case (layer_i.in_channels[2:0])
      3'd1: places_q <= PLACE_BITS'(31);
      3'd2: places_q <= PLACE_BITS'(16);
      3'd3: places_q <= PLACE_BITS'(10);
      default: places_q <= PLACE_BITS'(8);
    endcase
    case (reading_q)
      IDLE: ;
      ASK_LIST: if (asked) reading_q <= READ_LIST;
      READ_LIST: if (run_ends) reading_q <= ASK_WEIGHTS;
      ASK_WEIGHTS: if (asked) reading_q <= WEIGHTS;
      WEIGHTS: if (run_ends) reading_q <= ASK_ROW;
      ASK_ROW: if (asked) reading_q <= ROW;
      ROW: if (run_ends) reading_q <= channels_end_q && image_ends_read_q ? COMPUTED : ASK_ROW;
      default:
      if (computed_q) begin
        reading_q <= single_q ? ASK_ROW : ASK_WEIGHTS;
        if (read_block_last_q && read_images_last_q) reading_q <= IDLE;
      end
    endcase
    if (block_begins || (next_block && single_q)) begin
      stored_q <= '0;
      read_place_q <= '0;
      read_channel_q <= '0;
      rows_left_q <= layer_i.in_height;
    end
    if (reading_q == ROW && run_ends) begin
      read_channel_q <= channels_end_q ? 2'd0 : read_channel_q + 2'd1;
      plane_at_q <= plane_next_q;
      if (channels_end_q) begin
        row_at_q <= row_next_q;
        rows_left_q <= rows_left_q - (two_q ? 16'd2 : 16'd1);
        stored_q <= stored_q + 16'd1;
        read_place_q <= read_place_q == places_q - 1'b1 ? '0 : read_place_q + 1'b1;
        fill_half_q <= !fill_half_q;
      end
    end
    if (next_block) begin
      row_at_q <= image_at_q;
      plane_at_q <= image_at_q;
      read_first_q <= read_block_last_q ? 16'd0 : read_first_q + block_most;
      weights_at_q <= read_block_last_q ? layer_i.index_address : weights_at_q + weight_bytes_q;
      if (read_block_last_q) begin
        image_at_q <= image_next_q;
        row_at_q <= image_next_q;
        plane_at_q <= image_next_q;
        images_left_q <= images_left_q - 32'd1;
      end
    end
    held_q <= held_q + 2'(reading_q == ASK_ROW && asked && !stem) - 2'(row_used);
    filled_q <= filled_q + 2'(row_ends_read && !stem) - 2'(row_used);
    if (block_begins || (next_block && single_q && !(read_block_last_q && read_images_last_q))) begun_q <= 1'b1;
    else if (block_taken) begun_q <= 1'b0;
    if (block_used) computed_q <= 1'b1;
    else if (next_block) computed_q <= 1'b0;
    if (start_i) begin
      reading_q <= layer_i.stem ? ASK_LIST : ASK_WEIGHTS;
      images_left_q <= layer_i.batch;
      image_at_q <= layer_i.input_address;
      row_at_q <= layer_i.input_address;
      plane_at_q <= layer_i.input_address;
      weights_at_q <= layer_i.index_address;
      read_first_q <= '0;
      held_q <= '0;
      filled_q <= '0;
      fill_half_q <= 1'b0;
      begun_q <= 1'b0;
      computed_q <= 1'b0;
    end
    if (rst) begin
      reading_q <= IDLE;
      begun_q <= 1'b0;
    end
  end

  // ---- The list of taps, behind eight bytes with the zero pixels, a word of 32 bits per cycle. Of each of its sums the last
  // tap and the number are kept. The last tap ends a sum, whatever the list says.
  typedef struct packed {
    logic [1:0] channel;
    logic [2:0] row;
    logic [1:0] combination;
    logic [3:0] second;
    logic [3:0] first;
  } stem_tap_t;
  logic [7:0] zeros_q[4];
  logic [LIST_BITS+1:0] list_word_q;           // of 32 bits
  logic [LIST_BITS-1:0] list_at_q;
  stem_tap_t list_tap_q;
  logic [1:0] list_sum_of_q;
  logic list_ends_q;                           // the sum
  logic list_store_q;
  // A beat of 64 bits has two words.
  wire list_upper = DATA_WIDTH == 64 && list_word_q[0];
  wire [17:0] list_word = list_upper ? beat_data[DATA_WIDTH-32+:18] : beat_data[17:0];
  wire list_taken = reading_q == READ_LIST && beat_valid;
  wire [LIST_BITS+1:0] list_end = (LIST_BITS + 2)'(layer_i.dense_taps) + (LIST_BITS + 2)'(2);
  assign list_ready = DATA_WIDTH == 32 || list_word_q[0];
  // Sums of the list: how many, the last tap of each, whether it is the only one, and which ones there are.
  logic [2:0] list_sums_q;
  logic [LIST_BITS-1:0] sum_end_q[4];
  logic [3:0] sum_single_q;
  logic [1:0] sum_number_q[4];
  logic [3:0] sums_present_q;
  logic list_begins_q;                         // the tap is the first of its sum
  wire list_last = 10'(list_at_q) == layer_i.dense_taps - 10'd1;
  always_ff @(posedge clk) begin
    if (list_taken) begin
      list_word_q <= list_word_q + 1'b1;
      if (list_word_q == 0) for (int c = 0; c < 4; c++) zeros_q[c] <= beat_data[8*c+:8];
    end
    {list_ends_q, list_sum_of_q, list_tap_q} <= list_word;
    // The last beat may have a word behind the list.
    list_store_q <= list_taken && list_word_q >= (LIST_BITS + 2)'(2) && list_word_q < list_end && !rst;
    if (list_store_q) begin
      list_at_q <= list_at_q + 1'b1;
      list_begins_q <= list_ends_q;
      if ((list_ends_q || list_last) && !list_sums_q[2]) begin
        list_sums_q <= list_sums_q + 3'd1;
        sum_end_q[list_sums_q[1:0]] <= list_at_q;
        sum_single_q[list_sums_q[1:0]] <= list_begins_q;
        sum_number_q[list_sums_q[1:0]] <= list_sum_of_q;
        sums_present_q[list_sum_of_q] <= 1'b1;
      end
    end
    if (start_i) begin
      list_word_q <= '0;
      list_at_q <= '0;
      list_begins_q <= 1'b1;
      // The taps of a shortcut are one sum.
      list_sums_q <= layer_i.stem ? 3'd0 : 3'd1;
      sum_end_q[0] <= LIST_BITS'(layer_i.dense_taps - 10'd1);
      sum_single_q[0] <= layer_i.dense_taps == 10'd1;
      sums_present_q <= '0;
    end
  end

  // ---- Weights: of a block sets, in them taps; of a stem's list one set.
  logic [WORD_ADDRESS-1:0] word_address_q;
  logic [10*OUTPUTS-1:0] tap_weights;
  logic word_stored;
  assign lent_stored_o = word_stored && lend_i;
  wire weight_beat = lent_beat_valid_i || (beat_valid && reading_q == WEIGHTS);
  subbit_dense_weights #(
      .OUTPUTS(OUTPUTS),
      .WORDS(WORDS),
      .DATA_WIDTH(DATA_WIDTH)
  ) weights (
      .clk,
      .rst,
      .begin_i(reading_q == ASK_WEIGHTS || lent_begin_i),
      .wide_i(stem && !lend_i),
      .valid_i(weight_beat),
      .data_i(lend_i ? lent_beat_data_i : beat_data),
      .stored_o(word_stored),
      .address_i(word_address_q),
      .word_o(tap_weights)
  );

  // ---- Rows of values: pairs of neighbours, in the places of pairs of pixels, in them channels. An average needs the sums of
  // its first row when the second comes. Rows of pixels: words of two.
  logic second_q;                              // row of an average
  logic [15:0] value_channel_q, value_beat_q, column_q;
  logic [1:0] phase_q;                         // of a beat that is stored in parts
  logic [HALF_ADDRESS-1:0] pair_at_q;
  logic pixel_q;                               // of the pair, where a beat has one average
  wire [15:0] row_beats = layer_i.row_bytes >> SIZE;
  wire value_beat = reading_q == ROW && beat_valid && row_ready;
  wire channel_ends = value_beat_q == row_beats - 16'd1;
  wire values_end = channel_ends && value_channel_q == layer_i.in_channels - 16'd1;
  // A place is read one cycle before it is written: where each row is one beat, the second one waits for the first.
  logic alone;
  always_ff @(posedge clk) alone <= row_beats == 16'd1 && layer_i.in_channels == 16'd1;
  logic value_valid_q;
  localparam logic [1:0] LAST_WORD = 2'(BYTES / 2 - 1);
  localparam logic [1:0] LAST_UNIT = 2'(UNITS - 1);
  wire [1:0] last_phase = stem ? LAST_WORD : average ? 2'd0 : LAST_UNIT;
  wire part_valid = reading_q == ROW && beat_valid && !(alone && value_valid_q && !stem);
  assign row_ready = phase_q == last_phase && !(alone && value_valid_q && !stem);
  always_ff @(posedge clk) begin
    if (part_valid) phase_q <= row_ready ? 2'd0 : phase_q + 2'd1;
    if (reading_q == ASK_ROW) phase_q <= '0;
  end
  wire [31:0] value_part = UNITS == 2 && phase_q[0] ? beat_data[DATA_WIDTH-1-:32] : beat_data[31:0];
  // What is stored, a cycle later.
  logic [1:0] store_banks, value_banks_q;
  logic [16:0] pair_sums[2], pair_sums_q[2];
  logic [1:0] two_columns, two_columns_q;      // of averages
  logic value_second_q, value_final_q, value_half_q;
  logic [HALF_ADDRESS-1:0] value_at_q;
  always_comb begin
    store_banks = '0;
    pair_sums = '{default: '0};
    two_columns = '0;
    if (average) begin
      for (int u = 0; u < UNITS; u++) begin
        two_columns[u] = column_q + 16'(2 * u + 1) < layer_i.in_width;
        pair_sums[u] = 17'(signed'(beat_data[32*u+:16])) +
            (two_columns[u] ? 17'(signed'(beat_data[32*u+16+:16])) : '0);
      end
      if (UNITS == 1) begin
        pair_sums[1] = pair_sums[0];
        two_columns[1] = two_columns[0];
        store_banks = {pixel_q, !pixel_q};
      end else begin
        store_banks = 2'b11;
      end
    end else begin
      for (int i = 0; i < 2; i++) pair_sums[i] = 17'(signed'(value_part[16*i+:16]));
      // A beat may have a pair more than the row.
      store_banks = {2{column_q + (phase_q[0] ? 16'd2 : 16'd0) < layer_i.in_width}};
    end
  end
  wire pair_ends = average ? UNITS == 2 || pixel_q : 1'b1;
  always_ff @(posedge clk) begin
    if (part_valid && !stem) begin
      if (pair_ends) pair_at_q <= pair_at_q + HALF_ADDRESS'(layer_i.in_channels);
      pixel_q <= !pixel_q;
    end
    if (value_beat && !stem) begin
      value_beat_q <= channel_ends ? 16'd0 : value_beat_q + 16'd1;
      column_q <= channel_ends ? 16'd0 : column_q + 16'(2 * UNITS);
      if (channel_ends) begin
        value_channel_q <= values_end ? 16'd0 : value_channel_q + 16'd1;
        pair_at_q <= values_end ? '0 : HALF_ADDRESS'(value_channel_q + 16'd1);
        pixel_q <= 1'b0;
      end
      if (values_end) second_q <= average;
    end
    if (reading_q == ASK_ROW) begin
      value_beat_q <= '0;
      column_q <= '0;
      value_channel_q <= '0;
      pair_at_q <= '0;
      pixel_q <= 1'b0;
      second_q <= 1'b0;
      value_final_q <= !two_q;
    end
    value_valid_q <= part_valid && !stem && !rst;
    value_banks_q <= store_banks;
    pair_sums_q <= pair_sums;
    two_columns_q <= two_columns;
    value_second_q <= second_q;
    value_half_q <= fill_half_q;
    value_at_q <= pair_at_q;
  end
  wire value_last = value_final_q || value_second_q;
  // An average is stored one cycle later still, since a block RAM's output is slow.
  logic average_valid_q, average_second_q, average_half_q;
  logic [1:0] average_banks_q, average_columns_q;
  logic [HALF_ADDRESS-1:0] average_at_q;
  always_ff @(posedge clk) begin
    average_valid_q <= value_valid_q && value_last && !rst;
    average_second_q <= value_second_q;
    average_half_q <= value_half_q;
    average_banks_q <= value_banks_q;
    average_columns_q <= two_columns_q;
    average_at_q <= value_at_q;
  end
  // Sums of two values of the first row; of a stem, the largest of a window's rows.
  logic run_store;
  logic [1:0] run_banks;
  logic [HALF_ADDRESS-1:0] run_at, run_read_at;
  logic [16:0] run_data[2], runs[2];
  logic [HALF_ADDRESS-1:0] pool_read_at;
  logic [HALF_ADDRESS:0] pool_store_at;
  logic pool_store;
  logic [15:0] pool_run;
  logic [15:0] averages[2];
  for (genvar p = 0; p < 2; p++) begin : g_run
    subbit_memory #(
        .WIDTH(17),
        .DEPTH(VALUES / 2)
    ) sums (
        .clk,
        .write(run_store && run_banks[p]),
        .write_address(run_at),
        .write_data(run_data[p]),
        .read(1'b1),
        .read_address(run_read_at),
        .read_data(runs[p])
    );
    assign run_data[p] = stem ? {1'b0, pool_run} : pair_sums_q[p];
    logic signed [17:0] sum_q;
    always_ff @(posedge clk) sum_q <= (value_second_q ? 18'(signed'(runs[p])) : 18'sd0) + 18'(signed'(pair_sums_q[p]));
    wire rows = average_second_q;
    wire columns = average_columns_q[p];
    wire signed [17:0] rounded = sum_q + (rows && columns ? 18'sd2 : rows || columns ? 18'sd1 : 18'sd0);
    assign averages[p] = 16'(rounded >>> (2'(rows) + 2'(columns)));
  end
  assign run_store = stem ? pool_store : value_valid_q && !value_last;
  assign run_banks = stem ? {pool_store_at[HALF_ADDRESS], !pool_store_at[HALF_ADDRESS]} : value_banks_q;
  assign run_at = stem ? pool_store_at[HALF_ADDRESS-1:0] : value_at_q;
  assign run_read_at = stem ? pool_read_at : pair_at_q;

  // Words of pixels.
  logic [6:0] pixel_word_q;
  wire [15:0] pixel_word = 16'(beat_data >> {phase_q, 4'd0});
  always_ff @(posedge clk) begin
    if (part_valid && stem) pixel_word_q <= pixel_word_q + 7'd1;
    if (reading_q == ASK_ROW) pixel_word_q <= '0;
  end
  // The rows of channels before a place's first.
  function automatic logic [PLACE_BITS-1:0] rows_before(input logic [PLACE_BITS-1:0] number, input logic [2:0] channels);
    return (channels[0] ? number : '0) + (channels[1] ? number << 1 : '0) + (channels[2] ? number << 2 : '0);
  endfunction
  wire [PLACE_BITS-1:0] read_row = rows_before(read_place_q, layer_i.in_channels[2:0]) + PLACE_BITS'(read_channel_q);

  // ---- Computing: blocks, rows of sums, sets of channels, groups of columns, sums of a list, taps.
  typedef enum logic [1:0] {
    OFF,
    BLOCK_BEGIN,    // waits for its weights
    ROW_BEGIN,      // waits for what it reads, and for room
    TAPS_RUN
  } compute_t;
  compute_t computing_q;
  logic [31:0] images_due_q;
  logic [15:0] first_channel_q, outputs_q;
  logic [15:0] sum_row_q, out_rows_left_q, band_left_q;   // rows of sums before this one; of the output, with this one
  logic half_q, use_half_q;
  logic [SUM_ADDRESS-1:0] row_base_q, row_sums_q, piece_base_q;
  logic set_q;
  logic [1:0] pool_row_q, pool_column_q;      // rows and columns until the window ends with this one
  logic [15:0] column_sum_q, pixels_left_q;
  logic [LANE_BITS-1:0] lane_q;
  logic [HALF_ADDRESS:0] pool_at_q, pool_step_q;
  logic [PLACE_BITS-1:0] top_place_q;
  logic signed [10:0] column_base_q, column_step_q;
  logic [HALF_ADDRESS-1:0] value_base_q;
  logic [LIST_BITS-1:0] tap_q;
  logic [1:0] sum_q;                          // of the list, in its order
  logic [7:0] drain_left_q;
  logic [8:0] columns_left_q;                 // cycles until another group of sums may be complete
  logic columns_done_q;
  logic sums_half_q;                          // of the memory of a group's sums
  logic drained_q;                            // none are left
  logic first_sums_q;                         // no row of the block came before
  logic set_first_q;                          // no pass of the set came before

  wire [1:0] pool_height = stem ? layer_i.pool_height : 2'd1;
  wire [1:0] pool_width = stem ? layer_i.pool_width : 2'd1;
  wire block_last = 32'(layer_i.out_channels) - 32'(first_channel_q) <= 32'(block_most);
  wire sets = outputs_q > 16'(OUTPUTS);
  wire set_last = set_q == sets;
  wire row_ends = pool_row_q == 0;            // a row of windows
  wire band_first = band_left_q == band_rows_i;
  wire band_last = band_left_q == 16'd1 || out_rows_left_q == 16'd1;
  wire signed [17:0] rows_under = y_top_q + signed'(18'(layer_i.kernel));     // the window
  wire signed [17:0] rows_there = signed'({2'b00, layer_i.in_height});
  wire rows_here = stem ? signed'({2'b00, stored_q}) >= (rows_under < rows_there ? rows_under : rows_there) : filled_q != 0;
  wire room_here = stem || !band_first || band_room_i;
  // A cycle after what they are made of, which changes in the first cycle of a row, and with a pass that ends SHORTEST cycles
  // before the next one at least.
  logic row_settled_q, row_here_q, set_last_q, pass_last_q, band_last_q, block_ends_q, block_last_q, images_last_q, lane_wraps_q;
  logic [2:0] pixels_here_q;
  logic [1:0] until_end_q;
  logic [6:0] set_outputs_q;
  logic [7:0] pass_cycles_q;
  logic [LANE_BITS-1:0] lane_next_q;
  wire row_begins = computing_q == ROW_BEGIN && row_settled_q && row_here_q;
  assign band_begin_o = row_begins && !stem && band_first;

  // Columns of a group: of a stem two of each lane, or one where the stride is above 2; of a shortcut one of each lane, which
  // is a pixel of the output.
  logic paired;
  always_ff @(posedge clk) begin
    paired <= stem && layer_i.stem_stride_w <= 4'd2;
    column_step_q <= 11'(layer_i.stem_stride_w) << (paired ? 2 : 1);
  end
  // Which of them end a window, and how many pixels of the output these are.
  function automatic logic [1:0] until_end(input logic [1:0] left, input logic [1:0] stride);
    return left == 0 ? stride - 2'd1 : left - 2'd1;
  endfunction
  logic [1:0] until_ends[5];
  logic [3:0] column_ends, column_ends_q;
  logic [2:0] pixels_here;
  always_comb begin
    until_ends[0] = pool_column_q;
    pixels_here = '0;
    for (int c = 0; c < 4; c++) begin
      until_ends[c+1] = until_end(until_ends[c], layer_i.pool_stride_w);
      column_ends[c] = (!stem || until_ends[c] == 0) && (paired || c < 2) && pixels_left_q > 16'(pixels_here);
      pixels_here = pixels_here + 3'(column_ends[c]);
    end
  end
  wire pass_last = pixels_left_q == 16'(pixels_here);
  wire row_inside = sum_row_q < layer_i.sum_height;
  logic tap_last;
  // A pass is a sum of the list, and a group of columns has passes for all of them. The last one of a stem's waits until the
  // columns of the group before are on their way, and in a unit's first group until there is room for the unit.
  logic sum_last_q, single_next_q;
  logic [LIST_BITS-1:0] end_q, end_next_q;
  wire unit_begins = stem && row_ends && set_first_q;
  wire issue = computing_q == TAPS_RUN && !(tap_last && (!drained_q || (stem && sum_last_q && (!columns_done_q || (unit_begins && !unit_room_i)))));
  wire pass_ends = issue && tap_last;
  wire group_ends = pass_ends && sum_last_q;
  assign unit_begin_o = group_ends && unit_begins;
  wire row_done = group_ends && pass_last_q && set_last_q;
  wire block_done = row_done && block_ends_q;
  assign block_taken = computing_q == BLOCK_BEGIN && begun_q && (stem || band_ready_i);
  assign row_used = row_done && !stem;
  assign block_used = block_done;
  wire [6:0] set_outputs = set_last && outputs_q[OUTPUT_BITS-1:0] != 0 ? 7'(outputs_q[OUTPUT_BITS-1:0]) : 7'(OUTPUTS);
  // Cycles to read the sums of a pass, and to give the columns of a group.
  wire [6:0] set_pairs = 7'((8'(set_outputs) + 8'd1) >> 1);
  wire [7:0] pass_cycles = stem ? 8'(set_pairs) : 8'(set_outputs);
  logic apart;                                // both columns of a lane may end a window
  logic [8:0] group_cycles_q;
  wire [LANE_BITS-1:0] lane_next = lane_q + LANE_BITS'(pixels_here);
  wire lane_wraps = lane_next >= LANE_BITS'(STEP);
  logic [SUM_ADDRESS-1:0] row_sums;
  always_comb begin
    row_sums = SUM_ADDRESS'(outputs_q);
    for (int p = 1; p < PIECES; p++) if (pieces_i > ($clog2(PIECES + 1))'(p)) row_sums = row_sums + SUM_ADDRESS'(outputs_q);
  end
  // A place behind the last one is the first again.
  function automatic logic [PLACE_BITS-1:0] around(input logic [PLACE_BITS:0] number);
    return PLACE_BITS'(number >= (PLACE_BITS + 1)'(places_q) ? number - (PLACE_BITS + 1)'(places_q) : number);
  endfunction
  wire [PLACE_BITS:0] place_next = (PLACE_BITS + 1)'(top_place_q) + (PLACE_BITS + 1)'(layer_i.stem_stride_h);

  always_ff @(posedge clk) begin
    row_settled_q <= computing_q == ROW_BEGIN && !row_begins;
    row_here_q <= rows_here && room_here;
    set_last_q <= set_last;
    pass_last_q <= pass_last;
    pixels_here_q <= pixels_here;
    column_ends_q <= column_ends;
    until_end_q <= paired ? until_ends[4] : until_ends[2];
    apart <= paired && layer_i.pool_stride_w == 2'd1;
    pool_step_q <= (pixels_here_q[0] ? (HALF_ADDRESS + 1)'(outputs_q) : '0) +
        (pixels_here_q[1] ? (HALF_ADDRESS + 1)'(outputs_q) << 1 : '0) + (pixels_here_q[2] ? (HALF_ADDRESS + 1)'(outputs_q) << 2 : '0);
    group_cycles_q <= 9'(set_pairs) << (apart ? 3 : 2);
    sum_last_q <= 3'(sum_q) + 3'd1 == list_sums_q;
    end_next_q <= sum_end_q[sum_last_q ? 2'd0 : sum_q + 2'd1];
    single_next_q <= sum_single_q[sum_last_q ? 2'd0 : sum_q + 2'd1];
    band_last_q <= band_last;
    block_ends_q <= row_ends && out_rows_left_q == 16'd1;
    block_last_q <= block_last;
    images_last_q <= images_due_q == 32'd1;
    set_outputs_q <= set_outputs;
    pass_cycles_q <= pass_cycles;
    lane_next_q <= lane_next;
    lane_wraps_q <= lane_wraps;
    row_sums_q <= row_sums;
    if (drain_left_q != 0) drain_left_q <= drain_left_q - 8'd1;
    drained_q <= drain_left_q[7:1] == 0 && !pass_ends;
    if (columns_left_q != 0) columns_left_q <= columns_left_q - 9'd1;
    columns_done_q <= columns_left_q[8:1] == 0 && !group_ends;
    case (computing_q)
      OFF: ;
      BLOCK_BEGIN: begin
        outputs_q <= block_last_q ? layer_i.out_channels - first_channel_q : block_most;
        sum_row_q <= '0;
        out_rows_left_q <= layer_i.out_height;
        band_left_q <= band_rows_i;
        row_base_q <= '0;
        pool_row_q <= pool_height - 2'd1 - (stem ? layer_i.pool_pad_top : 2'd0);
        first_sums_q <= 1'b1;
        top_place_q <= layer_i.stem_pad_top == 0 ? '0 : places_q - PLACE_BITS'(layer_i.stem_pad_top);
        if (block_taken) computing_q <= ROW_BEGIN;
      end
      ROW_BEGIN: begin
        set_q <= 1'b0;
        if (row_begins) computing_q <= TAPS_RUN;
      end
      default:
      if (row_done) begin
        computing_q <= ROW_BEGIN;
        if (block_done) computing_q <= block_last_q && images_last_q ? OFF : BLOCK_BEGIN;
      end
    endcase
    if (issue) begin
      tap_q <= tap_q + 1'b1;
      tap_last <= tap_q + 1'b1 == end_q;
    end
    if (pass_ends) begin
      sum_q <= sum_q + 2'd1;
      end_q <= end_next_q;
      tap_last <= single_next_q;
    end
    if (computing_q == ROW_BEGIN || group_ends) begin
      tap_q <= '0;
      sum_q <= '0;
      end_q <= sum_end_q[0];
      tap_last <= sum_single_q[0];
    end
    if (computing_q == ROW_BEGIN || (group_ends && pass_last_q)) begin
      set_first_q <= 1'b1;
      pool_column_q <= pool_width - 2'd1 - (stem ? layer_i.pool_pad_left : 2'd0);
      column_sum_q <= '0;
      pixels_left_q <= layer_i.out_width;
      lane_q <= '0;
      piece_base_q <= row_base_q + (computing_q == ROW_BEGIN ? '0 : SUM_ADDRESS'(OUTPUTS));
      pool_at_q <= '0;
      column_base_q <= -11'(layer_i.stem_pad_left);
      value_base_q <= '0;
    end else if (group_ends) begin
      set_first_q <= 1'b0;
      pool_column_q <= until_end_q;
      column_sum_q <= column_sum_q + (paired ? 16'd4 : 16'd2);
      pixels_left_q <= pixels_left_q - 16'(pixels_here_q);
      lane_q <= lane_wraps_q ? lane_next_q - LANE_BITS'(STEP) : lane_next_q;
      if (lane_wraps_q) piece_base_q <= piece_base_q + SUM_ADDRESS'(outputs_q);
      pool_at_q <= pool_at_q + pool_step_q;
      column_base_q <= column_base_q + column_step_q;
      value_base_q <= value_base_q + HALF_ADDRESS'(layer_i.in_channels);
    end
    if (pass_ends) drain_left_q <= (pass_cycles_q < 8'(SHORTEST) ? 8'(SHORTEST) : pass_cycles_q) - 8'd1;
    if (group_ends) begin
      // The next block's sums may be read in fewer cycles, so that they would be complete sooner than this group's.
      columns_left_q <= group_cycles_q + (block_done ? 9'(set_pairs) : 9'd0) - 9'd1;
      sums_half_q <= !sums_half_q;
      if (pass_last_q) set_q <= 1'b1;
    end
    if (row_done) begin
      sum_row_q <= sum_row_q + 16'd1;
      first_sums_q <= 1'b0;
      use_half_q <= !use_half_q;
      y_top_q <= y_top_q + signed'(18'(layer_i.stem_stride_h));
      top_place_q <= around(place_next);
      pool_row_q <= stem ? until_end(pool_row_q, layer_i.pool_stride_h) : 2'd0;
      if (row_ends) begin
        out_rows_left_q <= out_rows_left_q - 16'd1;
        band_left_q <= band_last_q ? band_rows_i : band_left_q - 16'd1;
        row_base_q <= band_last_q ? '0 : row_base_q + row_sums_q;
        if (band_last_q) half_q <= !half_q;
      end
    end
    if (block_done || start_i) y_top_q <= -18'(layer_i.stem_pad_top);
    if (block_done) begin
      first_channel_q <= block_last_q ? 16'd0 : first_channel_q + block_most;
      if (block_last_q) images_due_q <= images_due_q - 32'd1;
    end
    if (start_i) begin
      computing_q <= BLOCK_BEGIN;
      images_due_q <= layer_i.batch;
      first_channel_q <= '0;
      half_q <= 1'b0;
      use_half_q <= 1'b0;
    end
    if (rst) begin
      computing_q <= OFF;
      drain_left_q <= '0;
      columns_left_q <= '0;
    end
  end

  // ---- What is known of a pass; of a stem's group it is that of its last pass.
  typedef struct packed {
    logic [6:0] outputs;
    logic [CHANNEL_BITS-1:0] first; // channel of the block
    logic [1:0] sum;                // of the list
    logic sums_half;
    logic group_ends;
    logic [3:0] present;            // columns of sums that are there, of lanes, in them first and second
    logic [3:0] ends;               // columns that end a window
    logic row_ends;
    logic first_row;
    logic first_column;
    logic last;                     // nothing of the band follows, or of the unit
    logic half;
    logic [LANE_BITS-1:0] lane;
    logic [SUM_ADDRESS-1:0] address;
    logic [COLUMN_BITS-1:0] column; // of the output
    logic [HALF_ADDRESS:0] pool_at;
  } pass_t;
  // Cycles from a pass's last tap to its sums. A pass takes more than half of them, so what is known of two is kept.
  localparam int HELD = 10;
  localparam int LENT = 5;          // where a classifier's taps come in
  logic [HELD-1:1] pass_valid;
  pass_t pass_1, pass_2;
  logic [3:0] present, present_q;
  always_comb for (int c = 0; c < 4; c++) present[c] = row_inside && column_sum_q + 16'(c) < layer_i.sum_width;
  always_ff @(posedge clk) begin
    present_q <= present;
    pass_valid <= rst ? '0 : {pass_valid[HELD-2:1], pass_ends};
    if (lent_tap_i && lent_last_i && !rst) pass_valid[LENT] <= 1'b1;
    if (pass_ends) pass_1 <= '{
          outputs: set_outputs_q,
          first: CHANNEL_BITS'(first_channel_q),
          sum: sum_number_q[sum_q],
          sums_half: sums_half_q,
          group_ends: group_ends,
          present: paired ? present_q : {1'b0, present_q[1], 1'b0, present_q[0]},
          ends: paired ? column_ends_q : {1'b0, column_ends_q[1], 1'b0, column_ends_q[0]},
          row_ends: row_ends,
          first_row: first_sums_q,
          first_column: column_sum_q == 0,
          last: stem ? pass_last_q && row_ends : row_done && band_last_q,
          half: half_q,
          lane: lane_q,
          address: piece_base_q,
          column: COLUMN_BITS'(layer_i.out_width) - COLUMN_BITS'(pixels_left_q),
          pool_at: pool_at_q
      };
    if (pass_valid[LENT]) pass_2 <= pass_1;
  end

  // ---- A tap. Cycle 1: of a stem's list. 2: the row and the window of its pixels. 7: multiplied. Its weights come meanwhile.
  localparam int TAPPED = 7;
  logic [TAPPED:1] taps_valid, lasts;
  stem_tap_t tap_1;
  subbit_memory #(
      .WIDTH($bits(stem_tap_t)),
      .DEPTH(LIST)
  ) list (
      .clk,
      .write(list_store_q),
      .write_address(list_at_q),
      .write_data(list_tap_q),
      .read(1'b1),
      .read_address(tap_q),
      .read_data(tap_1)
  );
  logic signed [17:0] y_top_1;
  logic [PLACE_BITS-1:0] top_place_1;
  logic signed [10:0] column_1, column_2;
  wire signed [17:0] y = y_top_1 + signed'(18'(tap_1.row));
  wire [PLACE_BITS-1:0] place = around((PLACE_BITS + 1)'(top_place_1) + (PLACE_BITS + 1)'(tap_1.row));
  logic [3:0] first_2, second_2;
  logic [1:0] combination_2;
  logic y_inside_2;
  logic [PLACE_BITS-1:0] pixel_row_2;
  logic [7:0] zero_2;
  logic [VALUE_ADDRESS-1:0] value_address_1, value_address_2;
  logic [WORD_ADDRESS-1:0] word_addresses[LENT];
  logic [95:0] lent_pixels_q;         // of the last three cycles
  always_ff @(posedge clk) begin
    taps_valid <= rst ? '0 : {taps_valid[TAPPED-1:1], issue};
    lasts <= {lasts[TAPPED-1:1], tap_last};
    y_top_1 <= y_top_q;
    top_place_1 <= top_place_q;
    column_1 <= column_base_q;
    column_2 <= column_1;
    {first_2, second_2, combination_2} <= {tap_1.first, tap_1.second, tap_1.combination};
    y_inside_2 <= y >= 0 && y < rows_there;
    pixel_row_2 <= rows_before(place, layer_i.in_channels[2:0]) + PLACE_BITS'(tap_1.channel);
    zero_2 <= zeros_q[tap_1.channel];
    value_address_1 <= {use_half_q, value_base_q + HALF_ADDRESS'(tap_q)};
    value_address_2 <= value_address_1;
    word_addresses[1] <= WORD_ADDRESS'(set_q ? 10'(layer_i.dense_taps) + 10'(tap_q) : 10'(tap_q));
    for (int i = 2; i < LENT; i++) word_addresses[i] <= word_addresses[i-1];
    word_address_q <= word_addresses[LENT-1];
    lent_pixels_q <= {lent_pixels_q[63:0], lent_pixels_i};
    if (lend_i) begin
      taps_valid[LENT] <= lent_tap_i && !rst;
      lasts[LENT] <= lent_last_i;
      word_address_q <= WORD_ADDRESS'(lent_word_i);
    end
  end
  wire [31:0] tap_pixels;
  subbit_dense_pixels #(
      .VALUES(VALUES),
      .ROW_WORDS(ROW_WORDS),
      .ROWS(1 << PLACE_BITS)
  ) pixels (
      .clk,
      .stem_i(stem),
      .word_store_i(part_valid),
      .word_address_i({read_row, pixel_word_q}),
      .word_i(pixel_word),
      .pair_store_i(average_banks_q & {2{average_valid_q}}),
      .pair_address_i({average_half_q, average_at_q}),
      .pair_i({averages[1], averages[0]}),
      .width_i(layer_i.in_width[10:0]),
      .distance_i(paired ? layer_i.stem_stride_w << 1 : layer_i.stem_stride_w),
      .row_i(pixel_row_2),
      .row_inside_i(y_inside_2),
      .column_i(column_2),
      .first_i(first_2),
      .second_i(second_2),
      .combination_i(combination_2),
      .zero_i(zero_2),
      .address_i(value_address_2),
      .pixels_o(tap_pixels)
  );

  logic [127:0] sums;                 // of pixels, in them two output channels
  logic [1:0] shift;
  subbit_dense_array #(
      .OUTPUTS(OUTPUTS),
      .PIXELS(2)
  ) array (
      .clk,
      .rst,
      .tap_i(taps_valid[TAPPED]),
      .last_i(lasts[TAPPED]),
      .weights_i(tap_weights),
      .pixels_i(lend_i ? lent_pixels_q[95:64] : tap_pixels),
      .shift_i(shift),
      .sums_o(sums)
  );

  // ---- The sums of a pass: of a stem two output channels per cycle, else one.
  logic drains_q;
  pass_t pass_q;
  logic [6:0] output_q;
  wire drain_ends = drains_q && output_q + (stem ? 7'd2 : 7'd1) >= pass_q.outputs;
  logic [1:0] lent_odd_q;             // the second of two channels is next
  assign lent_held_o = lend_i && pass_valid[HELD-1];
  assign shift = lend_i ? lent_shift_i & lent_odd_q : {2{drains_q && (stem || output_q[0])}};
  wire [63:0] channel_sums;           // of one channel, of both pixels
  for (genvar p = 0; p < 2; p++) begin : g_channel
    assign channel_sums[32*p+:32] = (lend_i ? lent_odd_q[p] : output_q[0]) ? sums[64*p+32+:32] : sums[64*p+:32];
  end
  assign lent_sums_o = channel_sums;
  always_ff @(posedge clk) begin
    if (drains_q) output_q <= output_q + (stem ? 7'd2 : 7'd1);
    if (drain_ends) drains_q <= 1'b0;
    if (pass_valid[HELD-1] && !lend_i) begin
      drains_q <= 1'b1;
      output_q <= '0;
      pass_q <= pass_2;
    end
    lent_odd_q <= lent_held_o ? 2'b00 : lent_odd_q ^ lent_shift_i;
    if (rst) drains_q <= 1'b0;
  end

  // ---- Of a stem: sums of the list become those of columns.
  typedef struct packed {
    logic [6:0] outputs;
    logic [CHANNEL_BITS-1:0] first;
    logic [3:0] present;
    logic [3:0] ends;
    logic row_ends;
    logic first_row;
    logic first_column;
    logic last;
    logic [COLUMN_BITS-1:0] column;
    logic [HALF_ADDRESS:0] pool_at;
  } group_t;
  logic list_sum_store_q, group_start_q, list_sum_half_q;
  logic [1:0] list_sum_q;
  logic [OUTPUT_BITS-2:0] list_sum_pair_q;
  logic [4*SUM_BITS-1:0] list_sums_data_q;
  group_t group_q, group;
  always_ff @(posedge clk) begin
    list_sum_store_q <= drains_q && stem && !rst;
    group_start_q <= drain_ends && stem && pass_q.group_ends && !rst;
    list_sum_half_q <= pass_q.sums_half;
    list_sum_q <= pass_q.sum;
    list_sum_pair_q <= (OUTPUT_BITS - 1)'(output_q >> 1);
    for (int i = 0; i < 4; i++) list_sums_data_q[SUM_BITS*i+:SUM_BITS] <= sums[32*i+:SUM_BITS];
    group_q <= '{
          outputs: pass_q.outputs,
          first: pass_q.first,
          present: pass_q.present,
          ends: pass_q.ends,
          row_ends: pass_q.row_ends,
          first_row: pass_q.first_row,
          first_column: pass_q.first_column,
          last: pass_q.last,
          column: pass_q.column,
          pool_at: pass_q.pool_at
      };
  end
  logic column_valid, column_lane, column_second, column_last, stem_sums_busy;
  logic [OUTPUT_BITS-1:0] column_place;
  logic [2*SUM_BITS-1:0] column_sums;
  subbit_stem_sums #(
      .OUTPUTS(OUTPUTS),
      .SUM_BITS(SUM_BITS),
      .TAG_BITS($bits(group_t))
  ) stem_sums (
      .clk,
      .rst,
      .present_i(sums_present_q),
      .apart_i(apart),
      .store_i(list_sum_store_q),
      .half_i(list_sum_half_q),
      .pair_i(list_sum_pair_q),
      .sum_i(list_sum_q),
      .data_i(list_sums_data_q),
      .start_i(group_start_q),
      .outputs_i((OUTPUT_BITS + 1)'(group_q.outputs)),
      .tag_i(group_q),
      .busy_o(stem_sums_busy),
      .valid_o(column_valid),
      .place_o(column_place),
      .lane_o(column_lane),
      .second_o(column_second),
      .last_o(column_last),
      .tag_o(group),
      .sums_o(column_sums)
  );
  // Columns of the group that end a window before these.
  wire [1:0] ends_before = (column_lane ? 2'(group.ends[0]) + 2'(group.ends[1]) : 2'd0) +
      (column_second ? 2'(group.ends[{column_lane, 1'b0}]) : 2'd0);
  logic [1:0] column_ends_here, present_here;
  always_comb begin
    column_ends_here = column_lane ? group.ends[3:2] : group.ends[1:0];
    present_here = column_lane ? group.present[3:2] : group.present[1:0];
    if (apart) begin
      column_ends_here = {1'b0, column_second ? column_ends_here[1] : column_ends_here[0]};
      present_here = {1'b0, column_second ? present_here[1] : present_here[0]};
    end
  end

  // Signs of multipliers, by which a largest value comes of the largest or of the smallest sum.
  localparam int PART_BITS = $clog2(PARTS);
  logic minimum_1;
  wire [CHANNEL_BITS-1:0] column_channel = group.first + CHANNEL_BITS'(column_place);
  subbit_memory #(
      .WIDTH(1),
      .DEPTH(MAX_CHANNELS)
  ) negatives (
      .clk,
      .write(parameters_store_i && parameters_address_i[PART_BITS-1:0] == 0),
      .write_address(CHANNEL_BITS'(parameters_address_i >> PART_BITS)),
      .write_data(parameters_sign_i),
      .read(1'b1),
      .read_address(column_channel),
      .read_data(minimum_1)
  );

  // ---- Cycle 1: half of what a sum is divided by added, and moved down by whole bytes. 2: by bits, the nearest of 16 bits.
  typedef struct packed {
    logic last;                        // of the band
    logic half;
    logic [LANE_BITS-1:0] lane;
    logic [SUM_ADDRESS-1:0] address;
  } pair_t;
  typedef struct packed {
    logic [1:0] present;
    logic [1:0] ends;
    logic first_column;
    logic first_row;
    logic row_ends;
    logic [HALF_ADDRESS:0] pool_at;
    logic [CHANNEL_BITS-1:0] channel;
    logic [OUTPUT_BITS-1:0] place;     // in its set
    logic [COLUMN_BITS-1:0] column;
  } column_t;
  pair_t pair_1, pair_2;
  column_t columns_1, columns_2;
  logic [2:1] pairs_valid, columns_valid;
  logic minimum_2;
  logic signed [32:0] half_sum;
  logic signed [32:0] rounded_1[2];
  logic signed [15:0] moved_2[2];
  always_ff @(posedge clk) begin
    half_sum <= 33'sd1 <<< (layer_i.shift - 5'd1);
    pairs_valid <= rst ? 2'b00 : {pairs_valid[1], drains_q && !stem};
    columns_valid <= rst ? 2'b00 : {columns_valid[1], column_valid};
    pair_1 <= '{
          last: pass_q.last && drain_ends,
          half: pass_q.half,
          lane: pass_q.lane,
          address: pass_q.address + SUM_ADDRESS'(output_q)
      };
    pair_2 <= pair_1;
    columns_1 <= '{
          present: present_here,
          ends: column_ends_here,
          first_column: group.first_column && !column_lane && !column_second,
          first_row: group.first_row,
          row_ends: group.row_ends,
          pool_at: group.pool_at + (HALF_ADDRESS + 1)'(column_place) + (ends_before[0] ? (HALF_ADDRESS + 1)'(group.outputs) : '0) +
              (ends_before[1] ? (HALF_ADDRESS + 1)'(group.outputs) << 1 : '0),
          channel: column_channel,
          place: column_place,
          column: group.column + COLUMN_BITS'(ends_before)
      };
    columns_2 <= columns_1;
    minimum_2 <= minimum_1;
  end
  for (genvar p = 0; p < 2; p++) begin : g_move
    wire signed [32:0] rounded = half_sum +
        (stem ? 33'(signed'(column_sums[SUM_BITS*p+:SUM_BITS])) : 33'(signed'(channel_sums[32*p+:32])));
    wire signed [32:0] down = rounded_1[p] >>> layer_i.shift[2:0];
    always_ff @(posedge clk) begin
      rounded_1[p] <= rounded >>> {layer_i.shift[4:3], 3'd0};
      moved_2[p] <= down > 33'sd32767 ? 16'sd32767 : down < -33'sd32768 ? -16'sd32768 : down[15:0];
    end
  end

  // ---- Sums of a stem: the largest of a window.
  typedef struct packed {
    logic [CHANNEL_BITS-1:0] channel;
    logic [OUTPUT_BITS-1:0] place;
    logic [COLUMN_BITS-1:0] column;
  } pooled_t;
  localparam int POOLED = 6;          // cycles from a column's sum to that of its window
  pooled_t pooled;
  logic pool_busy, overlap_h, overlap_w;
  logic pool_bank_q;
  logic [HALF_ADDRESS:0] pool_read_all;
  assign pool_read_at = pool_read_all[HALF_ADDRESS-1:0];
  logic [POOLED:1] unit_done;
  always_ff @(posedge clk) begin
    overlap_h <= layer_i.pool_height != layer_i.pool_stride_h;
    overlap_w <= layer_i.pool_width != layer_i.pool_stride_w;
    pool_bank_q <= pool_read_all[HALF_ADDRESS];
    unit_done <= rst ? '0 : {unit_done[POOLED-1:1], column_last && group.last};
  end
  subbit_stem_pool #(
      .OUTPUTS(OUTPUTS),
      .ADDRESS_BITS(HALF_ADDRESS + 1),
      .TAG_BITS($bits(pooled_t))
  ) pool (
      .clk,
      .rst,
      .overlap_h_i(overlap_h),
      .overlap_w_i(overlap_w),
      .valid_i(columns_valid[2]),
      .place_i(columns_2.place),
      .minimum_i(minimum_2),
      .first_i(columns_2.first_column),
      .present_i(columns_2.present),
      .ends_i(columns_2.ends),
      .sums_i({moved_2[1], moved_2[0]}),
      .row_first_i(columns_2.first_row),
      .row_ends_i(columns_2.row_ends),
      .address_i(columns_2.pool_at),
      .tag_i({columns_2.channel, columns_2.place, columns_2.column}),
      .read_address_o(pool_read_all),
      .read_data_i(pool_bank_q ? runs[1][15:0] : runs[0][15:0]),
      .store_o(pool_store),
      .store_address_o(pool_store_at),
      .store_data_o(pool_run),
      .valid_o(sum_valid_o),
      .sum_o(sum_o),
      .tag_o(pooled),
      .busy_o(pool_busy)
  );
  assign {sum_channel_o, sum_place_o, sum_column_o} = pooled;
  assign unit_done_o = unit_done[POOLED];

  // ---- Accumulators of a shortcut: a pair of pixels.
  logic last_q;
  always_ff @(posedge clk) begin
    store_o <= pairs_valid[2] && !rst;
    store_half_o <= pair_2.half;
    store_address_o <= pair_2.address;
    store_lanes_o <= STEP'(3) << pair_2.lane;
    store_data_o <= {TILE_PIXELS{moved_2[1], moved_2[0]}};
    last_q <= pairs_valid[2] && pair_2.last && !rst;
    band_done_o <= last_q && !rst;
  end
  assign busy_o = reading_q != IDLE || computing_q != OFF || (pass_valid != '0 && !lend_i) || drains_q || list_sum_store_q ||
      stem_sums_busy || columns_valid != '0 || pairs_valid != '0 || pool_busy || unit_done != '0 || store_o || last_q || band_done_o;
endmodule

`default_nettype wire
