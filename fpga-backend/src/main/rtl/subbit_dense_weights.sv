// The weights of the multiply-adders on chip, of 10 bits each: words with those of OUTPUTS output channels for one tap, as they
// come from the bus, of 8 bits, or of 16 of which 10 count.
`default_nettype none

module subbit_dense_weights #(
    parameter int OUTPUTS = 64,
    parameter int WORDS = 512,
    parameter int DATA_WIDTH = 64     // 32 or 64
) (
    input wire clk,
    input wire rst,

    // Beats of weights, which fill the words from the first one on.
    input  wire                  begin_i,    // one cycle, before the first beat
    input  wire                  wide_i,     // weights of 16 bits
    input  wire                  valid_i,
    input  wire [DATA_WIDTH-1:0] data_i,
    output logic                 stored_o,   // a word is being stored

    // A word follows its address by two cycles.
    input  wire  [$clog2(WORDS)-1:0] address_i,
    output logic [   10*OUTPUTS-1:0] word_o
);
  // Two chains of weights, the first and second half of what a beat has of 8 bits. A beat of 16 bits is one half.
  localparam int CHAIN = DATA_WIDTH / 16;
  localparam int STEPS = OUTPUTS / (2 * CHAIN);
  localparam int COUNT_BITS = $clog2(2 * STEPS);

  if (OUTPUTS % (2 * CHAIN) != 0 || STEPS < 2) begin : g_check
    $error("OUTPUTS must be a multiple of the weights of a beat, and two beats or more");
  end

  logic [COUNT_BITS-1:0] beat_q;
  logic [$clog2(WORDS)-1:0] place_q;
  wire ends = beat_q == (wide_i ? COUNT_BITS'(2 * STEPS - 1) : COUNT_BITS'(STEPS - 1));
  logic [10*CHAIN-1:0] halves[2];
  logic [10*CHAIN-1:0] chains_q[2][STEPS];
  always_comb begin
    for (int h = 0; h < 2; h++) begin
      for (int i = 0; i < CHAIN; i++)
        halves[h][10*i+:10] = wide_i ? data_i[16*i+:10] : 10'(signed'(data_i[8*(CHAIN*h+i)+:8]));
    end
  end
  always_ff @(posedge clk) begin
    stored_o <= valid_i && ends && !rst;
    if (valid_i) begin
      beat_q <= ends ? '0 : beat_q + 1'b1;
      for (int h = 0; h < 2; h++) begin
        if (!wide_i || beat_q[0] == 1'(h)) begin
          chains_q[h][STEPS-1] <= halves[h];
          for (int s = 0; s < STEPS - 1; s++) chains_q[h][s] <= chains_q[h][s+1];
        end
      end
    end
    if (stored_o) place_q <= place_q + 1'b1;
    if (begin_i) begin
      beat_q <= '0;
      place_q <= '0;
    end
  end

  logic [10*OUTPUTS-1:0] word, found;
  for (genvar s = 0; s < STEPS; s++) begin : g_step
    assign word[20*CHAIN*s+:20*CHAIN] = {chains_q[1][s], chains_q[0][s]};
  end
  subbit_memory #(
      .WIDTH(10 * OUTPUTS),
      .DEPTH(WORDS)
  ) words (
      .clk,
      .write(stored_o),
      .write_address(place_q),
      .write_data(word),
      .read(1'b1),
      .read_address(address_i),
      .read_data(found)
  );
  always_ff @(posedge clk) word_o <= found;
endmodule

`default_nettype wire
