// Loads the weights of a layer into the memories on the chip: codebook, biases, multipliers or sign rules, then the bit
// planes of the index, one word per cycle; of an integer convolution the codebook and the integer parameters, one word per
// cycle, of a stem or shortcut the integer parameters alone. Ends with an error if a codeword is above 511, a multiplier is not finite, or one of 16 bits, or a slope, is
// -32768.
`default_nettype none

module subbit_weight_loader #(
    // Whether the index is loaded as well; tables get it while they are used.
    parameter bit INDEX_TOO = 1'b1,
    parameter int MAX_CHANNELS = 512,
    parameter int ADDR_WIDTH = 32,
    parameter int DATA_WIDTH = 64
) (
    input wire clk,
    input wire rst,
    // The layer, stable until `done`.
    input subbit_pkg::layer_t layer,
    input wire start,
    output logic done,          // one cycle
    output logic [3:0] error,   // with done

    // Reads from device memory.
    output logic                  read_valid,
    input  wire                   read_ready,
    output logic [ADDR_WIDTH-1:0] read_address,
    output logic [          23:0] read_bytes,
    input  wire                   read_beat_valid,
    output logic                  read_beat_ready,
    input  wire  [DATA_WIDTH-1:0] read_beat_data,
    input  wire                   read_beat_last,

    // What was loaded: bit planes and codewords to the engine, biases and multipliers to the write-back. Each is
    // written in the cycle in which its enable is 1.
    output logic                                                    index_store,
    output logic [                                             3:0] index_plane,
    output logic [$clog2(MAX_CHANNELS*MAX_CHANNELS/DATA_WIDTH)-1:0] index_address,
    output logic [                                  DATA_WIDTH-1:0] index_data,
    output logic                                                    codebook_write,
    output logic [                                             8:0] codebook_index,
    output logic [                                             8:0] codebook_codeword,
    output logic                                                    bias_write,
    output logic                                                    multiplier_write,
    output logic [                        $clog2(MAX_CHANNELS)-1:0] parameter_channel,
    output logic [                                            31:0] parameter_value,
    // Integer parameters: words of DATA_WIDTH bits, 16 bytes for each channel.
    output logic                                                    integers_store,
    output logic [           $clog2(128*MAX_CHANNELS/DATA_WIDTH)-1:0] integers_address,
    output logic [                                  DATA_WIDTH-1:0] integers_data
);
  import subbit_contract_pkg::*;
  import subbit_pkg::*;
  localparam int CHANNEL_BITS = $clog2(MAX_CHANNELS);
  localparam int WORD_BITS = $clog2(MAX_CHANNELS * MAX_CHANNELS / DATA_WIDTH);
  localparam int LEFT_BITS = $clog2(DATA_WIDTH / 16) + 1;
  localparam int INTEGER_BITS = $clog2(128 * MAX_CHANNELS / DATA_WIDTH);
  // Words of a channel's integer parameters; the slope is in the first 64 bits, as are the multiplier's 16.
  localparam int INTEGER_WORDS = 128 / DATA_WIDTH;
  localparam logic [15:0] REFUSED = 16'h8000;

  typedef enum logic [2:0] {
    IDLE,
    CODEBOOK,
    BIAS,
    MULTIPLIER,
    INTEGERS,
    INDEX
  } state_t;
  state_t state;
  // The transfer in progress: whether it is requested, and the bit plane with its address and the next word.
  logic asked;
  logic [3:0] plane;
  logic [39:0] plane_address;
  logic [WORD_BITS-1:0] word_at;

  // Elements of 16 or 32 bits are taken from a beat, one after the other.
  logic [DATA_WIDTH-1:0] word;
  logic [LEFT_BITS-1:0] elements_left;
  logic [15:0] element;     // number of the next element
  wire narrow = state == CODEBOOK;
  // Valid from the second cycle of a state on; the first element arrives later than that.
  logic [15:0] last_element;
  always_ff @(posedge clk) last_element <= (narrow ? 16'd1 << layer.tau : layer.out_channels) - 16'd1;
  wire has_element = elements_left != 0;
  wire element_last = element == last_element;
  wire whole = state == INDEX && asked && read_beat_valid;
  wire whole_integers = state == INTEGERS && asked && read_beat_valid;
  logic [INTEGER_BITS-1:0] integers_at;
  // Whether the word that comes has a multiplier, or slope, that is refused.
  logic refused;
  always_comb begin
    refused = 1'b0;
    for (int i = 0; i < DATA_WIDTH / 16; i++) begin
      for (int w = 0; w < INTEGER_WORDS; w++) begin
        if (32'(integers_at) % INTEGER_WORDS == w && (w * DATA_WIDTH / 16 + i == 0 || w * DATA_WIDTH / 16 + i == 2) &&
            read_beat_data[16*i+:16] == REFUSED) refused = 1'b1;
      end
    end
  end
  wire infinite = layer.output_format != OUTPUT_FORMAT_BITS && word[30:23] == 8'hFF;

  assign read_valid = state != IDLE && !asked && (state != INDEX || (INDEX_TOO && error == ERROR_NONE));
  // The next beat comes with the last element of the one before.
  assign read_beat_ready = asked && (state == INDEX || state == INTEGERS || !has_element || elements_left == LEFT_BITS'(1));
  always_comb begin
    case (state)
      CODEBOOK: begin
        read_address = ADDR_WIDTH'(layer.codebook_address);
        read_bytes = 24'd2 << layer.tau;
      end
      BIAS: begin
        read_address = ADDR_WIDTH'(layer.bias_address);
        read_bytes = {6'd0, layer.out_channels, 2'b00};
      end
      MULTIPLIER: begin
        read_address = ADDR_WIDTH'(layer.multiplier_address);
        read_bytes = {6'd0, layer.out_channels, 2'b00};
      end
      INTEGERS: begin
        read_address = ADDR_WIDTH'(layer.multiplier_address);
        read_bytes = {4'd0, layer.out_channels, 4'd0};
      end
      default: begin
        read_address = ADDR_WIDTH'(plane_address);
        read_bytes = 24'(layer.index_plane_bytes);
      end
    endcase
  end

  always_comb begin
    index_store = whole;
    index_plane = plane;
    index_address = word_at;
    index_data = read_beat_data;
    codebook_write = has_element && state == CODEBOOK;
    codebook_index = 9'(element);
    codebook_codeword = word[8:0];
    bias_write = has_element && state == BIAS;
    multiplier_write = has_element && state == MULTIPLIER;
    parameter_channel = CHANNEL_BITS'(element);
    parameter_value = word[31:0];
    integers_store = whole_integers;
    integers_address = integers_at;
    integers_data = read_beat_data;
  end

  wire state_t after_bias = layer.output_format != OUTPUT_FORMAT_I32 ? MULTIPLIER : INDEX;
  wire state_t after_codebook = layer.integer_conv ? INTEGERS : layer.has_bias ? BIAS : after_bias;

  always_ff @(posedge clk) begin
    done <= 1'b0;
    if (rst) begin
      state <= IDLE;
      elements_left <= '0;
    end else if (start) begin
      state <= layer.stem || layer.shortcut ? INTEGERS : CODEBOOK;
      asked <= 1'b0;
      element <= '0;
      elements_left <= '0;
      plane <= '0;
      plane_address <= layer.index_address;
      word_at <= '0;
      integers_at <= '0;
      error <= ERROR_NONE;
    end else if (state != IDLE) begin
      if (read_valid && read_ready) asked <= 1'b1;
      if (state == INTEGERS) begin
        if (whole_integers) begin
          integers_at <= integers_at + 1'b1;
          if (refused && error == ERROR_NONE) error <= ERROR_MULTIPLIER;
          if (read_beat_last) begin
            asked <= 1'b0;
            state <= INDEX;
          end
        end
      end else if (state != INDEX) begin
        if (read_beat_valid && read_beat_ready) begin
          word <= read_beat_data;
          elements_left <= narrow ? LEFT_BITS'(DATA_WIDTH / 16) : LEFT_BITS'(DATA_WIDTH / 32);
        end else if (has_element) begin
          word <= narrow ? word >> 16 : word >> 32;
          elements_left <= elements_left - 1'b1;
        end
        if (has_element) begin
          element <= element + 16'd1;
          if (narrow && word[15:9] != 0 && error == ERROR_NONE) error <= ERROR_CODEWORD;
          if (state == MULTIPLIER && infinite && error == ERROR_NONE) error <= ERROR_MULTIPLIER;
          if (element_last) begin
            element <= '0;
            elements_left <= '0;
            asked <= 1'b0;
            state <= state == CODEBOOK ? after_codebook : state == BIAS ? after_bias : INDEX;
          end
        end
      end else if (!INDEX_TOO || error != ERROR_NONE) begin
        state <= IDLE;
        done <= 1'b1;
      end else if (whole) begin
        word_at <= word_at + 1'b1;
        if (read_beat_last) begin
          asked <= 1'b0;
          word_at <= '0;
          plane <= plane + 4'd1;
          plane_address <= plane_address + layer.index_plane_bytes;
          if (plane == layer.tau - 4'd1) begin
            state <= IDLE;
            done <= 1'b1;
          end
        end
      end
    end
  end
endmodule

`default_nettype wire
