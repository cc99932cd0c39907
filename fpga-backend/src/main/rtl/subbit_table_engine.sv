// Runs one checked layer of binary activations with a table core; codebook and sign rules, or integer parameters, are loaded.
// Four processes run side by side: rows and indices are read, the core works through images and blocks of output channels, its
// sums become bits, or values of 16 bits and their signs, and those of a band of rows are written while those of the next are
// computed.
//
//   bus ─┬─► subbit_table_rows ────────────────────►┐
//        ├─► subbit_table_words ─► ring of indices ►├ subbit_table_core ─► subbit_table_signs ─► subbit_table_writer ─► bus
//        │                                                                        │                      ▲ signs
//        └─► residuals ───────────────────────────────────────────────────────► subbit_table_values ─────┴─► bus
//
// The rows of an image stay on chip until its last block is computed; if two images fit, those of the next one are read
// meanwhile. Indices come in the order in which they are used: blocks of OUTPUTS output channels, groups of INDEX_CHANNELS
// input channels, output channels, bit planes. What a block has used makes room for the next block's, or image's. Rows and indices
// are read group by group, each when there is room for all of it: so no run that waits for sums to be finished, and their room,
// keeps the bus from the residuals that these wait for.
`default_nettype none

module subbit_table_engine #(
    // Input channels that are looked up at once, those whose indices lie together in memory, channels that share a match
    // unit, and pixels of a tile.
    parameter int CHANNELS = 64,
    parameter int INDEX_CHANNELS = 64,
    parameter int SHARE = 2,
    parameter int PIXELS = 7,
    parameter int OUTPUTS = 128,
    parameter int INDEX_PLANES = 5,
    parameter int MAX_CHANNELS = 512,
    parameter int MAX_WIDTH = 56,      // a multiple of eight
    parameter int SUM_DEPTH = 512,     // sums of each tile; at least those of a row of a block
    parameter int ROW_DEPTH = 1536,    // places for rows, of all channels
    // Convolutions of integer networks too, on a bus of up to 64 bits.
    parameter bit INTEGER_CONV = 0,
    // The end of shortcuts of integer networks, which needs INTEGER_CONV.
    parameter bit DENSE = 0,
    parameter int ADDR_WIDTH = 32,
    parameter int DATA_WIDTH = 64
) (
    input wire clk,
    input wire rst,
    input subbit_pkg::layer_t layer,
    input wire start,
    output logic busy,

    // From subbit_weight_loader, before the layer starts.
    input wire                            codebook_write,
    input wire [        INDEX_PLANES-1:0] codebook_index,
    input wire [                     8:0] codebook_codeword,
    input wire                            rule_write,
    input wire [$clog2(MAX_CHANNELS)-1:0] rule_channel,
    input wire [                    31:0] rule,
    input wire                                           parameters_store,
    input wire [$clog2(128*MAX_CHANNELS/DATA_WIDTH)-1:0] parameters_address,
    input wire [                         DATA_WIDTH-1:0] parameters_data,

    // Bands of accumulators of a shortcut, as subbit_dense_engine has them.
    output logic                         dense_ready,
    output logic [                 15:0] dense_band_rows,
    output logic [$clog2((MAX_WIDTH+2*PIXELS-1)/(2*PIXELS)+1)-1:0] dense_pieces,
    output logic                         dense_room,
    input  wire                          dense_begin,
    input  wire                          dense_store,
    input  wire                          dense_half,
    input  wire  [$clog2(SUM_DEPTH)-1:0] dense_address,
    input  wire  [         2*PIXELS-1:0] dense_lanes,
    input  wire  [        32*PIXELS-1:0] dense_data,
    input  wire                          dense_done,

    // Reads from device memory: rows, indices and residuals, runs of bytes.
    output logic                  read_valid,
    input  wire                   read_ready,
    output logic [ADDR_WIDTH-1:0] read_address,
    output logic [          23:0] read_bytes,
    input  wire                   read_beat_valid,
    output logic                  read_beat_ready,
    input  wire  [DATA_WIDTH-1:0] read_beat_data,
    input  wire                   read_beat_last,

    // Writes to device memory: the output, one run of beats per channel of a band, or of values per row or band.
    output logic                    write_valid,
    input  wire                     write_ready,
    output logic [  ADDR_WIDTH-1:0] write_address,
    output logic [            23:0] write_beats,
    output logic                    write_beat_valid,
    input  wire                     write_beat_ready,
    output logic [  DATA_WIDTH-1:0] write_beat_data,
    output logic [DATA_WIDTH/8-1:0] write_beat_strobe
);
  localparam int STEP = 2 * PIXELS;
  localparam int PIECES = (MAX_WIDTH + STEP - 1) / STEP;
  localparam int PIECE_BITS = PIECES > 1 ? $clog2(PIECES) : 1;
  localparam int SUM_BITS = $clog2(9 * MAX_CHANNELS + 1);
  localparam int ACC_BITS = SUM_BITS + 1;
  // Of what becomes a value: sums of shortcuts have 16 bits.
  localparam int VALUE_BITS = DENSE ? 16 : ACC_BITS;
  localparam int SUM_ADDRESS = $clog2(SUM_DEPTH);
  localparam int ROW_ADDRESS = $clog2(ROW_DEPTH);
  localparam int GROUPS = (MAX_CHANNELS + INDEX_CHANNELS - 1) / INDEX_CHANNELS;
  localparam int INDEX_DEPTH = GROUPS * OUTPUTS;
  localparam int INDEX_ADDRESS = $clog2(INDEX_DEPTH);

  if ((1 << SUM_ADDRESS) != SUM_DEPTH || SUM_DEPTH < OUTPUTS * PIECES) begin : g_check
    $error("SUM_DEPTH must be a power of two and hold the sums of a row of OUTPUTS channels");
  end
  if ((1 << INDEX_ADDRESS) != INDEX_DEPTH) begin : g_check2
    $error("MAX_CHANNELS / INDEX_CHANNELS * OUTPUTS must be a power of two");
  end

  // ---- What follows from the layer: how a row is cut into steps, and how many rows make a band.
  logic dense, pairs, gives_values;
  always_ff @(posedge clk) begin
    dense <= DENSE && (layer.shortcut);
    gives_values <= layer.gives_values;
    pairs <= layer.out_width > 16'(PIXELS) || dense;
  end
  // Of rows and indices as they come, and of what is looked up at once.
  logic [15:0] groups, group_last, core_groups;
  typedef enum logic [2:0] {
    MEASURED,
    LIMIT,       // finds the most rows of which a block's sums have room,
    COUNT,       // how many bands an image then has,
    EVEN,        // and the fewest rows with which it has as many: a short band would be waited for
    GATHER       // over how many bands signs are gathered
  } measure_t;
  measure_t measure;
  logic [15:0] covered, bands_more;    // rows in bands of so many rows, and in bands of the fewest rows
  logic [15:0] block, row_sums;    // sums of a block: of a step, and of one row, or of two without pairs
  logic [15:0] band_sums, band_rows;
  logic [39:0] band_bytes, band_value_bytes;    // of a channel's bits, and of all channels' values
  // Signs that go with values are gathered over as many bands as their memory has places for, one for each row of a channel.
  logic [15:0] band_places, sign_places, sign_rows;
  logic [39:0] sign_bytes;
  wire [15:0] band_more = pairs ? 16'd1 : 16'd2;
  wire [39:0] row_bytes = (40'(layer.out_width) + 40'd7) >> 3;
  logic [PIECE_BITS:0] pieces, pieces_here;
  always_comb begin
    pieces_here = '0;
    for (int p = 0; p < PIECES; p++) pieces_here = pieces_here + (PIECE_BITS + 1)'(p == 0 || layer.out_width > 16'(p * STEP));
  end
  // There before the start.
  always_ff @(posedge clk) begin
    groups <= (layer.in_channels + 16'(INDEX_CHANNELS - 1)) >> $clog2(INDEX_CHANNELS);
    group_last <= groups - 16'd1;
    core_groups <= (layer.in_channels + 16'(CHANNELS - 1)) >> $clog2(CHANNELS);
    pieces <= pieces_here;
    block <= layer.out_channels < 16'(OUTPUTS) ? layer.out_channels : 16'(OUTPUTS);
    row_sums <= '0;
    for (int p = 1; p <= PIECES; p++) if (pieces == (PIECE_BITS + 1)'(p)) row_sums <= 16'(p) * block;
  end
  wire gathered = sign_rows >= layer.out_height || sign_places + band_places > 16'(2 * SUM_DEPTH);
  wire limited = band_rows >= layer.out_height || band_sums + row_sums > 16'(SUM_DEPTH);
  wire all_covered = covered >= layer.out_height;
  wire first_rows = start || (measure == COUNT && all_covered);
  wire more_rows = (measure == LIMIT && !limited) || (measure == EVEN && !all_covered);
  always_ff @(posedge clk) begin
    if (first_rows) begin
      band_sums <= row_sums;
      band_places <= pairs ? block : block << 1;
      band_rows <= band_more;
      band_bytes <= pairs ? row_bytes : row_bytes << 1;
      band_value_bytes <= pairs ? layer.out_plane_bytes : layer.out_plane_bytes << 1;
    end else if (more_rows) begin
      band_places <= band_places + (pairs ? block : block << 1);
      band_sums <= band_sums + row_sums;
      band_rows <= band_rows + band_more;
      band_bytes <= band_bytes + (pairs ? row_bytes : row_bytes << 1);
      band_value_bytes <= band_value_bytes + (pairs ? layer.out_plane_bytes : layer.out_plane_bytes << 1);
    end
    case (measure)
      LIMIT: begin
        covered <= band_rows;
        bands_more <= band_more;
        if (limited) measure <= COUNT;
      end
      COUNT: begin
        covered <= all_covered ? bands_more : covered + band_rows;
        if (all_covered) measure <= EVEN;
        else bands_more <= bands_more + band_more;
      end
      EVEN: begin
        covered <= covered + bands_more;
        sign_rows <= band_rows;
        sign_places <= band_places;
        sign_bytes <= band_bytes;
        if (all_covered) measure <= GATHER;
      end
      GATHER:
      if (gathered) measure <= MEASURED;
      else begin
        sign_rows <= sign_rows + band_rows;
        sign_places <= sign_places + band_places;
        sign_bytes <= sign_bytes + band_bytes;
      end
      default: ;
    endcase
    if (start) measure <= LIMIT;
    if (rst) measure <= MEASURED;
  end

  // ---- Reading: runs of rows and of indices, each of a group of channels, and residuals. What is asked for has room where it
  // goes, so that no run waits for another one behind it. At most two runs of rows and indices are on their way, so that one
  // streams in behind the other and residuals, which go first, wait for no more than these.
  typedef enum logic [1:0] {
    ROWS,
    ROWS_LAST,    // the last of an image
    INDEX,
    RESIDUAL
  } run_t;
  run_t run_asked, run;
  logic run_comes;
  logic [1:0] runs_held;                    // of rows and indices
  // A run of residuals is asked for, or will be soon; it takes a beat.
  logic residual_asks, residual_soon, residual_ready;
  logic [ADDR_WIDTH-1:0] residual_address;
  logic [23:0] residual_bytes;
  logic rows_may_go_q, index_may_go_q, rows_turn;
  logic [39:0] rows_at, rows_bytes, index_at, index_bytes;
  logic rows_last;                          // the image's last run
  wire others_may_go = runs_held != 2'd2 && !residual_soon && !residual_asks;
  wire rows_first = rows_may_go_q && (rows_turn || !index_may_go_q);
  wire asks_rows = others_may_go && rows_first;
  wire asks_index = others_may_go && index_may_go_q && !rows_first;
  wire rows_asked = asks_rows && read_ready;
  wire index_asked = asks_index && read_ready;
  assign read_valid = asks_rows || asks_index || residual_asks;
  assign read_address = residual_asks ? residual_address : ADDR_WIDTH'(rows_first ? rows_at : index_at);
  assign read_bytes = residual_asks ? residual_bytes : 24'(rows_first ? rows_bytes : index_bytes);
  assign run_asked = residual_asks ? RESIDUAL : !rows_first ? INDEX : rows_last ? ROWS_LAST : ROWS;
  wire rows_come = run_comes && (run == ROWS || run == ROWS_LAST);
  logic rows_ready, words_ready, runs_ready;
  always_comb begin
    case (run)
      RESIDUAL: read_beat_ready = run_comes && residual_ready;
      INDEX: read_beat_ready = run_comes && words_ready;
      default: read_beat_ready = run_comes && rows_ready;
    endcase
  end
  wire run_ends = read_beat_valid && read_beat_ready && read_beat_last;
  subbit_queue #(
      .WIDTH($bits(run_t)),
      .DEPTH(8)
  ) runs (
      .clk,
      .rst,
      .in_valid(read_valid && read_ready),
      .in_ready(runs_ready),
      .in_data(run_asked),
      .out_valid(run_comes),
      .out_ready(run_ends),
      .out_data({run})
  );
  always_ff @(posedge clk) begin
    if (rst) runs_held <= '0;
    else runs_held <= runs_held + 2'(rows_asked || index_asked) - 2'(run_ends && run != RESIDUAL);
    // Rows and indices take turns, which lets the core begin with the first group of each.
    if (start || index_asked) rows_turn <= 1'b1;
    else if (rows_asked) rows_turn <= 1'b0;
  end

  // ---- Rows: images, groups of channels. Those of an image are asked for when there is room for all of it. What follows from
  // a place is there two cycles after a change, and whether they may be asked for three.
  logic image_done;                         // of what is computed
  logic [31:0] row_images_left;
  logic [39:0] image_left;                  // bytes of the image that are not asked for
  logic rows_settled;
  logic image_begun;
  logic [1:0] images_held;                  // images that lie in the store, or are asked for
  logic halves;
  wire [39:0] rows_group_bytes = layer.in_plane_bytes << $clog2(INDEX_CHANNELS);
  logic row_images;                         // are left
  always_ff @(posedge clk) begin
    rows_settled <= !rows_asked && !start;
    rows_may_go_q <= rows_settled && !rows_asked && !start && row_images &&
        (image_begun || images_held < (halves ? 2'd2 : 2'd1));
    row_images <= row_images_left != 0;
    rows_last <= image_left <= rows_group_bytes;
    rows_bytes <= image_left <= rows_group_bytes ? image_left : rows_group_bytes;
    images_held <= images_held + 2'(rows_asked && !image_begun) - 2'(image_done);
    if (rows_asked) begin
      rows_at <= rows_at + rows_bytes;
      image_left <= rows_last ? layer.in_image_bytes : image_left - rows_bytes;
      image_begun <= !rows_last;
      if (rows_last) row_images_left <= row_images_left - 32'd1;
    end
    if (start) begin
      row_images_left <= dense ? '0 : layer.batch;
      rows_at <= layer.input_address;
      image_left <= layer.in_image_bytes;
      image_begun <= 1'b0;
      images_held <= '0;
    end
    if (rst) {rows_may_go_q, row_images, row_images_left} <= '0;
  end

  logic row_store, group_stored;
  logic [ROW_ADDRESS-1:0] row_address;
  logic [3*MAX_WIDTH-1:0] row_data;
  // So that how many bytes are held need not reach the bus master, nor its beats all that rows are cut out of, within a cycle.
  logic row_beat_valid, row_beat_ready, row_beat_last;
  logic [DATA_WIDTH-1:0] row_beat_data;
  subbit_queue #(
      .WIDTH(DATA_WIDTH + 1),
      .DEPTH(2)
  ) row_beats (
      .clk,
      .rst(rst || start),
      .in_valid(read_beat_valid && rows_come),
      .in_ready(rows_ready),
      .in_data({run == ROWS_LAST && read_beat_last, read_beat_data}),
      .out_valid(row_beat_valid),
      .out_ready(row_beat_ready),
      .out_data({row_beat_last, row_beat_data})
  );
  subbit_table_rows #(
      .DATA_WIDTH(DATA_WIDTH),
      .WIDTH(MAX_WIDTH),
      .DEPTH(ROW_DEPTH),
      .CHANNELS(INDEX_CHANNELS)
  ) rows (
      .clk,
      .rst,
      .start,
      .channels(layer.in_channels),
      .height(layer.in_height),
      .row_bytes($clog2(MAX_WIDTH / 8 + 1)'(layer.row_bytes)),
      .beat_valid(row_beat_valid),
      .beat_ready(row_beat_ready),
      .beat_data(row_beat_data),
      .beat_last(row_beat_last),
      .store(row_store),
      .store_address(row_address),
      .store_rows(row_data),
      .group_stored,
      .halves
  );

  // ---- The ring of indices. A word has a bit of the indices of INDEX_CHANNELS channels.
  logic index_store;
  logic [INDEX_CHANNELS-1:0] word;
  logic [3:0] plane;
  logic [INDEX_ADDRESS-1:0] ring_at;
  logic [INDEX_ADDRESS:0] ring_held;                     // words that are asked for or in use
  logic [15:0] load_left, load_output, load_group;       // of the word that comes: channels from its block on
  logic group_loaded;
  logic group_done;
  logic [15:0] outputs;                  // of the block that is computed
  wire word_ends = index_store && plane == layer.tau - 4'd1;
  wire [15:0] load_outputs = load_left < 16'(OUTPUTS) ? load_left : 16'(OUTPUTS);
  wire load_group_ends = word_ends && load_output == load_outputs - 16'd1;
  wire load_block_ends = load_group_ends && load_group == group_last;
  subbit_table_words #(
      .DATA_WIDTH(DATA_WIDTH),
      .WORD(INDEX_CHANNELS)
  ) words (
      .clk,
      .rst,
      .beat_valid(read_beat_valid && run_comes && run == INDEX),
      .beat_ready(words_ready),
      .beat_data(read_beat_data),
      .word_valid(index_store),
      .word_ready(1'b1),
      .word_last(load_group_ends),
      .word
  );

  // The next run of indices, that of a group. What follows from its place, and from the ring, is there three cycles after a
  // change, and whether it may be asked for four.
  logic [31:0] index_images_left;
  logic [15:0] ask_left, ask_group, ask_outputs, ask_words;     // `ask_left`: channels from the block on
  logic [1:0] settled;
  logic room;
  wire ask_block_ends = ask_group == group_last;
  wire ask_image_ends = ask_block_ends && ask_left <= 16'(OUTPUTS);
  logic index_images;                         // are left
  always_ff @(posedge clk) begin
    settled <= {settled[0], !index_asked && !start};
    index_may_go_q <= settled == '1 && room && index_images && !index_asked && !start;
    index_images <= index_images_left != 0;
    ask_outputs <= ask_left < 16'(OUTPUTS) ? ask_left : 16'(OUTPUTS);
    ask_words <= (layer.tau[0] ? ask_outputs : '0) + (layer.tau[1] ? ask_outputs << 1 : '0) + (layer.tau[2] ? ask_outputs << 2 : '0);
    index_bytes <= 40'(ask_words) << $clog2(INDEX_CHANNELS / 8);
    room <= 16'(ring_held) + ask_outputs <= 16'(INDEX_DEPTH);
    ring_held <= ring_held + (index_asked ? (INDEX_ADDRESS + 1)'(ask_outputs) : '0) -
        (group_done ? (INDEX_ADDRESS + 1)'(outputs) : '0);
    if (index_asked) begin
      index_at <= ask_image_ends ? layer.index_address : index_at + index_bytes;
      ask_group <= ask_block_ends ? 16'd0 : ask_group + 16'd1;
      if (ask_block_ends) ask_left <= ask_image_ends ? layer.out_channels : ask_left - 16'(OUTPUTS);
      if (ask_image_ends) index_images_left <= index_images_left - 32'd1;
    end
    if (index_store) plane <= word_ends ? 4'd0 : plane + 4'd1;
    if (word_ends) begin
      ring_at <= ring_at + 1'b1;
      load_output <= load_group_ends ? 16'd0 : load_output + 16'd1;
    end
    if (load_group_ends) load_group <= load_block_ends ? 16'd0 : load_group + 16'd1;
    if (load_block_ends) load_left <= load_left <= 16'(OUTPUTS) ? layer.out_channels : load_left - 16'(OUTPUTS);
    if (start) begin
      index_images_left <= dense ? '0 : layer.batch;
      index_at <= layer.index_address;
      ask_left <= layer.out_channels;
      ask_group <= '0;
      ring_held <= '0;
      plane <= '0;
      ring_at <= '0;
      load_left <= layer.out_channels;
      load_output <= '0;
      load_group <= '0;
    end
    if (rst) {index_may_go_q, index_images, index_images_left} <= '0;
  end

  // Many memories lie behind these.
  logic index_write;
  logic [3:0] index_plane;
  logic [INDEX_ADDRESS-1:0] index_address;
  logic [INDEX_CHANNELS-1:0] index_data;
  always_ff @(posedge clk) begin
    index_write <= index_store;
    index_plane <= plane;
    index_address <= ring_at;
    index_data <= word;
    group_loaded <= load_group_ends;
  end

  // ---- Computing: images, blocks of output channels.
  typedef enum logic [1:0] {
    WAIT_ROWS,    // of the image's first group of channels
    START,        // a block
    STARTED,
    RUN
  } compute_t;
  compute_t computing;
  logic core_busy;
  logic [31:0] images_left;
  logic [15:0] channels_left;                 // from the block on
  logic second_half;                          // of the row store has the image
  // Groups of channels whose rows or indices have come, less those of images, and of blocks, before this one.
  logic [15:0] groups_stored, groups_loaded;
  logic [INDEX_ADDRESS-1:0] index_base;
  assign outputs = channels_left < 16'(OUTPUTS) ? channels_left : 16'(OUTPUTS);
  wire block_done = computing == RUN && !core_busy;
  assign image_done = block_done && channels_left <= 16'(OUTPUTS);
  always_ff @(posedge clk) begin
    groups_stored <= groups_stored + 16'(group_stored) - (image_done ? groups : 16'd0);
    groups_loaded <= groups_loaded + 16'(group_loaded) - (block_done ? groups : 16'd0);
    if (group_done) index_base <= index_base + INDEX_ADDRESS'(outputs);
    case (computing)
      WAIT_ROWS: if (images_left != 0 && groups_stored != 0 && measure == MEASURED) computing <= START;
      START: computing <= STARTED;
      STARTED: computing <= RUN;
      default:
      if (block_done) begin
        computing <= image_done ? WAIT_ROWS : START;
        channels_left <= image_done ? layer.out_channels : channels_left - 16'(OUTPUTS);
      end
    endcase
    if (image_done) begin
      images_left <= images_left - 32'd1;
      second_half <= halves && !second_half;
    end
    if (rst || start) begin
      computing <= WAIT_ROWS;
      images_left <= rst || dense ? '0 : layer.batch;
      channels_left <= layer.out_channels;
      second_half <= 1'b0;
      groups_stored <= '0;
      groups_loaded <= '0;
      index_base <= '0;
    end
  end

  logic [1:0] bands_held;      // halves of what is stored behind the core that are in use
  logic sums_begin, sums_valid, band_done;
  logic half_free, bits_read, values_read;     // one cycle: one of them is free again
  assign half_free = gives_values ? values_read : bits_read;
  logic [SUM_ADDRESS-1:0] sums_address;
  logic [2*PIXELS*SUM_BITS-1:0] sums;
  always_ff @(posedge clk) begin
    if (rst || start) bands_held <= '0;
    else bands_held <= bands_held + 2'(dense ? dense_begin : sums_begin) - 2'(half_free);
  end

  // The row of the input that is under the first row of windows, and where it lies.
  wire signed [17:0] first_row = -18'(layer.pad_top);
  wire [1:0] first_bank = layer.pad_top == 2'd0 ? 2'd0 : 2'd3 - layer.pad_top;
  wire [ROW_ADDRESS-1:0] image_address = second_half ? ROW_ADDRESS'(ROW_DEPTH / 2) : '0;
  wire [ROW_ADDRESS-1:0] first_address = layer.pad_top == 2'd0 ? image_address : image_address - 1'b1;
  subbit_table_core #(
      .CHANNELS(CHANNELS),
      .INDEX_CHANNELS(INDEX_CHANNELS),
      .SHARE(SHARE),
      .PIXELS(PIXELS),
      .TABLE_BITS(INDEX_PLANES),
      .SUMS(SUM_DEPTH),
      .SUM_BITS(SUM_BITS),
      .WIDTH(MAX_WIDTH),
      .ROW_DEPTH(ROW_DEPTH),
      .INDEX_DEPTH(INDEX_DEPTH)
  ) core (
      .clk,
      .rst,
      .start(computing == START),
      .busy(core_busy),
      .tau(layer.tau),
      .pairs,
      .stride_h_2(layer.stride_h[1]),
      .stride_w_2(layer.stride_w[1]),
      .pad_left(layer.pad_left),
      .in_width(($clog2(MAX_WIDTH) + 1)'(layer.in_width)),
      .in_height(layer.in_height),
      .first_row,
      .first_bank,
      .first_address,
      .channel_places(ROW_ADDRESS'(layer.row_places)),
      .out_rows(layer.out_height),
      .band_rows,
      .out_width(layer.out_width),
      .outputs,
      .channel_groups(core_groups),
      .last_channels(($clog2(CHANNELS) + 1)'(layer.in_channels - ((core_groups - 16'd1) << $clog2(CHANNELS)))),
      .index_base,
      .rows_stored(groups_stored),
      .words_loaded(groups_loaded),
      .sums_room(bands_held != 2'd2),
      .sums_begin,
      .word_done(group_done),
      .row_store,
      .row_address,
      .row_data,
      .index_store(index_write),
      .index_plane,
      .index_address,
      .index_data,
      .codebook_store(codebook_write),
      .codebook_index(codebook_index),
      .codebook_codeword,
      .sums_valid,
      .sums_address,
      .sums
  );

  assign dense_ready = measure == MEASURED;
  assign dense_band_rows = band_rows;
  assign dense_pieces = ($clog2(PIECES + 1))'(pieces);
  assign dense_room = bands_held != 2'd2;

  logic accumulators_store, accumulators_half;
  logic [SUM_ADDRESS-1:0] accumulators_address;
  logic [2*PIXELS*ACC_BITS-1:0] accumulators;
  logic bits_store, bits_half;
  logic [PIECE_BITS-1:0] bits_piece;
  logic [SUM_ADDRESS-1:0] bits_address;
  logic [STEP-1:0] bits;
  subbit_table_signs #(
      .PIXELS(PIXELS),
      .OUTPUTS(OUTPUTS),
      .MAX_CHANNELS(MAX_CHANNELS),
      .SUMS(SUM_DEPTH),
      .SUM_BITS(SUM_BITS),
      .PIECES(PIECES)
  ) signs (
      .clk,
      .rst,
      .start,
      .pairs,
      .in_channels(($clog2(MAX_CHANNELS) + 1)'(layer.in_channels)),
      .in_height(layer.in_height),
      .in_width(($clog2(MAX_WIDTH) + 1)'(layer.in_width)),
      .out_channels(layer.out_channels),
      .out_height(layer.out_height),
      .out_width(layer.out_width),
      .stride_h(layer.stride_h),
      .stride_w_2(layer.stride_w[1]),
      .pad_top(layer.pad_top),
      .pad_left(layer.pad_left),
      .band_rows,
      .rule_write,
      .rule_channel,
      .rule,
      .sums_valid,
      .sums,
      .sums_address,
      .accumulators_store,
      .accumulators_half,
      .accumulators_address,
      .accumulators_data(accumulators),
      .store(bits_store),
      .store_half(bits_half),
      .store_piece(bits_piece),
      .store_address(bits_address),
      .store_bits(bits),
      .band_done
  );

  // Rows of signs that go with values, and what either writer asks of the bus.
  logic sign_row_store, signs_done, signs_busy;
  logic [SUM_ADDRESS:0] sign_row_address;
  logic [MAX_WIDTH-1:0] sign_row;
  logic values_turn;
  logic bits_write_valid, bits_beat_valid, values_write_valid, values_beat_valid;
  logic [ADDR_WIDTH-1:0] bits_write_address, values_write_address;
  logic [23:0] bits_write_beats, values_write_beats;
  logic [DATA_WIDTH-1:0] bits_beat_data, values_beat_data;
  logic [DATA_WIDTH/8-1:0] bits_beat_strobe;
  assign write_valid = values_turn ? values_write_valid : bits_write_valid;
  assign write_address = values_turn ? values_write_address : bits_write_address;
  assign write_beats = values_turn ? values_write_beats : bits_write_beats;
  assign write_beat_valid = values_turn ? values_beat_valid : bits_beat_valid;
  assign write_beat_data = values_turn ? values_beat_data : bits_beat_data;
  assign write_beat_strobe = values_turn ? '1 : bits_beat_strobe;

  logic writing, values_busy;
  subbit_table_writer #(
      .PIXELS(PIXELS),
      .OUTPUTS(OUTPUTS),
      .SUMS(SUM_DEPTH),
      .PIECES(PIECES),
      .WIDTH(MAX_WIDTH),
      .ADDR_WIDTH(ADDR_WIDTH),
      .DATA_WIDTH(DATA_WIDTH)
  ) writer (
      .clk,
      .rst,
      .start(start && (!gives_values || layer.gives_signs)),
      .busy(writing),
      .pairs,
      .whole_rows(gives_values),
      .batch(layer.batch),
      .out_channels(layer.out_channels),
      .out_height(layer.out_height),
      .out_width(layer.out_width),
      .band_rows(gives_values ? sign_rows : band_rows),
      .band_bytes(gives_values ? sign_bytes : band_bytes),
      .output_address(gives_values ? layer.signs_address : layer.output_address),
      .plane_bytes(gives_values ? layer.signs_plane_bytes : layer.out_plane_bytes),
      .image_bytes(gives_values ? layer.signs_image_bytes : layer.out_image_bytes),
      .store(bits_store),
      .store_half(bits_half),
      .store_piece(bits_piece),
      .store_address(bits_address),
      .store_bits(bits),
      .row_store(sign_row_store),
      .row_address(sign_row_address),
      .row_bits(sign_row),
      .band_done(gives_values ? signs_done : band_done),
      .band_read(bits_read),
      .band_busy(signs_busy),
      .command_valid(bits_write_valid),
      .command_ready(write_ready && !values_turn),
      .command_address(bits_write_address),
      .command_beats(bits_write_beats),
      .beat_valid(bits_beat_valid),
      .beat_ready(write_beat_ready && !values_turn),
      .beat_data(bits_beat_data),
      .beat_strobe(bits_beat_strobe)
  );

  if (INTEGER_CONV) begin : g_values
    logic signs_turn;
    logic [STEP*VALUE_BITS-1:0] values_data;
    wire unused_dense = &{1'b0, dense_data};
    for (genvar l = 0; l < STEP; l++) begin : g_lane
      if (DENSE) begin : g_either
        assign values_data[VALUE_BITS*l+:VALUE_BITS] = dense ? dense_data[VALUE_BITS*l+:VALUE_BITS] :
            VALUE_BITS'(signed'(accumulators[ACC_BITS*l+:ACC_BITS]));
      end else begin : g_core
        assign values_data[VALUE_BITS*l+:VALUE_BITS] = accumulators[ACC_BITS*l+:ACC_BITS];
      end
    end
    assign values_turn = gives_values && !signs_turn;
    subbit_table_values #(
        .PIXELS(PIXELS),
        .OUTPUTS(OUTPUTS),
        .MAX_CHANNELS(MAX_CHANNELS),
        .SUMS(SUM_DEPTH),
        .ACC_BITS(VALUE_BITS),
        .PIECES(PIECES),
        .WIDTH(MAX_WIDTH),
        .ADDR_WIDTH(ADDR_WIDTH),
        .DATA_WIDTH(DATA_WIDTH)
    ) value_rows (
        .clk,
        .rst,
        .layer_i(layer),
        .start_i(start && gives_values),
        .busy_o(values_busy),
        .pairs_i(pairs),
        .pieces_i($clog2(PIECES + 1)'(pieces)),
        .band_rows_i(band_rows),
        .band_bytes_i(band_value_bytes),
        .sign_rows_i(sign_rows),
        .store_i(dense ? dense_store : accumulators_store),
        .store_half_i(dense ? dense_half : accumulators_half),
        .store_address_i(dense ? dense_address : accumulators_address),
        .store_lanes_i(dense ? dense_lanes : '1),
        .store_data_i(values_data),
        .band_done_i(dense ? dense_done : band_done && gives_values),
        .band_read_o(values_read),
        .parameters_store_i(parameters_store),
        .parameters_address_i(parameters_address),
        .parameters_data_i(parameters_data),
        .read_soon_o(residual_soon),
        .read_valid_o(residual_asks),
        .read_ready_i(read_ready),
        .read_address_o(residual_address),
        .read_bytes_o(residual_bytes),
        .read_beat_valid_i(read_beat_valid && run_comes && run == RESIDUAL),
        .read_beat_ready_o(residual_ready),
        .read_beat_data_i(read_beat_data),
        .command_valid_o(values_write_valid),
        .command_ready_i(write_ready && values_turn),
        .command_address_o(values_write_address),
        .command_beats_o(values_write_beats),
        .beat_valid_o(values_beat_valid),
        .beat_ready_i(write_beat_ready && values_turn),
        .beat_data_o(values_beat_data),
        .signs_turn_o(signs_turn),
        .signs_store_o(sign_row_store),
        .signs_address_o(sign_row_address),
        .signs_o(sign_row),
        .signs_done_o(signs_done),
        .signs_busy_i(signs_busy)
    );
  end else begin : g_no_values
    assign values_turn = 1'b0;
    assign values_busy = 1'b0;
    assign values_read = 1'b0;
    assign residual_asks = 1'b0;
    assign residual_soon = 1'b0;
    assign residual_address = '0;
    assign residual_bytes = '0;
    assign residual_ready = 1'b0;
    assign values_write_valid = 1'b0;
    assign values_write_address = '0;
    assign values_write_beats = '0;
    assign values_beat_valid = 1'b0;
    assign values_beat_data = '0;
    assign sign_row_store = 1'b0;
    assign sign_row_address = '0;
    assign sign_row = '0;
    assign signs_done = 1'b0;
    wire unused_values = &{1'b0, accumulators_store, accumulators_half, accumulators_address, accumulators, band_value_bytes,
                           parameters_store, parameters_address, parameters_data, signs_busy, dense_store, dense_half,
                           dense_address, dense_lanes, dense_data, dense_done};
  end

  assign busy = writing || values_busy || images_left != 0;

`ifdef VERILATOR
  always_ff @(posedge clk) begin
    if (!rst && read_valid && read_ready) assert (runs_ready) else $error("more runs than have a place");
  end
`else
  wire unused_ready = &{1'b0, runs_ready};
`endif
endmodule

`default_nettype wire
