// Takes the two tiles of a table core through a block of output channels of an image: through bands of rows, as many as
// there are sums for, in each band through groups of channels, and in each of those through steps. A step is one group of
// channels of two groups of PIXELS output pixels, one for each tile. While the tables of a step are filled, those of the
// step before are looked up.
//
// The groups of a step are neighbours in a row and are filled together (`pairs`), or they follow each other in the order
// of rows, and are filled one after the other. The first suits rows of many groups, the second rows of one or of an odd
// number. What a tile sums up that has no group of pixels, in the last step of a row or of all, has no meaning.
//
// PARTS groups of channels share a word of indices, and are looked up one after the other from the same words.
//
// Filling a step takes SHARE slots, and twice as many without pairs, of max(2^tau, CHANNELS / SHARE) cycles; looking it up
// takes one cycle for each output channel. The slower of both sets the pace.
`default_nettype none

module subbit_table_sequence #(
    parameter int CHANNELS = 64,
    parameter int PARTS = 1,             // a power of two
    parameter int SHARE = 2,
    parameter int PIXELS = 7,
    parameter int TABLE_BITS = 5,
    parameter int SUMS = 2048,
    parameter int WIDTH = 64,
    parameter int ROW_DEPTH = 2048,
    parameter int INDEX_DEPTH = 1024
) (
    input wire clk,
    input wire rst,

    // What is to be done; stable from `start` to the end of `busy`.
    input wire                        start,
    output logic                      busy,               // to the last look-up
    input wire [                 3:0] tau,
    input wire                        pairs,
    input wire                        stride_h_2,
    input wire                        stride_w_2,
    input wire [                 1:0] pad_left,
    input wire [     $clog2(WIDTH):0] in_width,
    input wire [                15:0] in_height,
    input wire signed [          17:0] first_row,         // of the input, under the first row of windows; from -2
    input wire [                 1:0] first_bank,         // first_row mod 3
    input wire [$clog2(ROW_DEPTH)-1:0] first_address,     // first_row div 3, rounded down
    input wire [$clog2(ROW_DEPTH)-1:0] channel_places,    // of a channel in each bank: in_height / 3, rounded up
    input wire [                15:0] out_rows,           // rows of output pixels
    input wire [                15:0] band_rows,          // of them in a band; the last may have fewer
    input wire [                15:0] out_width,
    input wire [                15:0] outputs,            // output channels of the block
    input wire [                15:0] channel_groups,
    input wire [  $clog2(CHANNELS):0] last_channels,      // channels of the last group
    input wire [$clog2(INDEX_DEPTH)-1:0] index_base,      // place of the block's first index

    // What a step waits for: the rows of its group of channels, its indices, and, in a band's last group, room for the sums.
    // Rows and indices count in PARTS groups each, and may run ahead of what they are counted in.
    input wire [15:0] rows_stored,                        // of the image, at least one
    input wire [15:0] words_loaded,                       // of the block
    input wire        sums_room,
    output logic      sums_begin,                         // one cycle: a band takes the room
    output logic      word_done,                          // one cycle: the next PARTS groups' indices are needed no more

    // Cutting windows out of the row store: the windows of both tiles reach these five cycles later.
    output logic [                 1:0] cut_bank,
    output logic [$clog2(ROW_DEPTH)-1:0] cut_address,
    output logic signed [$clog2(WIDTH)+1:0] cut_column,

    // Codewords, from an entry's number; they follow one cycle later.
    output logic [TABLE_BITS-1:0] codebook_entry,

    // Filling, in the cycle in which the codeword and the first unit's windows are there.
    output logic [                             1:0] fill,              // of each tile
    output logic                                    fill_first,
    output logic [       (SHARE>1?$clog2(SHARE):1)-1:0] fill_slot,
    output logic [                             1:0] fill_bank,
    output logic [                  TABLE_BITS-1:0] fill_entry,
    output logic [                             2:0] fill_rows,
    output logic [                    3*PIXELS-1:0] fill_columns,
    output logic [                    3*PIXELS-1:0] next_columns,      // of the second tile, with pairs
    output logic [              $clog2(CHANNELS):0] fill_channels,

    // Looking up: the place of the indices, and one cycle later, when they are there, the rest.
    output logic [$clog2(INDEX_DEPTH)-1:0] index_address,
    output logic [(PARTS>1?$clog2(PARTS):1)-1:0] look_part,      // of their words
    output logic                           look,
    output logic [                    1:0] look_bank,
    output logic                           look_first,
    output logic                           look_last,
    output logic [       $clog2(SUMS)-1:0] look_address
);
  localparam int UNITS = CHANNELS / SHARE;
  localparam int SLOT_BITS = SHARE > 1 ? $clog2(SHARE) : 1;
  localparam int ADDRESS_BITS = $clog2(ROW_DEPTH);
  localparam int INDEX_BITS = $clog2(INDEX_DEPTH);
  localparam int COLUMN_BITS = $clog2(WIDTH) + 2;
  localparam int PART_BITS = $clog2(PARTS);
  // From the cycle in which a window is chosen until the tiles have it.
  localparam int CUT = 6;
  // Cycles from a look-up to the next one that may add to the same sum.
  localparam int WRITTEN = 4;
  // From the last codeword of the first unit until the last unit has written its matches.
  localparam int SETTLE = UNITS + 2;

  localparam int CYCLE_BITS = $clog2((1 << TABLE_BITS) > UNITS ? (1 << TABLE_BITS) : UNITS) + 1;

  if (CHANNELS < 4) begin : g_check
    $error("CHANNELS must be at least 4: what follows from a step's place is there three cycles later");
  end
  if ((1 << PART_BITS) != PARTS) begin : g_check2
    $error("PARTS must be a power of two");
  end

  // ---- What follows from the layer.
  logic [CYCLE_BITS-1:0] entries, slot_last;
  logic [15:0] advance, outputs_last;
  logic [ADDRESS_BITS-1:0] share_places, group_places;
  wire [CYCLE_BITS-1:0] entries_here = CYCLE_BITS'(1) << tau;
  always_ff @(posedge clk) begin
    entries <= entries_here;
    slot_last <= (entries_here > CYCLE_BITS'(UNITS) ? entries_here : CYCLE_BITS'(UNITS)) - 1'b1;
    advance <= pairs ? 16'(2 * PIXELS) : 16'(PIXELS);
    outputs_last <= outputs - 16'd1;
    share_places <= channel_places << $clog2(SHARE);
    group_places <= channel_places << $clog2(CHANNELS);
  end

  // ---- Filling: channel groups, rows, groups of pixels, slots, cycles.
  logic filling;
  logic [15:0] fill_group, fill_row, fill_x;
  logic [SLOT_BITS-1:0] slot;
  logic [CYCLE_BITS-1:0] cycle;
  logic tile;                              // that is filled, without pairs
  logic [1:0] bank;
  logic [ADDRESS_BITS-1:0] group_base;     // places before this group's first channel
  logic [ADDRESS_BITS-1:0] slot_base;      // before this slot's first channel
  logic [ADDRESS_BITS-1:0] channel_base;   // before the channel whose window is cut
  logic [ADDRESS_BITS-1:0] row_address;    // div 3 of the upper row
  logic [1:0] row_bank;                    // mod 3
  logic signed [17:0] row;
  // Where the band's first row of windows lies, and how many rows of the output are left with it.
  logic signed [17:0] band_row;
  logic [1:0] band_bank;
  logic [ADDRESS_BITS-1:0] band_address;
  logic [15:0] rows_left;

  logic [2:0] taken;           // banks that are being filled or looked up, or wait to be
  // A bank is taken with the first cycle of a step; within a step there is no pause.
  logic in_step, cycle_last;
  logic stored, next_stored;   // the rows of the group that is filled, and of the one after it, are there
  wire goes = filling && (in_step || (taken != 3'd4 && stored));
  wire slot_ends = goes && cycle_last;
  wire [CYCLE_BITS-1:0] cycle_next = cycle_last ? '0 : cycle + 1'b1;
  wire group_filled = slot_ends && slot == SLOT_BITS'(SHARE - 1);

  // What follows from the place of a step is needed at its end, some cycles later: it takes registers of its own.
  logic row_ends, last_row, last_fill_group;
  logic [15:0] x_next, rows_here;
  logic [ADDRESS_BITS-1:0] group_next, slot_next;
  wire rows_end = row_ends && last_row;
  wire step_ends = group_filled && (pairs || tile || rows_end);
  wire band_ends = rows_end && last_fill_group;
  always_ff @(posedge clk) begin
    x_next <= fill_x + advance;
    row_ends <= fill_x + advance >= out_width;
    rows_here <= rows_left < band_rows ? rows_left : band_rows;
    last_row <= fill_row == rows_here - 16'd1;
    last_fill_group <= fill_group == channel_groups - 16'd1;
    group_next <= group_base + group_places;
    slot_next <= slot_base + channel_places;
  end

  always_ff @(posedge clk) begin
    next_stored <= (fill_group + 16'd1) >> PART_BITS < rows_stored;
    stored <= start || (step_ends && rows_end ? band_ends || next_stored : fill_group >> PART_BITS < rows_stored);
  end

  // Left column of the windows of this step; two cycles later, which rows of them lie inside the image, and three cycles later,
  // which columns.
  wire signed [COLUMN_BITS-1:0] left = (COLUMN_BITS'(fill_x) << stride_w_2) - COLUMN_BITS'(pad_left);
  logic signed [17:0] row_1;
  logic [1:0] outside;
  logic signed [COLUMN_BITS-1:0] room, row_room;
  logic [2:0] rows_inside;
  wire [6*PIXELS-1:0] columns_inside;
  always_ff @(posedge clk) begin
    row_1 <= row;
    outside <= fill_x == 0 ? pad_left : 2'd0;
    row_room <= COLUMN_BITS'(in_width) + COLUMN_BITS'(pad_left);
    room <= row_room - (COLUMN_BITS'(fill_x) << stride_w_2);
    for (int r = 0; r < 3; r++) rows_inside[r] <= row_1 + 18'(r) >= 0 && row_1 + 18'(r) < signed'({2'b00, in_height});
  end
  subbit_table_columns #(
      .WINDOWS(2 * PIXELS),
      .BITS(COLUMN_BITS)
  ) inside_columns (
      .clk,
      .stride_2(stride_w_2),
      .left(outside),
      .room,
      .columns(columns_inside)
  );

  // The row of windows below.
  logic [1:0] next_bank;
  logic [ADDRESS_BITS-1:0] next_address;
  logic signed [17:0] next_row;
  always_ff @(posedge clk) begin
    next_row <= row + (stride_h_2 ? 18'sd2 : 18'sd1);
    if (stride_h_2) begin
      next_bank <= row_bank == 2'd0 ? 2'd2 : row_bank - 2'd1;
      next_address <= row_address + ADDRESS_BITS'(row_bank != 2'd0);
    end else begin
      next_bank <= row_bank == 2'd2 ? 2'd0 : row_bank + 2'd1;
      next_address <= row_address + ADDRESS_BITS'(row_bank == 2'd2);
    end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      filling <= 1'b0;
    end else if (start) begin
      filling <= 1'b1;
      fill_group <= '0;
      fill_row <= '0;
      fill_x <= '0;
      slot <= '0;
      cycle <= '0;
      cycle_last <= 1'b0;
      in_step <= 1'b0;
      tile <= 1'b0;
      bank <= 2'd0;
      group_base <= '0;
      slot_base <= '0;
      channel_base <= '0;
      row <= first_row;
      row_bank <= first_bank;
      row_address <= first_address;
      band_row <= first_row;
      band_bank <= first_bank;
      band_address <= first_address;
      rows_left <= out_rows;
    end else if (goes) begin
      cycle <= cycle_next;
      cycle_last <= cycle_next == slot_last;
      in_step <= !step_ends;
      if (cycle < CYCLE_BITS'(UNITS)) channel_base <= channel_base + share_places;
      if (slot_ends) begin
        slot <= group_filled ? '0 : slot + 1'b1;
        slot_base <= group_filled ? group_base : slot_next;
        channel_base <= group_filled ? group_base : slot_next;
      end
      if (step_ends) bank <= bank + 2'd1;
      if (group_filled) begin
        tile <= !step_ends;
        fill_x <= row_ends ? 16'd0 : x_next;
        if (row_ends) begin
          fill_row <= rows_end ? 16'd0 : fill_row + 16'd1;
          row <= rows_end && !band_ends ? band_row : next_row;
          row_bank <= rows_end && !band_ends ? band_bank : next_bank;
          row_address <= rows_end && !band_ends ? band_address : next_address;
        end
        if (rows_end && !band_ends) begin
          fill_group <= fill_group + 16'd1;
          group_base <= group_next;
          slot_base <= group_next;
          channel_base <= group_next;
        end
        if (band_ends) begin
          fill_group <= '0;
          group_base <= '0;
          slot_base <= '0;
          channel_base <= '0;
          band_row <= next_row;
          band_bank <= next_bank;
          band_address <= next_address;
          rows_left <= rows_left - rows_here;
          filling <= rows_left != rows_here;
        end
      end
    end
  end

  always_ff @(posedge clk) begin
    cut_bank <= row_bank;
    cut_address <= channel_base + row_address;
    cut_column <= left;
  end

  // What goes with the windows, as long as they are on their way.
  typedef struct packed {
    logic [1:0] valid;
    logic first;
    logic [SLOT_BITS-1:0] slot;
    logic [1:0] bank;
    logic [TABLE_BITS-1:0] entry;
    logic [$clog2(CHANNELS):0] channels;
  } fill_t;
  fill_t fills[CUT+1];
  assign fills[0] = '{
          valid: {2{goes && cycle < entries}} & {pairs || tile, pairs || !tile},
          first: cycle == 0,
          slot: slot,
          bank: bank,
          entry: TABLE_BITS'(cycle),
          channels: fill_group == channel_groups - 16'd1 ? last_channels : ($clog2(CHANNELS) + 1)'(CHANNELS)
      };
  logic [2:0] rows[CUT+1];
  logic [6*PIXELS-1:0] columns[CUT+1];
  assign rows[2] = rows_inside;
  assign columns[3] = columns_inside;
  logic [SETTLE+CUT:1] ended;    // the step ended that many cycles ago
  always_ff @(posedge clk) begin
    for (int i = 1; i <= CUT; i++) begin
      fills[i] <= fills[i-1];
      if (rst) fills[i].valid <= 2'b00;
    end
    for (int i = 3; i <= CUT; i++) rows[i] <= rows[i-1];
    for (int i = 4; i <= CUT; i++) columns[i] <= columns[i-1];
    ended <= rst || start ? '0 : {ended[SETTLE+CUT-1:1], step_ends};
  end
  assign codebook_entry = fills[CUT-1].entry;
  assign fill = fills[CUT].valid;
  assign fill_first = fills[CUT].first;
  assign fill_slot = fills[CUT].slot;
  assign fill_bank = fills[CUT].bank;
  assign fill_entry = fills[CUT].entry;
  assign fill_rows = rows[CUT];
  assign fill_columns = columns[CUT][3*PIXELS-1:0];
  assign next_columns = columns[CUT][6*PIXELS-1:3*PIXELS];
  assign fill_channels = fills[CUT].channels;

  // ---- Looking up: bands, channel groups, groups of pixels, output channels.
  logic [2:0] full;            // banks that are filled and not yet looked up
  logic [1:0] looking_bank;
  logic [15:0] look_group, output_channel;
  logic [15:0] look_rows_left;
  logic first_band;
  logic group_begun;           // a step of this group of this band has begun
  logic output_ends;           // the output channel is the block's last
  logic [3:0] ends_group;      // of each bank: its step is the last of its group of channels
  logic [$clog2(SUMS)-1:0] sum_address;
  logic [INDEX_BITS-1:0] index_at, group_at;    // `group_at`: of the group's first index
  wire [15:0] output_next = output_ends ? 16'd0 : output_channel + 16'd1;
  // Steps of a few output channels wait until there have been WRITTEN cycles, so that a sum is read again when it has been
  // written, and so that what follows from the place of a step has time here and in subbit_table_signs.
  logic [1:0] rest;
  logic rests;
  // What a group is, and what the next one will be; `here`: its indices are.
  logic last_group, last_band, here, next_last, next_here;
  wire [15:0] look_next = last_group ? 16'd0 : look_group + 16'd1;
  always_ff @(posedge clk) begin
    rests <= outputs_last < 16'(WRITTEN - 1);
    last_band <= look_rows_left <= band_rows;
    next_last <= look_next == channel_groups - 16'd1;
    next_here <= look_next >> PART_BITS < words_loaded;
  end
  // Only the first step of a group waits for indices and room; within a step there is no pause.
  wire begins = !group_begun;
  wire allowed = rest == 0 && (!begins || ((!first_band || here) && (!last_group || sums_room)));
  wire looks = full != 0 && allowed;
  wire look_ends = looks && output_ends;
  wire group_ends = look_ends && ends_group[looking_bank];
  wire look_band_ends = group_ends && last_group;
  wire all_ends = look_band_ends && last_band;
  // The group has the last part of its words.
  wire last_part = last_group || &(look_group | ~16'(PARTS - 1));
  wire [INDEX_BITS-1:0] next_group_at = last_group ? index_base : last_part ? index_at + 1'b1 : group_at;
  assign sums_begin = looks && begins && last_group;
  assign word_done = group_ends && last_band && last_part;

  always_ff @(posedge clk) begin
    if (rst) begin
      busy <= 1'b0;
      full <= '0;
      taken <= '0;
    end else if (start) begin
      busy <= 1'b1;
      full <= '0;
      taken <= '0;
      looking_bank <= 2'd0;
      look_group <= '0;
      look_rows_left <= out_rows;
      first_band <= 1'b1;
      group_begun <= 1'b0;
      rest <= '0;
      last_group <= channel_groups == 16'd1;
      here <= 1'b0;
      output_channel <= '0;
      output_ends <= outputs == 16'd1;
      sum_address <= '0;
      index_at <= index_base;
      group_at <= index_base;
    end else begin
      taken <= taken + 3'(goes && !in_step) - 3'(look_ends);
      full <= full + 3'(ended[SETTLE+CUT]) - 3'(look_ends);
      if (step_ends) ends_group[bank] <= rows_end;
      if (looks) begin
        group_begun <= !group_ends;
        output_channel <= output_next;
        output_ends <= output_next == outputs_last;
        sum_address <= group_ends ? '0 : sum_address + 1'b1;
        index_at <= group_ends ? next_group_at : look_ends ? group_at : index_at + 1'b1;
      end
      if (look_ends) looking_bank <= looking_bank + 2'd1;
      if (rest != 0) rest <= rest - 2'd1;
      if (look_ends && rests) rest <= 2'(WRITTEN - 1);
      here <= group_ends ? next_here : look_group >> PART_BITS < words_loaded;
      if (group_ends) begin
        group_at <= next_group_at;
        look_group <= look_next;
        last_group <= next_last;
      end
      if (look_band_ends) begin
        look_rows_left <= look_rows_left - band_rows;
        first_band <= 1'b0;
      end
      if (all_ends) busy <= 1'b0;
    end
  end

  assign index_address = index_at;
  always_ff @(posedge clk) begin
    look <= looks && !rst;
    look_bank <= looking_bank;
    look_part <= (PARTS > 1 ? PART_BITS : 1)'(look_group & 16'(PARTS - 1));
    look_first <= look_group == 0;
    look_last <= last_group;
    look_address <= sum_address;
  end
endmodule

`default_nettype wire
