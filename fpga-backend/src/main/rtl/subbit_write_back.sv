// Writes the sums of finished tiles to memory while the next tile is computed. For each output channel, the pixels of
// the tile are one run of bytes: their sums go through the output stage, where a residual from memory may be added. It writes one value per cycle; bits are gathered into bytes, and each row of a
// tile starts on a byte of its own.
`default_nettype none

module subbit_write_back #(
    parameter int LANES = 4,
    parameter int ADDRESS_BITS = 10,
    parameter int MAX_CHANNELS = 512,
    parameter int ADDR_WIDTH = 32,
    parameter int DATA_WIDTH = 64
) (
    input wire clk,
    input wire rst,
    input subbit_pkg::layer_t layer,
    input wire layer_start,

    // Biases, and multipliers or sign rules, written while the weights of the layer are loaded.
    input wire                            bias_write,
    input wire                            multiplier_write,
    input wire [$clog2(MAX_CHANNELS)-1:0] parameter_channel,
    input wire [                    31:0] parameter_value,

    // Finished tiles, from the engine.
    input  wire                    tile_valid,     // the tile's sums are complete
    output logic                   tile_taken,     // one cycle: its half of the accumulators is free
    input  wire                    tile_half,
    input  wire [ADDRESS_BITS-1:0] tile_pixels,    // minus one
    input  wire [  ADDRESS_BITS:0] tile_bytes,     // of an output channel, for bit outputs
    input  wire                    tile_last,      // of its image

    // Sums, from the accumulators: they follow two enabled cycles after their address.
    output logic                    draining,
    output logic                    drain_half,
    output logic                    drain,
    output logic [ADDRESS_BITS-1:0] drain_address,
    input  wire  [    32*LANES-1:0] drain_sums,

    // Reads of the residual from device memory.
    output logic                  read_valid,
    input  wire                   read_ready,
    output logic [ADDR_WIDTH-1:0] read_address,
    output logic [          23:0] read_bytes,
    input  wire                   read_beat_valid,
    input  wire  [DATA_WIDTH-1:0] read_beat_data,

    // Writes to device memory: commands of one run each, and the beats of the runs.
    output logic                  command_valid,
    input  wire                   command_ready,
    output logic [ADDR_WIDTH-1:0] command_address,
    output logic [          23:0] command_beats,

    output logic                    beat_valid,
    input  wire                     beat_ready,
    output logic [  DATA_WIDTH-1:0] beat_data,
    output logic [DATA_WIDTH/8-1:0] beat_strobe,

    output logic busy
);
  import subbit_contract_pkg::*;
  import subbit_pkg::*;
  localparam int BYTES = DATA_WIDTH / 8;
  localparam int SIZE = $clog2(BYTES);
  localparam int LANE_BITS = $clog2(LANES);
  localparam int CHANNEL_BITS = $clog2(MAX_CHANNELS);

  wire words = layer.output_format == OUTPUT_FORMAT_I32;
  wire bits = layer.output_format == OUTPUT_FORMAT_BITS;
  // Everything before the queue of beats stands still where this is 0.
  logic enable;

  // Where the next value comes from, and where it goes.
  logic active;
  logic [15:0] channel;
  logic [15:0] column;         // within the tile
  logic [ADDRESS_BITS-1:0] pixel, slot, address;
  logic [39:0] image_base, channel_base;
  logic [39:0] tile_offset;
  logic [SIZE-1:0] position;

  // Pipeline behind `issue`: sum_* waits for the accumulators, found_* selects a lane, whose sum lane_* and total_*
  // carry from the accumulators to the output stage.
  logic tile_half_q;
  logic sum_valid, sum_last, sum_ends, found_valid, found_last, found_ends;
  logic [LANE_BITS-1:0] sum_lane, found_lane;
  logic [SIZE-1:0] sum_position, found_position;
  logic [31:0] sum_bias, sum_multiplier, found_bias, found_multiplier;
  logic lane_valid, lane_last_q, lane_ends;
  logic [31:0] lane_sum, lane_bias, lane_multiplier;
  logic [SIZE-1:0] lane_position;
  logic total_valid, total_last, total_ends;
  logic [31:0] total, total_bias, total_multiplier;
  logic [SIZE-1:0] total_position;

  // The residual has the same layout as the output, at this distance from it.
  logic [39:0] residual_offset;
  logic residual_available, run_ready;
  logic [7:0] residual, lane_residual, total_residual;

  wire [39:0] run_address = channel_base + tile_offset;
  // Of the tile, one cycle late: its first run begins no earlier.
  wire [23:0] run_pixels = 24'(tile_pixels) + 24'd1;
  logic [23:0] run_bytes;
  always_ff @(posedge clk) run_bytes <= words ? run_pixels << 2 : bits ? 24'(tile_bytes) : run_pixels;
  logic run_begins, run_ends, channel_ends;     // the pixel is the first or the last of its run; the channel is the last
  logic row_ends;                               // the pixel is the last of its row
  // The places one before an end; those of the layer are valid long before it begins.
  logic [ADDRESS_BITS-1:0] pixel_before_last;
  logic [15:0] column_before_last, channel_before_last;
  logic one_pixel, one_column, one_channel;
  wire byte_ends = column[2:0] == '1 || row_ends || run_ends;
  wire [SIZE-1:0] position_now = run_begins ? run_address[SIZE-1:0] : position;
  wire run_starts = active && run_begins;
  wire issue = active && enable && (!run_starts || run_ready) &&
      (!layer.has_residual || residual_available);
  // A tile begins when the previous one has left the accumulators.
  wire tile_starts = !active && tile_valid && !sum_valid;
  wire tile_ends = issue && run_ends && channel_ends;
  wire lane_last = channel[LANE_BITS-1:0] == '1;

  wire [39:0] next_base = channel_base + layer.out_plane_bytes;

  assign tile_taken = tile_ends;
  assign drain_half = tile_half_q;
  assign drain = enable;
  assign drain_address = address;

  always_ff @(posedge clk) begin
    if (rst) begin
      active <= 1'b0;
      draining <= 1'b0;
      sum_valid <= 1'b0;
      found_valid <= 1'b0;
      lane_valid <= 1'b0;
      total_valid <= 1'b0;
    end else begin
      if (tile_starts) active <= 1'b1;
      if (tile_ends) active <= 1'b0;
      // Draining lasts as long as the tile or its last sum.
      if (tile_starts) draining <= 1'b1;
      else if (!active && enable) draining <= 1'b0;
      if (enable) begin
        sum_valid <= issue;
        found_valid <= sum_valid;
        lane_valid <= found_valid;
        total_valid <= lane_valid;
      end
    end

    column_before_last <= layer.out_width - 16'd2;
    channel_before_last <= layer.out_channels - 16'd2;
    one_column <= layer.out_width == 16'd1;
    one_channel <= layer.out_channels == 16'd1;
    if (layer_start) begin
      image_base <= layer.output_address;
      channel_base <= layer.output_address;
      tile_offset <= '0;
      residual_offset <= layer.residual_address - layer.output_address;
    end
    if (tile_starts) begin
      tile_half_q <= tile_half;
      pixel_before_last <= tile_pixels - 1'b1;
      one_pixel <= tile_pixels == 0;
      channel <= '0;
      channel_ends <= one_channel;
      pixel <= '0;
      run_begins <= 1'b1;
      run_ends <= tile_pixels == 0;
      column <= '0;
      row_ends <= one_column;
      slot <= '0;
      address <= '0;
    end
    if (issue) begin
      position <= position_now + (words ? SIZE'(4) : SIZE'(!bits || byte_ends));
      pixel <= pixel + 1'b1;
      run_begins <= run_ends;
      run_ends <= run_ends ? one_pixel : pixel == pixel_before_last;
      column <= row_ends || run_ends ? 16'd0 : column + 16'd1;
      row_ends <= row_ends || run_ends ? one_column : column == column_before_last;
      address <= address + ADDRESS_BITS'(layer.slots);
      if (run_ends) begin
        pixel <= '0;
        channel <= channel + 16'd1;
        channel_ends <= channel == channel_before_last;
        slot <= slot + ADDRESS_BITS'(lane_last);
        address <= slot + ADDRESS_BITS'(lane_last);
        // After a tile, back to the image's first channel; after the last tile, on to the next image.
        channel_base <= channel_ends && !tile_last ? image_base : next_base;
      end
      if (tile_ends) tile_offset <= tile_last ? 40'd0 : tile_offset + 40'(run_bytes);
      if (tile_ends && tile_last) image_base <= next_base;
    end
    if (enable) begin
      sum_last <= run_ends;
      sum_ends <= byte_ends;
      sum_lane <= channel[LANE_BITS-1:0];
      sum_position <= position_now;
      found_last <= sum_last;
      found_ends <= sum_ends;
      found_lane <= sum_lane;
      found_position <= sum_position;
      found_bias <= sum_bias;
      found_multiplier <= sum_multiplier;
      lane_last_q <= found_last;
      lane_ends <= found_ends;
      lane_position <= found_position;
      lane_sum <= drain_sums[32*found_lane+:32];
      lane_bias <= layer.has_bias ? found_bias : 32'd0;
      lane_multiplier <= found_multiplier;
      lane_residual <= residual;
      total_last <= lane_last_q;
      total_ends <= lane_ends;
      total_position <= lane_position;
      total <= lane_sum;
      total_bias <= lane_bias;
      total_multiplier <= lane_multiplier;
      total_residual <= lane_residual;
    end
  end

  // The parameters of every output channel.
  subbit_memory #(
      .WIDTH(32),
      .DEPTH(MAX_CHANNELS)
  ) biases (
      .clk,
      .write(bias_write),
      .write_address(parameter_channel),
      .write_data(parameter_value),
      .read(enable),
      .read_address(CHANNEL_BITS'(channel)),
      .read_data(sum_bias)
  );
  subbit_memory #(
      .WIDTH(32),
      .DEPTH(MAX_CHANNELS)
  ) multipliers (
      .clk,
      .write(multiplier_write),
      .write_address(parameter_channel),
      .write_data(parameter_value),
      .read(enable),
      .read_address(CHANNEL_BITS'(channel)),
      .read_data(sum_multiplier)
  );

  // The command of a run is issued ahead of its values, which take longer, through the output stage.
  wire [23:0] run_span = 24'(run_address[SIZE-1:0]) + run_bytes + 24'(BYTES - 1);
  subbit_queue #(
      .WIDTH(ADDR_WIDTH + 24)
  ) commands (
      .clk,
      .rst,
      .in_valid(issue && run_starts),
      .in_ready(run_ready),
      .in_data({run_address[ADDR_WIDTH-1:SIZE], {SIZE{1'b0}}, run_span >> SIZE}),
      .out_valid(command_valid),
      .out_ready(command_ready),
      .out_data({command_address, command_beats})
  );

  subbit_residual #(
      .PIXEL_BITS(ADDRESS_BITS),
      .ADDR_WIDTH(ADDR_WIDTH),
      .DATA_WIDTH(DATA_WIDTH)
  ) residuals (
      .clk,
      .rst,
      .start(tile_starts && layer.has_residual),
      .address(run_address + residual_offset),
      .stride(layer.out_plane_bytes),
      .pixels(tile_pixels),
      .channels(layer.out_channels),
      .read_valid,
      .read_ready,
      .read_address,
      .read_bytes,
      .beat_valid(read_beat_valid),
      .beat_data(read_beat_data),
      .enable,
      .available(residual_available),
      .take(issue && layer.has_residual),
      .take_last(run_ends),
      .value(residual)
  );

  localparam int BEATS = 8;
  localparam int HELD_BITS = $clog2(BEATS) + 1;
  logic value_valid, value_last, packer_free, packed_valid, packed_taken;
  logic [HELD_BITS-1:0] beats_held;
  logic [DATA_WIDTH-1:0] packed_data;
  logic [BYTES-1:0] packed_strobe;
  logic [31:0] value;
  logic [SIZE-1:0] value_position;
  subbit_output_stage #(
      .TAG_BITS(SIZE + 1)
  ) output_stage (
      .clk,
      .rst,
      .enable,
      .format(layer.output_format),
      .zero(layer.output_zero),
      .has_residual(layer.has_residual),
      .residual_zero(layer.residual_zero),
      .residual_multiplier(layer.residual_multiplier),
      .in_valid(total_valid),
      .in_sum(total),
      .in_bias(total_bias),
      .in_multiplier(total_multiplier),
      .in_residual(total_residual),
      .in_byte_ends(total_ends),
      .in_tag({total_last, total_position}),
      .out_valid(value_valid),
      .out_value(value),
      .out_tag({value_last, value_position})
  );
  subbit_packer #(
      .DATA_WIDTH(DATA_WIDTH)
  ) packer (
      .clk,
      .rst,
      .words,
      .value_valid(value_valid && enable),
      .value_ready(packer_free),
      .value,
      .position(value_position),
      .last(value_last),
      .beat_valid(packed_valid),
      .beat_ready(packed_taken),
      .beat_data(packed_data),
      .beat_strobe(packed_strobe)
  );
  subbit_queue #(
      .WIDTH(DATA_WIDTH + BYTES),
      .DEPTH(BEATS)
  ) beats (
      .clk,
      .rst,
      .in_valid(packed_valid),
      .in_ready(packed_taken),
      .in_data({packed_strobe, packed_data}),
      .out_valid(beat_valid),
      .out_ready(beat_ready),
      .out_data({beat_strobe, beat_data})
  );

  // The bus acts on everything before it through a register. Of the beats that are not counted yet, one is in the
  // packer, and two more may be created before everything stops; so the packer never waits for the queue.
  always_ff @(posedge clk) begin
    enable <= beats_held <= HELD_BITS'(BEATS - 3);
    if (rst) beats_held <= '0;
    else beats_held <= beats_held + HELD_BITS'(packed_valid) - HELD_BITS'(beat_valid && beat_ready);
  end
  wire unused = &{1'b0, packer_free};

  // Values in the output stage still become beats; the engine waits for the last of them.
  localparam logic [4:0] LONGEST_WAY = 5'd20;
  logic [4:0] quiet;
  always_ff @(posedge clk) begin
    if (rst || active || total_valid || lane_valid || found_valid || sum_valid || value_valid || beat_valid || command_valid) quiet <= '0;
    else if (quiet != LONGEST_WAY) quiet <= quiet + 5'd1;
  end
  assign busy = quiet != LONGEST_WAY;
endmodule

`default_nettype wire
