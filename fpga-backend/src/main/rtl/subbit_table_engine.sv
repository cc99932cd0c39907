// Runs one checked layer of binary activations with a table core; codebook and sign rules are loaded. Four processes run side
// by side: an image's rows and then its indices are read, the core works through blocks of output channels, its sums become
// bits, and the bits of a band of rows are written while those of the next are computed.
//
//   bus ─┬─► subbit_table_rows ────────────────────►┐
//        └─► subbit_table_words ─► ring of indices ►├ subbit_table_core ─► subbit_table_signs ─► subbit_table_writer ─► bus
//
// The rows of an image stay on chip until its last block is computed. Indices come in the order in which they are used:
// blocks of OUTPUTS output channels, groups of CHANNELS input channels, output channels, bit planes. What a block has used
// makes room for the next block's.
`default_nettype none

module subbit_table_engine #(
    // Input channels that are looked up at once, channels that share a match unit, and pixels of a tile.
    parameter int CHANNELS = 64,
    parameter int SHARE = 2,
    parameter int PIXELS = 7,
    parameter int OUTPUTS = 128,
    parameter int INDEX_PLANES = 5,
    parameter int MAX_CHANNELS = 512,
    parameter int MAX_WIDTH = 56,      // a multiple of eight
    parameter int SUM_DEPTH = 512,     // sums of each tile; at least those of a row of a block
    parameter int ROW_DEPTH = 1536,    // places for rows, of all channels
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

    // Reads from device memory: rows and indices, one run of bytes each.
    output logic                  read_valid,
    input  wire                   read_ready,
    output logic [ADDR_WIDTH-1:0] read_address,
    output logic [          23:0] read_bytes,
    input  wire                   read_beat_valid,
    output logic                  read_beat_ready,
    input  wire  [DATA_WIDTH-1:0] read_beat_data,
    input  wire                   read_beat_last,

    // Writes to device memory: the output, one run of beats per channel of a band.
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
  localparam int SUM_ADDRESS = $clog2(SUM_DEPTH);
  localparam int ROW_ADDRESS = $clog2(ROW_DEPTH);
  localparam int GROUPS = (MAX_CHANNELS + CHANNELS - 1) / CHANNELS;
  localparam int INDEX_DEPTH = GROUPS * OUTPUTS;
  localparam int INDEX_ADDRESS = $clog2(INDEX_DEPTH);

  if ((1 << SUM_ADDRESS) != SUM_DEPTH || SUM_DEPTH < OUTPUTS * PIECES) begin : g_check
    $error("SUM_DEPTH must be a power of two and hold the sums of a row of OUTPUTS channels");
  end
  if ((1 << INDEX_ADDRESS) != INDEX_DEPTH) begin : g_check2
    $error("MAX_CHANNELS / CHANNELS * OUTPUTS must be a power of two");
  end

  // ---- What follows from the layer: how a row is cut into steps, and how many rows make a band.
  wire pairs = layer.out_width > 16'(PIXELS);
  wire [15:0] groups = (layer.in_channels + 16'(CHANNELS - 1)) >> $clog2(CHANNELS);
  logic measuring;
  logic [15:0] block, row_sums;    // sums of a block: of a step, and of one row, or of two without pairs
  logic [15:0] band_sums, band_rows;
  logic [39:0] band_bytes;
  wire [15:0] band_more = pairs ? 16'd1 : 16'd2;
  wire [39:0] row_bytes = (40'(layer.out_width) + 40'd7) >> 3;
  logic [PIECE_BITS:0] pieces;
  always_comb begin
    pieces = '0;
    for (int p = 0; p < PIECES; p++) pieces = pieces + (PIECE_BITS + 1)'(p == 0 || layer.out_width > 16'(p * STEP));
  end
  // There before the start.
  always_ff @(posedge clk) begin
    block <= layer.out_channels < 16'(OUTPUTS) ? layer.out_channels : 16'(OUTPUTS);
    row_sums <= '0;
    for (int p = 1; p <= PIECES; p++) if (pieces == (PIECE_BITS + 1)'(p)) row_sums <= 16'(p) * block;
  end
  wire measured = band_rows >= layer.out_height || band_sums + row_sums > 16'(SUM_DEPTH);
  always_ff @(posedge clk) begin
    if (start) begin
      measuring <= 1'b1;
      band_sums <= row_sums;
      band_rows <= band_more;
      band_bytes <= pairs ? row_bytes : row_bytes << 1;
    end else if (measured) begin
      measuring <= 1'b0;
    end else begin
      band_sums <= band_sums + row_sums;
      band_rows <= band_rows + band_more;
      band_bytes <= band_bytes + (pairs ? row_bytes : row_bytes << 1);
    end
    if (rst) measuring <= 1'b0;
  end

  // ---- Reading: the rows of an image, then its indices.
  typedef enum logic [2:0] {
    IDLE,
    ASK_ROWS,
    ROWS,
    ASK_INDEX,
    INDEX,
    COMPUTE      // until the image is computed
  } read_t;
  read_t reading;
  logic [31:0] images_left;
  logic [39:0] image_at;
  logic image_done;
  wire rows_asked = reading == ASK_ROWS && read_ready;
  assign read_valid = reading == ASK_ROWS || reading == ASK_INDEX;
  assign read_address = ADDR_WIDTH'(reading == ASK_ROWS ? image_at : layer.index_address);
  assign read_bytes = 24'(reading == ASK_ROWS ? layer.in_image_bytes : layer.index_bytes);
  logic rows_ready, words_ready;
  assign read_beat_ready = reading == ROWS ? rows_ready : reading == INDEX && words_ready;
  wire run_ends = read_beat_valid && read_beat_ready && read_beat_last;
  always_ff @(posedge clk) begin
    case (reading)
      IDLE: ;
      ASK_ROWS: if (read_ready) reading <= ROWS;
      ROWS: if (run_ends) reading <= ASK_INDEX;
      ASK_INDEX: if (read_ready) reading <= INDEX;
      INDEX: if (run_ends) reading <= COMPUTE;
      default:
      if (image_done) begin
        reading <= images_left == 32'd1 ? IDLE : ASK_ROWS;
        images_left <= images_left - 32'd1;
        image_at <= image_at + layer.in_image_bytes;
      end
    endcase
    if (start) begin
      reading <= ASK_ROWS;
      images_left <= layer.batch;
      image_at <= layer.input_address;
    end
    if (rst) reading <= IDLE;
  end

  logic rows_busy, row_store;
  logic [ROW_ADDRESS-1:0] row_address;
  logic [3*MAX_WIDTH-1:0] row_data;
  subbit_table_rows #(
      .DATA_WIDTH(DATA_WIDTH),
      .WIDTH(MAX_WIDTH),
      .DEPTH(ROW_DEPTH)
  ) rows (
      .clk,
      .rst,
      .start(rows_asked),
      .busy(rows_busy),
      .channels(layer.in_channels),
      .height(layer.in_height),
      .row_bytes($clog2(MAX_WIDTH / 8 + 1)'(layer.row_bytes)),
      .beat_valid(read_beat_valid && reading == ROWS),
      .beat_ready(rows_ready),
      .beat_data(read_beat_data),
      .store(row_store),
      .store_address(row_address),
      .store_rows(row_data)
  );

  // ---- The ring of indices. A word has a bit of the indices of CHANNELS channels.
  logic word_valid;
  logic [CHANNELS-1:0] word;
  logic [3:0] plane;
  logic [INDEX_ADDRESS-1:0] ring_at;
  logic [INDEX_ADDRESS:0] ring_used;
  logic [15:0] load_channel, load_output, load_group;    // of the word that comes
  logic [15:0] loaded, loaded_before;    // groups of all blocks of the image, and those of the blocks before this one
  logic group_loaded;
  logic group_done;
  logic [15:0] outputs;                  // of the block that is computed
  wire word_ready = ring_used != (INDEX_ADDRESS + 1)'(INDEX_DEPTH);
  wire index_store = word_valid && word_ready;
  wire word_ends = index_store && plane == layer.tau - 4'd1;
  wire [15:0] load_left = layer.out_channels - load_channel;
  wire [15:0] load_outputs = load_left < 16'(OUTPUTS) ? load_left : 16'(OUTPUTS);
  wire load_group_ends = word_ends && load_output == load_outputs - 16'd1;
  wire load_block_ends = load_group_ends && load_group == groups - 16'd1;
  subbit_table_words #(
      .DATA_WIDTH(DATA_WIDTH),
      .WORD(CHANNELS)
  ) words (
      .clk,
      .rst(rst || rows_asked),
      .beat_valid(read_beat_valid && reading == INDEX),
      .beat_ready(words_ready),
      .beat_data(read_beat_data),
      .word_valid,
      .word_ready,
      .word
  );
  always_ff @(posedge clk) begin
    if (rst || rows_asked) begin
      plane <= '0;
      ring_at <= '0;
      ring_used <= '0;
      load_channel <= '0;
      load_output <= '0;
      load_group <= '0;
      loaded <= '0;
    end else begin
      if (index_store) plane <= word_ends ? 4'd0 : plane + 4'd1;
      if (word_ends) begin
        ring_at <= ring_at + 1'b1;
        load_output <= load_group_ends ? 16'd0 : load_output + 16'd1;
      end
      if (group_loaded) loaded <= loaded + 16'd1;
      if (load_group_ends) begin
        load_group <= load_block_ends ? 16'd0 : load_group + 16'd1;
      end
      if (load_block_ends) load_channel <= load_channel + 16'(OUTPUTS);
      ring_used <= ring_used + (INDEX_ADDRESS + 1)'(word_ends) - (group_done ? (INDEX_ADDRESS + 1)'(outputs) : '0);
    end
  end

  // Many memories lie behind these.
  logic index_write;
  logic [3:0] index_plane;
  logic [INDEX_ADDRESS-1:0] index_address;
  logic [CHANNELS-1:0] index_data;
  always_ff @(posedge clk) begin
    index_write <= index_store;
    index_plane <= plane;
    index_address <= ring_at;
    index_data <= word;
    group_loaded <= load_group_ends;
  end

  // ---- Computing: the blocks of an image.
  typedef enum logic [1:0] {
    WAIT_ROWS,    // for an image
    START,        // a block
    STARTED,
    RUN
  } compute_t;
  compute_t computing;
  logic core_busy;
  logic [15:0] first_channel;
  logic [INDEX_ADDRESS-1:0] index_base;
  wire [15:0] channels_left = layer.out_channels - first_channel;
  assign outputs = channels_left < 16'(OUTPUTS) ? channels_left : 16'(OUTPUTS);
  // Words of a whole block; a smaller one is the last.
  wire [INDEX_ADDRESS-1:0] block_words = INDEX_ADDRESS'(groups << $clog2(OUTPUTS));
  wire block_done = computing == RUN && !core_busy;
  assign image_done = computing == WAIT_ROWS && first_channel != 0;
  always_ff @(posedge clk) begin
    case (computing)
      WAIT_ROWS: begin
        if (reading == COMPUTE) first_channel <= '0;
        index_base <= '0;
        loaded_before <= '0;
        if (first_channel == 0 && (reading == ASK_INDEX || reading == INDEX || reading == COMPUTE) && !rows_busy &&
            !row_store && !measuring) computing <= START;
      end
      START: computing <= STARTED;
      STARTED: computing <= RUN;
      default:
      if (block_done) begin
        computing <= channels_left <= 16'(OUTPUTS) ? WAIT_ROWS : START;
        first_channel <= first_channel + 16'(OUTPUTS);
        loaded_before <= loaded_before + groups;
        index_base <= index_base + block_words;
      end
    endcase
    if (rst || start) begin
      computing <= WAIT_ROWS;
      first_channel <= '0;
    end
  end

  logic [1:0] bands_held;      // halves of the writer's memory that are in use
  logic sums_begin, sums_valid, band_done, band_read;
  logic [SUM_ADDRESS-1:0] sums_address;
  logic [2*PIXELS*SUM_BITS-1:0] sums;
  always_ff @(posedge clk) begin
    if (rst || start) bands_held <= '0;
    else bands_held <= bands_held + 2'(sums_begin) - 2'(band_read);
  end

  // The row of the input that is under the first row of windows, and where it lies.
  wire signed [17:0] first_row = -18'(layer.pad_top);
  wire [1:0] first_bank = layer.pad_top == 2'd0 ? 2'd0 : 2'd3 - layer.pad_top;
  wire [ROW_ADDRESS-1:0] first_address = layer.pad_top == 2'd0 ? '0 : '1;
  subbit_table_core #(
      .CHANNELS(CHANNELS),
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
      .channel_groups(groups),
      .last_channels(($clog2(CHANNELS) + 1)'(layer.in_channels - ((groups - 16'd1) << $clog2(CHANNELS)))),
      .index_base,
      .groups_loaded(loaded - loaded_before),
      .sums_room(bands_held != 2'd2),
      .sums_begin,
      .group_done,
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
      .store(bits_store),
      .store_half(bits_half),
      .store_piece(bits_piece),
      .store_address(bits_address),
      .store_bits(bits),
      .band_done
  );

  logic writing;
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
      .start,
      .busy(writing),
      .pairs,
      .batch(layer.batch),
      .out_channels(layer.out_channels),
      .out_height(layer.out_height),
      .out_width(layer.out_width),
      .band_rows,
      .band_bytes,
      .output_address(layer.output_address),
      .plane_bytes(layer.out_plane_bytes),
      .image_bytes(layer.out_image_bytes),
      .store(bits_store),
      .store_half(bits_half),
      .store_piece(bits_piece),
      .store_address(bits_address),
      .store_bits(bits),
      .band_done,
      .band_read,
      .command_valid(write_valid),
      .command_ready(write_ready),
      .command_address(write_address),
      .command_beats(write_beats),
      .beat_valid(write_beat_valid),
      .beat_ready(write_beat_ready),
      .beat_data(write_beat_data),
      .beat_strobe(write_beat_strobe)
  );

  assign busy = writing || reading != IDLE;
  wire unused = &{1'b0, sums_address};
endmodule

`default_nettype wire
