// Runs one checked classifier: sums of all positions of an image, and their products with 8-bit weights. IMAGES images share
// the weights: a block of them is kept on chip, where subbit_dense_engine has those of other layers, and goes through the
// array once for each pair of images; for the first pair as they come.
//
//   bus ─┬─► subbit_position_sums ─► values of each image ─┐
//        └─► weights of a block, in subbit_dense_engine ───┴─► its array ─► subbit_packer ─► bus
`default_nettype none

module subbit_classifier_engine #(
    parameter int OUTPUTS = 64,       // whose weights lie together
    parameter int IMAGES = 8,         // that share them, a power of two
    parameter int MAX_CHANNELS = 512,
    parameter int ADDR_WIDTH = 32,
    parameter int DATA_WIDTH = 64     // at most 64
) (
    input wire clk,
    input wire rst,
    input wire subbit_pkg::layer_t layer_i,
    input  wire  start_i,
    output logic busy_o,              // to the last beat

    // Reads from device memory: values, and weights of a block of OUTPUTS, one run of bytes each.
    output logic                  read_valid_o,
    input  wire                   read_ready_i,
    output logic [ADDR_WIDTH-1:0] read_address_o,
    output logic [          23:0] read_bytes_o,
    input  wire                   read_beat_valid_i,
    output logic                  read_beat_ready_o,
    input  wire  [DATA_WIDTH-1:0] read_beat_data_i,
    input  wire                   read_beat_last_i,

    // The weights and the array of subbit_dense_engine: beats of weights, from those of the first channel on; a tap of a pair
    // of images, with the place of its weights, which have been stored; and the sums of a pair, which are held from `held_i` on,
    // of each image those of one output, and if it is shifted in the next cycle those of the next.
    output logic                            weights_begin_o,  // one cycle, before the first beat
    output logic                            weights_valid_o,
    input  wire                             weights_stored_i, // one cycle, for those of each channel
    output logic                            tap_o,
    output logic                            last_o,
    output logic [$clog2(MAX_CHANNELS)-1:0] word_o,
    output logic [                    31:0] pixels_o,
    input  wire                             held_i,           // one cycle
    output logic [                     1:0] shift_o,
    input  wire  [                    63:0] sums_i,

    // Writes to device memory: the sums of a block, one run of beats per image.
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
  localparam int IMAGE_BITS = $clog2(IMAGES);
  localparam int OUTPUT_BITS = $clog2(OUTPUTS);
  localparam int CHANNEL_BITS = $clog2(MAX_CHANNELS);

  if (IMAGES < 4 || 1 << IMAGE_BITS != IMAGES) begin : g_check
    $error("IMAGES must be a power of two, and 4 or more");
  end

  typedef enum logic [3:0] {
    IDLE,
    ASK_VALUES,     // of an image
    VALUES,
    SUMS,           // waits for the last of them
    ASK_WEIGHTS,    // of a block
    WEIGHTS,
    TAPS,           // of a further pair of images
    HELD,           // waits for the pair's sums
    ASK_WRITE,      // of an image's sums of the block
    WRITE,
    WRITTEN         // waits for the last beat
  } state_t;
  state_t state_q;
  logic [31:0] images_left_q;       // with those in work
  logic [IMAGE_BITS-1:0] image_q;
  logic [39:0] values_at_q, weights_at_q;
  // Where sums go: those of these images, those of the block for the first image, and those that are written.
  logic [39:0] images_at_q, block_at_q, sums_at_q, group_bytes_q;
  logic [15:0] outputs_left_q;      // with those of the block
  logic [CHANNEL_BITS-1:0] tap_q;
  wire tap_last = 16'(tap_q) == layer_i.in_channels - 16'd1;
  wire [IMAGE_BITS-1:0] image_last = images_left_q < 32'(IMAGES) ? IMAGE_BITS'(images_left_q - 32'd1) : IMAGE_BITS'(IMAGES - 1);
  wire image_ends = image_q == image_last;
  wire [15:0] outputs = outputs_left_q < 16'(OUTPUTS) ? outputs_left_q : 16'(OUTPUTS);
  wire block_last = outputs_left_q <= 16'(OUTPUTS);
  wire group_last = images_left_q <= 32'(IMAGES);
  wire run_ends = read_beat_valid_i && read_beat_ready_o && read_beat_last_i;
  wire [39:0] block_bytes = 40'(layer_i.in_channels) << OUTPUT_BITS;
  logic sums_ready, sums_busy, value_taken, value_ends, beat_valid;

  assign read_valid_o = state_q == ASK_VALUES || state_q == ASK_WEIGHTS;
  assign read_address_o = ADDR_WIDTH'(state_q == ASK_VALUES ? values_at_q : weights_at_q);
  assign read_bytes_o = 24'(state_q == ASK_VALUES ? layer_i.in_image_bytes : block_bytes);
  assign read_beat_ready_o = state_q == VALUES ? sums_ready : state_q == WEIGHTS;
  assign write_valid_o = state_q == ASK_WRITE;
  assign write_address_o = ADDR_WIDTH'({sums_at_q[39:SIZE], {SIZE{1'b0}}});
  assign write_beats_o = 24'((40'(outputs) << 2) + 40'(sums_at_q[SIZE-1:0]) + 40'(BYTES - 1) >> SIZE);
  assign busy_o = state_q != IDLE;

  always_ff @(posedge clk) begin
    case (state_q)
      IDLE: ;
      ASK_VALUES: if (read_ready_i) state_q <= VALUES;
      VALUES: if (run_ends) state_q <= SUMS;
      SUMS:
      if (!sums_busy) begin
        image_q <= image_ends ? '0 : image_q + 1'b1;
        values_at_q <= values_at_q + layer_i.in_image_bytes;
        state_q <= image_ends ? ASK_WEIGHTS : ASK_VALUES;
      end
      ASK_WEIGHTS: begin
        sums_at_q <= block_at_q;
        if (read_ready_i) state_q <= WEIGHTS;
      end
      WEIGHTS: if (run_ends) state_q <= HELD;
      TAPS: if (tap_last) state_q <= HELD;
      HELD: if (held_i) state_q <= ASK_WRITE;
      ASK_WRITE: if (write_ready_i) state_q <= WRITE;
      WRITE: if (value_taken && value_ends) state_q <= WRITTEN;
      default:
      if (!beat_valid) begin
        image_q <= image_ends ? '0 : image_q + 1'b1;
        sums_at_q <= sums_at_q + layer_i.out_image_bytes;
        state_q <= image_q[0] ? TAPS : ASK_WRITE;
        if (image_ends) begin
          weights_at_q <= block_last ? layer_i.index_address : weights_at_q + block_bytes;
          outputs_left_q <= block_last ? layer_i.out_channels : outputs_left_q - 16'(OUTPUTS);
          block_at_q <= block_last ? images_at_q + group_bytes_q : block_at_q + 40'(4 * OUTPUTS);
          state_q <= ASK_WEIGHTS;
          if (block_last) begin
            images_at_q <= images_at_q + group_bytes_q;
            images_left_q <= images_left_q - 32'(IMAGES);
            state_q <= group_last ? IDLE : ASK_VALUES;
          end
        end
      end
    endcase
    if (start_i) begin
      state_q <= ASK_VALUES;
      images_left_q <= layer_i.batch;
      image_q <= '0;
      values_at_q <= layer_i.input_address;
      weights_at_q <= layer_i.index_address;
      outputs_left_q <= layer_i.out_channels;
      block_at_q <= layer_i.output_address;
      images_at_q <= layer_i.output_address;
    end
    if (rst) state_q <= IDLE;
  end
  always_ff @(posedge clk) group_bytes_q <= layer_i.out_image_bytes * 40'(IMAGES);

  // ---- Sums of positions.
  logic value_store;
  logic [CHANNEL_BITS-1:0] value_channel;
  logic signed [15:0] position_value;
  subbit_position_sums #(
      .MAX_CHANNELS(MAX_CHANNELS),
      .DATA_WIDTH(DATA_WIDTH)
  ) position_sums (
      .clk,
      .rst,
      .start_i(state_q == ASK_VALUES && read_ready_i),
      .busy_o(sums_busy),
      .channels_i(layer_i.in_channels),
      .rows_i(layer_i.in_height),
      .row_beats_i(16'(layer_i.row_bytes >> SIZE)),
      .width_i(layer_i.in_width),
      .shift_i(layer_i.shift[3:0]),
      .beat_valid_i(read_beat_valid_i && state_q == VALUES),
      .beat_ready_o(sums_ready),
      .beat_data_i(read_beat_data_i),
      .store_o(value_store),
      .store_channel_o(value_channel),
      .store_value_o(position_value)
  );

  // ---- Weights, and the taps of a pair, whose values are read meanwhile: one of each memory, where all pairs have a place.
  assign weights_begin_o = state_q == ASK_WEIGHTS;
  assign weights_valid_o = read_beat_valid_i && state_q == WEIGHTS;
  wire tap = state_q == TAPS || weights_stored_i;
  always_ff @(posedge clk) begin
    if (tap) tap_q <= tap_q + 1'b1;
    if (state_q == ASK_WEIGHTS || (tap && tap_last)) tap_q <= '0;
    tap_o <= tap && !rst;
    last_o <= tap_last;
    word_o <= tap_q;
  end
  for (genvar i = 0; i < 2; i++) begin : g_image
    subbit_memory #(
        .WIDTH(16),
        .DEPTH(IMAGES / 2 * MAX_CHANNELS)
    ) values (
        .clk,
        .write(value_store && image_q[0] == 1'(i)),
        .write_address({image_q[IMAGE_BITS-1:1], value_channel}),
        .write_data(position_value),
        .read(1'b1),
        .read_address({image_q[IMAGE_BITS-1:1], tap_q}),
        .read_data(pixels_o[16*i+:16])
    );
    assign shift_o[i] = value_taken && image_q[0] == 1'(i);
  end

  // ---- The sums of a block, one per cycle.
  logic [OUTPUT_BITS-1:0] output_q;
  wire [31:0] sum = image_q[0] ? sums_i[63:32] : sums_i[31:0];
  logic packer_ready;
  wire value_valid = state_q == WRITE;
  assign value_taken = value_valid && packer_ready;
  assign value_ends = 16'(output_q) == outputs - 16'd1;
  always_ff @(posedge clk) begin
    if (state_q != WRITE) output_q <= '0;
    else if (value_taken) output_q <= output_q + 1'b1;
  end
  subbit_packer #(
      .DATA_WIDTH(DATA_WIDTH)
  ) packer (
      .clk,
      .rst,
      .words(1'b1),
      .value_valid,
      .value_ready(packer_ready),
      .value(sum),
      .position(SIZE'({output_q, 2'b00}) + sums_at_q[SIZE-1:0]),
      .last(value_ends),
      .beat_valid,
      .beat_ready(write_beat_ready_i),
      .beat_data(write_beat_data_o),
      .beat_strobe(write_beat_strobe_o)
  );
  assign write_beat_valid_o = beat_valid;
endmodule

`default_nettype wire
