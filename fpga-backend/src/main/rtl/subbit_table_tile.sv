// CHANNELS input channels of PIXELS neighbouring output pixels of a row, for binary activations: fills tables with the
// matches of every codeword in every channel, looks up all channels of an output channel in one cycle, and adds them to
// the sums of this output channel. There are four banks of tables: block RAM has room for them, and so steps follow each
// other without a gap, though the tables of a step can be looked up only when the last unit has filled its own.
//
// A unit makes the matches of SHARE channels, one after the other (a slot each): channel c belongs to slot c % SHARE of
// unit c / SHARE. The codewords of a slot pass from unit to unit, one per cycle, so that each unit takes its window from
// the same wires in its own cycle.
`default_nettype none

module subbit_table_tile #(
    // Input channels, and those that share a unit; powers of two.
    parameter int CHANNELS = 64,
    parameter int SHARE = 2,
    // Pixels that one look-up serves.
    parameter int PIXELS = 7,
    // Bits of an entry's number: the largest tau.
    parameter int TABLE_BITS = 5,
    // Sums, one for each output channel and group of pixels that is in progress, a power of two; and the bits of one.
    parameter int SUMS = 2048,
    parameter int SUM_BITS = 14
) (
    input wire clk,
    input wire rst,

    // Filling: the codewords of a slot, as the first unit gets them.
    input wire                                            fill,
    input wire                                            fill_first,      // of its slot
    input wire [               (SHARE>1?$clog2(SHARE):1)-1:0] fill_slot,
    input wire [                                     1:0] fill_bank,
    input wire [                          TABLE_BITS-1:0] fill_entry,
    input wire [                                     8:0] fill_codeword,
    input wire [                                     2:0] fill_rows,       // inside the image, as in subbit_match_unit
    input wire [                            3*PIXELS-1:0] fill_columns,
    input wire [                      $clog2(CHANNELS):0] fill_channels,   // the first ones; others count for nothing
    // The windows of a slot: those of unit u come u cycles after the first codeword.
    input wire [                            9*PIXELS-1:0] windows,

    // Looking up: one output channel per cycle, with the indices of its kernels.
    input wire                           look,
    input wire [                    1:0] look_bank,
    input wire [CHANNELS*TABLE_BITS-1:0] look_indices,
    input wire                           look_first,      // of the sum's terms: it begins with 0
    input wire                           look_last,       // the sum is complete with this one
    input wire [       $clog2(SUMS)-1:0] look_address,

    // Complete sums, 4 + $clog2(CHANNELS) cycles after their last look-up.
    output logic                       sums_valid,
    output logic [   $clog2(SUMS)-1:0] sums_address,
    output logic [PIXELS*SUM_BITS-1:0] sums
);
  localparam int UNITS = CHANNELS / SHARE;
  localparam int SLOT_BITS = SHARE > 1 ? $clog2(SHARE) : 1;
  localparam int ENTRY = 4 * PIXELS;
  localparam int LEVELS = $clog2(CHANNELS);
  localparam int ADDRESS_BITS = $clog2(SUMS);

  if ((1 << LEVELS) != CHANNELS || (1 << $clog2(SHARE)) != SHARE || CHANNELS < 2 * SHARE) begin : g_check
    $error("CHANNELS and SHARE must be powers of two, CHANNELS at least twice SHARE");
  end
  if (SUM_BITS < 4 + LEVELS) begin : g_check2
    $error("SUM_BITS must hold the matches of CHANNELS kernels");
  end

  // ---- Filling.
  typedef struct packed {
    logic valid;
    logic first;
    logic [SLOT_BITS-1:0] slot;
    logic [1:0] bank;
    logic [TABLE_BITS-1:0] entry;
    logic [8:0] codeword;
    logic [2:0] rows;
    logic [3*PIXELS-1:0] columns;
    logic [LEVELS:0] channels;
  } fill_t;
  // What each unit gets; the last place is not used.
  fill_t passed[UNITS+1];
  assign passed[0] = '{
          valid: fill,
          first: fill_first,
          slot: fill_slot,
          bank: fill_bank,
          entry: fill_entry,
          codeword: fill_codeword,
          rows: fill_rows,
          columns: fill_columns,
          channels: fill_channels
      };

  wire [CHANNELS*ENTRY-1:0] found;
  // Few tables read each copy.
  localparam int READERS = 8;
  wire [2*((CHANNELS+READERS-1)/READERS)-1:0] look_banks;
  for (genvar i = 0; i < (CHANNELS + READERS - 1) / READERS; i++) begin : g_bank
    subbit_copy #(
        .WIDTH(2)
    ) bank (
        .clk,
        .source(look_bank),
        .copy(look_banks[2*i+:2])
    );
  end
  logic [CHANNELS*TABLE_BITS-1:0] indices;

  for (genvar u = 0; u < UNITS; u++) begin : g_unit
    logic [ENTRY-1:0] matching;
    wire exists = (LEVELS + 1)'(u * SHARE) + (LEVELS + 1)'(passed[u].slot) < passed[u].channels;
    subbit_match_unit #(
        .PIXELS(PIXELS)
    ) unit (
        .clk,
        .take(passed[u].valid && passed[u].first),
        .windows,
        .rows_inside(exists ? passed[u].rows : 3'b000),
        .columns_inside(passed[u].columns),
        .codeword(passed[u].codeword),
        .matching
    );
    // The matches of a codeword, and where they go, two cycles later.
    logic [2:1] valid;
    logic [SLOT_BITS-1:0] slot_1, slot_2;
    logic [TABLE_BITS+1:0] to_1, to_2;
    always_ff @(posedge clk) begin
      valid <= rst ? 2'b00 : {valid[1], passed[u].valid};
      slot_1 <= passed[u].slot;
      slot_2 <= slot_1;
      to_1 <= {passed[u].bank, passed[u].entry};
      to_2 <= to_1;
      passed[u+1] <= passed[u];
      if (rst) passed[u+1].valid <= 1'b0;
    end
    for (genvar s = 0; s < SHARE; s++) begin : g_channel
      localparam int C = u * SHARE + s;
      subbit_memory #(
          .WIDTH(ENTRY),
          .DEPTH(4 << TABLE_BITS)
      ) entries (
          .clk,
          .write(valid[2] && slot_2 == SLOT_BITS'(s)),
          .write_address(to_2),
          .write_data(matching),
          .read(1'b1),
          .read_address({look_banks[2*(C/READERS)+:2], indices[C*TABLE_BITS+:TABLE_BITS]}),
          .read_data(found[C*ENTRY+:ENTRY])
      );
    end
  end
  wire unused = &{1'b0, passed[UNITS]};

  // ---- Looking up: cycle 1 indices, 2 entries, 3 entries again (a block RAM's output is slow), then the adder tree, the
  // addition to the old sum, and the sum.
  localparam int READ = 3 + LEVELS - 1;     // cycle in which the old sum is read
  localparam int ADD = READ + 2;            // in which it is added to
  typedef struct packed {
    logic valid;
    logic first;
    logic last;
    logic [ADDRESS_BITS-1:0] address;
  } look_t;
  look_t looks[ADD+1];
  assign looks[0] = '{valid: look, first: look_first, last: look_last, address: look_address};
  always_ff @(posedge clk) begin
    indices <= look_indices;
    for (int i = 1; i <= ADD; i++) begin
      looks[i] <= looks[i-1];
      if (rst) looks[i].valid <= 1'b0;
    end
  end

  logic [CHANNELS*ENTRY-1:0] entries_3;
  always_ff @(posedge clk) entries_3 <= found;

  logic [PIXELS*SUM_BITS-1:0] old, old_q, total;
  for (genvar p = 0; p < PIXELS; p++) begin : g_pixel
    wire [4*CHANNELS-1:0] terms;
    for (genvar c = 0; c < CHANNELS; c++) begin : g_term
      assign terms[4*c+:4] = entries_3[c*ENTRY+4*p+:4];
    end
    logic [3+LEVELS:0] sum;
    subbit_adder_tree #(
        .N(CHANNELS),
        .WIDTH(4)
    ) tree (
        .clk,
        .numbers(terms),
        .sum
    );
    always_ff @(posedge clk) begin
      total[p*SUM_BITS+:SUM_BITS] <= (looks[ADD-1].first ? '0 : old_q[p*SUM_BITS+:SUM_BITS]) + SUM_BITS'(sum);
    end
  end

  // An output channel's sum is needed again after a whole step at the earliest, when it has long been written.
  subbit_memory #(
      .WIDTH(PIXELS * SUM_BITS),
      .DEPTH(SUMS)
  ) held (
      .clk,
      .write(looks[ADD].valid),
      .write_address(looks[ADD].address),
      .write_data(total),
      .read(1'b1),
      .read_address(looks[READ-1].address),
      .read_data(old)
  );
  always_ff @(posedge clk) old_q <= old;

  assign sums_valid = looks[ADD].valid && looks[ADD].last;
  assign sums_address = looks[ADD].address;
  assign sums = total;
endmodule

`default_nettype wire
