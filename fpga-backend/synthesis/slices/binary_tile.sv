// The tile of a plain binary array on the same tables as subbit_table_tile, whose order and timing it has: CHANNELS input
// channels of PIXELS neighbouring output pixels, but two look-ups for each kernel, of five taps and of four, and twice as
// many terms to add. A term has three bits, so a word of 36 bits serves twelve pixels.
//
// With FOLD, a table of five taps holds those whose first sign is +1, and for the others the complement of what is found is
// added: 7 - m in place of 5 - m. What this is too much depends on the output channel alone, without padding, and is left to
// its threshold.
`default_nettype none

module binary_tile #(
    // Input channels, and those that share a unit; powers of two.
    parameter int CHANNELS = 32,
    parameter int SHARE = 2,
    parameter int PIXELS = 12,
    parameter bit FOLD = 1'b0,
    parameter int SUMS = 512,
    parameter int SUM_BITS = 13,
    localparam int TABLE_BITS = FOLD ? 4 : 5
) (
    input wire clk,
    input wire rst,

    // Filling, as in subbit_table_tile, with an entry's number for a codeword.
    input wire                                      fill,
    input wire                                      fill_first,
    input wire [         (SHARE>1?$clog2(SHARE):1)-1:0] fill_slot,
    input wire [                               1:0] fill_bank,
    input wire [                    TABLE_BITS-1:0] fill_entry,
    input wire [                               2:0] fill_rows,
    input wire [                      3*PIXELS-1:0] fill_columns,
    input wire [                $clog2(CHANNELS):0] fill_channels,
    input wire [                      9*PIXELS-1:0] windows,

    // Looking up: the signs of nine taps of each kernel.
    input wire                    look,
    input wire [             1:0] look_bank,
    input wire [  9*CHANNELS-1:0] look_signs,
    input wire                    look_first,
    input wire                    look_last,
    input wire [$clog2(SUMS)-1:0] look_address,

    output logic                       sums_valid,
    output logic [   $clog2(SUMS)-1:0] sums_address,
    output logic [PIXELS*SUM_BITS-1:0] sums
);
  localparam int UNITS = CHANNELS / SHARE;
  localparam int SLOT_BITS = SHARE > 1 ? $clog2(SHARE) : 1;
  localparam int ENTRY = 3 * PIXELS;
  localparam int LEVELS = $clog2(CHANNELS);
  localparam int ADDRESS_BITS = $clog2(SUMS);

  // ---- Filling.
  typedef struct packed {
    logic valid;
    logic first;
    logic [SLOT_BITS-1:0] slot;
    logic [1:0] bank;
    logic [TABLE_BITS-1:0] entry;
    logic [2:0] rows;
    logic [3*PIXELS-1:0] columns;
    logic [LEVELS:0] channels;
  } fill_t;
  fill_t passed[UNITS+1];
  assign passed[0] = '{
          valid: fill,
          first: fill_first,
          slot: fill_slot,
          bank: fill_bank,
          entry: fill_entry,
          rows: fill_rows,
          columns: fill_columns,
          channels: fill_channels
      };

  wire [CHANNELS*ENTRY-1:0] found_five, found_four;
  logic [1:0] look_bank_q;
  logic [9*CHANNELS-1:0] signs;

  for (genvar u = 0; u < UNITS; u++) begin : g_unit
    logic [ENTRY-1:0] five, four;
    wire exists = (LEVELS + 1)'(u * SHARE) + (LEVELS + 1)'(passed[u].slot) < passed[u].channels;
    binary_match_unit #(
        .PIXELS(PIXELS),
        .FOLD(FOLD)
    ) unit (
        .clk,
        .take(passed[u].valid && passed[u].first),
        .windows,
        .rows_inside(exists ? passed[u].rows : 3'b000),
        .columns_inside(passed[u].columns),
        .entry(5'(passed[u].entry)),
        .five,
        .four
    );
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
      wire write = valid[2] && slot_2 == SLOT_BITS'(s);
      subbit_memory #(
          .WIDTH(ENTRY),
          .DEPTH(4 << TABLE_BITS)
      ) entries_five (
          .clk,
          .write,
          .write_address(to_2),
          .write_data(five),
          .read(1'b1),
          .read_address({look_bank_q, FOLD ? TABLE_BITS'(signs[9*C+1+:4] ^ {4{!signs[9*C]}}) : TABLE_BITS'(signs[9*C+:5])}),
          .read_data(found_five[C*ENTRY+:ENTRY])
      );
      subbit_memory #(
          .WIDTH(ENTRY),
          .DEPTH(64)
      ) entries_four (
          .clk,
          .write,
          .write_address({to_2[TABLE_BITS+1:TABLE_BITS], to_2[3:0]}),
          .write_data(four),
          .read(1'b1),
          .read_address({look_bank_q, signs[9*C+5+:4]}),
          .read_data(found_four[C*ENTRY+:ENTRY])
      );
    end
  end
  wire unused = &{1'b0, passed[UNITS]};

  // ---- Looking up, with one level of additions more than subbit_table_tile.
  localparam int READ = 3 + LEVELS;
  localparam int ADD = READ + 2;
  typedef struct packed {
    logic valid;
    logic first;
    logic last;
    logic [ADDRESS_BITS-1:0] address;
  } look_t;
  look_t looks[ADD+1];
  assign looks[0] = '{valid: look, first: look_first, last: look_last, address: look_address};
  logic [CHANNELS-1:0] turned_2;
  logic [CHANNELS*ENTRY-1:0] five_3, four_3;
  always_ff @(posedge clk) begin
    look_bank_q <= look_bank;
    signs <= look_signs;
    for (int i = 1; i <= ADD; i++) begin
      looks[i] <= looks[i-1];
      if (rst) looks[i].valid <= 1'b0;
    end
    for (int c = 0; c < CHANNELS; c++) begin
      turned_2[c] <= FOLD && !signs[9*c];
      five_3[c*ENTRY+:ENTRY] <= found_five[c*ENTRY+:ENTRY] ^ {ENTRY{turned_2[c]}};
    end
    four_3 <= found_four;
  end

  logic [PIXELS*SUM_BITS-1:0] old, old_q, total;
  for (genvar p = 0; p < PIXELS; p++) begin : g_pixel
    logic [4*CHANNELS-1:0] terms;
    for (genvar c = 0; c < CHANNELS; c++) begin : g_term
      always_ff @(posedge clk) terms[4*c+:4] <= 4'(five_3[c*ENTRY+3*p+:3]) + 4'(four_3[c*ENTRY+3*p+:3]);
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
