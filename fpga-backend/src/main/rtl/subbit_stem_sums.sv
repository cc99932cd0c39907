// From the four sums of a stem's list to those of columns. For a group of neighbouring columns of OUTPUTS channels or fewer, the
// sums of the list come one after the other, of two channels and both lanes at once. When all are here, they are read again,
// channel by channel, while those of the next group come:
//
//   twice the first column  = FIRST + BOTH + OPPOSED
//   twice the second column =         BOTH - OPPOSED + SECOND
//
// All is modulo 2^SUM_BITS, which holds the columns' sums.
`default_nettype none

module subbit_stem_sums #(
    parameter int OUTPUTS = 64,      // a power of two
    parameter int SUM_BITS = 27,
    parameter int TAG_BITS = 8
) (
    input wire clk,
    input wire rst,
    // Of the layer: sums of its list that there are, the others being 0; and whether both columns of a lane may end a window
    // of the pool, so that they are given one by one.
    input wire [3:0] present_i,
    input wire       apart_i,

    // Sums of the list: of lane 0, in it of two channels, then of lane 1.
    input wire                         store_i,
    input wire                         half_i,         // of the memory, another one for each group
    input wire [$clog2(OUTPUTS/2)-1:0] pair_i,         // of channels
    input wire [                  1:0] sum_i,          // of the list
    input wire [       4*SUM_BITS-1:0] data_i,

    // The group is complete, whose half is half_i. It takes four cycles for each pair of channels, or eight where columns are
    // apart, and the next one must not be complete sooner.
    input wire                       start_i,
    input wire [$clog2(OUTPUTS):0]   outputs_i,
    input wire [TAG_BITS-1:0]        tag_i,
    output logic                     busy_o,

    // Sums of columns: of a lane's first and second column, or of one of them.
    output logic                       valid_o,
    output logic [$clog2(OUTPUTS)-1:0] place_o,        // of the channel
    output logic                       lane_o,
    output logic                       second_o,       // the second column alone, as sums_o[0]
    output logic                       last_o,         // of the group; may come without valid_o
    output logic [TAG_BITS-1:0]        tag_o,
    output logic [      2*SUM_BITS-1:0] sums_o
);
  localparam int PAIR_BITS = $clog2(OUTPUTS / 2);
  typedef logic [SUM_BITS-1:0] sum_t;

  // ---- Reading.
  logic reads_q, half_q;
  logic [PAIR_BITS-1:0] pair_q;
  logic [2:0] step_q;
  logic [$clog2(OUTPUTS):0] outputs_q;
  logic [TAG_BITS-1:0] tag_q;
  wire [2:0] step_last = apart_i ? 3'd7 : 3'd3;
  wire pair_ends = step_q == step_last;
  wire pair_last = {1'b0, pair_q, 1'b1} + 1'b1 >= {1'b0, outputs_q};
  always_ff @(posedge clk) begin
    if (reads_q) begin
      step_q <= pair_ends ? '0 : step_q + 3'd1;
      if (pair_ends) pair_q <= pair_q + 1'b1;
      if (pair_ends && pair_last) reads_q <= 1'b0;
    end
    if (start_i) begin
      reads_q <= 1'b1;
      half_q <= half_i;
      outputs_q <= outputs_i;
      tag_q <= tag_i;
      pair_q <= '0;
      step_q <= '0;
    end
    if (rst) reads_q <= 1'b0;
  end
  logic [4*SUM_BITS-1:0] found;
  subbit_memory #(
      .WIDTH(4 * SUM_BITS),
      .DEPTH(4 * OUTPUTS)
  ) sums (
      .clk,
      .write(store_i),
      .write_address({half_i, pair_i, sum_i}),
      .write_data(data_i),
      .read(1'b1),
      .read_address({half_q, pair_q, step_q[1:0]}),
      .read_data(found)
  );

  // ---- A cycle later: added up, of lanes, in them channels.
  logic added_1, complete_2, pair_last_1, pair_last_2, first_pair_1, first_pair_2;
  logic [1:0] sum_1;
  logic [PAIR_BITS-1:0] pair_1, pair_2;
  sum_t firsts_q[4], seconds_q[4];
  always_ff @(posedge clk) begin
    added_1 <= reads_q && !step_q[2] && !rst;
    sum_1 <= step_q[1:0];
    pair_1 <= pair_q;
    pair_2 <= pair_1;
    pair_last_1 <= pair_last;
    pair_last_2 <= pair_last_1;
    first_pair_1 <= pair_q == 0;
    first_pair_2 <= first_pair_1;
    complete_2 <= added_1 && sum_1 == 2'd3 && !rst;
    for (int i = 0; i < 4; i++) begin
      if (added_1) begin
        if (sum_1 == 2'd0) firsts_q[i] <= present_i[0] ? found[SUM_BITS*i+:SUM_BITS] : '0;
        else if (sum_1 != 2'd3 && present_i[sum_1]) firsts_q[i] <= firsts_q[i] + found[SUM_BITS*i+:SUM_BITS];
        if (sum_1 == 2'd0) seconds_q[i] <= '0;
        else if (present_i[sum_1]) seconds_q[i] <= sum_1 == 2'd2 ? seconds_q[i] - found[SUM_BITS*i+:SUM_BITS] : seconds_q[i] + found[SUM_BITS*i+:SUM_BITS];
      end
    end
  end

  // ---- Giving: lanes, where they are apart columns, channels.
  logic gives_q, last_pair_q;
  logic [2:0] item_q;
  logic [PAIR_BITS-1:0] given_q;
  logic [TAG_BITS-1:0] given_tag_q;
  logic [$clog2(OUTPUTS):0] given_outputs_q;
  sum_t given_firsts_q[4], given_seconds_q[4];
  wire lane = apart_i ? item_q[2] : item_q[1];
  wire second = apart_i && item_q[1];
  wire channel = item_q[0];
  wire item_ends = item_q == step_last;
  always_ff @(posedge clk) begin
    if (gives_q) item_q <= item_q + 3'd1;
    if (gives_q && item_ends) gives_q <= 1'b0;
    if (complete_2) begin
      gives_q <= 1'b1;
      item_q <= '0;
      given_q <= pair_2;
      last_pair_q <= pair_last_2;
      given_firsts_q <= firsts_q;
      given_seconds_q <= seconds_q;
      if (first_pair_2) begin
        given_tag_q <= tag_q;
        given_outputs_q <= outputs_q;
      end
    end
    valid_o <= gives_q && {1'b0, given_q, channel} < given_outputs_q && !rst;
    last_o <= gives_q && item_ends && last_pair_q && !rst;
    place_o <= {given_q, channel};
    lane_o <= lane;
    second_o <= second;
    tag_o <= given_tag_q;
    sums_o <= {given_seconds_q[{lane, channel}], second ? given_seconds_q[{lane, channel}] : given_firsts_q[{lane, channel}]};
    if (rst) gives_q <= 1'b0;
  end
  assign busy_o = start_i || reads_q || added_1 || complete_2 || gives_q || valid_o || last_o;
endmodule

`default_nettype wire
