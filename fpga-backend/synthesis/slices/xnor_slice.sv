// A complete slice of an array that counts the matches of plain binary kernels with XNOR gates, CHANNELS input channels of
// twice PIXELS neighbouring output pixels in every cycle, in the order of subbit_table_core: the windows of a step are
// loaded, one channel per cycle, while those of the step before meet the weights of one output channel per cycle. It has
// the rows, indices, adder trees and sums of table_slice, and does less: stride 1, no padding.
`default_nettype none

module xnor_slice #(
    parameter int CHANNELS = 64,
    parameter int PIXELS = 7,
    parameter int WIDTH = 56,
    parameter int ROW_DEPTH = 1536,
    parameter int INDEX_DEPTH = 1024,
    parameter int SUMS = 512,
    parameter int SUM_BITS = 13
) (
    input wire clk,
    input wire rst,

    // The layer, as in table_slice, but without padding.
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

    output logic                         sums_valid,
    output logic [     $clog2(SUMS)-1:0] sums_address,
    output logic [2*PIXELS*SUM_BITS-1:0] sums
);
  localparam int COLUMN_BITS = $clog2(WIDTH) + 2;
  localparam int ROW_BITS = $clog2(ROW_DEPTH);
  localparam int INDEX_BITS = $clog2(INDEX_DEPTH);
  localparam int ADDRESS_BITS = $clog2(SUMS);
  localparam int LEVELS = $clog2(CHANNELS);
  localparam int COLUMNS = 2 * PIXELS + 2;
  localparam int CUT = 4;

  // ---- Loading: groups of channels, rows, steps, channels.
  logic loading, full;         // `full`: the windows of a step are all there, and wait
  logic [15:0] group, row, x;
  logic [LEVELS-1:0] channel;
  logic [ROW_BITS-1:0] group_base, channel_base, row_place;
  logic [1:0] row_bank;
  logic [CUT:1] loads, last_loads;
  logic swap;
  wire goes = loading && (channel != 0 || (!full && loads == 0));
  wire channel_last = channel == '1;
  wire row_ends = x + 16'(2 * PIXELS) >= in_width - 16'd2;
  wire rows_end = row_ends && row == in_height - 16'd3;
  always_ff @(posedge clk) begin
    loads <= {loads[CUT-1:1], goes};
    last_loads <= {last_loads[CUT-1:1], goes && channel_last};
    if (goes) begin
      channel <= channel + 1'b1;
      channel_base <= channel_base + channel_places;
      if (channel_last) begin
        channel_base <= group_base;
        x <= row_ends ? 16'd0 : x + 16'(2 * PIXELS);
        if (row_ends) begin
          row <= rows_end ? 16'd0 : row + 16'd1;
          row_bank <= rows_end || row_bank == 2'd2 ? 2'd0 : row_bank + 2'd1;
          row_place <= rows_end ? '0 : row_place + ROW_BITS'(row_bank == 2'd2);
        end
        if (rows_end) begin
          group <= group + 16'd1;
          group_base <= channel_base + channel_places;
          channel_base <= channel_base + channel_places;
          loading <= group != channel_groups - 16'd1;
        end
      end
    end
    if (last_loads[CUT]) full <= 1'b1;
    if (swap) full <= 1'b0;
    if (start) begin
      loading <= 1'b1;
      group <= '0;
      row <= '0;
      x <= '0;
      channel <= '0;
      group_base <= '0;
      channel_base <= '0;
      row_bank <= '0;
      row_place <= '0;
    end
    if (rst || start) begin
      full <= 1'b0;
      loads <= '0;
      last_loads <= '0;
      if (rst) loading <= 1'b0;
    end
  end

  logic [9*PIXELS-1:0] windows, next_windows;
  subbit_row_store #(
      .PIXELS(PIXELS),
      .WIDTH(WIDTH),
      .DEPTH(ROW_DEPTH)
  ) rows (
      .clk,
      .store(row_store),
      .store_address(row_address),
      .store_rows(row_data),
      .cut_bank(row_bank),
      .cut_address(channel_base + row_place),
      .cut_column(COLUMN_BITS'(x)),
      .cut_stride_2(1'b0),
      .windows,
      .next_windows
  );

  // The three rows under neighbouring windows; channel by channel they are shifted in. They take the place of those before
  // when the first weights of their step are there.
  wire [18*PIXELS-1:0] both = {next_windows, windows};
  logic [3*COLUMNS-1:0] cut;
  always_comb begin
    for (int r = 0; r < 3; r++) begin
      for (int i = 0; i < COLUMNS; i++) begin
        cut[COLUMNS*r+i] = i < 2 * PIXELS ? both[9*i+3*r] : both[9*(2*PIXELS-1)+3*r+i-2*PIXELS+1];
      end
    end
  end
  logic [3*COLUMNS-1:0] next[CHANNELS], pixels[CHANNELS];
  logic [2:1] swaps;
  always_ff @(posedge clk) begin
    for (int c = 0; c < CHANNELS; c++) begin
      if (loads[CUT]) next[c] <= c == CHANNELS - 1 ? cut : next[c+1];
      if (swaps[2]) pixels[c] <= next[c];
    end
    swaps <= {swaps[1], swap};
  end

  // ---- Counting: groups of channels, steps, output channels.
  logic counting;
  logic [15:0] count_group, output_channel, steps_left, steps;
  logic [INDEX_BITS-1:0] index_at, group_at;
  logic [ADDRESS_BITS-1:0] address;
  wire output_ends = output_channel == outputs - 16'd1;
  wire ends = counting && output_ends;
  assign swap = full && (!counting || output_ends) && busy && count_group < groups_loaded;
  // Steps of a group, counted while the first is loaded.
  always_ff @(posedge clk) begin
    if (start) steps <= '0;
    else if (goes && channel_last && group == 0) steps <= steps + 16'd1;
  end
  wire group_ends = ends && group != 0 && steps_left == steps - 16'd1;
  always_ff @(posedge clk) begin
    if (counting) begin
      output_channel <= output_ends ? 16'd0 : output_channel + 16'd1;
      index_at <= output_ends ? group_at : index_at + 1'b1;
      address <= address + 1'b1;
    end
    if (ends) begin
      counting <= 1'b0;
      steps_left <= steps_left + 16'd1;
    end
    if (group_ends) begin
      steps_left <= '0;
      address <= '0;
      count_group <= count_group + 16'd1;
      group_at <= index_at + 1'b1;
      index_at <= index_at + 1'b1;
      if (count_group == channel_groups - 16'd1) busy <= 1'b0;
    end
    if (swap) counting <= 1'b1;
    if (start) begin
      busy <= 1'b1;
      count_group <= '0;
      output_channel <= '0;
      steps_left <= '0;
      index_at <= '0;
      group_at <= '0;
      address <= '0;
    end
    if (rst || start) begin
      counting <= 1'b0;
      if (rst) busy <= 1'b0;
    end
  end

  wire [9*CHANNELS-1:0] found;
  logic [9*CHANNELS-1:0] signs;
  for (genvar b = 0; b < 9; b++) begin : g_plane
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
        .read_address(index_at),
        .read_data(plane)
    );
    for (genvar c = 0; c < CHANNELS; c++) begin : g_channel
      assign found[9*c+b] = plane[c];
    end
  end

  // Cycle 1: weights. 2: weights again. 3: matches of each kernel. Then the adder tree and the sums, as in subbit_table_tile.
  localparam int READ = 3 + LEVELS - 1;
  localparam int ADD = READ + 2;
  typedef struct packed {
    logic valid;
    logic first;
    logic last;
    logic [ADDRESS_BITS-1:0] address;
  } look_t;
  look_t looks[ADD+1];
  assign looks[0] =
      '{valid: counting, first: count_group == 0, last: count_group == channel_groups - 16'd1, address: address};
  always_ff @(posedge clk) begin
    signs <= found;
    for (int i = 1; i <= ADD; i++) begin
      looks[i] <= looks[i-1];
      if (rst) looks[i].valid <= 1'b0;
    end
  end

  function automatic logic [1:0] add3(input logic [2:0] bits);
    return {(bits[0] & bits[1]) | (bits[0] & bits[2]) | (bits[1] & bits[2]), ^bits};
  endfunction

  logic [2*PIXELS*SUM_BITS-1:0] old, old_q, total;
  for (genvar p = 0; p < 2 * PIXELS; p++) begin : g_pixel
    logic [4*CHANNELS-1:0] terms;
    for (genvar c = 0; c < CHANNELS; c++) begin : g_kernel
      wire [8:0] under = {pixels[c][2*COLUMNS+p+:3], pixels[c][COLUMNS+p+:3], pixels[c][p+:3]};
      wire [8:0] match = ~(under ^ signs[9*c+:9]);
      wire [1:0] top = add3(match[2:0]);
      wire [1:0] middle = add3(match[5:3]);
      wire [1:0] bottom = add3(match[8:6]);
      wire [1:0] ones = add3({bottom[0], middle[0], top[0]});
      wire [1:0] twos = add3({bottom[1], middle[1], top[1]});
      wire both_twos = twos[0] & ones[1];
      always_ff @(posedge clk) terms[4*c+:4] <= {twos[1] & both_twos, twos[1] ^ both_twos, twos[0] ^ ones[1], ones[0]};
    end
    logic [3+LEVELS:0] sum;
    subbit_adder_tree #(
        .N(CHANNELS),
        .WIDTH(4)
    ) tree (
        .clk,
        .numbers(terms),
        .sum
    );
    always_ff @(posedge clk) begin
      total[p*SUM_BITS+:SUM_BITS] <= (looks[ADD-1].first ? '0 : old_q[p*SUM_BITS+:SUM_BITS]) + SUM_BITS'(sum);
    end
  end

  subbit_memory #(
      .WIDTH(2 * PIXELS * SUM_BITS),
      .DEPTH(SUMS)
  ) held (
      .clk,
      .write(looks[ADD].valid),
      .write_address(looks[ADD].address),
      .write_data(total),
      .read(1'b1),
      .read_address(looks[READ-1].address),
      .read_data(old)
  );
  always_ff @(posedge clk) old_q <= old;

  assign sums_valid = looks[ADD].valid && looks[ADD].last;
  assign sums_address = looks[ADD].address;
  assign sums = total;
endmodule

`default_nettype wire
