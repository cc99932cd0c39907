// The improved processing element: responses are built from shared partial sums, and one set of LANES adders serves
// responses and look-ups in turn.
//
// A column of three pixels has four sums up to sign. A response is the sum of one of them from each of three columns,
// which takes two additions; neighbouring windows share two (stride 1) or one (stride 2) of their columns. Two adders
// build the column sums, in three cycles per column. Lanes work in pairs: the two adders of a pair build one response
// per cycle together, or each accumulates one. There are LANES + 2 adders in all.
//
// Table mode: a window takes max(ceil(2^tau / (LANES / 2)) + slots, 3 * new columns, 4) cycles: the responses of one
// window and the look-ups of the previous window take turns. Direct mode: 3 * slots cycles; for each slot a response
// for the first lane of every pair, a response for the second lane, and the accumulation.
//
// Pipeline, cycle by cycle: 0 issue, 1 index, 2 codeword, 3 codeword in its pair, 4 parts of a response, or look-up and
// sum, 5 operands, 6 sum of a pair's first adder, 7 sum of its second adder, 8 write of the response to the tables. The
// second lane's look-up is one cycle later.
`default_nettype none

module subbit_core_shared #(
    parameter int LANES = 16,
    parameter int TABLE_DEPTH = 64,
    parameter int SLOT_BITS = 5,
    parameter int ADDRESS_BITS = 10
) (
    input wire clk,
    input wire rst,
    input subbit_pkg::layer_t layer,

    // Windows: one is accepted when its column sums are built.
    input  wire                               window_valid,
    output logic                              window_ready,
    input  wire [subbit_pkg::WINDOW_BITS-1:0] window,
    input  wire                               window_fresh,
    input  wire                               window_first,
    input  wire                               window_half,
    input  wire                               window_index_half,
    input  wire                               window_ends_step,
    input  wire                               window_ends_tile,
    input  wire [           ADDRESS_BITS-1:0] window_address,

    // Indices of a slot, one for each lane: they follow one cycle after their address.
    output logic                                index_half,
    output logic [               SLOT_BITS-1:0] index_slot,
    input  wire  [LANES*subbit_pkg::MAX_TAU-1:0] indices,

    // Codewords, one for each pair of lanes: they follow one cycle after their index.
    output logic [9*LANES/2-1:0] codebook_indices,
    input  wire  [9*LANES/2-1:0] codewords,

    // Accumulators: a sum follows one cycle after its address.
    output logic                    sum_read_half,
    output logic [ADDRESS_BITS-1:0] sum_read_address,
    input  wire  [    32*LANES-1:0] sums_read,
    output logic [       LANES-1:0] sum_write,
    output logic                    sum_write_half,
    output logic [ADDRESS_BITS-1:0] sum_write_address,
    output logic [    32*LANES-1:0] sums_written,

    // Progress, one cycle each: the half of the indices is free; the sums of the tile are complete.
    output logic step_done,
    output logic tile_done
);
  import subbit_pkg::*;
  localparam int R = RESPONSE_BITS + 1;
  localparam int PAIRS = LANES / 2;
  localparam int PAIR_BITS = $clog2(PAIRS);
  localparam int TABLE_BITS = $clog2(TABLE_DEPTH);
  localparam int ROW_BITS = $clog2(TABLE_DEPTH / PAIRS);
  localparam int Q = 11;                       // bits of a column sum: -765 to 765
  localparam int COLUMN = 4 * Q;               // the four sums of a column

  if ((1 << PAIR_BITS) != PAIRS || LANES < 4) begin : g_check
    $error("LANES must be a power of two, at least 4");
  end
  if (TABLE_DEPTH < 2 * PAIRS || TABLE_DEPTH > 256) begin : g_check2
    $error("TABLE_DEPTH must be LANES to 256");
  end

  typedef struct packed {
    logic first;
    logic half;
    logic index_half;
    logic ends_step;
    logic ends_tile;
    logic [ADDRESS_BITS-1:0] address;
  } context_t;
  typedef enum logic [1:0] {
    RESPOND,       // responses of the whole table, or for the first lane of each pair
    RESPOND_ODD,   // for the second lane of each pair; direct mode only
    ADD
  } kind_t;
  typedef struct packed {
    logic valid;
    kind_t kind;
    logic takes_window;    // the first step of a window takes its column sums
    logic bank;
    logic first;
    logic half;
    logic ends_tile;
    logic [ROW_BITS-1:0] row;
    logic [ADDRESS_BITS-1:0] address;
  } step_t;

  // ---- Column sums.
  wire [3*COLUMN-1:0] built;
  wire built_valid;
  context_t built_context;
  // One window's sums are buffered, so that the column adders do not depend on what the lanes do in the same cycle.
  logic ahead_valid;
  logic [3*COLUMN-1:0] ahead;
  context_t ahead_context;
  subbit_column_sums #(
      .TAG_BITS($bits(context_t))
  ) column_sums (
      .clk,
      .rst,
      .stride(layer.stride_w),
      .window_valid,
      .window_ready,
      .window,
      .window_fresh,
      .window_tag({window_first, window_half, window_index_half, window_ends_step, window_ends_tile, window_address}),
      .sums_valid(built_valid),
      .sums_ready(!ahead_valid),
      .sums(built),
      .sums_tag(built_context)
  );

  wire begins;
  always_ff @(posedge clk) begin
    if (rst) ahead_valid <= 1'b0;
    else ahead_valid <= ahead_valid ? !begins : built_valid;
    if (!ahead_valid) begin
      ahead <= built;
      ahead_context <= built_context;
    end
  end

  // ---- The order of steps.

  // Constant for the whole layer.
  wire [8:0] table_size = 9'd1 << layer.tau;
  logic [ROW_BITS-1:0] last_row;
  logic [SLOT_BITS-1:0] last_slot;
  always_ff @(posedge clk) begin
    last_row <= ROW_BITS'((10'(table_size) + 10'(PAIRS - 1)) >> PAIR_BITS) - 1'b1;
    last_slot <= SLOT_BITS'(layer.slots - 16'd1);
  end

  typedef enum logic [1:0] {
    IDLE,             // no window is in progress
    TABLE_RESPONSES,  // responses of a window, row by row of the table
    TABLE_SUMS,       // look-ups of the previous window, slot by slot
    DIRECT            // responses and sums of a window, slot by slot
  } state_t;
  state_t state;
  logic responding_bank, pending;
  logic owes;                    // the newest window's look-ups have to follow those in progress
  logic [1:0] settle;            // cycles until the newest bank may be looked up, and the newest sums added to
  logic [1:0] recent;            // cycles in which no window may begin, so that look-ups find their responses
  logic [ROW_BITS-1:0] row;
  logic [SLOT_BITS-1:0] slot;
  kind_t direct_kind;
  context_t newest, summing;     // the window whose responses were built last; the window that is looked up
  logic summing_bank;

  logic row_last, slot_last;     // the row, or the slot, is the last one
  step_t issued;
  logic [SLOT_BITS-1:0] issue_slot;
  logic issue_index_half;

  // A window begins in IDLE or at the end of the previous window, so that no cycle is lost between them.
  wire sums_end = state == TABLE_SUMS && slot_last;
  wire responses_end = state == TABLE_RESPONSES && row_last;
  wire direct_ends = state == DIRECT && direct_kind == ADD && slot_last;
  wire may_begin = state == IDLE || sums_end || direct_ends || (responses_end && !pending);
  assign begins = may_begin && ahead_valid && recent == 0;
  wire more_windows = ahead_valid || built_valid || window_valid;

  always_ff @(posedge clk) begin
    if (rst) begin
      state <= IDLE;
      pending <= 1'b0;
      responding_bank <= 1'b0;
      settle <= '0;
      recent <= '0;
      step_done <= 1'b0;
      owes <= 1'b0;
    end else begin
      step_done <= (sums_end && summing.ends_step) || (direct_ends && newest.ends_step);
      if (settle != 0) settle <= settle - 1'b1;
      if (recent != 0) recent <= recent - 1'b1;
      if (state == TABLE_RESPONSES) begin
        row <= row + 1'b1;
        row_last <= row + 1'b1 == last_row;
      end
      if (state == TABLE_SUMS || (state == DIRECT && direct_kind == ADD)) begin
        slot <= slot + 1'b1;
        slot_last <= slot + 1'b1 == last_slot;
      end
      if (state == DIRECT) begin
        direct_kind <= direct_kind == RESPOND ? RESPOND_ODD : direct_kind == RESPOND_ODD ? ADD : RESPOND;
      end

      if (responses_end) begin
        settle <= 2'd3;
        if (pending) begin
          // Now the look-ups of the previous window; those of this one follow the responses of the next.
          state <= TABLE_SUMS;
          slot <= '0;
          slot_last <= last_slot == 0;
        end else begin
          state <= IDLE;
          pending <= 1'b1;
          summing <= newest;
          summing_bank <= responding_bank;
          responding_bank <= !responding_bank;
        end
      end
      if (sums_end) begin
        state <= IDLE;
        pending <= owes;
        // A sum may be read again from the fifth cycle on; in a tile of one pixel, the next window adds to the same
        // sum.
        settle <= 2'd3;
        summing <= newest;
        summing_bank <= responding_bank;
        if (owes) responding_bank <= !responding_bank;
        owes <= 1'b0;
      end
      if (direct_ends) state <= IDLE;
      if (responses_end && pending) owes <= 1'b1;

      if (begins) begin
        newest <= ahead_context;
        if (!layer.direct) recent <= 2'd3;
        state <= layer.direct ? DIRECT : TABLE_RESPONSES;
        row <= '0;
        row_last <= last_row == 0;
        direct_kind <= RESPOND;
        if (layer.direct) begin
          slot <= '0;
          slot_last <= last_slot == 0;
        end
      end else if (state == IDLE && pending && settle == 0 && !more_windows) begin
        // No window is coming, so finish the look-ups. Otherwise responses go first, or the two would never overlap.
        state <= TABLE_SUMS;
        slot <= '0;
        slot_last <= last_slot == 0;
      end
    end
  end

  always_comb begin
    issued = '0;
    issued.valid = state == TABLE_RESPONSES || state == TABLE_SUMS || state == DIRECT;
    issued.kind = state == TABLE_SUMS ? ADD : state == DIRECT ? direct_kind : RESPOND;
    issued.takes_window = state == TABLE_RESPONSES ? row == 0 : state == DIRECT && direct_kind == RESPOND && slot == 0;
    issued.bank = state == TABLE_SUMS ? summing_bank : responding_bank;
    issued.row = row;
    issued.first = state == TABLE_SUMS ? summing.first : newest.first;
    issued.half = state == TABLE_SUMS ? summing.half : newest.half;
    issued.ends_tile = state == TABLE_SUMS ? summing.ends_tile && slot_last : newest.ends_tile && direct_ends;
    issued.address = (state == TABLE_SUMS ? summing.address : newest.address) + ADDRESS_BITS'(slot);
    issue_index_half = state == TABLE_SUMS ? summing.index_half : newest.index_half;
    issue_slot = slot;
  end
  assign index_half = issue_index_half;
  assign index_slot = issue_slot;

  step_t step[1:8];
  always_ff @(posedge clk) begin
    step[1] <= issued;
    for (int s = 2; s <= 8; s++) step[s] <= step[s-1];
    if (rst) for (int s = 1; s <= 8; s++) step[s].valid <= 1'b0;
  end

  // ---- The column sums of the responses in the pipeline.
  logic [3*COLUMN-1:0] waiting, coming, columns;
  always_ff @(posedge clk) begin
    if (begins) waiting <= ahead;
    if (step[2].valid && step[2].takes_window) coming <= waiting;
    if (step[3].valid && step[3].takes_window) columns <= coming;
  end

  // ---- Pairs of lanes. Each has its own copy of the commands to all lanes; a name ends with the cycle in which it is
  // valid.
  typedef struct packed {
    logic direct;
    logic odd_1;                       // the codewords are those of the second lanes
    logic [ROW_BITS-1:0] row_1;
    logic clears_4, read_bank_4, adds_5;
    logic write_8, write_bank_8;
    logic [ROW_BITS-1:0] write_row_8;
  } orders_t;
  orders_t orders;
  always_comb begin
    orders.direct = layer.direct;
    orders.odd_1 = issued.kind != RESPOND;
    orders.row_1 = issued.row;
    orders.clears_4 = step[3].first;
    orders.read_bank_4 = step[3].bank;
    orders.adds_5 = step[4].kind == ADD;
    orders.write_8 = step[7].valid && step[7].kind == RESPOND;
    orders.write_bank_8 = step[7].bank;
    orders.write_row_8 = step[7].row;
  end

  logic [R*PAIRS-1:0] responses_7, responses_8;
  always_ff @(posedge clk) responses_8 <= responses_7;
  for (genvar p = 0; p < PAIRS; p++) begin : g_pair
    orders_t told;
    subbit_copy #(
        .WIDTH($bits(orders_t))
    ) copied_orders (
        .clk,
        .source(orders),
        .copy(told)
    );

    wire [MAX_TAU-1:0] even_index = indices[2*p*MAX_TAU+:MAX_TAU];
    wire [MAX_TAU-1:0] odd_index = indices[(2*p+1)*MAX_TAU+:MAX_TAU];
    assign codebook_indices[9*p+:9] =
        !told.direct ? 9'(told.row_1) << PAIR_BITS | 9'(p) : told.odd_1 ? odd_index : even_index;

    // Which sum of each column is added, and its sign; a response whose first column is negative is built with all
    // signs inverted.
    logic [8:0] codeword_3;
    logic [1:0] pick_4[3];
    logic [2:1] minus_4, minus_5;
    logic [Q-1:0] part_5[3];
    logic negative_4, negative_5, negative_6, negative_7;
    always_ff @(posedge clk) begin
      codeword_3 <= codewords[9*p+:9];
      for (int c = 0; c < 3; c++) begin
        pick_4[c] <= {codeword_3[3+c], codeword_3[6+c]} ^ {2{!codeword_3[c]}};
        case (pick_4[c])
          2'b11: part_5[c] <= columns[c*COLUMN+0*Q+:Q];
          2'b10: part_5[c] <= columns[c*COLUMN+1*Q+:Q];
          2'b01: part_5[c] <= columns[c*COLUMN+2*Q+:Q];
          default: part_5[c] <= columns[c*COLUMN+3*Q+:Q];
        endcase
      end
      minus_4 <= codeword_3[2:1] ^ {2{codeword_3[0]}};
      minus_5 <= minus_4;
      {negative_4, negative_5, negative_6, negative_7} <= {!codeword_3[0], negative_4, negative_5, negative_6};
    end

    // Look-ups: the first lane's table is read in step 4, the second's in step 5.
    logic [TABLE_BITS-1:0] even_2, even_3, even_4, odd_2, odd_3, odd_4, odd_5;
    logic read_bank_5;
    always_ff @(posedge clk) begin
      {even_2, even_3, even_4} <= {even_index[TABLE_BITS-1:0], even_2, even_3};
      {odd_2, odd_3, odd_4, odd_5} <= {odd_index[TABLE_BITS-1:0], odd_2, odd_3, odd_4};
      read_bank_5 <= told.read_bank_4;
    end
    wire [R-1:0] even_found, odd_found;
    subbit_response_table #(
        .DEPTH (TABLE_DEPTH),
        .WRITES(PAIRS)
    ) even_table (
        .clk,
        .write(told.write_8),
        .write_bank(told.write_bank_8),
        .write_row(told.write_row_8),
        .write_responses(responses_8),
        .read_bank(told.read_bank_4),
        .read_index(even_4),
        .read_response(even_found)
    );
    subbit_response_table #(
        .DEPTH (TABLE_DEPTH),
        .WRITES(PAIRS)
    ) odd_table (
        .clk,
        .write(told.write_8),
        .write_bank(told.write_bank_8),
        .write_row(told.write_row_8),
        .write_responses(responses_8),
        .read_bank(read_bank_5),
        .read_index(odd_5),
        .read_response(odd_found)
    );
    logic [R-1:0] even_found_5, odd_found_6;
    logic [31:0] even_old_5, odd_old_5, odd_old_6;
    logic adds_6;
    always_ff @(posedge clk) begin
      even_found_5 <= even_found;
      odd_found_6 <= odd_found;
      even_old_5 <= told.clears_4 ? 32'd0 : sums_read[64*p+:32];
      odd_old_5 <= told.clears_4 ? 32'd0 : sums_read[64*p+32+:32];
      odd_old_6 <= odd_old_5;
      adds_6 <= told.adds_5;
    end

    // The two adders. Operands are selected, and inverted for subtraction, one cycle before the addition. In direct
    // mode, the response to add leaves the second adder in exactly that cycle.
    wire [R-1:0] even_operand = told.direct ? responses_7[R*p+:R] : even_found_5;
    wire [R-1:0] odd_operand = told.direct ? responses_7[R*p+:R] : odd_found_6;
    logic [31:0] even_a, odd_a, even_result;
    logic signed [RESPONSE_BITS-1:0] even_b, odd_b;
    logic even_minus, odd_minus;
    logic [Q-1:0] third_6;
    logic third_minus_6;
    wire [32:0] even_sum = {even_a, 1'b1} + {32'(even_b), even_minus};
    wire [32:0] odd_sum = {odd_a, 1'b1} + {32'(odd_b), odd_minus};

    wire even_turn = told.adds_5 ? even_operand[RESPONSE_BITS] : minus_5[1];
    wire odd_turn = adds_6 ? odd_operand[RESPONSE_BITS] : third_minus_6;
    always_ff @(posedge clk) begin
      even_a <= told.adds_5 ? even_old_5 : 32'(signed'(part_5[0]));
      even_b <= (told.adds_5 ? even_operand[RESPONSE_BITS-1:0] : RESPONSE_BITS'(signed'(part_5[1]))) ^ {RESPONSE_BITS{even_turn}};
      even_minus <= even_turn;
      third_6 <= part_5[2];
      third_minus_6 <= minus_5[2];

      even_result <= even_sum[32:1];
      odd_a <= adds_6 ? odd_old_6 : 32'(signed'(even_sum[RESPONSE_BITS:1]));
      odd_b <= (adds_6 ? odd_operand[RESPONSE_BITS-1:0] : RESPONSE_BITS'(signed'(third_6))) ^ {RESPONSE_BITS{odd_turn}};
      odd_minus <= odd_turn;
    end
    assign responses_7[R*p+:R] = {negative_7, odd_sum[RESPONSE_BITS:1]};
    assign sums_written[64*p+:32] = even_result;
    assign sums_written[64*p+32+:32] = odd_sum[32:1];
  end

  assign sum_read_half = step[3].half;
  assign sum_read_address = step[3].address;
  assign sum_write = {LANES{step[7].valid && step[7].kind == ADD}};
  assign sum_write_half = step[7].half;
  assign sum_write_address = step[7].address;
  always_ff @(posedge clk) tile_done <= !rst && step[7].valid && step[7].kind == ADD && step[7].ends_tile;
endmodule

`default_nettype wire
