// Runs one checked layer whose weights are loaded. Three processes run side by side, each one step ahead of the next:
// the input rows and the indices of a channel are fetched, windows go through the core, and finished tiles are written
// back.
`default_nettype none

module subbit_engine #(
    // 0: the paper's element (uses DOT_UNITS and LANES); 1: shared partial sums (uses LANES).
    parameter int RESPONSE_UNIT = 0,
    parameter int DOT_UNITS = 1,
    parameter int LANES = 4,
    parameter int TABLE_DEPTH = 64,
    parameter int INDEX_PLANES = 9,     // largest tau
    parameter int MAX_CHANNELS = 512,
    parameter int SUM_DEPTH = 1024,     // accumulators per lane in each half
    parameter int ROW_DEPTH = 1024,     // pixels per input bank in each half
    parameter int ADDR_WIDTH = 32,
    parameter int DATA_WIDTH = 64
) (
    input wire clk,
    input wire rst,
    input subbit_pkg::layer_t layer,
    input wire start,
    output logic busy,

    // The weights, from subbit_weight_loader, before the layer starts.
    input wire                                                    index_store,
    input wire [                                             3:0] index_plane,
    input wire [$clog2(MAX_CHANNELS*MAX_CHANNELS/DATA_WIDTH)-1:0] index_address,
    input wire [                                  DATA_WIDTH-1:0] index_data,
    input wire                                                    codebook_write,
    input wire [                                             8:0] codebook_index,
    input wire [                                             8:0] codebook_codeword,
    input wire                                                    bias_write,
    input wire                                                    multiplier_write,
    input wire [                        $clog2(MAX_CHANNELS)-1:0] parameter_channel,
    input wire [                                            31:0] parameter_value,

    // Reads from device memory: input rows and residuals, one run of bytes per command.
    output logic                  read_valid,
    input  wire                   read_ready,
    output logic [ADDR_WIDTH-1:0] read_address,
    output logic [          23:0] read_bytes,
    input  wire                   read_beat_valid,
    output logic                  read_beat_ready,
    input  wire  [DATA_WIDTH-1:0] read_beat_data,
    input  wire                   read_beat_last,

    // Writes to device memory: the output, one run of beats per command.
    output logic                    write_valid,
    input  wire                     write_ready,
    output logic [  ADDR_WIDTH-1:0] write_address,
    output logic [            23:0] write_beats,
    output logic                    write_beat_valid,
    input  wire                     write_beat_ready,
    output logic [  DATA_WIDTH-1:0] write_beat_data,
    output logic [DATA_WIDTH/8-1:0] write_beat_strobe
);
  import subbit_pkg::*;
  localparam int SUM_BITS = $clog2(SUM_DEPTH);
  localparam int ROW_BITS = $clog2(ROW_DEPTH);

  if (RESPONSE_UNIT != 0 && RESPONSE_UNIT != 1) begin : g_check
    $error("RESPONSE_UNIT must be 0 or 1");
  end
  if (MAX_CHANNELS / LANES > SUM_DEPTH) begin : g_check2
    $error("SUM_DEPTH must hold the sums of one pixel: MAX_CHANNELS / LANES");
  end

  // ---- Fetching: the rows and indices of the step after the one being computed.
  logic fetch_valid;
  logic [1:0] fetch_lead;
  logic [39:0] fetch_address;
  logic [23:0] fetch_bytes;
  logic [9:0] fetch_rows;
  logic [15:0] fetch_channel;
  logic fetch_half, fetching, fetch_asked, fetch_came;
  logic [1:0] rows_held, indices_held;     // halves in use
  logic [1:0] steps_ready;                 // fetched but not yet begun
  logic gathering;
  logic rows_freed, indices_freed;
  logic filling, row_beat_ready;

  wire fetch_starts = fetch_valid && !fetching && rows_held != 2'd2 && indices_held != 2'd2;
  wire fetch_ends = fetching && fetch_came && !filling && !gathering;

  logic gathered, gathered_half;
  logic [15:0] gathered_channel;
  logic [MAX_TAU-1:0] gathered_index;
  subbit_index_memory #(
      .DATA_WIDTH(DATA_WIDTH),
      .INDEX_PLANES(INDEX_PLANES),
      .MAX_CHANNELS(MAX_CHANNELS)
  ) index_memory (
      .clk,
      .rst,
      .store(index_store),
      .store_plane(index_plane),
      .store_address(index_address),
      .store_data(index_data),
      .gather(fetch_starts),
      .gather_half(fetch_half),
      .gather_channel(fetch_channel),
      .in_channels(layer.in_channels),
      .out_channels(layer.out_channels),
      .tau(layer.tau),
      .gathering,
      .gathered,
      .gathered_half,
      .gathered_channel,
      .gathered_index
  );

  // ---- Reading: rows and residuals share the bus, run by run. Rows come first, one run per step, so that a residual
  // cannot delay the computation. A run is asked for when the one before has come.
  logic residual_valid, residual_reads, run_comes;
  logic [ADDR_WIDTH-1:0] residual_address;
  logic [23:0] residual_bytes;
  wire row_valid = fetching && !fetch_asked;
  wire row_asked = row_valid && read_ready && !run_comes;
  assign read_valid = (row_valid || residual_valid) && !run_comes;
  assign read_address = row_valid ? ADDR_WIDTH'(fetch_address) : residual_address;
  assign read_bytes = row_valid ? fetch_bytes : residual_bytes;
  assign read_beat_ready = residual_reads || row_beat_ready;
  wire row_beat_valid = read_beat_valid && !residual_reads;
  always_ff @(posedge clk) begin
    if (read_valid && read_ready) begin
      residual_reads <= !row_valid;
      run_comes <= 1'b1;
    end else if (read_beat_valid && read_beat_ready && read_beat_last) run_comes <= 1'b0;
    if (rst) run_comes <= 1'b0;
  end

  // Each of the two instances of subbit_tiles uses only some of the outputs.
  /* verilator lint_off PINCONNECTEMPTY */
  subbit_tiles fetch_tiles (
      .clk,
      .rst,
      .start,
      .next(fetch_ends),
      .layer,
      .valid(fetch_valid),
      .channel(fetch_channel),
      .first_channel(),
      .last_channel(),
      .last_tile(),
      .last(),
      .row(),
      .column(),
      .rows(),
      .columns(),
      .first_row(),
      .lead_rows(fetch_lead),
      .load_address(fetch_address),
      .load_bytes(fetch_bytes),
      .load_rows(fetch_rows)
  );

  /* verilator lint_on PINCONNECTEMPTY */

  // ---- Computing.
  logic step_valid, step_first, step_last_channel, step_last_tile, step_last;
  logic [15:0] step_column, step_columns;
  logic [7:0] step_rows;
  logic signed [17:0] step_first_row;
  logic window_busy, computing, step_half, sum_half;
  logic [1:0] sums_held;
  logic tile_taken;

  wire window_starts =
      step_valid && !computing && steps_ready != 0 && (!step_first || sums_held != 2'd2);
  wire step_ends = computing && !window_busy;
  // A tile moves on to the next half of the accumulators with its first channel.
  wire sum_half_now = step_first ? !sum_half : sum_half;

  /* verilator lint_off PINCONNECTEMPTY */
  subbit_tiles step_tiles (
      .clk,
      .rst,
      .start,
      .next(step_ends),
      .layer,
      .valid(step_valid),
      .channel(),
      .first_channel(step_first),
      .last_channel(step_last_channel),
      .last_tile(step_last_tile),
      .last(step_last),
      .row(),
      .column(step_column),
      .rows(step_rows),
      .columns(step_columns),
      .first_row(step_first_row),
      .lead_rows(),
      .load_address(),
      .load_bytes(),
      .load_rows()
  );

  /* verilator lint_on PINCONNECTEMPTY */

  logic row_read;
  logic [3*ROW_BITS-1:0] row_address;
  logic [3*PIXEL_BITS-1:0] row_pixels;
  logic window_valid, window_ready, window_fresh, window_last;
  logic [WINDOW_BITS-1:0] window;
  logic [SUM_BITS-1:0] window_address;
  logic window_first, window_sum_half, window_index_half, window_last_channel;
  subbit_window #(
      .DEPTH(ROW_DEPTH),
      .ADDRESS_BITS(SUM_BITS),
      .TAG_BITS(4)
  ) windows (
      .clk,
      .rst,
      .layer,
      .start(window_starts),
      .rows(step_rows),
      .columns(step_columns),
      .column(step_column),
      .first_row(step_first_row),
      .busy(window_busy),
      .read(row_read),
      .read_address(row_address),
      .read_pixels(row_pixels),
      .window_valid,
      .window_ready,
      .window,
      .window_fresh,
      .window_last,
      .window_address,
      .step_tag({step_first, sum_half_now, step_half, step_last_channel}),
      .window_tag({window_first, window_sum_half, window_index_half, window_last_channel})
  );

  logic draining, drain_half, drain, writing;
  logic [SUM_BITS-1:0] drain_address;
  logic [32*LANES-1:0] drain_sums;
  logic tile_done;
  subbit_channel_lane #(
      .RESPONSE_UNIT(RESPONSE_UNIT),
      .DOT_UNITS(DOT_UNITS),
      .LANES(LANES),
      .TABLE_DEPTH(TABLE_DEPTH),
      .MAX_CHANNELS(MAX_CHANNELS),
      .SUM_DEPTH(SUM_DEPTH),
      .ROW_DEPTH(ROW_DEPTH),
      .DATA_WIDTH(DATA_WIDTH)
  ) channel_lane (
      .clk,
      .rst,
      .layer,
      .codebook_write,
      .codebook_index,
      .codebook_codeword,
      .fill(fetch_starts),
      .fill_half(fetch_half),
      .fill_lead_rows(fetch_lead),
      .fill_rows(fetch_rows),
      .filling,
      .beat_valid(row_beat_valid),
      .beat_ready(row_beat_ready),
      .beat_data(read_beat_data),
      .index_write(gathered),
      .index_write_half(gathered_half),
      .index_write_channel(gathered_channel),
      .index_write_index(gathered_index),
      .row_read,
      .row_read_half(step_half),
      .row_read_address(row_address),
      .row_read_pixels(row_pixels),
      .window_valid,
      .window_ready,
      .window,
      .window_fresh,
      .window_first,
      .window_half(window_sum_half),
      .window_index_half,
      .window_ends_step(window_last),
      .window_ends_tile(window_last && window_last_channel),
      .window_address,
      .step_done(indices_freed),
      .tile_done,
      .draining,
      .drain_half,
      .drain,
      .drain_address,
      .drain_sums
  );

  // ---- Writing back.
  logic [1:0] tiles_done;       // computed and not yet taken by the write-back
  logic back_half;              // of the oldest of them
  logic [SUM_BITS-1:0] tile_pixels[2];
  logic [SUM_BITS:0] tile_bytes[2];
  logic [12:0] step_row_bytes;    // for bit outputs; one cycle late
  logic [1:0] tile_last;
  subbit_write_back #(
      .LANES(LANES),
      .ADDRESS_BITS(SUM_BITS),
      .MAX_CHANNELS(MAX_CHANNELS),
      .ADDR_WIDTH(ADDR_WIDTH),
      .DATA_WIDTH(DATA_WIDTH)
  ) write_back (
      .clk,
      .rst,
      .layer,
      .layer_start(start),
      .bias_write,
      .multiplier_write,
      .parameter_channel,
      .parameter_value,
      .tile_valid(tiles_done != 0),
      .tile_taken,
      .tile_half(back_half),
      .tile_pixels(tile_pixels[back_half]),
      .tile_bytes(tile_bytes[back_half]),
      .tile_last(tile_last[back_half]),
      .draining,
      .drain_half,
      .drain,
      .drain_address,
      .drain_sums,
      .read_valid(residual_valid),
      .read_ready(read_ready && !row_valid && !run_comes),
      .read_address(residual_address),
      .read_bytes(residual_bytes),
      .read_beat_valid(read_beat_valid && residual_reads),
      .read_beat_data,
      .command_valid(write_valid),
      .command_ready(write_ready),
      .command_address(write_address),
      .command_beats(write_beats),
      .beat_valid(write_beat_valid),
      .beat_ready(write_beat_ready),
      .beat_data(write_beat_data),
      .beat_strobe(write_beat_strobe),
      .busy(writing)
  );

  // ---- Which halves of the buffers are in use.
  assign rows_freed = step_ends;
  logic computed;
  assign busy = !(computed && sums_held == 0 && !writing);

  always_ff @(posedge clk) begin
    if (rst || start) begin
      fetching <= 1'b0;
      fetch_half <= 1'b0;
      rows_held <= '0;
      indices_held <= '0;
      steps_ready <= '0;
      computing <= 1'b0;
      step_half <= 1'b0;
      sum_half <= 1'b1;
      sums_held <= '0;
      tiles_done <= '0;
      back_half <= 1'b0;
      computed <= rst;
    end else begin
      if (fetch_starts) begin
        fetching <= 1'b1;
        fetch_asked <= 1'b0;
        fetch_came <= 1'b0;
      end
      if (row_asked) fetch_asked <= 1'b1;
      if (row_beat_valid && read_beat_ready && read_beat_last) fetch_came <= 1'b1;
      if (fetch_ends) begin
        fetching <= 1'b0;
        fetch_half <= !fetch_half;
      end
      // Halves of the buffers that are in use, and steps and tiles that wait.
      rows_held <= rows_held + 2'(fetch_starts) - 2'(rows_freed);
      indices_held <= indices_held + 2'(fetch_starts) - 2'(indices_freed);
      steps_ready <= steps_ready + 2'(fetch_ends) - 2'(window_starts);

      if (window_starts) begin
        computing <= 1'b1;
        sum_half <= sum_half_now;
      end
      if (step_ends) begin
        computing <= 1'b0;
        step_half <= !step_half;
        if (step_last) computed <= 1'b1;
      end
      sums_held <= sums_held + 2'(window_starts && step_first) - 2'(tile_taken);
      tiles_done <= tiles_done + 2'(tile_done) - 2'(tile_taken);
      if (tile_taken) back_half <= !back_half;
    end
    step_row_bytes <= step_columns[15:3] + 13'(step_columns[2:0] != 0);
    if (computing) tile_bytes[sum_half] <= (SUM_BITS + 1)'(24'(step_rows) * 24'(step_row_bytes));
    if (window_starts) begin
      tile_pixels[sum_half_now] <= SUM_BITS'(24'(step_rows) * 24'(step_columns) - 24'd1);
      tile_last[sum_half_now] <= step_last_tile;
    end
  end
endmodule

`default_nettype wire
