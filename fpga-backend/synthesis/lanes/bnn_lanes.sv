// The array of a binary engine with the throughput of subbit_lanes: CHANNELS x OUTPUTS kernels of nine taps in every
// cycle, each from nine weight bits in place of an index. SHARING selects the method:
//   0  every lane adds and subtracts its nine pixels itself
//   1  a channel computes the four sums (up to sign) of each row of three pixels; a lane selects three and adds them
//   2  two response tables, of five taps (up to sign) and of four; a lane looks up one response in each and adds them
`default_nettype none

module bnn_lanes #(
    parameter int CHANNELS = 8,
    parameter int OUTPUTS = 16,
    parameter int SUM_BITS = 24,
    parameter int SHARING = 1
) (
    input wire clk,
    input wire [CHANNELS*72-1:0] windows,
    // With SHARING 2: filling takes 16 cycles; the index of an entry in both tables is its pattern of signs.
    input wire write,
    input wire [3:0] write_index,
    input wire write_bank,
    input wire read_bank,
    input wire [CHANNELS*OUTPUTS*9-1:0] weights,
    input wire restart,
    output wire [OUTPUTS*SUM_BITS-1:0] sums
);
  localparam int W = 12;

  // a + b, or a - b.
  function automatic logic signed [W-1:0] add(input logic signed [W-1:0] a, input logic signed [W-1:0] b, input logic minus);
    logic [W:0] twice;
    twice = {a, 1'b1} + {b ^ {W{minus}}, minus};
    return twice[W:1];
  endfunction

  wire signed [W-1:0] value[OUTPUTS][CHANNELS];
  wire negative[OUTPUTS][CHANNELS];
  for (genvar c = 0; c < CHANNELS; c++) begin : g_channel
    wire [71:0] window = windows[c*72+:72];
    if (SHARING == 0) begin : g_taps
      for (genvar o = 0; o < OUTPUTS; o++) begin : g_output
        signed_taps unit (
            .clk, .pixels(window), .codeword(weights[(o*CHANNELS+c)*9+:9]), .value(value[o][c]), .negative(negative[o][c]));
      end
    end else if (SHARING == 1) begin : g_rows
      // Signs of the second and third tap relative to the first: four sums per row, computed in two cycles.
      logic signed [8:0] plus[3], minus[3];
      logic signed [7:0] third[3];
      logic signed [9:0] row[3][4];
      always_ff @(posedge clk) begin
        for (int r = 0; r < 3; r++) begin
          plus[r] <= 9'(signed'(window[24*r+:8])) + 9'(signed'(window[24*r+8+:8]));
          minus[r] <= 9'(signed'(window[24*r+:8])) - 9'(signed'(window[24*r+8+:8]));
          third[r] <= window[24*r+16+:8];
          row[r][0] <= 10'(plus[r]) + 10'(third[r]);
          row[r][1] <= 10'(plus[r]) - 10'(third[r]);
          row[r][2] <= 10'(minus[r]) + 10'(third[r]);
          row[r][3] <= 10'(minus[r]) - 10'(third[r]);
        end
      end
      for (genvar o = 0; o < OUTPUTS; o++) begin : g_output
        wire [8:0] weight = weights[(o*CHANNELS+c)*9+:9];
        logic signed [9:0] picked[3];
        logic [1:0] turned;
        logic signed [W-1:0] sum;
        logic sign, sign_q;
        always_ff @(posedge clk) begin
          for (int r = 0; r < 3; r++)
            picked[r] <= row[r][{weight[3*r+1] != weight[3*r], weight[3*r+2] != weight[3*r]}];
          turned <= {weight[6] != weight[0], weight[3] != weight[0]};
          sign <= !weight[0];
          sum <= add(add(W'(picked[0]), W'(picked[1]), turned[0]), W'(picked[2]), turned[1]);
          sign_q <= sign;
        end
        assign value[o][c] = sum;
        assign negative[o][c] = sign_q;
      end
    end else begin : g_tables
      logic [2:0] writes;
      logic [4:0] write_address[3];
      logic [3:0] pattern;
      logic [71:0] window_q;
      always_ff @(posedge clk) begin
        writes <= {writes[1:0], write};
        write_address <= '{{write_bank, write_index}, write_address[0], write_address[1]};
        pattern <= write_index;
        window_q <= window;
      end
      wire signed [10:0] five, four_value;
      wire five_negative, four_negative;
      signed_taps #(.TAPS(5), .BITS(11)) unit_5 (
          .clk, .pixels(window_q[39:0]), .codeword({pattern, 1'b1}), .value(five), .negative(five_negative));
      signed_taps #(.TAPS(4), .BITS(11)) unit_4 (
          .clk, .pixels(window_q[71:40]), .codeword(pattern), .value(four_value), .negative(four_negative));
      wire signed [10:0] four = four_negative ? -four_value : four_value;
      wire unused = five_negative;    // its first weight is set
      for (genvar o = 0; o < OUTPUTS; o++) begin : g_output
        wire [8:0] weight = weights[(o*CHANNELS+c)*9+:9];
        (* ram_style = "distributed" *) logic [10:0] memory_5[32];
        (* ram_style = "distributed" *) logic [10:0] memory_4[32];
        always_ff @(posedge clk) begin
          if (writes[2]) memory_5[write_address[2]] <= five;
          if (writes[2]) memory_4[write_address[2]] <= four;
        end
        logic signed [10:0] found_5, found_4;
        logic turned;
        logic signed [W-1:0] sum;
        always_ff @(posedge clk) begin
          found_5 <= memory_5[{read_bank, weight[4:1] ^ {4{!weight[0]}}}];
          found_4 <= memory_4[{read_bank, weight[8:5]}];
          turned <= !weight[0];
          sum <= add(W'(found_4), W'(found_5), turned);
        end
        assign value[o][c] = sum;
        assign negative[o][c] = 1'b0;
      end
    end
  end

  for (genvar o = 0; o < OUTPUTS; o++) begin : g_sum
    wire [CHANNELS*W-1:0] terms;
    wire [CHANNELS-1:0] signs;
    for (genvar c = 0; c < CHANNELS; c++) begin : g_term
      assign terms[c*W+:W] = value[o][c];
      assign signs[c] = negative[o][c];
    end
    lane_sum #(.CHANNELS(CHANNELS), .TERM_BITS(W), .SUM_BITS(SUM_BITS)) sum (
        .clk, .restart, .terms, .negative(signs), .sum(sums[o*SUM_BITS+:SUM_BITS]));
  end
endmodule

`default_nettype wire
