// The end of a layer of an integer network that gives values: the accumulators of a band of rows of a block of output channels become rows of values
// of 16 bits, as many per cycle as a beat of the bus has, and rows of signs for subbit_table_writer. The band that follows is
// stored meanwhile.
//
//   accumulators ─► two halves, a memory for each pixel of a step ─► shifted up ─► subbit_finish ─► beats ─► bus
//   bus ─► residuals, beat for beat ─────────────────────────────────┘              └─► signs, row for row
//
// Values go through rows, in them output channels, in them beats. A run on the bus, of values or residuals, is a row of the
// block's channels; where the block has all channels, a band is one run. The residuals of a band are asked for when its
// accumulators are complete, so that nothing but the bus is waited for while they come. Values enter the pipeline only when
// there is room behind it. Signs are gathered over some bands, and written behind the values of the last one, before those
// of the next.
`default_nettype none

module subbit_table_values #(
    parameter int PIXELS = 7,
    parameter int OUTPUTS = 128,
    parameter int MAX_CHANNELS = 512,
    parameter int SUMS = 512,
    parameter int ACC_BITS = 14,
    parameter int PIECES = 4,
    parameter int WIDTH = 56,
    parameter int ADDR_WIDTH = 32,
    // 32 or 64: the row of a channel begins with a beat.
    parameter int DATA_WIDTH = 64
) (
    input wire clk,
    input wire rst,

    // The layer, stable from `start_i` to the end of `busy_o`, and for some cycles before the first band is complete.
    input wire subbit_pkg::layer_t layer_i,
    input  wire  start_i,
    output logic busy_o,
    input wire                             pairs_i,
    input wire [$clog2(PIECES+1)-1:0]      pieces_i,          // steps of a row, with pairs
    input wire [                     15:0] band_rows_i,
    input wire [                     39:0] band_bytes_i,      // of so many rows of values of all channels
    input wire [                     15:0] sign_rows_i,       // rows of bands whose signs are written together

    // Accumulators, as subbit_table_signs or subbit_dense_engine gives them.
    input wire                            store_i,
    input wire                            store_half_i,
    input wire [        $clog2(SUMS)-1:0] store_address_i,
    input wire [            2*PIXELS-1:0] store_lanes_i,      // pixels of the step that are stored
    input wire [2*PIXELS*ACC_BITS-1:0]    store_data_i,
    input wire                            band_done_i,
    output logic                          band_read_o,        // one cycle: a half is free again

    // Integer parameters, as subbit_weight_loader gives them.
    input wire                                           parameters_store_i,
    input wire [$clog2(128*MAX_CHANNELS/DATA_WIDTH)-1:0] parameters_address_i,
    input wire [                         DATA_WIDTH-1:0] parameters_data_i,

    // Reads of residuals; `read_soon_o` while another run of a band is to come, which then goes first.
    output logic                  read_soon_o,
    output logic                  read_valid_o,
    input  wire                   read_ready_i,
    output logic [ADDR_WIDTH-1:0] read_address_o,
    output logic [          23:0] read_bytes_o,
    input  wire                   read_beat_valid_i,
    output logic                  read_beat_ready_o,
    input  wire  [DATA_WIDTH-1:0] read_beat_data_i,

    // Writes of values; in between, while `signs_turn_o`, the bands of signs are written.
    output logic                  command_valid_o,
    input  wire                   command_ready_i,
    output logic [ADDR_WIDTH-1:0] command_address_o,
    output logic [          23:0] command_beats_o,
    output logic                  beat_valid_o,
    input  wire                   beat_ready_i,
    output logic [DATA_WIDTH-1:0] beat_data_o,
    output logic                  signs_turn_o,

    // Signs, a row at a time, and when all that are written together are here; `signs_busy_i` until they are written.
    output logic                signs_store_o,
    output logic [$clog2(SUMS):0] signs_address_o,
    output logic [   WIDTH-1:0] signs_o,
    output logic                signs_done_o,
    input  wire                 signs_busy_i
);
  localparam int STEP = 2 * PIXELS;
  localparam int VALUES = DATA_WIDTH / 16;
  localparam int SIZE = $clog2(DATA_WIDTH / 8);
  localparam int ADDRESS_BITS = $clog2(SUMS);
  localparam int CHANNEL_BITS = $clog2(MAX_CHANNELS);
  localparam int LANE_BITS = $clog2(STEP) + 1;
  localparam int BEATS = (WIDTH + VALUES - 1) / VALUES;       // of a row
  localparam int BEAT_BITS = $clog2(BEATS + 1);
  // Beats between the pipeline's begin and the bus.
  localparam int QUEUE = 32;
  localparam int QUEUE_BITS = $clog2(QUEUE) + 1;
  localparam int RESIDUALS = 16;
  localparam int RESIDUAL_BITS = $clog2(RESIDUALS) + 1;
  // Parameters of a channel in words of the bus.
  localparam int PARTS = 128 / DATA_WIDTH;

  if (DATA_WIDTH != 32 && DATA_WIDTH != 64) begin : g_check
    $error("DATA_WIDTH must be 32 or 64");
  end
  if (WIDTH > STEP * PIECES || PIXELS % 2 == 0) begin : g_check2
    $error("WIDTH must be at most 2 * PIXELS * PIECES, and PIXELS be odd");
  end

  // ---- Which band comes next: images, blocks, bands.
  typedef enum logic [2:0] {
    IDLE,
    NEXT,      // waits for a band
    BEGIN,     // of a run: what follows from its place is there in the next cycle
    ASK,       // for the residuals of a run, and room for its command
    RUN
  } state_t;
  state_t state_q;
  logic [1:0] bands_q;               // that are complete and not yet begun
  logic half_q;
  logic [31:0] images_left_q;
  logic [15:0] first_channel_q, rows_left_q;
  logic [39:0] image_at_q, block_at_q, run_at_q;      // first bytes of an image, of a block in it, and of the run
  logic [39:0] line_left_q, image_left_q;             // bytes from the block on of a row, and from the band on of an image
  logic runs_end;
  logic single;                                       // block
  wire begins = state_q == NEXT && bands_q != 0;
  // A cycle after what they are made of.
  logic block_last_q, band_last_q;
  logic hand_over_q;                                  // the band's signs are the last of those that are written together
  logic [15:0] outputs_q, rows_here_q, channel_last_q, row_last_q;
  logic [15:0] sign_rows_q;                           // that are gathered before the band
  logic [BEAT_BITS-1:0] beat_last_q;
  logic [39:0] block_bytes_q, run_bytes_q, image_next_q;
  logic [ADDRESS_BITS-1:0] row_sums, row_sums_q;      // of a row of values, or of two
  logic [ADDR_WIDTH-1:0] run_address_q;
  wire [15:0] channels_left = layer_i.out_channels - first_channel_q;
  wire [39:0] row_bytes = (40'(layer_i.out_width) + 40'd3) >> 2 << 3;    // of a channel
  always_ff @(posedge clk) begin
    single <= layer_i.out_channels <= 16'(OUTPUTS);
    block_last_q <= channels_left <= 16'(OUTPUTS);
    outputs_q <= channels_left <= 16'(OUTPUTS) ? channels_left : 16'(OUTPUTS);
    band_last_q <= rows_left_q <= band_rows_i;
    rows_here_q <= rows_left_q <= band_rows_i ? rows_left_q : band_rows_i;
    channel_last_q <= outputs_q - 16'd1;
    row_last_q <= rows_here_q - 16'd1;
    hand_over_q <= band_last_q || sign_rows_q + rows_here_q >= sign_rows_i;
    beat_last_q <= BEAT_BITS'(row_bytes >> SIZE) - 1'b1;
    block_bytes_q <= channels_left <= 16'(OUTPUTS) ? line_left_q : row_bytes << $clog2(OUTPUTS);
    run_bytes_q <= !single ? block_bytes_q : rows_left_q <= band_rows_i ? image_left_q : band_bytes_i;
    image_next_q <= image_at_q + layer_i.out_image_bytes;
    row_sums_q <= row_sums;
    read_address_o <= ADDR_WIDTH'(layer_i.residual_address + run_at_q);
    run_address_q <= ADDR_WIDTH'(layer_i.output_address + run_at_q);
  end
  always_comb begin
    row_sums = ADDRESS_BITS'(outputs_q);
    for (int p = 1; p < PIECES; p++) begin
      if (pairs_i && pieces_i > ($clog2(PIECES + 1))'(p)) row_sums = row_sums + ADDRESS_BITS'(outputs_q);
    end
  end

  // ---- Through a band: rows, output channels, beats. A row without pairs is half of a step's pixels.
  logic [15:0] row_q, channel_q;
  logic [BEAT_BITS-1:0] beat_q;
  logic [15:0] column_q;
  logic [LANE_BITS-1:0] lane_q;                       // of the beat's first pixel
  logic [ADDRESS_BITS-1:0] row_base_q, channel_base_q, address_q;
  logic [ADDRESS_BITS:0] row_place_q;                 // of the row's signs
  logic run_first_q;
  logic [QUEUE_BITS-1:0] credits_q;
  logic [RESIDUAL_BITS-1:0] residuals_q;              // that are here and belong to no value yet
  logic signs_pending_q;                              // some are handed over and not yet written
  logic run_ready, beat_taken, residual_taken;
  wire issue = state_q == RUN && credits_q != 0 && !signs_pending_q && (!layer_i.has_residual || residuals_q != 0);
  // Whether these are the last ones is known with them: before a run, and in it with the beat before.
  logic beat_ends, last_channel_q, last_row_q;
  wire row_ends = beat_ends && last_channel_q;
  wire band_ends = row_ends && last_row_q;
  wire [BEAT_BITS-1:0] beat_next = beat_ends ? '0 : beat_q + 1'b1;
  wire [15:0] channel_next = row_ends ? 16'd0 : channel_q + 16'd1;
  wire [15:0] row_next = row_q + 16'd1;
  always_ff @(posedge clk) begin
    if (state_q == ASK) begin
      beat_ends <= beat_q == beat_last_q;
      last_channel_q <= channel_q == channel_last_q;
      last_row_q <= row_q == row_last_q;
    end else if (issue) begin
      beat_ends <= beat_next == beat_last_q;
      if (beat_ends) last_channel_q <= channel_next == channel_last_q;
      if (row_ends) last_row_q <= row_next == row_last_q;
    end
  end
  assign runs_end = single ? band_ends : row_ends;
  wire odd = !pairs_i && row_q[0];
  wire wraps = lane_q >= LANE_BITS'(STEP - VALUES);
  wire [ADDRESS_BITS-1:0] address_next = address_q + ADDRESS_BITS'(outputs_q);
  wire [ADDRESS_BITS-1:0] row_base_next = pairs_i || row_q[0] ? row_base_q + row_sums_q : row_base_q;
  wire asks = state_q == ASK && run_ready && (!layer_i.has_residual || read_ready_i);
  assign read_valid_o = state_q == ASK && run_ready && layer_i.has_residual;
  assign read_bytes_o = 24'(run_bytes_q);
  assign read_soon_o = layer_i.has_residual && (state_q == BEGIN || state_q == ASK ||
                                                (state_q == RUN && !single && !last_row_q));
  assign band_read_o = issue && band_ends;

  always_ff @(posedge clk) begin
    if (rst) begin
      state_q <= IDLE;
      bands_q <= '0;
      credits_q <= QUEUE_BITS'(QUEUE);
      residuals_q <= '0;
    end else begin
      bands_q <= bands_q + 2'(band_done_i) - 2'(begins);
      credits_q <= credits_q + QUEUE_BITS'(beat_taken) - QUEUE_BITS'(issue);
      residuals_q <= residuals_q + RESIDUAL_BITS'(residual_taken) - RESIDUAL_BITS'(issue && layer_i.has_residual);
      case (state_q)
        IDLE: ;
        NEXT: if (begins) state_q <= BEGIN;
        BEGIN: state_q <= ASK;
        ASK: if (asks) state_q <= RUN;
        default:
        if (issue && runs_end) begin
          state_q <= BEGIN;
          if (band_ends) state_q <= band_last_q && block_last_q && images_left_q == 32'd1 ? IDLE : NEXT;
        end
      endcase
      if (start_i) state_q <= NEXT;
    end

    if (begins) begin
      row_q <= '0;
      channel_q <= '0;
      beat_q <= '0;
      column_q <= '0;
      lane_q <= '0;
      row_base_q <= '0;
      channel_base_q <= '0;
      address_q <= '0;
      if (sign_rows_q == 0) row_place_q <= '0;
      run_first_q <= 1'b1;
    end
    if (issue) begin
      run_first_q <= runs_end;
      beat_q <= beat_next;
      column_q <= beat_ends ? '0 : column_q + 16'(VALUES);
      lane_q <= beat_ends ? '0 : wraps ? lane_q - LANE_BITS'(STEP - VALUES) : lane_q + LANE_BITS'(VALUES);
      if (wraps) address_q <= address_next;
      if (beat_ends) begin
        channel_q <= channel_next;
        channel_base_q <= row_ends ? row_base_next : channel_base_q + 1'b1;
        address_q <= row_ends ? row_base_next : channel_base_q + 1'b1;
        row_place_q <= row_place_q + 1'b1;
      end
      if (row_ends) begin
        row_q <= row_next;
        row_base_q <= row_base_next;
      end
      if (runs_end) run_at_q <= run_at_q + (single ? run_bytes_q : layer_i.out_plane_bytes);
      if (band_ends) begin
        half_q <= !half_q;
        sign_rows_q <= hand_over_q ? 16'd0 : sign_rows_q + rows_here_q;
        rows_left_q <= band_last_q ? layer_i.out_height : rows_left_q - rows_here_q;
        image_left_q <= band_last_q ? layer_i.out_image_bytes : image_left_q - run_bytes_q;
        if (band_last_q) begin
          first_channel_q <= block_last_q ? 16'd0 : first_channel_q + 16'(OUTPUTS);
          line_left_q <= block_last_q ? layer_i.out_plane_bytes : line_left_q - block_bytes_q;
          block_at_q <= block_last_q ? image_next_q : block_at_q + block_bytes_q;
          run_at_q <= block_last_q ? image_next_q : block_at_q + block_bytes_q;
          if (block_last_q) begin
            image_at_q <= image_next_q;
            images_left_q <= images_left_q - 32'd1;
          end
        end
      end
    end
    if (start_i) begin
      half_q <= 1'b0;
      sign_rows_q <= '0;
      images_left_q <= layer_i.batch;
      first_channel_q <= '0;
      rows_left_q <= layer_i.out_height;
      image_at_q <= '0;
      block_at_q <= '0;
      run_at_q <= '0;
      line_left_q <= layer_i.out_plane_bytes;
      image_left_q <= layer_i.out_image_bytes;
    end
  end

  // ---- The runs that are begun.
  logic run_valid, run_taken;
  subbit_queue #(
      .WIDTH(ADDR_WIDTH + 24),
      .DEPTH(4)
  ) runs (
      .clk,
      .rst,
      .in_valid(asks),
      .in_ready(run_ready),
      .in_data({run_address_q, 24'(run_bytes_q >> SIZE)}),
      .out_valid(run_valid),
      .out_ready(run_taken),
      .out_data({command_address_o, command_beats_o})
  );

  // ---- Cycle 1: accumulators. 2: those of a row of half a step in the lower half. 3: those of the beat. 4: moved up.
  typedef struct packed {
    logic run_first;
    logic row_last;           // of a channel's row
    logic signs_last;
    logic [VALUES-1:0] in_row;
    logic [BEAT_BITS-1:0] beat;
    logic [ADDRESS_BITS:0] place;
  } tag_t;
  logic [4:0] valid;
  tag_t tags[5];
  logic [CHANNEL_BITS-1:0] channels[5];
  logic [LANE_BITS-1:0] lane_1, lane_2;
  logic odd_1;
  wire [VALUES-1:0] in_row;
  for (genvar i = 0; i < VALUES; i++) begin : g_inside
    assign in_row[i] = column_q + 16'(i) < layer_i.out_width;
  end
  assign valid[0] = issue;
  assign tags[0] = '{
          run_first: run_first_q,
          row_last: beat_ends,
          signs_last: band_ends && hand_over_q,
          in_row: in_row,
          beat: beat_q,
          place: row_place_q
      };
  assign channels[0] = CHANNEL_BITS'(first_channel_q + channel_q);
  always_ff @(posedge clk) begin
    valid[4:1] <= rst ? '0 : valid[3:0];
    for (int i = 1; i < 5; i++) begin
      tags[i] <= tags[i-1];
      channels[i] <= channels[i-1];
    end
    lane_1 <= lane_q;
    lane_2 <= lane_1;
    odd_1 <= odd;
  end

  logic [ACC_BITS-1:0] lanes_1[STEP], lanes_2[STEP];
  for (genvar l = 0; l < STEP; l++) begin : g_lane
    // Pixels before the beat's first one are those of the next step.
    subbit_memory #(
        .WIDTH(ACC_BITS),
        .DEPTH(2 * SUMS)
    ) accumulators (
        .clk,
        .write(store_i && store_lanes_i[l]),
        .write_address({store_half_i, store_address_i}),
        .write_data(store_data_i[l*ACC_BITS+:ACC_BITS]),
        .read(1'b1),
        .read_address({half_q, LANE_BITS'(l) < lane_q ? address_next : address_q}),
        .read_data(lanes_1[l])
    );
  end
  logic signed [ACC_BITS-1:0] accumulators_3[VALUES];
  logic [16*VALUES-1:0] moved_4;
  always_ff @(posedge clk) begin
    for (int l = 0; l < STEP; l++) lanes_2[l] <= l < PIXELS && odd_1 ? lanes_1[l<PIXELS?l+PIXELS:l] : lanes_1[l];
    // Beats begin at even lanes.
    for (int i = 0; i < VALUES; i++) begin
      accumulators_3[i] <= '0;
      for (int s = 0; s < PIXELS; s++) begin
        if (lane_2 == LANE_BITS'(2 * s)) accumulators_3[i] <= lanes_2[(2*s+i)%STEP];
      end
      moved_4[16*i+:16] <= 16'(accumulators_3[i]) <<< (layer_i.integer_conv ? layer_i.shift : 5'd0);
    end
  end

  // ---- Residuals, held until their sums are there.
  logic residual_ready, residual_here, residual_take;
  logic [DATA_WIDTH-1:0] residual_data;
  assign read_beat_ready_o = residual_ready;
  assign residual_taken = read_beat_valid_i && residual_ready;
  subbit_queue #(
      .WIDTH(DATA_WIDTH),
      .DEPTH(RESIDUALS)
  ) residuals (
      .clk,
      .rst,
      .in_valid(read_beat_valid_i),
      .in_ready(residual_ready),
      .in_data(read_beat_data_i),
      .out_valid(residual_here),
      .out_ready(residual_take),
      .out_data(residual_data)
  );

  // ---- Parameters by words of the bus: multiplier, bias, slope, shift_out, threshold.
  localparam int PART_BITS = $clog2(PARTS);
  wire [PART_BITS-1:0] part = parameters_address_i[PART_BITS-1:0];
  wire [CHANNEL_BITS-1:0] parameters_channel = CHANNEL_BITS'(parameters_address_i >> PART_BITS);
  logic finished, value_taken;
  tag_t finished_tag;
  logic [16*VALUES-1:0] values;
  logic [VALUES-1:0] signs;
  subbit_finish #(
      .VALUES(VALUES),
      .MAX_CHANNELS(MAX_CHANNELS),
      .TAG_BITS($bits(tag_t))
  ) finish (
      .clk,
      .rst,
      .residual_i(layer_i.has_residual),
      .value_bits_i(layer_i.value_bits),
      .slope_shift_i(layer_i.slope_shift),
      .scale_store_i(parameters_store_i && part == 0),
      .bend_store_i(parameters_store_i && part == PART_BITS'(DATA_WIDTH == 64 ? 0 : 1)),
      .threshold_store_i(parameters_store_i && part == PART_BITS'(DATA_WIDTH == 64 ? 1 : 2)),
      .store_channel_i(parameters_channel),
      .scale_i(parameters_data_i[31:0]),
      .bend_i(parameters_data_i[DATA_WIDTH-1-:32]),
      .threshold_i(parameters_data_i[15:0]),
      .valid_i(valid[4]),
      .tag_i(tags[4]),
      .channel_i(channels[4]),
      .sums_i(moved_4),
      .residual_take_o(residual_take),
      .residual_data_i(residual_data),
      .valid_o(finished),
      .tag_o(finished_tag),
      .values_o(values),
      .signs_o(signs)
  );

  // ---- Beats of values; the first of a run waits for its command.
  logic [DATA_WIDTH-1:0] beat;
  for (genvar i = 0; i < VALUES; i++) begin : g_beat
    assign beat[16*i+:16] = finished_tag.in_row[i] ? values[16*i+:16] : '0;
  end
  logic held_valid, held_first, commanded_q;
  subbit_queue #(
      .WIDTH(DATA_WIDTH + 1),
      .DEPTH(QUEUE)
  ) beats (
      .clk,
      .rst,
      .in_valid(finished),
      .in_ready(value_taken),
      .in_data({finished_tag.run_first, beat}),
      .out_valid(held_valid),
      .out_ready(beat_taken),
      .out_data({held_first, beat_data_o})
  );
  assign command_valid_o = held_valid && held_first && !commanded_q && run_valid;
  assign run_taken = command_valid_o && command_ready_i;
  assign beat_valid_o = held_valid && (!held_first || commanded_q);
  assign beat_taken = beat_valid_o && beat_ready_i;
  always_ff @(posedge clk) begin
    if (rst) commanded_q <= 1'b0;
    else if (run_taken) commanded_q <= 1'b1;
    else if (beat_taken) commanded_q <= 1'b0;
  end

  // ---- Signs: a row is stored with its last beat; they are handed over when the last value before them is written.
  typedef enum logic [1:0] {
    NONE,
    VALUES_LEFT,     // until the last beat has left
    HAND_OVER,       // all that are written together are here
    SIGNS            // until they are written
  } signs_t;
  signs_t signs_q;
  always_ff @(posedge clk) begin
    if (finished) begin
      for (int b = 0; b < BEATS; b++) begin
        if (finished_tag.beat == BEAT_BITS'(b)) signs_o[VALUES*b+:VALUES] <= signs;
      end
      signs_address_o <= finished_tag.place;
    end
    signs_store_o <= finished && finished_tag.row_last && !rst;
    if (issue && band_ends) signs_pending_q <= layer_i.gives_signs && hand_over_q;
    case (signs_q)
      NONE: if (finished && finished_tag.signs_last && layer_i.gives_signs) signs_q <= VALUES_LEFT;
      VALUES_LEFT: if (!held_valid) signs_q <= HAND_OVER;
      HAND_OVER: signs_q <= SIGNS;
      default:
      if (!signs_done_o && !signs_busy_i) begin
        signs_q <= NONE;
        signs_pending_q <= 1'b0;
      end
    endcase
    if (rst || start_i) begin
      signs_q <= NONE;
      signs_pending_q <= 1'b0;
    end
    signs_done_o <= signs_q == HAND_OVER && !rst;
  end
  assign signs_turn_o = signs_q == SIGNS;
  assign busy_o = state_q != IDLE || credits_q != QUEUE_BITS'(QUEUE) || signs_pending_q;

`ifdef VERILATOR
  always_ff @(posedge clk) begin
    if (!rst && finished) assert (value_taken) else $error("values come for which there is no room");
    if (!rst && residual_take) assert (residual_here) else $error("sums come whose residuals are not here");
  end
`else
  wire unused_ready = &{1'b0, value_taken, residual_here};
`endif
endmodule

`default_nettype wire
