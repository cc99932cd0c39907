// The indices of a layer's kernels.
//
// The store holds the bit planes as they lie in memory, one word of the bus after the other; all planes are read at
// once. `gather` walks down CHANNEL_LANES input channels and delivers their indices, those of one output channel per
// cycle; the first follow four cycles after `gather`. These kernels are neighbours, so a plane's bits are in one word
// or two: with more than one channel, even and odd words are stored separately.
`default_nettype none

module subbit_index_memory #(
    parameter int DATA_WIDTH = 64,
    parameter int CHANNEL_LANES = 1,
    // Bit planes that are stored, which is the largest number of bits in an index.
    parameter int INDEX_PLANES = 9,
    parameter int MAX_CHANNELS = 512
) (
    input wire clk,
    input wire rst,

    // Loading: one word of a bit plane per cycle.
    input wire                                                       store,
    input wire [                                                3:0] store_plane,
    input wire [$clog2(MAX_CHANNELS*MAX_CHANNELS/DATA_WIDTH)-1:0]    store_address,
    input wire [                                     DATA_WIDTH-1:0] store_data,

    // Gathering: the indices of the kernels of CHANNEL_LANES input channels.
    input  wire         gather,            // one cycle, while `gathering` is 0
    input  wire         gather_half,       // passed through with the indices
    input  wire  [15:0] gather_channel,    // the first one; indices of channels that do not exist are below 2^tau
    input  wire  [15:0] in_channels,
    input  wire  [15:0] out_channels,
    input  wire  [ 3:0] tau,
    output logic        gathering,

    // The indices, those of one output channel per cycle.
    output logic                                           gathered,
    output logic                                           gathered_half,
    output logic [                                   15:0] gathered_channel,    // output channel
    output logic [CHANNEL_LANES*subbit_pkg::MAX_TAU-1:0] gathered_indices
);
  import subbit_pkg::*;
  localparam int KERNELS = MAX_CHANNELS * MAX_CHANNELS;
  localparam int WORDS = KERNELS / DATA_WIDTH;
  localparam int WORD_BITS = $clog2(WORDS);
  localparam int KERNEL_BITS = $clog2(KERNELS);
  localparam int BIT_BITS = $clog2(DATA_WIDTH);
  localparam int BANKS = CHANNEL_LANES == 1 ? 1 : 2;
  localparam int BANK_BITS = $clog2(WORDS / BANKS);
  localparam int SPAN = DATA_WIDTH + CHANNEL_LANES - 1;    // bits that contain a plane's bits for all channel lanes

  if ((1 << $clog2(MAX_CHANNELS)) != MAX_CHANNELS) begin : g_check
    $error("MAX_CHANNELS must be a power of two");
  end
  if ((1 << $clog2(CHANNEL_LANES)) != CHANNEL_LANES || CHANNEL_LANES > 16) begin : g_check2
    $error("CHANNEL_LANES must be a power of two, at most 16");
  end

  // Four pipeline stages: address, words as read from memory, words in order, bits.
  logic ask;
  logic [2:0] valid;
  logic [KERNEL_BITS-1:0] kernel;
  logic [15:0] output_channel;
  logic [15:0] channel[3];
  logic [BIT_BITS-1:0] word_bit[2];
  logic odd;
  wire [WORD_BITS-1:0] word_at = kernel[KERNEL_BITS-1:BIT_BITS];

  assign gathering = ask || valid != 0;
  assign gathered = valid[2];
  assign gathered_channel = channel[2];

  always_ff @(posedge clk) begin
    if (rst) begin
      ask <= 1'b0;
      valid <= '0;
    end else begin
      valid <= {valid[1:0], ask};
      if (gather) begin
        ask <= 1'b1;
        gathered_half <= gather_half;
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
    odd <= BANKS == 2 && word_at[0];
  end

  if (INDEX_PLANES < 1 || INDEX_PLANES > MAX_TAU) begin : g_check3
    $error("INDEX_PLANES must be 1 to 9");
  end

  for (genvar b = 0; b < INDEX_PLANES; b++) begin : g_plane
    wire stores = store && store_plane == 4'(b);
    logic [BANKS*DATA_WIDTH-1:0] found;
    for (genvar k = 0; k < BANKS; k++) begin : g_bank
      // Of two consecutive words, one is even and the other odd.
      wire [BANK_BITS-1:0] at = BANK_BITS'((word_at + WORD_BITS'(BANKS - 1 - k)) / WORD_BITS'(BANKS));
      subbit_memory #(
          .WIDTH(DATA_WIDTH),
          .DEPTH(WORDS / BANKS)
      ) words (
          .clk,
          .write(stores && store_address % WORD_BITS'(BANKS) == WORD_BITS'(k)),
          .write_address(BANK_BITS'(store_address / WORD_BITS'(BANKS))),
          .write_data(store_data),
          .read(1'b1),
          .read_address(at),
          .read_data(found[k*DATA_WIDTH+:DATA_WIDTH])
      );
    end

    wire [DATA_WIDTH-1:0] even_word = found[0+:DATA_WIDTH];
    wire [DATA_WIDTH-1:0] odd_word = found[(BANKS-1)*DATA_WIDTH+:DATA_WIDTH];
    logic [SPAN-1:0] span;
    always_ff @(posedge clk) span <= odd ? SPAN'({even_word, odd_word}) : SPAN'({odd_word, even_word});
    for (genvar c = 0; c < CHANNEL_LANES; c++) begin : g_channel
      wire [DATA_WIDTH-1:0] from_here = span[c+:DATA_WIDTH];
      always_ff @(posedge clk) gathered_indices[c*MAX_TAU+b] <= from_here[word_bit[1]] && 4'(b) < tau;
    end
  end
  for (genvar b = INDEX_PLANES; b < MAX_TAU; b++) begin : g_no_plane
    for (genvar c = 0; c < CHANNEL_LANES; c++) begin : g_channel
      always_ff @(posedge clk) gathered_indices[c*MAX_TAU+b] <= 1'b0;
    end
  end
endmodule

`default_nettype wire
