// The device of docs/DEVICE.md: registers behind an AXI4-Lite slave, one engine, an AXI4 master to device memory, and
// an interrupt. It has one clock; its reset is synchronous and active low, as AXI requires.
//
// A request goes through these modules: subbit_registers starts subbit_list, which fetches each descriptor and has
// subbit_descriptor check it, subbit_weight_loader load its weights, and subbit_engine run the layer. List, weight
// loader and engine take turns at the bus; subbit_arbiter shares it between them and the engine of stems and shortcuts, since a
// stem may run beside the layers after it.
`default_nettype none

module subbit_device #(
    // The processing element. 0: the paper's, with DOT_UNITS nine-tap units and LANES accumulators. 1: shared partial
    // sums, with LANES adders. 2: tables in block RAM, for binary activations, two for each of CHANNEL_LANES channels;
    // one look-up in both serves LANES pixels, and a match unit of each serves LANES / DOT_UNITS channels.
    parameter int RESPONSE_UNIT = 0,
    parameter int DOT_UNITS = 1,
    parameter int LANES = 4,
    // Input channels that are processed at once: 1, and with tables a power of two up to INDEX_CHANNELS (64).
    parameter int CHANNEL_LANES = 1,
    // With tables, and a bus of up to 64 bits: convolutions of integer networks too. Elsewhere it does nothing.
    parameter bit INTEGER_CONV = 0,
    // With INTEGER_CONV: stems, shortcuts and classifiers of integer networks too, by 128 multiply-adders.
    parameter bit DENSE = 0,
    // Responses in one bank of the table: table mode is available up to 2^tau = TABLE_DEPTH.
    parameter int TABLE_DEPTH = 64,
    // The largest tau, 1 to 9. Most of the block RAM holds the index, with one bit plane of MAX_CHANNELS^2 bits for
    // each bit of tau; a plain binary network needs nine.
    parameter int INDEX_PLANES = 9,
    // The largest number of input and of output channels, a power of two.
    parameter int MAX_CHANNELS = 512,
    // The largest width of input and output.
    parameter int MAX_WIDTH = 512,
    // Accumulators per lane in each of two halves; at least 8 * MAX_CHANNELS / LANES. With tables: sums of each pixel.
    parameter int SUM_DEPTH = 1024,
    // Pixels in each of three input banks, in each of two halves; at least MAX_WIDTH. With tables: rows in each of three
    // banks, which hold an image; see the register INPUT_ROWS.
    parameter int ROW_DEPTH = 512,
    // Address bits of the AXI4 master, at most 40.
    parameter int ADDR_WIDTH = 32,
    // Bits of the AXI4 master: 32, 64 or 128.
    parameter int DATA_WIDTH = 64,
    // Size of device memory.
    parameter logic [63:0] MEMORY_BYTES = 64'd1 << 28
) (
    input wire aclk,
    input wire aresetn,

    // AXI4-Lite slave: the registers.
    input  wire         s_axi_awvalid,
    output logic        s_axi_awready,
    input  wire  [11:0] s_axi_awaddr,
    input  wire  [ 2:0] s_axi_awprot,
    input  wire         s_axi_wvalid,
    output logic        s_axi_wready,
    input  wire  [31:0] s_axi_wdata,
    input  wire  [ 3:0] s_axi_wstrb,
    output logic        s_axi_bvalid,
    input  wire         s_axi_bready,
    output logic [ 1:0] s_axi_bresp,
    input  wire         s_axi_arvalid,
    output logic        s_axi_arready,
    input  wire  [11:0] s_axi_araddr,
    input  wire  [ 2:0] s_axi_arprot,
    output logic        s_axi_rvalid,
    input  wire         s_axi_rready,
    output logic [31:0] s_axi_rdata,
    output logic [ 1:0] s_axi_rresp,

    // AXI4 master: device memory.
    output logic                    m_axi_awvalid,
    input  wire                     m_axi_awready,
    output logic [  ADDR_WIDTH-1:0] m_axi_awaddr,
    output logic [             7:0] m_axi_awlen,
    output logic [             2:0] m_axi_awsize,
    output logic [             1:0] m_axi_awburst,
    output logic [             3:0] m_axi_awcache,
    output logic [             2:0] m_axi_awprot,
    output logic                    m_axi_wvalid,
    input  wire                     m_axi_wready,
    output logic [  DATA_WIDTH-1:0] m_axi_wdata,
    output logic [DATA_WIDTH/8-1:0] m_axi_wstrb,
    output logic                    m_axi_wlast,
    input  wire                     m_axi_bvalid,
    output logic                    m_axi_bready,
    input  wire  [             1:0] m_axi_bresp,
    output logic                    m_axi_arvalid,
    input  wire                     m_axi_arready,
    output logic [  ADDR_WIDTH-1:0] m_axi_araddr,
    output logic [             7:0] m_axi_arlen,
    output logic [             2:0] m_axi_arsize,
    output logic [             1:0] m_axi_arburst,
    output logic [             3:0] m_axi_arcache,
    output logic [             2:0] m_axi_arprot,
    input  wire                     m_axi_rvalid,
    output logic                    m_axi_rready,
    input  wire  [  DATA_WIDTH-1:0] m_axi_rdata,
    input  wire  [             1:0] m_axi_rresp,
    input  wire                     m_axi_rlast,

    // Interrupt, level-sensitive, active high.
    output logic irq
);
  import subbit_contract_pkg::*;
  import subbit_pkg::*;
  localparam int WORD_BITS = $clog2(MAX_CHANNELS * MAX_CHANNELS / DATA_WIDTH);
  localparam int CHANNEL_BITS = $clog2(MAX_CHANNELS);
  localparam logic [7:0] RESPONSES = RESPONSE_UNIT == 1 ? 8'(LANES / 2) : 8'(DOT_UNITS);
  localparam bit TABLES = RESPONSE_UNIT == 32'(RESPONSE_UNIT_TABLES);
  // The values of integer networks begin on a beat of up to 64 bits.
  localparam bit INTEGER_CONVS = INTEGER_CONV && TABLES && DATA_WIDTH <= 64;
  localparam bit DENSES = DENSE && INTEGER_CONVS;
  // Binary activations, MEMORY_BASE, bits out, and but for tables 8-bit activations and residuals; strides to 2, no
  // dilation, no groups.
  localparam logic [31:0] FEATURES = 32'd1 << FEATURES_BINARY | 32'd1 << FEATURES_MEMORY_BASE | 32'd1 << FEATURES_BITS_OUT |
      (TABLES ? 32'd0 : 32'd1 << FEATURES_INT8 | 32'd1 << FEATURES_RESIDUAL) |
      (DENSES ? 32'd1 << FEATURES_STEM | 32'd1 << FEATURES_SHORTCUT | 32'd1 << FEATURES_CLASSIFIER | 32'd1 << FEATURES_BESIDE : 32'd0) | (INTEGER_CONVS ? 32'd1 << FEATURES_INTEGER_CONV : 32'd0);

  if (TABLES ? 32'(INDEX_CHANNELS) % CHANNEL_LANES != 0 : CHANNEL_LANES != 1) begin : g_check4
    $error("CHANNEL_LANES must be 1, and with tables divide INDEX_CHANNELS, in whose groups the index lies in memory");
  end
  if (MAX_WIDTH > ROW_DEPTH) begin : g_check
    $error("ROW_DEPTH must be at least MAX_WIDTH");
  end
  if (MEMORY_BYTES > (64'd1 << ADDR_WIDTH) || ADDR_WIDTH > 40) begin : g_check2
    $error("ADDR_WIDTH must reach all of MEMORY_BYTES, at most 40");
  end

  if (!TABLES && SUM_DEPTH < 8 * ((MAX_CHANNELS + LANES - 1) / LANES)) begin : g_check3
    $error("a lane must hold the sums of eight pixels, SUM_DEPTH >= 8 * MAX_CHANNELS / LANES, for bits to be written in whole bytes");
  end

  assign m_axi_awcache = 4'b0011;
  assign m_axi_arcache = 4'b0011;
  assign m_axi_awprot = 3'b000;
  assign m_axi_arprot = 3'b000;

  wire clk = aclk;
  logic start, abort;
  // Both resets reach everything else one cycle late, from registers of their own.
  wire rst = !aresetn;
  logic bus_rst, bus_abort, clear;
  always_ff @(posedge clk) begin
    bus_rst <= rst;
    bus_abort <= abort;
    clear <= rst || abort;
  end
  logic [63:0] list_address, cycles;
  logic [31:0] list_count, error_descriptor;
  logic [ADDR_WIDTH-1:0] memory_base;
  logic [3:0] error;
  logic running, finished, read_busy, write_busy, read_fault, write_fault;

  subbit_registers #(
      .ENGINE(32'(TABLE_DEPTH) << ENGINE_TABLE_DEPTH | 32'(LANES) << ENGINE_ACCUMULATORS | 32'(RESPONSES) << ENGINE_DOT_UNITS),
      .FEATURES(FEATURES),
      .MAX_CHANNELS(32'(MAX_CHANNELS)),
      .MAX_WIDTH(32'(MAX_WIDTH)),
      .MEMORY_BYTES(MEMORY_BYTES),
      .RESPONSE_UNIT(32'(RESPONSE_UNIT)),
      .CHANNEL_LANES(32'(CHANNEL_LANES)),
      .MAX_TAU(32'(INDEX_PLANES)),
      .INPUT_ROWS(TABLES ? 32'(ROW_DEPTH) : 32'd0),
      .ADDR_WIDTH(ADDR_WIDTH)
  ) registers (
      .clk,
      .rst,
      .s_axi_awvalid,
      .s_axi_awready,
      .s_axi_awaddr,
      .s_axi_wvalid,
      .s_axi_wready,
      .s_axi_wdata,
      .s_axi_wstrb,
      .s_axi_bvalid,
      .s_axi_bready,
      .s_axi_bresp,
      .s_axi_arvalid,
      .s_axi_arready,
      .s_axi_araddr,
      .s_axi_rvalid,
      .s_axi_rready,
      .s_axi_rdata,
      .s_axi_rresp,
      .irq,
      .start,
      .abort,
      .list_address,
      .list_count,
      .memory_base,
      .idle(!clear && !running && !read_busy && !write_busy),
      .finished,
      .error,
      .error_descriptor,
      .cycles
  );

  logic check_start, check_done, check_decoded, load_start, load_done, run_start, run_busy, weights_turn, engine_turn;
  logic [3:0] check_error, load_error, weights_error;
  logic weights_done, classifier_loaded;
  logic [2047:0] descriptor;
  layer_t layer;

  // List, weight loader and engine take turns at reading, list and engine at writing; never two at once. What they ask of the
  // bus is theirs alone, but for the engine of stems and shortcuts, which asks beside them.
  logic read_valid, read_ready, beat_valid, beat_ready, beat_last;
  logic [ADDR_WIDTH-1:0] read_address;
  logic [23:0] read_bytes;
  logic [DATA_WIDTH-1:0] beat_data;
  logic list_read_valid, load_read_valid, engine_read_valid;
  logic list_beat_ready, load_beat_ready, engine_beat_ready;
  logic [ADDR_WIDTH-1:0] list_read_address, load_read_address, engine_read_address;
  logic [23:0] list_read_bytes, load_read_bytes, engine_read_bytes;
  assign read_valid = engine_turn ? engine_read_valid : weights_turn ? load_read_valid : list_read_valid;
  assign read_address = engine_turn ? engine_read_address : weights_turn ? load_read_address : list_read_address;
  assign read_bytes = engine_turn ? engine_read_bytes : weights_turn ? load_read_bytes : list_read_bytes;
  assign beat_ready = engine_turn ? engine_beat_ready : weights_turn ? load_beat_ready : list_beat_ready;

  logic write_valid, write_ready, write_beat_valid, write_beat_ready;
  logic [ADDR_WIDTH-1:0] write_address;
  logic [23:0] write_beats;
  logic [DATA_WIDTH-1:0] write_beat_data;
  logic [DATA_WIDTH/8-1:0] write_beat_strobe;
  logic list_write_valid, engine_write_valid, list_write_beat_valid, engine_write_beat_valid;
  logic [ADDR_WIDTH-1:0] list_write_address, engine_write_address;
  logic [23:0] list_write_beats, engine_write_beats;
  logic [DATA_WIDTH-1:0] list_write_beat_data, engine_write_beat_data;
  logic [DATA_WIDTH/8-1:0] list_write_beat_strobe, engine_write_beat_strobe;
  assign write_valid = engine_turn ? engine_write_valid : list_write_valid;
  assign write_address = engine_turn ? engine_write_address : list_write_address;
  assign write_beats = engine_turn ? engine_write_beats : list_write_beats;
  assign write_beat_valid = engine_turn ? engine_write_beat_valid : list_write_beat_valid;
  assign write_beat_data = engine_turn ? engine_write_beat_data : list_write_beat_data;
  assign write_beat_strobe = engine_turn ? engine_write_beat_strobe : list_write_beat_strobe;

  // What the engine of stems and shortcuts asks.
  logic dense_read_valid, dense_read_ready, dense_beat_valid, dense_beat_ready;
  logic dense_write_valid, dense_write_ready, dense_write_beat_valid, dense_write_beat_ready;
  logic [ADDR_WIDTH-1:0] dense_read_address, dense_write_address;
  logic [23:0] dense_read_bytes, dense_write_beats;
  logic [DATA_WIDTH-1:0] dense_write_beat_data;
  logic [DATA_WIDTH/8-1:0] dense_write_beat_strobe;
  // Of the bus itself.
  logic bus_read_valid, bus_read_ready, bus_beat_valid, bus_beat_ready, bus_beat_last;
  logic bus_write_valid, bus_write_ready, bus_write_beat_valid, bus_write_beat_ready;
  logic [ADDR_WIDTH-1:0] bus_read_address, bus_write_address;
  logic [23:0] bus_read_bytes, bus_write_beats;
  logic [DATA_WIDTH-1:0] bus_write_beat_data;
  logic [DATA_WIDTH/8-1:0] bus_write_beat_strobe;
  // A layer has the array of multiply-adders, and it runs beside the list.
  logic array_busy, dense_beside, beside_q, writes_end;
  always_ff @(posedge clk) beside_q <= dense_beside;

  subbit_list #(
      .NEWEST(INTEGER_CONVS ? 3 : 2),
      .ADDR_WIDTH(ADDR_WIDTH),
      .DATA_WIDTH(DATA_WIDTH),
      .MEMORY_BYTES(MEMORY_BYTES)
  ) list (
      .clk,
      .rst(clear),
      .start,
      .list_address,
      .list_count,
      .running,
      .finished,
      .error,
      .error_descriptor,
      .cycles,
      .fault(read_fault || write_fault),
      .check_start,
      .descriptor,
      .check_done,
      .check_decoded,
      .check_error,
      .load_start,
      .load_done,
      .load_error,
      .run_start,
      .run_busy,
      .writes_busy(write_busy),
      .writes_end,
      .needs_array(layer.stem || layer.shortcut || layer.classifier),
      .array_busy,
      .weights_turn,
      .engine_turn,
      .read_valid(list_read_valid),
      .read_ready(read_ready && !engine_turn && !weights_turn),
      .read_address(list_read_address),
      .read_bytes(list_read_bytes),
      .read_beat_valid(beat_valid),
      .read_beat_ready(list_beat_ready),
      .read_beat_data(beat_data),
      .read_beat_last(beat_last),
      .write_valid(list_write_valid),
      .write_ready(write_ready && !engine_turn),
      .write_address(list_write_address),
      .write_beats(list_write_beats),
      .write_beat_valid(list_write_beat_valid),
      .write_beat_ready(write_beat_ready),
      .write_beat_data(list_write_beat_data),
      .write_beat_strobe(list_write_beat_strobe)
  );

  subbit_descriptor #(
      .RESPONSE_UNIT(RESPONSE_UNIT),
      .DENSE(DENSES),
      .INTEGER_CONV(INTEGER_CONVS),
      .LANES(LANES),
      .TABLE_DEPTH(TABLE_DEPTH),
      .INDEX_PLANES(INDEX_PLANES),
      .MAX_CHANNELS(MAX_CHANNELS),
      .MAX_WIDTH(MAX_WIDTH),
      .SUM_DEPTH(SUM_DEPTH),
      .ROW_DEPTH(ROW_DEPTH),
      .MEMORY_BYTES(MEMORY_BYTES)
  ) check (
      .clk,
      .rst(clear),
      .start(check_start),
      .bytes(descriptor),
      .done(check_done),
      .decoded(check_decoded),
      .error(check_error),
      .layer
  );

  logic index_store, codebook_write, bias_write, multiplier_write;
  logic [3:0] index_plane;
  logic [WORD_BITS-1:0] index_address;
  logic [DATA_WIDTH-1:0] index_data;
  logic [8:0] codebook_index, codebook_codeword;
  logic [CHANNEL_BITS-1:0] parameter_channel;
  logic [31:0] parameter_value;
  logic integers_store;
  logic [$clog2(128*MAX_CHANNELS/DATA_WIDTH)-1:0] integers_address;
  logic [DATA_WIDTH-1:0] integers_data;
  subbit_weight_loader #(
      .INDEX_TOO(!TABLES),
      .MAX_CHANNELS(MAX_CHANNELS),
      .ADDR_WIDTH(ADDR_WIDTH),
      .DATA_WIDTH(DATA_WIDTH)
  ) weights (
      .clk,
      .rst(clear),
      .layer,
      .start(load_start && !layer.classifier),
      .done(weights_done),
      .error(weights_error),
      .read_valid(load_read_valid),
      .read_ready(read_ready && weights_turn),
      .read_address(load_read_address),
      .read_bytes(load_read_bytes),
      .read_beat_valid(beat_valid && weights_turn),
      .read_beat_ready(load_beat_ready),
      .read_beat_data(beat_data),
      .read_beat_last(beat_last),
      .index_store,
      .index_plane,
      .index_address,
      .index_data,
      .codebook_write,
      .codebook_index,
      .codebook_codeword,
      .bias_write,
      .multiplier_write,
      .parameter_channel,
      .parameter_value,
      .integers_store,
      .integers_address,
      .integers_data
  );

  // A classifier has nothing that is loaded before it runs.
  always_ff @(posedge clk) classifier_loaded <= load_start && layer.classifier && !clear;
  assign load_done = weights_done || classifier_loaded;
  assign load_error = layer.classifier ? ERROR_NONE : weights_error;

  if (TABLES) begin : g_tables
    // What each engine asks of the bus. Values of shortcuts are written by the engine with tables.
    logic table_busy, dense_busy, classifier_busy;
    logic table_read_valid, table_read_beat_ready, table_write_valid, table_write_beat_valid;
    logic [ADDR_WIDTH-1:0] table_read_address, table_write_address;
    logic [23:0] table_read_bytes, table_write_beats;
    logic [DATA_WIDTH-1:0] table_write_beat_data;
    logic [DATA_WIDTH/8-1:0] table_write_beat_strobe;
    logic classifier_read_valid, classifier_read_beat_ready, classifier_write_valid, classifier_write_beat_valid;
    logic [ADDR_WIDTH-1:0] classifier_read_address, classifier_write_address;
    logic [23:0] classifier_read_bytes, classifier_write_beats;
    logic [DATA_WIDTH-1:0] classifier_write_beat_data;
    logic [DATA_WIDTH/8-1:0] classifier_write_beat_strobe;
    assign run_busy = table_busy || (dense_busy && !dense_beside) || classifier_busy;
    assign array_busy = dense_busy;
    assign engine_read_valid = layer.classifier ? classifier_read_valid : table_read_valid;
    assign engine_read_address = layer.classifier ? classifier_read_address : table_read_address;
    assign engine_read_bytes = layer.classifier ? classifier_read_bytes : table_read_bytes;
    assign engine_beat_ready = layer.classifier ? classifier_read_beat_ready : table_read_beat_ready;
    assign engine_write_valid = layer.classifier ? classifier_write_valid : table_write_valid;
    assign engine_write_address = layer.classifier ? classifier_write_address : table_write_address;
    assign engine_write_beats = layer.classifier ? classifier_write_beats : table_write_beats;
    assign engine_write_beat_valid = layer.classifier ? classifier_write_beat_valid : table_write_beat_valid;
    assign engine_write_beat_data = layer.classifier ? classifier_write_beat_data : table_write_beat_data;
    assign engine_write_beat_strobe = layer.classifier ? classifier_write_beat_strobe : table_write_beat_strobe;
    // Accumulators of shortcuts.
    localparam int SUM_ADDRESS = $clog2(SUM_DEPTH);
    localparam int PIECES = (MAX_WIDTH + LANES - 1) / LANES;
    logic bands_ready, band_room, band_begin, sums_store, sums_half, sums_done;
    logic [15:0] bands_rows;
    logic [$clog2(PIECES+1)-1:0] pieces;
    logic [SUM_ADDRESS-1:0] sums_address;
    logic [LANES-1:0] sums_lanes;
    logic [16*LANES-1:0] sums_data;
    subbit_table_engine #(
        .CHANNELS(CHANNEL_LANES),
        .INDEX_CHANNELS(32'(INDEX_CHANNELS)),
        .SHARE(LANES / DOT_UNITS),
        .PIXELS(LANES / 2),
        .OUTPUTS(32'(INDEX_OUTPUTS)),
        .INDEX_PLANES(INDEX_PLANES),
        .MAX_CHANNELS(MAX_CHANNELS),
        .MAX_WIDTH(MAX_WIDTH),
        .SUM_DEPTH(SUM_DEPTH),
        .ROW_DEPTH(ROW_DEPTH),
        .INTEGER_CONV(INTEGER_CONVS),
        .DENSE(DENSES),
        .ADDR_WIDTH(ADDR_WIDTH),
        .DATA_WIDTH(DATA_WIDTH)
    ) engine (
        .clk,
        .rst(clear),
        .layer,
        .start(run_start && !layer.classifier && !layer.stem),
        .busy(table_busy),
        .codebook_write,
        .codebook_index(INDEX_PLANES'(codebook_index)),
        .codebook_codeword,
        .rule_write(multiplier_write),
        .rule_channel(parameter_channel),
        .rule(parameter_value),
        .parameters_store(integers_store),
        .parameters_address(integers_address),
        .parameters_data(integers_data),
        .dense_ready(bands_ready),
        .dense_band_rows(bands_rows),
        .dense_pieces(pieces),
        .dense_room(band_room),
        .dense_begin(band_begin),
        .dense_store(sums_store),
        .dense_half(sums_half),
        .dense_address(sums_address),
        .dense_lanes(sums_lanes),
        .dense_data(sums_data),
        .dense_done(sums_done),
        .read_valid(table_read_valid),
        .read_ready(read_ready && engine_turn && !layer.classifier),
        .read_address(table_read_address),
        .read_bytes(table_read_bytes),
        .read_beat_valid(beat_valid && engine_turn && !layer.classifier),
        .read_beat_ready(table_read_beat_ready),
        .read_beat_data(beat_data),
        .read_beat_last(beat_last),
        .write_valid(table_write_valid),
        .write_ready(write_ready && engine_turn && !layer.classifier),
        .write_address(table_write_address),
        .write_beats(table_write_beats),
        .write_beat_valid(table_write_beat_valid),
        .write_beat_ready(write_beat_ready && engine_turn && !layer.classifier),
        .write_beat_data(table_write_beat_data),
        .write_beat_strobe(table_write_beat_strobe)
    );
    if (DENSES) begin : g_dense
      localparam int OUTPUTS = 32'(DENSE_OUTPUTS);
      logic weights_begin, weights_valid, weights_stored, tap, last, held;
      logic [CHANNEL_BITS-1:0] tap_word;
      logic [31:0] pixels;
      logic [1:0] shift;
      logic [63:0] sums;
      // The layer that has the array, which may not be the one that the list is at. It starts when what follows from it has
      // settled.
      layer_t dense_layer_q;
      logic [2:0] dense_starts_q;
      wire dense_start_q = dense_starts_q[2];
      logic engine_busy, end_busy, lent_q;
      wire starts = run_start && (layer.stem || layer.shortcut);
      wire stem_store = integers_store && layer.stem;
      always_ff @(posedge clk) begin
        if (starts) dense_layer_q <= layer;
        dense_starts_q <= clear ? '0 : {dense_starts_q[1:0], starts};
        lent_q <= classifier_busy;
      end
      assign dense_busy = dense_starts_q != '0 || engine_busy || end_busy;
      assign dense_beside = dense_busy && dense_layer_q.beside;
      logic unit_room, unit_begin, unit_done, sum_valid;
      logic [CHANNEL_BITS-1:0] sum_channel;
      logic [$clog2(OUTPUTS)-1:0] sum_place;
      logic [$clog2(MAX_WIDTH)-1:0] sum_column;
      logic [15:0] sum;
      subbit_stem_end #(
          .OUTPUTS(OUTPUTS),
          .MAX_CHANNELS(MAX_CHANNELS),
          .WIDTH(MAX_WIDTH),
          .ADDR_WIDTH(ADDR_WIDTH),
          .DATA_WIDTH(DATA_WIDTH)
      ) stem_end (
          .clk,
          .rst(clear),
          .layer_i(dense_layer_q),
          .start_i(dense_start_q && dense_layer_q.stem),
          .busy_o(end_busy),
          .parameters_store_i(stem_store),
          .parameters_address_i(integers_address),
          .parameters_data_i(integers_data[31:0]),
          .room_o(unit_room),
          .begin_i(unit_begin),
          .valid_i(sum_valid),
          .channel_i(sum_channel),
          .place_i(sum_place),
          .column_i(sum_column),
          .sum_i(sum),
          .done_i(unit_done),
          .write_valid_o(dense_write_valid),
          .write_ready_i(dense_write_ready),
          .write_address_o(dense_write_address),
          .write_beats_o(dense_write_beats),
          .write_beat_valid_o(dense_write_beat_valid),
          .write_beat_ready_i(dense_write_beat_ready),
          .write_beat_data_o(dense_write_beat_data),
          .write_beat_strobe_o(dense_write_beat_strobe)
      );
      subbit_dense_engine #(
          .OUTPUTS(OUTPUTS),
          .BLOCK(32'(INDEX_OUTPUTS)),
          .TAPS(32'(DENSE_TAPS)),
          .VALUES(32'(2 * SHORTCUT_PAIRS)),
          .TILE_PIXELS(LANES / 2),
          .PIECES(PIECES),
          .SUMS(SUM_DEPTH),
          .MAX_CHANNELS(MAX_CHANNELS),
          .MAX_WIDTH(MAX_WIDTH),
          .ADDR_WIDTH(ADDR_WIDTH),
          .DATA_WIDTH(DATA_WIDTH)
      ) dense_engine (
          .clk,
          .rst(clear),
          .layer_i(dense_layer_q),
          .start_i(dense_start_q),
          .busy_o(engine_busy),
          .parameters_store_i(stem_store),
          .parameters_address_i(integers_address),
          .parameters_sign_i(integers_data[15]),
          .read_valid_o(dense_read_valid),
          .read_ready_i(dense_read_ready),
          .read_address_o(dense_read_address),
          .read_bytes_o(dense_read_bytes),
          .read_beat_valid_i(dense_beat_valid),
          .read_beat_ready_o(dense_beat_ready),
          .read_beat_data_i(beat_data),
          .read_beat_last_i(bus_beat_last),
          .band_ready_i(bands_ready),
          .band_rows_i(bands_rows),
          .pieces_i(pieces),
          .band_room_i(band_room),
          .band_begin_o(band_begin),
          .store_o(sums_store),
          .store_half_o(sums_half),
          .store_address_o(sums_address),
          .store_lanes_o(sums_lanes),
          .store_data_o(sums_data),
          .band_done_o(sums_done),
          .unit_room_i(unit_room),
          .unit_begin_o(unit_begin),
          .sum_valid_o(sum_valid),
          .sum_channel_o(sum_channel),
          .sum_place_o(sum_place),
          .sum_column_o(sum_column),
          .sum_o(sum),
          .unit_done_o(unit_done),
          .lend_i(lent_q),
          .lent_begin_i(weights_begin),
          .lent_beat_valid_i(weights_valid),
          .lent_beat_data_i(beat_data),
          .lent_stored_o(weights_stored),
          .lent_tap_i(tap),
          .lent_last_i(last),
          .lent_word_i(tap_word),
          .lent_pixels_i(pixels),
          .lent_held_o(held),
          .lent_shift_i(shift),
          .lent_sums_o(sums)
      );
      subbit_classifier_engine #(
          .OUTPUTS(OUTPUTS),
          .MAX_CHANNELS(MAX_CHANNELS),
          .ADDR_WIDTH(ADDR_WIDTH),
          .DATA_WIDTH(DATA_WIDTH)
      ) classifier (
          .clk,
          .rst(clear),
          .layer_i(layer),
          .start_i(run_start && layer.classifier),
          .busy_o(classifier_busy),
          .read_valid_o(classifier_read_valid),
          .read_ready_i(read_ready && engine_turn && layer.classifier),
          .read_address_o(classifier_read_address),
          .read_bytes_o(classifier_read_bytes),
          .read_beat_valid_i(beat_valid && engine_turn && layer.classifier),
          .read_beat_ready_o(classifier_read_beat_ready),
          .read_beat_data_i(beat_data),
          .read_beat_last_i(beat_last),
          .weights_begin_o(weights_begin),
          .weights_valid_o(weights_valid),
          .weights_stored_i(weights_stored),
          .tap_o(tap),
          .last_o(last),
          .word_o(tap_word),
          .pixels_o(pixels),
          .held_i(held),
          .shift_o(shift),
          .sums_i(sums),
          .write_valid_o(classifier_write_valid),
          .write_ready_i(write_ready && engine_turn && layer.classifier),
          .write_address_o(classifier_write_address),
          .write_beats_o(classifier_write_beats),
          .write_beat_valid_o(classifier_write_beat_valid),
          .write_beat_ready_i(write_beat_ready && engine_turn && layer.classifier),
          .write_beat_data_o(classifier_write_beat_data),
          .write_beat_strobe_o(classifier_write_beat_strobe)
      );
    end else begin : g_no_dense
      assign dense_busy = 1'b0;
      assign dense_beside = 1'b0;
      assign band_begin = 1'b0;
      assign sums_store = 1'b0;
      assign sums_half = 1'b0;
      assign sums_address = '0;
      assign sums_lanes = '0;
      assign sums_data = '0;
      assign sums_done = 1'b0;
      assign classifier_busy = 1'b0;
      assign classifier_read_valid = 1'b0;
      assign classifier_read_address = '0;
      assign classifier_read_bytes = '0;
      assign classifier_read_beat_ready = 1'b0;
      assign classifier_write_valid = 1'b0;
      assign classifier_write_address = '0;
      assign classifier_write_beats = '0;
      assign classifier_write_beat_valid = 1'b0;
      assign classifier_write_beat_data = '0;
      assign classifier_write_beat_strobe = '0;
      wire unused_bands = &{1'b0, bands_ready, bands_rows, pieces, band_room};
    end
    wire unused_index = &{1'b0, codebook_index, index_store, index_plane, index_address, index_data, bias_write};
  end else begin : g_sums
    assign array_busy = 1'b0;
    assign dense_beside = 1'b0;
    wire unused_integers = &{1'b0, integers_store, integers_address, integers_data};
    subbit_engine #(
        .RESPONSE_UNIT(RESPONSE_UNIT),
        .DOT_UNITS(DOT_UNITS),
        .LANES(LANES),
        .TABLE_DEPTH(TABLE_DEPTH),
        .INDEX_PLANES(INDEX_PLANES),
        .MAX_CHANNELS(MAX_CHANNELS),
        .SUM_DEPTH(SUM_DEPTH),
        .ROW_DEPTH(ROW_DEPTH),
        .ADDR_WIDTH(ADDR_WIDTH),
        .DATA_WIDTH(DATA_WIDTH)
    ) engine (
        .clk,
        .rst(clear),
        .layer,
        .start(run_start),
        .busy(run_busy),
        .index_store,
        .index_plane,
        .index_address,
        .index_data,
        .codebook_write,
        .codebook_index,
        .codebook_codeword,
        .bias_write,
        .multiplier_write,
        .parameter_channel,
        .parameter_value,
        .read_valid(engine_read_valid),
        .read_ready(read_ready && engine_turn),
        .read_address(engine_read_address),
        .read_bytes(engine_read_bytes),
        .read_beat_valid(beat_valid && engine_turn),
        .read_beat_ready(engine_beat_ready),
        .read_beat_data(beat_data),
        .read_beat_last(beat_last),
        .write_valid(engine_write_valid),
        .write_ready(write_ready && engine_turn),
        .write_address(engine_write_address),
        .write_beats(engine_write_beats),
        .write_beat_valid(engine_write_beat_valid),
        .write_beat_ready(write_beat_ready && engine_turn),
        .write_beat_data(engine_write_beat_data),
        .write_beat_strobe(engine_write_beat_strobe)
    );
  end

  if (!DENSES) begin : g_alone
    assign dense_read_valid = 1'b0;
    assign dense_read_address = '0;
    assign dense_read_bytes = '0;
    assign dense_beat_ready = 1'b0;
    assign dense_write_valid = 1'b0;
    assign dense_write_address = '0;
    assign dense_write_beats = '0;
    assign dense_write_beat_valid = 1'b0;
    assign dense_write_beat_data = '0;
    assign dense_write_beat_strobe = '0;
    wire unused_dense = &{1'b0, dense_read_ready, dense_beat_valid, dense_write_ready, dense_write_beat_ready};
  end

  subbit_arbiter #(
      .ADDR_WIDTH(ADDR_WIDTH),
      .DATA_WIDTH(DATA_WIDTH),
      .BESIDE(DENSES)
  ) arbiter (
      .clk,
      .rst(clear),
      .beside_i(beside_q),
      .hold_i(writes_end),
      .list_read_valid_i(read_valid),
      .list_read_ready_o(read_ready),
      .list_read_address_i(read_address),
      .list_read_bytes_i(read_bytes),
      .list_read_beat_valid_o(beat_valid),
      .list_read_beat_ready_i(beat_ready),
      .list_read_beat_last_o(beat_last),
      .list_write_valid_i(write_valid),
      .list_write_ready_o(write_ready),
      .list_write_address_i(write_address),
      .list_write_beats_i(write_beats),
      .list_write_beat_valid_i(write_beat_valid),
      .list_write_beat_ready_o(write_beat_ready),
      .list_write_beat_data_i(write_beat_data),
      .list_write_beat_strobe_i(write_beat_strobe),
      .beside_read_valid_i(dense_read_valid),
      .beside_read_ready_o(dense_read_ready),
      .beside_read_address_i(dense_read_address),
      .beside_read_bytes_i(dense_read_bytes),
      .beside_read_beat_valid_o(dense_beat_valid),
      .beside_read_beat_ready_i(dense_beat_ready),
      .beside_write_valid_i(dense_write_valid),
      .beside_write_ready_o(dense_write_ready),
      .beside_write_address_i(dense_write_address),
      .beside_write_beats_i(dense_write_beats),
      .beside_write_beat_valid_i(dense_write_beat_valid),
      .beside_write_beat_ready_o(dense_write_beat_ready),
      .beside_write_beat_data_i(dense_write_beat_data),
      .beside_write_beat_strobe_i(dense_write_beat_strobe),
      .read_valid_o(bus_read_valid),
      .read_ready_i(bus_read_ready),
      .read_address_o(bus_read_address),
      .read_bytes_o(bus_read_bytes),
      .read_beat_valid_i(bus_beat_valid),
      .read_beat_ready_o(bus_beat_ready),
      .read_beat_last_i(bus_beat_last),
      .write_valid_o(bus_write_valid),
      .write_ready_i(bus_write_ready),
      .write_address_o(bus_write_address),
      .write_beats_o(bus_write_beats),
      .write_beat_valid_o(bus_write_beat_valid),
      .write_beat_ready_i(bus_write_beat_ready),
      .write_beat_data_o(bus_write_beat_data),
      .write_beat_strobe_o(bus_write_beat_strobe)
  );

  subbit_axi_read #(
      .ADDR_WIDTH(ADDR_WIDTH),
      .DATA_WIDTH(DATA_WIDTH)
  ) reader (
      .clk,
      .rst(bus_rst),
      .abort(bus_abort),
      .base(memory_base),
      .command_valid(bus_read_valid),
      .command_ready(bus_read_ready),
      .command_address(bus_read_address),
      .command_bytes(bus_read_bytes),
      .beat_valid(bus_beat_valid),
      .beat_ready(bus_beat_ready),
      .beat_data,
      .beat_last(bus_beat_last),
      .fault(read_fault),
      .busy(read_busy),
      .m_axi_arvalid,
      .m_axi_arready,
      .m_axi_araddr,
      .m_axi_arlen,
      .m_axi_arsize,
      .m_axi_arburst,
      .m_axi_rvalid,
      .m_axi_rready,
      .m_axi_rdata,
      .m_axi_rresp,
      .m_axi_rlast
  );

  subbit_axi_write #(
      .ADDR_WIDTH(ADDR_WIDTH),
      .DATA_WIDTH(DATA_WIDTH)
  ) writer (
      .clk,
      .rst(bus_rst),
      .abort(bus_abort),
      .base(memory_base),
      .command_valid(bus_write_valid),
      .command_ready(bus_write_ready),
      .command_address(bus_write_address),
      .command_beats(bus_write_beats),
      .beat_valid(bus_write_beat_valid),
      .beat_ready(bus_write_beat_ready),
      .beat_data(bus_write_beat_data),
      .beat_strobe(bus_write_beat_strobe),
      .fault(write_fault),
      .busy(write_busy),
      .m_axi_awvalid,
      .m_axi_awready,
      .m_axi_awaddr,
      .m_axi_awlen,
      .m_axi_awsize,
      .m_axi_awburst,
      .m_axi_wvalid,
      .m_axi_wready,
      .m_axi_wdata,
      .m_axi_wstrb,
      .m_axi_wlast,
      .m_axi_bvalid,
      .m_axi_bready,
      .m_axi_bresp
  );

  wire unused = &{1'b0, s_axi_awprot, s_axi_arprot};
endmodule

`default_nettype wire
