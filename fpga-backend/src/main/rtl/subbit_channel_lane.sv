// Everything that works on one input channel at a time: its rows, the indices of its kernels, a core with its codebook,
// and accumulators for all output channels.
`default_nettype none

module subbit_channel_lane #(
    parameter int RESPONSE_UNIT = 0,
    parameter int DOT_UNITS = 1,
    parameter int LANES = 4,
    parameter int TABLE_DEPTH = 64,
    parameter int MAX_CHANNELS = 512,
    parameter int SUM_DEPTH = 1024,
    parameter int ROW_DEPTH = 1024,
    parameter int DATA_WIDTH = 64
) (
    input wire clk,
    input wire rst,
    input subbit_pkg::layer_t layer,

    // Codebook, written while the weights of the layer are loaded.
    input wire       codebook_write,
    input wire [8:0] codebook_index,
    input wire [8:0] codebook_codeword,

    // Rows of the channel of the next step, into the input buffer; `filling` falls when all of them are stored.
    input  wire                   fill,
    input  wire                   fill_half,
    input  wire  [           1:0] fill_lead_rows,
    input  wire  [           9:0] fill_rows,
    output logic                  filling,
    input  wire                   beat_valid,
    output logic                  beat_ready,
    input  wire  [DATA_WIDTH-1:0] beat_data,

    // Indices of the channel of the next step, one per cycle.
    input wire                           index_write,
    input wire                           index_write_half,
    input wire [                   15:0] index_write_channel,
    input wire [subbit_pkg::MAX_TAU-1:0] index_write_index,

    // To and from subbit_window: it reads the rows, and delivers the windows to the core.
    input  wire                                 row_read,
    input  wire                                 row_read_half,
    input  wire  [      3*$clog2(ROW_DEPTH)-1:0] row_read_address,
    output logic [3*subbit_pkg::PIXEL_BITS-1:0] row_read_pixels,
    input  wire                                 window_valid,
    output logic                                window_ready,
    input  wire  [  subbit_pkg::WINDOW_BITS-1:0] window,
    input  wire                                 window_fresh,
    input  wire                                 window_first,
    input  wire                                 window_half,
    input  wire                                 window_index_half,
    input  wire                                 window_ends_step,
    input  wire                                 window_ends_tile,
    input  wire  [       $clog2(SUM_DEPTH)-1:0] window_address,
    output logic                                step_done,
    output logic                                tile_done,

    // Sums of a finished tile, to subbit_write_back.
    input  wire                          draining,
    input  wire                          drain_half,
    input  wire                          drain,
    input  wire  [$clog2(SUM_DEPTH)-1:0] drain_address,
    output logic [         32*LANES-1:0] drain_sums
);
  import subbit_pkg::*;
  localparam int SLOT_BITS = $clog2(MAX_CHANNELS / LANES);
  localparam int SUM_BITS = $clog2(SUM_DEPTH);
  localparam int READERS = RESPONSE_UNIT == 1 ? LANES / 2 : DOT_UNITS;

  subbit_input_buffer #(
      .DATA_WIDTH(DATA_WIDTH),
      .DEPTH(ROW_DEPTH)
  ) input_buffer (
      .clk,
      .rst,
      .fill,
      .fill_half,
      .fill_lead_rows,
      .fill_rows,
      .fill_width(layer.in_width),
      .input_format(layer.input_format),
      .input_zero(layer.input_zero),
      .filling,
      .beat_valid,
      .beat_ready,
      .beat_data,
      .read(row_read),
      .read_half(row_read_half),
      .read_address(row_read_address),
      .read_pixels(row_read_pixels)
  );

  logic index_half;
  logic [SLOT_BITS-1:0] index_slot;
  logic [LANES*MAX_TAU-1:0] indices;
  subbit_channel_indices #(
      .LANES(LANES),
      .MAX_CHANNELS(MAX_CHANNELS)
  ) channel_indices (
      .clk,
      .write(index_write),
      .write_half(index_write_half),
      .write_channel(index_write_channel),
      .write_index(index_write_index),
      .read_half(index_half),
      .read_slot(index_slot),
      .read_indices(indices)
  );

  logic [9*READERS-1:0] codebook_indices, codewords;
  subbit_codebook #(
      .READERS(READERS)
  ) codebook (
      .clk,
      .write(codebook_write),
      .write_index(codebook_index),
      .write_codeword(codebook_codeword),
      .read_indices(codebook_indices),
      .read_codewords(codewords)
  );

  logic sum_read_half, sum_write_half;
  logic [SUM_BITS-1:0] sum_read_address, sum_write_address;
  logic [32*LANES-1:0] sums_read, sums_written;
  logic [LANES-1:0] sum_write;
  if (RESPONSE_UNIT == 0) begin : g_dot
    subbit_core_dot #(
        .DOT_UNITS(DOT_UNITS),
        .LANES(LANES),
        .TABLE_DEPTH(TABLE_DEPTH),
        .SLOT_BITS(SLOT_BITS),
        .ADDRESS_BITS(SUM_BITS)
    ) core (
        .clk,
        .rst,
        .layer,
        .window_valid,
        .window_ready,
        .window,
        .window_fresh,
        .window_first,
        .window_half,
        .window_index_half,
        .window_ends_step,
        .window_ends_tile,
        .window_address,
        .index_half,
        .index_slot,
        .indices,
        .codebook_indices,
        .codewords,
        .sum_read_half,
        .sum_read_address,
        .sums_read,
        .sum_write,
        .sum_write_half,
        .sum_write_address,
        .sums_written,
        .step_done,
        .tile_done
    );
  end else begin : g_shared
    subbit_core_shared #(
        .LANES(LANES),
        .TABLE_DEPTH(TABLE_DEPTH),
        .SLOT_BITS(SLOT_BITS),
        .ADDRESS_BITS(SUM_BITS)
    ) core (
        .clk,
        .rst,
        .layer,
        .window_valid,
        .window_ready,
        .window,
        .window_fresh,
        .window_first,
        .window_half,
        .window_index_half,
        .window_ends_step,
        .window_ends_tile,
        .window_address,
        .index_half,
        .index_slot,
        .indices,
        .codebook_indices,
        .codewords,
        .sum_read_half,
        .sum_read_address,
        .sums_read,
        .sum_write,
        .sum_write_half,
        .sum_write_address,
        .sums_written,
        .step_done,
        .tile_done
    );
  end

  for (genvar l = 0; l < LANES; l++) begin : g_lane
    subbit_accumulator #(
        .DEPTH(SUM_DEPTH)
    ) accumulator (
        .clk,
        .half(sum_read_half),
        .read_address(sum_read_address),
        .read_sum(sums_read[32*l+:32]),
        .write(sum_write[l]),
        .write_half(sum_write_half),
        .write_address(sum_write_address),
        .write_sum(sums_written[32*l+:32]),
        .draining,
        .drain_half,
        .drain,
        .drain_address,
        .drain_sum(drain_sums[32*l+:32])
    );
  end
endmodule

`default_nettype wire
