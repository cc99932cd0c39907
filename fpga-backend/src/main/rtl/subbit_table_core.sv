// The core for binary activations: rows of the input, indices and codewords in, sums of matches out, twice PIXELS pixels of
// an output channel per cycle. It works through a block of output channels of an image; rows and indices may still come, group
// of channels by group.
//
//   subbit_row_store ──► windows ──►                                        ┌─► sums of PIXELS pixels
//   codebook ──────────► codewords ► two subbit_table_tile (match units,    │
//   index memory ──────► indices ──►   tables, adder trees, sums) ──────────┘
//   subbit_table_sequence: which windows, which entries, which output channel
`default_nettype none

module subbit_table_core #(
    // Input channels that are looked up at once, and those whose indices share a word; powers of two.
    parameter int CHANNELS = 64,
    parameter int INDEX_CHANNELS = 64,
    parameter int SHARE = 2,
    parameter int PIXELS = 7,
    parameter int TABLE_BITS = 5,
    parameter int SUMS = 2048,
    parameter int SUM_BITS = 14,
    parameter int WIDTH = 64,
    parameter int ROW_DEPTH = 2048,
    parameter int INDEX_DEPTH = 1024
) (
    input wire clk,
    input wire rst,

    // The block, as in subbit_table_sequence.
    input wire                          start,
    output logic                        busy,
    input wire [                   3:0] tau,
    input wire                          pairs,
    input wire                          stride_h_2,
    input wire                          stride_w_2,
    input wire [                   1:0] pad_left,
    input wire [       $clog2(WIDTH):0] in_width,
    input wire [                  15:0] in_height,
    input wire signed [           17:0] first_row,
    input wire [                   1:0] first_bank,
    input wire [ $clog2(ROW_DEPTH)-1:0] first_address,
    input wire [ $clog2(ROW_DEPTH)-1:0] channel_places,
    input wire [                  15:0] out_rows,
    input wire [                  15:0] band_rows,
    input wire [                  15:0] out_width,
    input wire [                  15:0] outputs,
    input wire [                  15:0] channel_groups,
    input wire [    $clog2(CHANNELS):0] last_channels,
    input wire [$clog2(INDEX_DEPTH)-1:0] index_base,
    input wire [                  15:0] rows_stored,
    input wire [                  15:0] words_loaded,
    input wire                          sums_room,
    output logic                        sums_begin,
    output logic                        word_done,

    // Rows of the input, as in subbit_row_store.
    input wire                         row_store,
    input wire [$clog2(ROW_DEPTH)-1:0] row_address,
    input wire [          3*WIDTH-1:0] row_data,

    // Indices: bit `index_plane` of the indices of INDEX_CHANNELS channels, first channel in the lowest bit. Those of output
    // channel o and the g-th of such groups of the block are at index_base + g * outputs + o, modulo INDEX_DEPTH.
    input wire                           index_store,
    input wire [                    3:0] index_plane,
    input wire [$clog2(INDEX_DEPTH)-1:0] index_address,
    input wire [     INDEX_CHANNELS-1:0] index_data,

    // Codewords.
    input wire                  codebook_store,
    input wire [TABLE_BITS-1:0] codebook_index,
    input wire [           8:0] codebook_codeword,

    // Sums of both tiles, in the order of the steps and, in each of them, of the output channels.
    output logic                         sums_valid,
    output logic [     $clog2(SUMS)-1:0] sums_address,    // output channel + outputs * step
    output logic [2*PIXELS*SUM_BITS-1:0] sums             // the first tile's in the lower half
);
  localparam int PARTS = INDEX_CHANNELS / CHANNELS;
  localparam int SLOT_BITS = SHARE > 1 ? $clog2(SHARE) : 1;
  localparam int COLUMN_BITS = $clog2(WIDTH) + 2;

  logic [1:0] cut_bank;
  logic [$clog2(ROW_DEPTH)-1:0] cut_address;
  logic signed [COLUMN_BITS-1:0] cut_column;
  logic [9*PIXELS-1:0] windows, next_windows;
  logic [TABLE_BITS-1:0] codebook_entry, fill_entry;
  logic [8:0] codeword;
  logic [1:0] fill;
  logic fill_first, look, look_first, look_last;
  logic [1:0] fill_bank, look_bank;
  logic [SLOT_BITS-1:0] fill_slot;
  logic [2:0] fill_rows;
  logic [3*PIXELS-1:0] fill_columns, next_columns;
  logic [$clog2(CHANNELS):0] fill_channels;
  logic [$clog2(INDEX_DEPTH)-1:0] look_at;
  logic [$clog2(SUMS)-1:0] look_address;
  logic [(PARTS>1?$clog2(PARTS):1)-1:0] look_part;
  logic [CHANNELS*TABLE_BITS-1:0] indices;

  subbit_table_sequence #(
      .CHANNELS(CHANNELS),
      .PARTS(PARTS),
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
      .tau,
      .pairs,
      .stride_h_2,
      .stride_w_2,
      .pad_left,
      .in_width,
      .in_height,
      .first_row,
      .first_bank,
      .first_address,
      .channel_places,
      .out_rows,
      .band_rows,
      .out_width,
      .outputs,
      .channel_groups,
      .last_channels,
      .index_base,
      .rows_stored,
      .words_loaded,
      .sums_room,
      .sums_begin,
      .word_done,
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
      .fill_columns,
      .next_columns,
      .fill_channels,
      .index_address(look_at),
      .look_part,
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
      .cut_stride_2(stride_w_2),
      .windows,
      .next_windows
  );

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

  for (genvar b = 0; b < TABLE_BITS; b++) begin : g_plane
    wire [INDEX_CHANNELS-1:0] plane;
    subbit_memory #(
        .WIDTH(INDEX_CHANNELS),
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
      if (PARTS == 1) begin : g_whole
        assign indices[c*TABLE_BITS+b] = plane[c] && 4'(b) < tau;
      end else begin : g_part
        assign indices[c*TABLE_BITS+b] = plane[{look_part, ($clog2(CHANNELS))'(c)}] && 4'(b) < tau;
      end
    end
  end

  logic [1:0] valid;
  logic [2*$clog2(SUMS)-1:0] addresses;
  for (genvar t = 0; t < 2; t++) begin : g_tile
    // Every unit of the tile reads these.
    logic [9*PIXELS-1:0] tile_windows;
    always_ff @(posedge clk) tile_windows <= t == 1 && pairs ? next_windows : windows;
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
        .fill_columns(t == 1 && pairs ? next_columns : fill_columns),
        .fill_channels,
        .windows(tile_windows),
        .look,
        .look_bank,
        .look_indices(indices),
        .look_first,
        .look_last,
        .look_address,
        .sums_valid(valid[t]),
        .sums_address(addresses[t*$clog2(SUMS)+:$clog2(SUMS)]),
        .sums(sums[t*PIXELS*SUM_BITS+:PIXELS*SUM_BITS])
    );
  end
  // Both run in step.
  assign sums_valid = valid[0];
  assign sums_address = addresses[$clog2(SUMS)-1:0];
  wire unused = &{1'b0, look_part, valid[1], addresses[2*$clog2(SUMS)-1:$clog2(SUMS)]};
endmodule

`default_nettype wire
