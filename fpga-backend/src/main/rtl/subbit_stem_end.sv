// The end of a stem: its sums, 16 bits each and pooled, become values, one per cycle, and these with their signs rows of an
// output on the bus. A unit is a row of the output of at most OUTPUTS channels; it is written when it is complete, values as one
// run, then signs channel by channel. Where units take no more than half of the memory, one is stored while the one before is
// written; else the next one waits.
//
//   sums ─► multiplier, bias ─► threshold ─► a row of each channel, values with their signs ─┬─► values ─► bus
//                                                                                           └─► signs ─► bus
`default_nettype none

module subbit_stem_end #(
    parameter int OUTPUTS = 64,        // of a unit, a power of two
    parameter int MAX_CHANNELS = 512,
    parameter int WIDTH = 56,          // of a row, a multiple of eight
    parameter int ADDR_WIDTH = 32,
    parameter int DATA_WIDTH = 64      // 32 or 64
) (
    input wire clk,
    input wire rst,
    // The stem, stable from `start_i` to the end of `busy_o`.
    input wire subbit_pkg::layer_t layer_i,
    input  wire  start_i,
    output logic busy_o,               // to the last beat

    // Integer parameters, as subbit_weight_loader gives them, of stems alone.
    input wire                                           parameters_store_i,
    input wire [$clog2(128*MAX_CHANNELS/DATA_WIDTH)-1:0] parameters_address_i,
    input wire [                                   31:0] parameters_data_i,     // of the lower half of a word

    // Sums; a unit begins when there is room for it, and its last sum comes before the next one's first.
    output logic                                room_o,
    input  wire                                 begin_i,      // one cycle
    input  wire                                 valid_i,
    input  wire  [$clog2(MAX_CHANNELS)-1:0]     channel_i,
    input  wire  [     $clog2(OUTPUTS)-1:0]     place_i,      // of the channel in its unit
    input  wire  [       $clog2(WIDTH)-1:0]     column_i,
    input  wire signed [              15:0]     sum_i,
    input  wire                                 done_i,       // with the unit's last sum, or behind it

    // Writes to device memory, as in subbit_axi_write.
    output logic                    write_valid_o,
    input  wire                     write_ready_i,
    output logic [  ADDR_WIDTH-1:0] write_address_o,
    output logic [            23:0] write_beats_o,
    output logic                    write_beat_valid_o,
    input  wire                     write_beat_ready_i,
    output logic [  DATA_WIDTH-1:0] write_beat_data_o,
    output logic [DATA_WIDTH/8-1:0] write_beat_strobe_o
);
  localparam int BYTES = DATA_WIDTH / 8;
  localparam int SIZE = $clog2(BYTES);
  localparam int VALUES = DATA_WIDTH / 16;
  localparam int LANE_BITS = $clog2(VALUES);
  localparam int CHANNEL_BITS = $clog2(MAX_CHANNELS);
  localparam int PLACE_BITS = $clog2(OUTPUTS);
  localparam int COLUMN_BITS = $clog2(WIDTH);
  localparam int WORD_BITS = COLUMN_BITS - LANE_BITS;      // words of a row
  localparam int PARTS = 128 / DATA_WIDTH;
  localparam int PART_BITS = $clog2(PARTS);
  localparam int SET_BITS = $clog2(OUTPUTS);
  // A row of signs in the beats that it may touch, by words of signs.
  localparam int SPAN_BEATS = (WIDTH / 8 + BYTES - 1 + BYTES - 1) / BYTES;
  localparam int NIBBLES = SPAN_BEATS * DATA_WIDTH / VALUES;
  localparam int NIBBLE_BITS = $clog2(NIBBLES);
  localparam int BYTE_NIBBLES = 8 / VALUES;
  localparam int SPAN_BITS = $clog2(SPAN_BEATS + 1);
  // Cycles from a unit's place to the beats of its values.
  localparam int SETTLE = 4;
  // Beats between the memory and the bus.
  localparam int QUEUE = 8;
  localparam int QUEUE_BITS = $clog2(QUEUE) + 1;

  if (DATA_WIDTH != 32 && DATA_WIDTH != 64) begin : g_check
    $error("DATA_WIDTH must be 32 or 64");
  end
  if (WIDTH % 8 != 0) begin : g_check2
    $error("WIDTH must be a multiple of eight");
  end

  // ---- Sums: cycle 1: parameters are read. 2: in a register. 3: multiplied. 4: bias added. 5: the nearest value. 6: its sign.
  localparam int STORED = 6;
  logic [STORED:1] valid, done;
  logic [CHANNEL_BITS-1:0] channels[4];
  logic [PLACE_BITS-1:0] places[STORED+1];
  logic [COLUMN_BITS-1:0] columns[STORED+1];
  logic [31:0] scale_1;
  logic [15:0] threshold_4;
  logic signed [15:0] sum_1, sum_2, multiplier_2, bias_2, bias_3, value_5, value_6, threshold_5, most;
  logic signed [31:0] product_3;
  logic signed [16:0] u_4;
  logic sign_6;
  assign channels[0] = channel_i;
  assign places[0] = place_i;
  assign columns[0] = column_i;
  wire [CHANNEL_BITS-1:0] parameters_channel = CHANNEL_BITS'(parameters_address_i >> PART_BITS);
  wire [PART_BITS-1:0] part = parameters_address_i[PART_BITS-1:0];
  subbit_memory #(
      .WIDTH(32),
      .DEPTH(MAX_CHANNELS)
  ) scales (
      .clk,
      .write(parameters_store_i && part == 0),
      .write_address(parameters_channel),
      .write_data(parameters_data_i),
      .read(1'b1),
      .read_address(channels[0]),
      .read_data(scale_1)
  );
  subbit_memory #(
      .WIDTH(16),
      .DEPTH(MAX_CHANNELS)
  ) thresholds (
      .clk,
      .write(parameters_store_i && part == PART_BITS'(DATA_WIDTH == 64 ? 1 : 2)),
      .write_address(parameters_channel),
      .write_data(parameters_data_i[15:0]),
      .read(1'b1),
      .read_address(channels[3]),
      .read_data(threshold_4)
  );
  always_ff @(posedge clk) begin
    valid <= rst ? '0 : {valid[STORED-1:1], valid_i};
    done <= rst ? '0 : {done[STORED-1:1], done_i};
    for (int i = 1; i < 4; i++) channels[i] <= channels[i-1];
    for (int i = 1; i <= STORED; i++) begin
      places[i] <= places[i-1];
      columns[i] <= columns[i-1];
    end
    most <= 16'((17'd1 << (layer_i.value_bits - 5'd1)) - 17'd1);
    sum_1 <= sum_i;
    sum_2 <= sum_1;
    {bias_2, multiplier_2} <= scale_1;
    bias_3 <= bias_2;
    product_3 <= sum_2 * multiplier_2;
    u_4 <= 17'(product_3 >>> 15) + 17'(bias_3) + 17'(product_3[14]);
    value_5 <= 16'(u_4 > 17'(most) ? 17'(most) : u_4 < 17'(~most) ? 17'(~most) : u_4);
    threshold_5 <= threshold_4;
    value_6 <= value_5;
    sign_6 <= value_5 >= threshold_5;
  end

  // ---- Rows of channels, a memory for each value of a word. Of units of at most half of OUTPUTS there is room for two.
  logic two_units;
  logic [1:0] held_q;               // units that are begun and not yet written
  logic [1:0] complete_q;           // of them, those that are complete
  logic store_half_q, read_half_q;
  logic freed;                      // one cycle: a unit is written
  assign room_o = held_q < (two_units ? 2'd2 : 2'd1);
  always_ff @(posedge clk) begin
    two_units <= layer_i.out_channels <= 16'(OUTPUTS / 2);
    held_q <= held_q + 2'(begin_i) - 2'(freed);
    complete_q <= complete_q + 2'(done[STORED]) - 2'(freed);
    if (done[STORED]) store_half_q <= !store_half_q;
    if (freed) read_half_q <= !read_half_q;
    if (rst || start_i) begin
      held_q <= '0;
      complete_q <= '0;
      store_half_q <= 1'b0;
      read_half_q <= 1'b0;
    end
  end
  function automatic logic [PLACE_BITS-1:0] in_half(input logic [PLACE_BITS-1:0] place, input logic second);
    return {place[PLACE_BITS-1] || second, place[PLACE_BITS-2:0]};
  endfunction
  logic read_valid;
  logic [PLACE_BITS-1:0] read_place_q;
  logic [WORD_BITS-1:0] read_word_q;
  logic [16:0] found_1[VALUES];
  for (genvar l = 0; l < VALUES; l++) begin : g_lane
    subbit_memory #(
        .WIDTH(17),
        .DEPTH(1 << (PLACE_BITS + WORD_BITS))
    ) rows (
        .clk,
        .write(valid[STORED] && columns[STORED][LANE_BITS-1:0] == LANE_BITS'(l)),
        .write_address({in_half(places[STORED], two_units && store_half_q), columns[STORED][COLUMN_BITS-1:LANE_BITS]}),
        .write_data({sign_6, value_6}),
        .read(1'b1),
        .read_address({in_half(read_place_q, two_units && read_half_q), read_word_q}),
        .read_data(found_1[l])
    );
  end

  // ---- Which unit comes next: images, blocks, rows, units of a row. What follows from its place is there some cycles after the
  // unit before.
  typedef enum logic [2:0] {
    IDLE,
    NEXT,           // waits for a unit
    ASK_VALUES,
    VALUES_LEAVE,   // until the last word is read,
    VALUES_LEFT,    // and has left
    SIGNS,          // of a channel are gathered
    ASK_SIGNS,
    SIGNS_LEAVE
  } state_t;
  state_t state_q;
  logic [31:0] images_left_q;
  logic [15:0] first_channel_q, rows_left_q;
  logic [39:0] image_at_q, block_at_q, row_at_q;             // of values: an image, a block of OUTPUTS channels in it, a row of the block
  logic [39:0] signs_image_q, signs_block_q, signs_row_q;    // of signs
  logic [39:0] signs_at_q;                                   // of the channel
  logic [39:0] line_left_q;                                  // bytes of a row of all channels from the block on
  logic [SETTLE-1:0] settled_q;
  logic block_last_q;
  logic [15:0] outputs_q;           // of the unit
  logic [15:0] row_words_q, row_bytes_q;
  logic [15:0] sign_bytes_q;        // of a row of a channel
  wire [15:0] channels_left = layer_i.out_channels - first_channel_q;
  always_ff @(posedge clk) begin
    block_last_q <= channels_left <= 16'(OUTPUTS);
    outputs_q <= channels_left <= 16'(OUTPUTS) ? channels_left : 16'(OUTPUTS);
    row_bytes_q <= (layer_i.out_width + 16'd3) >> 2 << 3;
    row_words_q <= row_bytes_q >> SIZE;
    sign_bytes_q <= (layer_i.out_width + 16'd7) >> 3;
  end

  // ---- Reading, a word per cycle: channels, words. Of values as there is room behind, of signs a channel at a time.
  logic [QUEUE_BITS-1:0] credits_q;
  logic beat_leaves;
  logic word_last;
  wire signs_turn = state_q == SIGNS;
  logic gathering_q;                // words of the channel's signs are still to be read
  assign read_valid = (state_q == VALUES_LEAVE && credits_q != 0) || (signs_turn && gathering_q);
  assign word_last = 16'(read_word_q) == row_words_q - 16'd1;
  wire place_last = 16'(read_place_q) == outputs_q - 16'd1;
  logic channel_ends_q;             // the channel whose signs are written is the unit's last
  logic signs_leave;                // one cycle: with the last beat of signs of a channel
  logic [2:1] read_in, signs_in, last_in;
  logic [WORD_BITS-1:0] words[3];
  assign words[0] = read_word_q;
  logic [COLUMN_BITS:0] first_column;
  assign first_column = {1'b0, words[1], LANE_BITS'(0)};
  logic [DATA_WIDTH-1:0] beat_2;
  logic [VALUES-1:0] signs_2;
  always_ff @(posedge clk) begin
    read_in <= rst ? '0 : {read_in[1], read_valid};
    signs_in <= {signs_in[1], signs_turn};
    last_in <= {last_in[1], word_last};
    for (int i = 1; i < 3; i++) words[i] <= words[i-1];
    // What fills up a row is 0.
    for (int l = 0; l < VALUES; l++) begin
      beat_2[16*l+:16] <= 16'(first_column) + 16'(l) < layer_i.out_width ? found_1[l][15:0] : '0;
      signs_2[l] <= 16'(first_column) + 16'(l) < layer_i.out_width && found_1[l][16];
    end
  end

  logic values_valid, values_ready;
  logic [DATA_WIDTH-1:0] values_beat;
  subbit_queue #(
      .WIDTH(DATA_WIDTH),
      .DEPTH(QUEUE)
  ) beats (
      .clk,
      .rst,
      .in_valid(read_in[2] && !signs_in[2]),
      .in_ready(values_ready),
      .in_data(beat_2),
      .out_valid(values_valid),
      .out_ready(write_beat_ready_i),
      .out_data(values_beat)
  );
  assign beat_leaves = values_valid && write_beat_ready_i;

  // ---- Signs of a channel: words go to their places in the beats that they will be written in.
  logic [SPAN_BEATS*DATA_WIDTH-1:0] signs_q;
  logic [SPAN_BEATS*BYTES-1:0] strobes_q;
  logic [SPAN_BITS-1:0] sign_beats_q, sign_beats;
  assign sign_beats = SPAN_BITS'((16'(signs_at_q[SIZE-1:0]) + sign_bytes_q + 16'(BYTES - 1)) >> SIZE);
  wire [NIBBLE_BITS-1:0] sign_place = NIBBLE_BITS'(words[2]) + (NIBBLE_BITS'(signs_at_q[SIZE-1:0]) << $clog2(BYTE_NIBBLES));
  wire sign_beat_leaves = state_q == SIGNS_LEAVE && write_beat_ready_i;
  assign signs_leave = sign_beat_leaves && sign_beats_q == SPAN_BITS'(1);
  always_ff @(posedge clk) begin
    if (read_in[2] && signs_in[2]) begin
      for (int n = 0; n < NIBBLES; n++) if (sign_place == NIBBLE_BITS'(n)) begin
        signs_q[VALUES*n+:VALUES] <= signs_2;
        strobes_q[VALUES*n/8] <= 1'b1;
      end
    end
    if (sign_beat_leaves) begin
      signs_q <= signs_q >> DATA_WIDTH;
      strobes_q <= strobes_q >> BYTES;
    end
    if (state_q == NEXT) begin
      signs_q <= '0;
      strobes_q <= '0;
    end
  end

  assign write_valid_o = state_q == ASK_VALUES || state_q == ASK_SIGNS;
  wire [39:0] set_bytes = 40'(row_bytes_q) << SET_BITS;      // of values of OUTPUTS channels
  logic [ADDR_WIDTH-1:0] values_at_q;
  logic [23:0] values_beats_q;
  assign write_address_o = state_q == ASK_VALUES ? values_at_q : ADDR_WIDTH'({signs_at_q[39:SIZE], {SIZE{1'b0}}});
  assign write_beats_o = state_q == ASK_VALUES ? values_beats_q : 24'(sign_beats_q);
  assign write_beat_valid_o = state_q == SIGNS_LEAVE || values_valid;
  assign write_beat_data_o = state_q == SIGNS_LEAVE ? signs_q[DATA_WIDTH-1:0] : values_beat;
  assign write_beat_strobe_o = state_q == SIGNS_LEAVE ? strobes_q[BYTES-1:0] : '1;
  assign freed = (state_q == VALUES_LEFT && credits_q == QUEUE_BITS'(QUEUE) && !layer_i.gives_signs) || (signs_leave && channel_ends_q);
  wire block_ends = freed && rows_left_q == 16'd1;
  wire image_ends = block_ends && block_last_q;
  assign busy_o = state_q != IDLE;

  always_ff @(posedge clk) begin
    values_at_q <= ADDR_WIDTH'(row_at_q);
    values_beats_q <= 24'((outputs_q == 16'(OUTPUTS) ? set_bytes : line_left_q) >> SIZE);
    settled_q <= freed || start_i ? '0 : {settled_q[SETTLE-2:0], 1'b1};
    sign_beats_q <= sign_beat_leaves ? sign_beats_q - 1'b1 : state_q == SIGNS ? sign_beats : sign_beats_q;
    if (rst) credits_q <= QUEUE_BITS'(QUEUE);
    else credits_q <= credits_q + QUEUE_BITS'(beat_leaves) - QUEUE_BITS'(read_valid && !signs_turn);
    case (state_q)
      IDLE: ;
      NEXT: if (settled_q[SETTLE-1] && complete_q != 0) state_q <= ASK_VALUES;
      ASK_VALUES: if (write_ready_i) state_q <= VALUES_LEAVE;
      VALUES_LEAVE: if (read_valid && word_last && place_last) state_q <= VALUES_LEFT;
      VALUES_LEFT: if (credits_q == QUEUE_BITS'(QUEUE) && layer_i.gives_signs) state_q <= SIGNS;
      SIGNS: if (read_in[2] && signs_in[2] && last_in[2]) state_q <= ASK_SIGNS;
      ASK_SIGNS: if (write_ready_i) state_q <= SIGNS_LEAVE;
      default: if (signs_leave) state_q <= SIGNS;
    endcase
    if (freed) state_q <= image_ends && images_left_q == 32'd1 ? IDLE : NEXT;

    if (read_valid) begin
      read_word_q <= word_last ? '0 : read_word_q + 1'b1;
      if (word_last) read_place_q <= place_last ? '0 : read_place_q + 1'b1;
      if (word_last && signs_turn) begin
        gathering_q <= 1'b0;
        channel_ends_q <= place_last;
      end
    end
    if (state_q == VALUES_LEFT || signs_leave) gathering_q <= 1'b1;
    if (state_q == NEXT) begin
      read_word_q <= '0;
      read_place_q <= '0;
      signs_at_q <= signs_row_q;
    end else if (signs_leave) begin
      signs_at_q <= signs_at_q + layer_i.signs_plane_bytes;
    end
    if (freed) begin
      rows_left_q <= block_ends ? layer_i.out_height : rows_left_q - 16'd1;
      row_at_q <= row_at_q + layer_i.out_plane_bytes;
      signs_row_q <= signs_row_q + 40'(sign_bytes_q);
    end
    if (block_ends) begin
      first_channel_q <= block_last_q ? 16'd0 : first_channel_q + 16'(OUTPUTS);
      block_at_q <= block_at_q + set_bytes;
      row_at_q <= block_at_q + set_bytes;
      line_left_q <= block_last_q ? layer_i.out_plane_bytes : line_left_q - set_bytes;
      signs_block_q <= signs_block_q + (layer_i.signs_plane_bytes << SET_BITS);
      signs_row_q <= signs_block_q + (layer_i.signs_plane_bytes << SET_BITS);
    end
    if (image_ends) begin
      images_left_q <= images_left_q - 32'd1;
      image_at_q <= image_at_q + layer_i.out_image_bytes;
      block_at_q <= image_at_q + layer_i.out_image_bytes;
      row_at_q <= image_at_q + layer_i.out_image_bytes;
      signs_image_q <= signs_image_q + layer_i.signs_image_bytes;
      signs_block_q <= signs_image_q + layer_i.signs_image_bytes;
      signs_row_q <= signs_image_q + layer_i.signs_image_bytes;
    end
    if (start_i) begin
      state_q <= NEXT;
      images_left_q <= layer_i.batch;
      first_channel_q <= '0;
      rows_left_q <= layer_i.out_height;
      image_at_q <= layer_i.output_address;
      block_at_q <= layer_i.output_address;
      row_at_q <= layer_i.output_address;
      line_left_q <= layer_i.out_plane_bytes;
      signs_image_q <= layer_i.signs_address;
      signs_block_q <= layer_i.signs_address;
      signs_row_q <= layer_i.signs_address;
    end
    if (rst) state_q <= IDLE;
  end

`ifdef VERILATOR
  always_ff @(posedge clk) begin
    if (!rst && read_in[2] && !signs_in[2]) assert (values_ready) else $error("values come for which there is no room");
    if (!rst && begin_i) assert (room_o) else $error("a unit begins for which there is no room");
  end
`else
  wire unused_ready = &{1'b0, values_ready};
`endif
endmodule

`default_nettype wire
