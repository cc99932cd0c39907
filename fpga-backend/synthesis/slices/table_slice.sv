// A complete slice of an array on tables in block RAM, in steps as those of subbit_table_core: rows of the input, windows,
// match units, tables, indices, adder trees, sums and control; without the bus, what turns sums into bits, and the writing
// of these. Two tiles, filled and looked up together.
//
// KIND 0 is the device's own, with sub-bit kernels (subbit_table_core without what else is in it). KIND 1 and 2 are for plain
// binary kernels, with nine bits of index and two look-ups for each: 1 with whole tables of five taps, 2 with folded ones.
`default_nettype none

module table_slice #(
    parameter int KIND = 0,
    parameter int CHANNELS = 64,
    parameter int SHARE = 2,
    parameter int PIXELS = 7,
    parameter int WIDTH = 56,
    parameter int ROW_DEPTH = 1536,
    parameter int INDEX_DEPTH = 1024,
    parameter int SUMS = 512,
    parameter int SUM_BITS = 13,
    localparam int PLANES = KIND == 0 ? 5 : 9,
    localparam int TABLE_BITS = KIND == 2 ? 4 : 5
) (
    input wire clk,
    input wire rst,

    // The layer: stride 1, a row and a column of padding; its rows fit, and so do all sums of its output.
    input wire        start,
    output logic      busy,
    input wire [15:0] in_width,
    input wire [15:0] in_height,
    input wire [$clog2(ROW_DEPTH)-1:0] channel_places,
    input wire [15:0] outputs,
    input wire [15:0] channel_groups,
    input wire [15:0] groups_loaded,

    input wire                         row_store,
    input wire [$clog2(ROW_DEPTH)-1:0] row_address,
    input wire [          3*WIDTH-1:0] row_data,
    input wire                           index_store,
    input wire [                    3:0] index_plane,
    input wire [$clog2(INDEX_DEPTH)-1:0] index_address,
    input wire [           CHANNELS-1:0] index_data,
    input wire       codebook_store,
    input wire [4:0] codebook_index,
    input wire [8:0] codebook_codeword,

    output logic                         sums_valid,
    output logic [     $clog2(SUMS)-1:0] sums_address,
    output logic [2*PIXELS*SUM_BITS-1:0] sums
);
  localparam int SLOT_BITS = SHARE > 1 ? $clog2(SHARE) : 1;
  localparam int COLUMN_BITS = $clog2(WIDTH) + 2;
  localparam int ROW_BITS = $clog2(ROW_DEPTH);

  logic [1:0] cut_bank;
  logic [ROW_BITS-1:0] cut_address;
  logic signed [COLUMN_BITS-1:0] cut_column;
  logic [9*PIXELS-1:0] windows[2];
  logic [TABLE_BITS-1:0] codebook_entry, fill_entry;
  logic fill_first, look, look_first, look_last;
  logic [1:0] fill, fill_bank, look_bank;
  logic [SLOT_BITS-1:0] fill_slot;
  logic [2:0] fill_rows;
  logic [3*PIXELS-1:0] fill_columns[2];
  logic [$clog2(CHANNELS):0] fill_channels;
  logic [$clog2(INDEX_DEPTH)-1:0] look_at;
  logic [$clog2(SUMS)-1:0] look_address;
  logic sums_begin, group_done;

  subbit_table_sequence #(
      .CHANNELS(CHANNELS),
      .SHARE(SHARE),
      .PIXELS(PIXELS),
      .TABLE_BITS(TABLE_BITS),
      .SUMS(SUMS),
      .WIDTH(WIDTH),
      .ROW_DEPTH(ROW_DEPTH),
      .INDEX_DEPTH(INDEX_DEPTH)
  ) sequence_of_steps (
      .clk,
      .rst,
      .start,
      .busy,
      .tau(4'(TABLE_BITS)),
      .pairs(1'b1),
      .stride_h_2(1'b0),
      .stride_w_2(1'b0),
      .pad_left(2'd1),
      .in_width(($clog2(WIDTH) + 1)'(in_width)),
      .in_height,
      .first_row(-18'sd1),
      .first_bank(2'd2),
      .first_address('1),
      .channel_places,
      .out_rows(in_height),
      .band_rows(in_height),
      .out_width(in_width),
      .outputs,
      .channel_groups,
      .last_channels(($clog2(CHANNELS) + 1)'(CHANNELS)),
      .index_base('0),
      .groups_loaded,
      .sums_room(1'b1),
      .sums_begin,
      .group_done,
      .cut_bank,
      .cut_address,
      .cut_column,
      .codebook_entry,
      .fill,
      .fill_first,
      .fill_slot,
      .fill_bank,
      .fill_entry,
      .fill_rows,
      .fill_columns(fill_columns[0]),
      .next_columns(fill_columns[1]),
      .fill_channels,
      .index_address(look_at),
      .look,
      .look_bank,
      .look_first,
      .look_last,
      .look_address
  );

  subbit_row_store #(
      .PIXELS(PIXELS),
      .WIDTH(WIDTH),
      .DEPTH(ROW_DEPTH)
  ) rows (
      .clk,
      .store(row_store),
      .store_address(row_address),
      .store_rows(row_data),
      .cut_bank,
      .cut_address,
      .cut_column,
      .cut_stride_2(1'b0),
      .windows(windows[0]),
      .next_windows(windows[1])
  );

  logic [CHANNELS*PLANES-1:0] indices;
  for (genvar b = 0; b < PLANES; b++) begin : g_plane
    wire [CHANNELS-1:0] plane;
    subbit_memory #(
        .WIDTH(CHANNELS),
        .DEPTH(INDEX_DEPTH)
    ) bits (
        .clk,
        .write(index_store && index_plane == 4'(b)),
        .write_address(index_address),
        .write_data(index_data),
        .read(1'b1),
        .read_address(look_at),
        .read_data(plane)
    );
    for (genvar c = 0; c < CHANNELS; c++) begin : g_channel
      assign indices[c*PLANES+b] = plane[c];
    end
  end

  logic [8:0] codeword;
  if (KIND == 0) begin : g_codebook
    subbit_memory #(
        .WIDTH(9),
        .DEPTH(1 << TABLE_BITS)
    ) codebook (
        .clk,
        .write(codebook_store),
        .write_address(codebook_index),
        .write_data(codebook_codeword),
        .read(1'b1),
        .read_address(codebook_entry),
        .read_data(codeword)
    );
  end

  logic [1:0] valid;
  logic [$clog2(SUMS)-1:0] addresses[2];
  for (genvar t = 0; t < 2; t++) begin : g_tile
    logic [9*PIXELS-1:0] tile_windows;
    always_ff @(posedge clk) tile_windows <= windows[t];
    if (KIND == 0) begin : g_subbit
      subbit_table_tile #(
          .CHANNELS(CHANNELS),
          .SHARE(SHARE),
          .PIXELS(PIXELS),
          .TABLE_BITS(TABLE_BITS),
          .SUMS(SUMS),
          .SUM_BITS(SUM_BITS)
      ) tile (
          .clk,
          .rst,
          .fill(fill[t]),
          .fill_first,
          .fill_slot,
          .fill_bank,
          .fill_entry,
          .fill_codeword(codeword),
          .fill_rows,
          .fill_columns(fill_columns[t]),
          .fill_channels,
          .windows(tile_windows),
          .look,
          .look_bank,
          .look_indices(indices),
          .look_first,
          .look_last,
          .look_address,
          .sums_valid(valid[t]),
          .sums_address(addresses[t]),
          .sums(sums[t*PIXELS*SUM_BITS+:PIXELS*SUM_BITS])
      );
    end else begin : g_binary
      binary_tile #(
          .CHANNELS(CHANNELS),
          .SHARE(SHARE),
          .PIXELS(PIXELS),
          .FOLD(KIND == 2),
          .SUMS(SUMS),
          .SUM_BITS(SUM_BITS)
      ) tile (
          .clk,
          .rst,
          .fill(fill[t]),
          .fill_first,
          .fill_slot,
          .fill_bank,
          .fill_entry,
          .fill_rows,
          .fill_columns(fill_columns[t]),
          .fill_channels,
          .windows(tile_windows),
          .look,
          .look_bank,
          .look_signs(indices),
          .look_first,
          .look_last,
          .look_address,
          .sums_valid(valid[t]),
          .sums_address(addresses[t]),
          .sums(sums[t*PIXELS*SUM_BITS+:PIXELS*SUM_BITS])
      );
    end
  end
  assign sums_valid = valid[0];
  assign sums_address = addresses[0];
  wire unused = &{1'b0, valid[1], addresses[1], sums_begin, group_done, codebook_entry};
endmodule

`default_nettype wire
