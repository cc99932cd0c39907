// Tests an array against direct computation: random windows, codebooks and weights, a kernel of nine taps for every
// lane and cycle, and sums that start again at random. Prints PASSED at the end, or stops at the first wrong sum.
`default_nettype none

module lanes_test #(
    // 0: sub-bit. 1 to 3: binary with SHARING 0 to 2.
    parameter int KIND = 0,
    parameter int CHANNELS = 8,
    parameter int OUTPUTS = 16,
    parameter int TAU = 5,
    parameter int BLOCKS = 200
);
  localparam int SUM_BITS = 24;
  localparam bit TABLES = KIND == 0 || KIND == 3;
  localparam int BLOCK = 40;                                              // cycles for which windows stay
  localparam int WEIGHTS_AFTER = KIND == 2 ? 2 : 0;                       // cycles after their windows
  localparam int TERMS_AFTER = KIND == 0 ? 0 : KIND == 2 ? 4 : 2;
  localparam int SUMS_AFTER = TERMS_AFTER + $clog2(CHANNELS) + 2;

  logic clk = 0;
  logic signed [7:0] pixels[2][CHANNELS][9];    // of the block that is being looked up or computed, and of the next one
  logic [8:0] codebook[1<<TAU];
  logic [8:0] weights[WEIGHTS_AFTER+1][OUTPUTS][CHANNELS];
  logic [TAU-1:0] indices[OUTPUTS][CHANNELS];
  logic restarts[TERMS_AFTER+1];
  int expected[SUMS_AFTER+1][OUTPUTS];
  int running[OUTPUTS];

  logic [CHANNELS*72-1:0] windows;
  logic [CHANNELS*OUTPUTS*9-1:0] weights_bits;
  logic [CHANNELS*OUTPUTS*TAU-1:0] indices_bits;
  logic [8:0] codeword;
  logic write, write_bank;
  logic [TAU-1:0] write_index;
  wire [OUTPUTS*SUM_BITS-1:0] sums;

  if (KIND == 0) begin : g_subbit
    subbit_lanes #(.CHANNELS(CHANNELS), .OUTPUTS(OUTPUTS), .TAU(TAU), .SUM_BITS(SUM_BITS)) dut (
        .clk, .windows, .codeword, .write, .write_index, .write_bank, .read_bank(!write_bank), .indices(indices_bits),
        .restart(restarts[TERMS_AFTER]), .sums);
  end else begin : g_bnn
    bnn_lanes #(.CHANNELS(CHANNELS), .OUTPUTS(OUTPUTS), .SUM_BITS(SUM_BITS), .SHARING(KIND - 1)) dut (
        .clk, .windows, .write, .write_index(write_index[3:0]), .write_bank, .read_bank(!write_bank), .weights(weights_bits),
        .restart(restarts[TERMS_AFTER]), .sums);
  end

  function automatic int response(input int c, input logic [8:0] weight);
    int sum;
    sum = 0;
    for (int t = 0; t < 9; t++) sum += weight[t] ? int'(pixels[0][c][t]) : -int'(pixels[0][c][t]);
    return sum;
  endfunction

  int b, n;
  initial begin
    write_bank = 0;
    for (int k = 0; k < (1 << TAU); k++) codebook[k] = 9'($urandom);
    for (b = 0; b < BLOCKS; b = b + 1) begin
      write_bank = !write_bank;
      // Extreme pixels are frequent, so that every bit of a sum is needed.
      for (int c = 0; c < CHANNELS; c++) begin
        for (int t = 0; t < 9; t++) begin
          pixels[0][c][t] = pixels[1][c][t];
          pixels[1][c][t] = b % 4 == 0 ? -8'sd128 : b % 4 == 1 ? ($urandom % 2 == 0 ? 8'sd127 : -8'sd128) : 8'($urandom);
        end
      end
      for (n = 0; n < BLOCK; n = n + 1) begin
        for (int s = WEIGHTS_AFTER; s > 0; s--) weights[s] = weights[s-1];
        for (int s = TERMS_AFTER; s > 0; s--) restarts[s] = restarts[s-1];
        for (int s = SUMS_AFTER; s > 0; s--) expected[s] = expected[s-1];
        restarts[0] = (b == 1 && n == 0) || $urandom % 64 == 0;
        write = TABLES && n < (KIND == 0 ? 1 << TAU : 16);
        write_index = TAU'(n);
        codeword = codebook[write_index];
        for (int o = 0; o < OUTPUTS; o++) begin
          if (restarts[0]) running[o] = 0;
          for (int c = 0; c < CHANNELS; c++) begin
            indices[o][c] = TAU'($urandom);
            weights[0][o][c] = KIND == 0 ? codebook[indices[o][c]] : b % 4 == 1 && n % 8 == 0 ? '0 : 9'($urandom);
            running[o] += response(c, weights[0][o][c]);
            indices_bits[(o*CHANNELS+c)*TAU+:TAU] = indices[o][c];
            weights_bits[(o*CHANNELS+c)*9+:9] = weights[WEIGHTS_AFTER][o][c];
          end
          expected[0][o] = running[o];
        end
        for (int c = 0; c < CHANNELS; c++) begin
          for (int t = 0; t < 9; t++) windows[c*72+8*t+:8] = TABLES ? pixels[1][c][t] : pixels[0][c][t];
        end
        #1 clk = 1;
        #1 clk = 0;
        // This edge has taken what was set in this pass; a sum appears SUMS_AFTER edges after its weights.
        for (int o = 0; o < OUTPUTS; o++) begin
          if (b > 2) begin
            if (signed'(sums[o*SUM_BITS+:SUM_BITS]) != SUM_BITS'(expected[SUMS_AFTER-1][o])) begin
              $display("block %0d, cycle %0d, output %0d: %0d instead of %0d", b, n, o, signed'(sums[o*SUM_BITS+:SUM_BITS]),
                       expected[SUMS_AFTER-1][o]);
              $fatal(1);
            end
          end
        end
      end
    end
    $display("PASSED");
    $finish;
  end
endmodule

`default_nettype wire
