// The indices of a layer's kernels.
//
// The store holds the bit planes as they lie in memory, one word of the bus after the other; all planes are read at
// once. `gather` walks down an input channel and delivers its indices, that of one output channel per cycle; the first
// follows four cycles after `gather`.
`default_nettype none

module subbit_index_memory #(
    parameter int DATA_WIDTH = 64,
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

    // Gathering: the indices of the kernels of an input channel.
    input  wire         gather,            // one cycle, while `gathering` is 0
    input  wire         gather_half,       // passed through with the indices
    input  wire  [15:0] gather_channel,
    input  wire  [15:0] in_channels,
    input  wire  [15:0] out_channels,
    input  wire  [ 3:0] tau,
    output logic        gathering,

    // The indices, that of one output channel per cycle.
    output logic                                           gathered,
    output logic                                           gathered_half,
    output logic [                                   15:0] gathered_channel,    // output channel
    output logic [                subbit_pkg::MAX_TAU-1:0] gathered_index
);
  import subbit_pkg::*;
  localparam int KERNELS = MAX_CHANNELS * MAX_CHANNELS;
  localparam int WORDS = KERNELS / DATA_WIDTH;
  localparam int KERNEL_BITS = $clog2(KERNELS);
  localparam int BIT_BITS = $clog2(DATA_WIDTH);

  if ((1 << $clog2(MAX_CHANNELS)) != MAX_CHANNELS) begin : g_check
    $error("MAX_CHANNELS must be a power of two");
  end
  if (INDEX_PLANES < 1 || INDEX_PLANES > MAX_TAU) begin : g_check2
    $error("INDEX_PLANES must be 1 to 9");
  end

  // Four pipeline stages: address, word as read from memory, word in a register of logic, bit.
  logic ask;
  logic [2:0] valid;
  logic [KERNEL_BITS-1:0] kernel;
  logic [15:0] output_channel;
  logic [15:0] channel[3];
  logic [BIT_BITS-1:0] word_bit[2];

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
  end

  for (genvar b = 0; b < INDEX_PLANES; b++) begin : g_plane
    logic [DATA_WIDTH-1:0] found, word;
    subbit_memory #(
        .WIDTH(DATA_WIDTH),
        .DEPTH(WORDS)
    ) words (
        .clk,
        .write(store && store_plane == 4'(b)),
        .write_address(store_address),
        .write_data(store_data),
        .read(1'b1),
        .read_address(kernel[KERNEL_BITS-1:BIT_BITS]),
        .read_data(found)
    );
    always_ff @(posedge clk) begin
      word <= found;
      gathered_index[b] <= word[word_bit[1]] && 4'(b) < tau;
    end
  end
  for (genvar b = INDEX_PLANES; b < MAX_TAU; b++) begin : g_no_plane
    always_ff @(posedge clk) gathered_index[b] <= 1'b0;
  end
endmodule

`default_nettype wire
