// The indices of a layer's kernels, and those of the channel that is worked on.
//
// The store holds the bit planes as they lie in memory, one word of the bus after the other; all planes are read at once.
// `gather` walks down one input channel and moves the index of every output channel, one a cycle, into the working memory, a
// word of which holds the indices that the lanes look up together. The working memory is there twice: one half is read, the
// other filled.
`default_nettype none

module subbit_index_memory #(
    parameter int DATA_WIDTH = 64,
    parameter int LANES = 4,
    parameter int MAX_CHANNELS = 512
) (
    input wire clk,
    input wire rst,

    input wire                                                       store,
    input wire [                                                3:0] store_plane,
    input wire [$clog2(MAX_CHANNELS*MAX_CHANNELS/DATA_WIDTH)-1:0]    store_address,
    input wire [                                     DATA_WIDTH-1:0] store_data,

    input  wire         gather,            // one cycle, while `gathering` is 0
    input  wire         gather_half,
    input  wire  [15:0] gather_channel,    // input channel
    input  wire  [15:0] in_channels,
    input  wire  [15:0] out_channels,
    input  wire  [ 3:0] tau,
    output logic        gathering,

    input  wire                                   read_half,
    input  wire  [$clog2(MAX_CHANNELS/LANES)-1:0] read_slot,
    output logic [     LANES*subbit_pkg::MAX_TAU-1:0] read_indices   // a cycle later
);
  import subbit_pkg::*;
  localparam int KERNELS = MAX_CHANNELS * MAX_CHANNELS;
  localparam int WORDS = KERNELS / DATA_WIDTH;
  localparam int KERNEL_BITS = $clog2(KERNELS);
  localparam int BIT_BITS = $clog2(DATA_WIDTH);
  localparam int SLOTS = MAX_CHANNELS / LANES;
  localparam int SLOT_BITS = $clog2(SLOTS);
  localparam int LANE_BITS = $clog2(LANES);

  if (LANES < 2 || (1 << LANE_BITS) != LANES) begin : g_check
    $error("LANES must be a power of two, at least 2");
  end
  if ((1 << $clog2(MAX_CHANNELS)) != MAX_CHANNELS) begin : g_check2
    $error("MAX_CHANNELS must be a power of two");
  end
  if (MAX_CHANNELS < 2 * LANES) begin : g_check3
    $error("MAX_CHANNELS must be at least twice LANES");
  end

  // Four steps: address, word as the memory gives it, word in a register, bit.
  logic half;
  logic ask;
  logic [2:0] valid;
  logic [KERNEL_BITS-1:0] kernel;
  logic [15:0] output_channel;
  logic [15:0] channel[3];
  logic [BIT_BITS-1:0] word_bit[2];
  logic [MAX_TAU-1:0] index;

  assign gathering = ask || valid != 0;

  always_ff @(posedge clk) begin
    if (rst) begin
      ask <= 1'b0;
      valid <= '0;
    end else begin
      valid <= {valid[1:0], ask};
      if (gather) begin
        ask <= 1'b1;
        half <= gather_half;
        kernel <= KERNEL_BITS'(gather_channel);
        output_channel <= '0;
      end else if (ask) begin
        kernel <= kernel + KERNEL_BITS'(in_channels);
        output_channel <= output_channel + 16'd1;
        ask <= output_channel != out_channels - 16'd1;
      end
    end
    word_bit <= '{kernel[BIT_BITS-1:0], word_bit[0]};
    channel <= '{output_channel, channel[0], channel[1]};
  end

  for (genvar b = 0; b < MAX_TAU; b++) begin : g_plane
    logic [DATA_WIDTH-1:0] memory[WORDS];
    logic [DATA_WIDTH-1:0] found, word;
    always_ff @(posedge clk) begin
      if (store && store_plane == 4'(b)) memory[store_address] <= store_data;
      found <= memory[kernel[KERNEL_BITS-1:BIT_BITS]];
      word <= found;
      index[b] <= word[word_bit[1]] && 4'(b) < tau;
    end
  end

  wire [SLOT_BITS:0] write_at = {half, SLOT_BITS'(channel[2] >> LANE_BITS)};
  for (genvar l = 0; l < LANES; l++) begin : g_lane
    logic [MAX_TAU-1:0] memory[2*SLOTS];
    always_ff @(posedge clk) begin
      if (valid[2] && channel[2][LANE_BITS-1:0] == LANE_BITS'(l)) memory[write_at] <= index;
      read_indices[l*MAX_TAU+:MAX_TAU] <= memory[{read_half, read_slot}];
    end
  end
endmodule

`default_nettype wire
