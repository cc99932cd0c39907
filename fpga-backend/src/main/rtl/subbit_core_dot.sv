// The paper's processing element: DOT_UNITS nine-tap units and LANES accumulators.
//
// Table mode: the units fill one bank of the table, window by window, while indices address the other bank and every
// lane adds the response that its index selects. A window takes max(ceil(2^tau / DOT_UNITS), slots) cycles.
//
// Direct mode: the units compute one response per output channel, as a plain binary engine does. A window takes
// ceil(out_channels / DOT_UNITS) cycles.
//
// Pipeline, cycle by cycle: 0 issue, 1 index, 2 codeword or looked-up response, 3 sum of a look-up, or first half of a
// response, 4 second half, 5 table write, or sum of a direct response.
`default_nettype none

module subbit_core_dot #(
    parameter int DOT_UNITS = 1,
    parameter int LANES = 4,
    parameter int TABLE_DEPTH = 64,
    parameter int SLOT_BITS = 7,        // of a slot's number
    parameter int ADDRESS_BITS = 10     // of an accumulator's address
) (
    input wire clk,
    input wire rst,
    input subbit_pkg::layer_t layer,

    // Windows: one is held while its responses are issued, and accepted with the last of them.
    input  wire                               window_valid,
    output logic                              window_ready,
    input  wire [subbit_pkg::WINDOW_BITS-1:0] window,
    input  wire                               window_fresh,
    input  wire                               window_first,        // of the first input channel: sums start at 0
    input  wire                               window_half,         // half of the accumulators
    input  wire                               window_index_half,
    input  wire                               window_ends_step,
    input  wire                               window_ends_tile,
    input  wire [           ADDRESS_BITS-1:0] window_address,

    // Indices of a slot, one for each lane: they follow one cycle after their address.
    output logic                                index_half,
    output logic [               SLOT_BITS-1:0] index_slot,
    input  wire  [LANES*subbit_pkg::MAX_TAU-1:0] indices,

    // Codewords, one for each unit: they follow one cycle after their index.
    output logic [9*DOT_UNITS-1:0] codebook_indices,
    input  wire  [9*DOT_UNITS-1:0] codewords,

    // Accumulators: a sum follows one cycle after its address, and is written in that cycle.
    output logic                    sum_read_half,
    output logic [ADDRESS_BITS-1:0] sum_read_address,
    input  wire  [    32*LANES-1:0] sums_read,
    output logic [       LANES-1:0] sum_write,
    output logic                    sum_write_half,
    output logic [ADDRESS_BITS-1:0] sum_write_address,
    output logic [    32*LANES-1:0] sums_written,

    // Progress.
    output logic step_done,    // one cycle: the half of the indices is free
    output logic tile_done     // one cycle: the tile's sums are complete
);
  import subbit_pkg::*;
  localparam int R = RESPONSE_BITS + 1;
  localparam int TABLE_BITS = $clog2(TABLE_DEPTH);
  localparam int UNIT_BITS = $clog2(DOT_UNITS);
  localparam int ROWS = TABLE_DEPTH / DOT_UNITS;
  localparam int ROW_BITS = ROWS > 1 ? $clog2(ROWS) : 1;
  localparam int GROUPS = LANES / DOT_UNITS;     // turns in which the units serve all lanes
  localparam int GROUP_BITS = $clog2(GROUPS) > 0 ? $clog2(GROUPS) : 1;

  if ((1 << UNIT_BITS) != DOT_UNITS || LANES % DOT_UNITS != 0 || DOT_UNITS > LANES) begin : g_check
    $error("DOT_UNITS must be a power of two and divide LANES");
  end
  if (TABLE_DEPTH > 256) begin : g_check2
    $error("TABLE_DEPTH must be at most 256");
  end

  // What the look-ups of one window need to know.
  typedef struct packed {
    logic first;
    logic half;
    logic index_half;
    logic ends_step;
    logic ends_tile;
    logic [ADDRESS_BITS-1:0] address;
  } context_t;
  // An addition on its way through the pipeline to the lanes.
  typedef struct packed {
    logic valid;
    logic first;
    logic half;
    logic ends_tile;
    logic [GROUP_BITS-1:0] group;
    logic [ADDRESS_BITS-1:0] address;
  } addition_t;

  context_t arriving;
  assign arriving = '{
          first: window_first,
          half: window_half,
          index_half: window_index_half,
          ends_step: window_ends_step,
          ends_tile: window_ends_tile,
          address: window_address
      };

  // ---- Responses: they fill a bank in table mode, and are all there is in direct mode.
  wire [8:0] table_size = 9'd1 << layer.tau;
  wire [9:0] fill_steps = layer.direct || layer.tau > 4'd8 ? 10'd1 : (10'(table_size) + 10'(DOT_UNITS - 1)) >> UNIT_BITS;
  wire [15:0] direct_steps = (layer.out_channels + 16'(DOT_UNITS - 1)) >> UNIT_BITS;
  wire [15:0] issue_steps = layer.direct ? direct_steps : 16'(fill_steps);

  logic fill_bank;
  logic [1:0] bank_taken, bank_full;
  logic [15:0] issue_step;
  context_t bank_context[2];

  // A bank stays taken while it is filled, so only the first step has to check that it is free.
  wire issuing = window_valid && (layer.direct || issue_step != 0 || !bank_taken[fill_bank]);
  wire issue_last = issue_step == issue_steps - 16'd1;
  assign window_ready = issuing && issue_last;

  logic [2:1] fill_ends;
  logic [8:0] entry_1;
  logic [5:1] fill_valid;
  logic [5:1] fill_to;
  logic [ROW_BITS-1:0] fill_row[1:5];
  logic [WINDOW_BITS-1:0] window_1, window_2, window_3;
  logic [9*DOT_UNITS-1:0] codewords_3;
  addition_t direct_addition[1:5];

  // ---- Look-ups of a full bank.
  logic look, look_bank;
  logic [SLOT_BITS-1:0] look_slot;
  context_t looking;
  addition_t look_addition[1:3];
  wire [SLOT_BITS-1:0] last_slot = SLOT_BITS'(layer.slots - 16'd1);
  wire look_last = look_slot == last_slot;
  wire look_starts = (!look || look_last) && bank_full[look_bank];
  logic looking_bank;
  // The bank may be filled again once at most four look-ups are left, because a fill takes that long to its first
  // write.
  logic released;
  wire release_now = look && !released && (16'(last_slot) - 16'(look_slot) <= 16'd4);

  // In direct mode, each word of indices is read for one group of lanes after the other, as the units serve them.
  wire [15:0] direct_slot = issue_step >> $clog2(GROUPS);
  wire [GROUP_BITS-1:0] direct_group = GROUP_BITS'(issue_step) & GROUP_BITS'(GROUPS - 1);
  assign index_half = layer.direct ? window_index_half : looking.index_half;
  assign index_slot = layer.direct ? SLOT_BITS'(direct_slot) : look_slot;


  always_ff @(posedge clk) begin
    if (rst) begin
      issue_step <= '0;
      fill_bank <= 1'b0;
      bank_taken <= '0;
      bank_full <= '0;
      fill_ends <= '0;
      fill_valid <= '0;
      look <= 1'b0;
      look_bank <= 1'b0;
      released <= 1'b0;
      step_done <= 1'b0;
      for (int s = 1; s <= 5; s++) direct_addition[s].valid <= 1'b0;
      for (int s = 1; s <= 3; s++) look_addition[s].valid <= 1'b0;
    end else begin
      // Issue.
      if (issuing) begin
        issue_step <= issue_last ? 16'd0 : issue_step + 16'd1;
        if (!layer.direct) begin
          bank_taken[fill_bank] <= 1'b1;
          if (issue_last) begin
            bank_context[fill_bank] <= arriving;
            fill_bank <= !fill_bank;
          end
        end
      end
      fill_valid <= {fill_valid[4:1], issuing && !layer.direct};
      fill_ends <= {fill_ends[1], issuing && !layer.direct && issue_last};
      if (fill_ends[2]) bank_full[fill_to[2]] <= 1'b1;

      direct_addition[1].valid <= issuing && layer.direct;
      for (int s = 2; s <= 5; s++) direct_addition[s].valid <= direct_addition[s-1].valid;

      // Look-ups.
      if (release_now) begin
        bank_taken[looking_bank] <= 1'b0;
        released <= 1'b1;
      end
      if (look_starts) begin
        look <= 1'b1;
        look_slot <= '0;
        looking <= bank_context[look_bank];
        looking_bank <= look_bank;
        bank_full[look_bank] <= 1'b0;
        look_bank <= !look_bank;
        released <= 1'b0;
      end else if (look) begin
        look_slot <= look_slot + 1'b1;
        if (look_last) look <= 1'b0;
      end
      look_addition[1].valid <= look;
      for (int s = 2; s <= 3; s++) look_addition[s].valid <= look_addition[s-1].valid;

      step_done <= layer.direct ? window_ready && window_ends_step : look && look_last && looking.ends_step;
    end

    entry_1 <= 9'(issue_step << UNIT_BITS);
    fill_to <= {fill_to[4:1], fill_bank};
    fill_row[1] <= ROW_BITS'(issue_step);
    for (int s = 2; s <= 5; s++) fill_row[s] <= fill_row[s-1];
    window_1 <= window;
    window_2 <= window_1;
    window_3 <= window_2;
    codewords_3 <= codewords;

    direct_addition[1].first <= window_first;
    direct_addition[1].half <= window_half;
    direct_addition[1].ends_tile <= window_ends_tile && issue_last;
    direct_addition[1].group <= direct_group;
    direct_addition[1].address <= window_address + ADDRESS_BITS'(direct_slot);
    look_addition[1].first <= looking.first;
    look_addition[1].half <= looking.half;
    look_addition[1].ends_tile <= looking.ends_tile && look_last;
    look_addition[1].group <= '0;
    look_addition[1].address <= looking.address + ADDRESS_BITS'(look_slot);
    for (int s = 2; s <= 5; s++) begin
      direct_addition[s].first <= direct_addition[s-1].first;
      direct_addition[s].half <= direct_addition[s-1].half;
      direct_addition[s].ends_tile <= direct_addition[s-1].ends_tile;
      direct_addition[s].group <= direct_addition[s-1].group;
      direct_addition[s].address <= direct_addition[s-1].address;
    end
    for (int s = 2; s <= 3; s++) begin
      look_addition[s].first <= look_addition[s-1].first;
      look_addition[s].half <= look_addition[s-1].half;
      look_addition[s].ends_tile <= look_addition[s-1].ends_tile;
      look_addition[s].group <= look_addition[s-1].group;
      look_addition[s].address <= look_addition[s-1].address;
    end
  end

  // ---- Units.
  wire [R*DOT_UNITS-1:0] responses;
  for (genvar u = 0; u < DOT_UNITS; u++) begin : g_unit
    logic [MAX_TAU-1:0] direct_index;
    always_comb begin
      direct_index = '0;
      for (int g = 0; g < GROUPS; g++) begin
        if (direct_addition[1].group == GROUP_BITS'(g)) direct_index = indices[(g*DOT_UNITS+u)*MAX_TAU+:MAX_TAU];
      end
    end
    assign codebook_indices[9*u+:9] = layer.direct ? direct_index : entry_1 | 9'(u);
    subbit_dot9 dot9 (
        .clk,
        .window(window_3),
        .codeword(codewords_3[9*u+:9]),
        .value(responses[R*u+:RESPONSE_BITS]),
        .negative(responses[R*u+RESPONSE_BITS])
    );
  end

  // ---- Lanes.
  logic [2:1] look_table;
  addition_t reading, adding;
  assign reading = layer.direct ? direct_addition[4] : look_addition[2];
  assign adding = layer.direct ? direct_addition[5] : look_addition[3];
  assign sum_read_half = reading.half;
  assign sum_read_address = reading.address;
  assign sum_write_half = adding.half;
  assign sum_write_address = adding.address;

  // A lane never adds to the same sum in two consecutive cycles, because even a tile of one pixel needs three cycles to
  // fill its window. So a sum is always read after it has been written.
  for (genvar l = 0; l < LANES; l++) begin : g_lane
    logic [TABLE_BITS-1:0] index_2;
    logic [R-1:0] looked_up, looked_up_3;
    always_ff @(posedge clk) begin
      index_2 <= indices[l*MAX_TAU+:TABLE_BITS];
      looked_up_3 <= looked_up;
    end
    subbit_response_table #(
        .DEPTH (TABLE_DEPTH),
        .WRITES(DOT_UNITS)
    ) response_table (
        .clk,
        .write(fill_valid[5]),
        .write_bank(fill_to[5]),
        .write_row(fill_row[5]),
        .write_responses(responses),
        .read_bank(look_table[2]),
        .read_index(index_2),
        .read_response(looked_up)
    );
    wire [R-1:0] response = layer.direct ? responses[R*(l%DOT_UNITS)+:R] : looked_up_3;
    wire minus = response[RESPONSE_BITS];
    wire [31:0] value = 32'(signed'(response[RESPONSE_BITS-1:0])) ^ {32{minus}};
    wire [31:0] old = adding.first ? 32'd0 : sums_read[32*l+:32];
    wire [32:0] sum = {old, 1'b1} + {value, minus};
    assign sums_written[32*l+:32] = sum[32:1];
    assign sum_write[l] = adding.valid && (!layer.direct || adding.group == GROUP_BITS'(l / DOT_UNITS));
  end

  always_ff @(posedge clk) begin
    look_table <= {look_table[1], looking_bank};
    tile_done <= !rst && adding.valid && adding.ends_tile;
  end

  wire unused = &{1'b0, window_fresh, direct_slot};
endmodule

`default_nettype wire
