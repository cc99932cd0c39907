// Writes bits to device memory: a band of rows of a block of output channels at a time, one run of bytes per channel, and
// one row per cycle. Bands are kept in two halves of a memory, so that one is written while the next is computed. Bits that
// come in whole rows lie at one place per row and may take both halves; the next band then comes when this one is written.
`default_nettype none

module subbit_table_writer #(
    parameter int PIXELS = 7,
    parameter int OUTPUTS = 128,
    parameter int SUMS = 512,
    parameter int PIECES = 4,
    // Pixels of a row, a multiple of eight, at most 2 * PIXELS * PIECES.
    parameter int WIDTH = 56,
    parameter int ADDR_WIDTH = 32,
    parameter int DATA_WIDTH = 64
) (
    input wire clk,
    input wire rst,

    // The layer, stable from `start` to the end of `busy`.
    input wire        start,
    output logic      busy,               // to the last beat
    input wire        pairs,
    input wire        whole_rows,         // bits come in rows
    input wire [31:0] batch,
    input wire [15:0] out_channels,
    input wire [15:0] out_height,
    input wire [15:0] out_width,
    input wire [15:0] band_rows,
    input wire [39:0] band_bytes,         // of them, of one channel
    input wire [39:0] output_address,
    input wire [39:0] plane_bytes,        // of one channel
    input wire [39:0] image_bytes,

    // Bits, as subbit_table_signs stores them.
    input wire                                   store,
    input wire                                   store_half,
    input wire [(PIECES>1?$clog2(PIECES):1)-1:0] store_piece,
    input wire [               $clog2(SUMS)-1:0] store_address,
    input wire [                   2*PIXELS-1:0] store_bits,
    // Whole rows, at output channel + outputs * row.
    input wire                                   row_store,
    input wire [                 $clog2(SUMS):0] row_address,
    input wire [                      WIDTH-1:0] row_bits,
    input wire                                   band_done,
    output logic                                 band_read,       // one cycle: a half is free again
    output logic                                 band_busy,       // a band is stored and not yet written to the last beat

    // Writes to device memory, as in subbit_axi_write.
    output logic                    command_valid,
    input  wire                     command_ready,
    output logic [  ADDR_WIDTH-1:0] command_address,
    output logic [            23:0] command_beats,
    output logic                    beat_valid,
    input  wire                     beat_ready,
    output logic [  DATA_WIDTH-1:0] beat_data,
    output logic [DATA_WIDTH/8-1:0] beat_strobe
);
  localparam int BYTES = DATA_WIDTH / 8;
  localparam int SIZE = $clog2(BYTES);
  localparam int ROW = WIDTH / 8;
  localparam int SPAN = BYTES + ROW;
  localparam int COUNT_BITS = $clog2(SPAN + 1);
  localparam int PIECE_BITS = PIECES > 1 ? $clog2(PIECES) : 1;
  localparam int ADDRESS_BITS = $clog2(SUMS);

  if (WIDTH % 8 != 0 || WIDTH > 2 * PIXELS * PIECES) begin : g_check
    $error("WIDTH must be a multiple of eight, at most 2 * PIXELS * PIECES");
  end

  // ---- Which band is to be written: images, blocks, bands.
  logic [1:0] waiting;         // bands that are stored and not yet read
  logic more;                  // a band is still to come
  logic [31:0] images_left;
  logic [15:0] first_channel, rows_left;
  logic [39:0] image_at, block_at, band_at, plane_left;
  logic half;
  // What follows from these is there one cycle later, when the first row of the band is read at the earliest.
  logic band_last, block_last;
  logic [ADDRESS_BITS:0] outputs;
  logic [15:0] rows_here, output_last, row_last_here;
  logic [39:0] bytes_here, image_next, block_next;
  wire [15:0] channels_left = out_channels - first_channel;
  always_ff @(posedge clk) begin
    band_last <= rows_left <= band_rows;
    block_last <= channels_left <= 16'(OUTPUTS);
    outputs <= (ADDRESS_BITS + 1)'(channels_left < 16'(OUTPUTS) ? channels_left : 16'(OUTPUTS));
    rows_here <= rows_left <= band_rows ? rows_left : band_rows;
    output_last <= (channels_left < 16'(OUTPUTS) ? channels_left : 16'(OUTPUTS)) - 16'd1;
    row_last_here <= (rows_left <= band_rows ? rows_left : band_rows) - 16'd1;
    bytes_here <= rows_left <= band_rows ? plane_left : band_bytes;
    image_next <= image_at + image_bytes;
    block_next <= block_at + (plane_bytes << $clog2(OUTPUTS));
  end

  // ---- Reading, one row per cycle: channels, rows. A row follows its address by two cycles, first as it was found, then in a
  // register of its own. Whether it is the last of its channel, and this the last of the band, is there with its address.
  logic reading, found_valid, row_valid, row_first, row_last, row_ends_band;
  logic [15:0] output_channel, row;
  logic [ADDRESS_BITS:0] row_base, band_base;
  assign band_base = half ? (ADDRESS_BITS + 1)'(SUMS) : '0;
  logic [39:0] channel_at, row_at, run_bytes;
  logic channel_ends, output_ends, band_ended;
  logic [1:0] settled;
  wire band_ends = channel_ends && output_ends;
  wire [15:0] row_next = channel_ends ? 16'd0 : row + 16'd1;
  wire [15:0] output_next = output_channel + 16'd1;
  logic takes;
  wire row_moves = !row_valid || takes;
  wire advance = !found_valid || row_moves;
  // Which band is next is there two cycles after the last row of the one before, and what follows from it three.
  wire begins = !reading && settled == '1 && waiting != 0 && more;
  wire read_now = reading && advance;

  logic [2*PIXELS*PIECES-1:0] found;
  wire [2*PIXELS*PIECES-1:0] row_of_pieces = (2 * PIXELS * PIECES)'(row_bits);
  for (genvar p = 0; p < PIECES; p++) begin : g_piece
    subbit_memory #(
        .WIDTH(2 * PIXELS),
        .DEPTH(2 * SUMS)
    ) bits (
        .clk,
        .write(whole_rows ? row_store : store && store_piece == PIECE_BITS'(p)),
        .write_address(whole_rows ? row_address : {store_half, store_address}),
        .write_data(whole_rows ? row_of_pieces[2*PIXELS*p+:2*PIXELS] : store_bits),
        .read(read_now),
        .read_address(row_base + (ADDRESS_BITS + 1)'(output_channel)),
        .read_data(found[2*PIXELS*p+:2*PIXELS])
    );
  end
  logic [WIDTH-1:0] mask;
  always_ff @(posedge clk) mask <= ~({WIDTH{1'b1}} << out_width);
  logic found_first, found_odd, found_last, found_ends_band;
  logic [39:0] found_at, found_bytes;
  logic [WIDTH-1:0] bits_of_row;
  assign band_read = takes && row_ends_band;

  always_ff @(posedge clk) begin
    if (rst) begin
      reading <= 1'b0;
      band_ended <= 1'b0;
      found_valid <= 1'b0;
      row_valid <= 1'b0;
      waiting <= '0;
      more <= 1'b0;
    end else if (start) begin
      reading <= 1'b0;
      band_ended <= 1'b0;
      found_valid <= 1'b0;
      row_valid <= 1'b0;
      waiting <= '0;
      more <= 1'b1;
      images_left <= batch;
      first_channel <= '0;
      rows_left <= out_height;
      image_at <= output_address;
      block_at <= output_address;
      band_at <= output_address;
      plane_left <= plane_bytes;
      half <= 1'b0;
    end else begin
      settled <= {settled[0], !reading};
      band_ended <= read_now && band_ends;
      waiting <= waiting + 2'(band_done) - 2'(begins);
      if (advance) found_valid <= reading;
      if (row_moves) row_valid <= found_valid;
      if (begins) begin
        reading <= 1'b1;
        output_channel <= '0;
        row <= '0;
        channel_ends <= row_last_here == 0;
        output_ends <= output_last == 0;
        row_base <= band_base;
        channel_at <= band_at;
      end else if (read_now) begin
        row <= row_next;
        channel_ends <= row_next == row_last_here;
        if (channel_ends) row_base <= band_base;
        else if (pairs || whole_rows || row[0]) row_base <= row_base + outputs;
        if (channel_ends) begin
          output_channel <= output_next;
          output_ends <= output_next == output_last;
          channel_at <= channel_at + plane_bytes;
        end
        if (band_ends) reading <= 1'b0;
      end
      if (band_ended) begin
        half <= !half && !whole_rows;
        rows_left <= band_last ? out_height : rows_left - rows_here;
        plane_left <= band_last ? plane_bytes : plane_left - bytes_here;
        band_at <= band_at + bytes_here;
        if (band_last) begin
          first_channel <= block_last ? 16'd0 : first_channel + 16'(OUTPUTS);
          block_at <= block_last ? image_next : block_next;
          band_at <= block_last ? image_next : block_next;
        end
        if (band_last && block_last) begin
          image_at <= image_next;
          images_left <= images_left - 32'd1;
          more <= images_left != 32'd1;
        end
      end
    end
    if (read_now) begin
      found_first <= row == 0;
      found_odd <= row[0];
      found_last <= channel_ends;
      found_ends_band <= band_ends;
      found_at <= channel_at;
      found_bytes <= bytes_here;
    end
    if (row_moves) begin
      bits_of_row <= (pairs || whole_rows ? WIDTH'(found) : WIDTH'(found_odd ? found[2*PIXELS-1:PIXELS] : found[PIXELS-1:0])) & mask;
      row_first <= found_first;
      row_last <= found_last;
      row_ends_band <= found_ends_band;
      row_at <= found_at;
      run_bytes <= found_bytes;
    end
  end

  // ---- Packing rows into beats. Commands wait in a queue, as beats do: how ready the bus is need not reach all of this.
  logic [8*SPAN-1:0] data, data_next;
  logic [SPAN-1:0] strobe, strobe_next;
  logic [COUNT_BITS-1:0] count, count_next;    // bytes, with those before the run in its first beat
  logic ends;                                  // the run ends with what is held
  logic slot;
  logic left_over;                             // what is held is a beat, or the end of the run
  wire [COUNT_BITS-1:0] row_bytes = COUNT_BITS'((out_width + 16'd7) >> 3);
  wire [ROW-1:0] row_strobe = ~({ROW{1'b1}} << row_bytes);
  wire [COUNT_BITS-1:0] at = row_first ? COUNT_BITS'(row_at[SIZE-1:0]) : count;
  wire [COUNT_BITS-1:0] sum = at + row_bytes;
  logic command_slot;
  assign takes = row_valid && slot && !left_over && (!row_first || command_slot);
  subbit_queue #(
      .WIDTH(ADDR_WIDTH + 24),
      .DEPTH(2)
  ) commands (
      .clk,
      .rst(rst || start),
      .in_valid(takes && row_first),
      .in_ready(command_slot),
      .in_data({ADDR_WIDTH'({row_at[39:SIZE], {SIZE{1'b0}}}), 24'((run_bytes + 40'(row_at[SIZE-1:0]) + 40'(BYTES - 1)) >> SIZE)}),
      .out_valid(command_valid),
      .out_ready(command_ready),
      .out_data({command_address, command_beats})
  );
  always_comb begin
    if (left_over) begin
      data_next = data;
      strobe_next = strobe;
      count_next = count;
    end else begin
      data_next = (row_first ? '0 : data) | ((8*SPAN)'(bits_of_row) << {at, 3'b000});
      strobe_next = (row_first ? '0 : strobe) | (SPAN'(row_strobe) << at);
      count_next = sum;
    end
  end
  wire ends_next = left_over ? ends : row_last;
  wire moves = slot && (left_over || takes);
  wire emits = moves && (count_next >= COUNT_BITS'(BYTES) || ends_next);
  wire [COUNT_BITS-1:0] count_left = count_next > COUNT_BITS'(BYTES) ? count_next - COUNT_BITS'(BYTES) : '0;    // behind a beat

  assign band_busy = waiting != 0 || reading || found_valid || row_valid || left_over || beat_valid;
  assign busy = more || band_busy;
  always_ff @(posedge clk) begin
    if (rst || start) begin
      count <= '0;
      ends <= 1'b0;
      left_over <= 1'b0;
    end else if (moves) begin
      count <= emits ? count_left : count_next;
      ends <= ends_next;
      left_over <= emits && (count_left >= COUNT_BITS'(BYTES) || (ends_next && count_left != 0));
    end
    if (moves) begin
      data <= emits ? data_next >> DATA_WIDTH : data_next;
      strobe <= emits ? strobe_next >> BYTES : strobe_next;
    end
  end

  subbit_queue #(
      .WIDTH(DATA_WIDTH + BYTES),
      .DEPTH(2)
  ) beats (
      .clk,
      .rst(rst || start),
      .in_valid(emits),
      .in_ready(slot),
      .in_data({strobe_next[BYTES-1:0], data_next[DATA_WIDTH-1:0]}),
      .out_valid(beat_valid),
      .out_ready(beat_ready),
      .out_data({beat_strobe, beat_data})
  );
endmodule

`default_nettype wire
