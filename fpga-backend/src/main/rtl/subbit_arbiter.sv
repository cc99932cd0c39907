// Shares reader and writer of the bus between two clients: what works through the list, and what runs beside it, which goes
// first. Reads are shared run by run: runs come in the order in which they were asked for, each to its client. A write is a
// client's from its command to its last beat, which the writer takes before it takes another command. Clients ask for reads that
// they have room for, and begin to write when the data are there. Runs of the list, which may be long, are cut into pieces while
// something runs beside it: so that its short ones wait for a piece at most. And while the list waits for the end of all writes,
// none is begun beside it. Commands of the list are taken into registers, one of each kind: the ways from its many clients to
// the bus, and back to them, end there. Beats of a write may wait for a command that has not left them.
`default_nettype none

module subbit_arbiter #(
    parameter int ADDR_WIDTH = 32,
    parameter int DATA_WIDTH = 64,
    // There is a client beside the list; otherwise its ports are 0, and reads pass through.
    parameter bit BESIDE = 1,
    // Runs of reads that are asked for and not yet delivered, at most; a power of two.
    parameter int RUNS = 8,
    // Beats of a piece, a power of two.
    parameter int PIECE = 64
) (
    input wire clk,
    input wire rst,

    input wire beside_i,    // something runs beside the list
    input wire hold_i,      // the list waits until no write is on the bus: none is begun beside it

    // The client of the list.
    input  wire                     list_read_valid_i,
    output logic                    list_read_ready_o,
    input  wire  [  ADDR_WIDTH-1:0] list_read_address_i,
    input  wire  [            23:0] list_read_bytes_i,
    output logic                    list_read_beat_valid_o,
    input  wire                     list_read_beat_ready_i,
    output logic                    list_read_beat_last_o,
    input  wire                     list_write_valid_i,
    output logic                    list_write_ready_o,
    input  wire  [  ADDR_WIDTH-1:0] list_write_address_i,
    input  wire  [            23:0] list_write_beats_i,
    input  wire                     list_write_beat_valid_i,
    output logic                    list_write_beat_ready_o,
    input  wire  [  DATA_WIDTH-1:0] list_write_beat_data_i,
    input  wire  [DATA_WIDTH/8-1:0] list_write_beat_strobe_i,

    // The client beside it.
    input  wire                     beside_read_valid_i,
    output logic                    beside_read_ready_o,
    input  wire  [  ADDR_WIDTH-1:0] beside_read_address_i,
    input  wire  [            23:0] beside_read_bytes_i,
    output logic                    beside_read_beat_valid_o,
    input  wire                     beside_read_beat_ready_i,
    input  wire                     beside_write_valid_i,
    output logic                    beside_write_ready_o,
    input  wire  [  ADDR_WIDTH-1:0] beside_write_address_i,
    input  wire  [            23:0] beside_write_beats_i,
    input  wire                     beside_write_beat_valid_i,
    output logic                    beside_write_beat_ready_o,
    input  wire  [  DATA_WIDTH-1:0] beside_write_beat_data_i,
    input  wire  [DATA_WIDTH/8-1:0] beside_write_beat_strobe_i,

    // Reader and writer, as in subbit_axi_read and subbit_axi_write; the data of beats that are read go to both clients.
    output logic                    read_valid_o,
    input  wire                     read_ready_i,
    output logic [  ADDR_WIDTH-1:0] read_address_o,
    output logic [            23:0] read_bytes_o,
    input  wire                     read_beat_valid_i,
    output logic                    read_beat_ready_o,
    input  wire                     read_beat_last_i,
    output logic                    write_valid_o,
    input  wire                     write_ready_i,
    output logic [  ADDR_WIDTH-1:0] write_address_o,
    output logic [            23:0] write_beats_o,
    output logic                    write_beat_valid_o,
    input  wire                     write_beat_ready_i,
    output logic [  DATA_WIDTH-1:0] write_beat_data_o,
    output logic [DATA_WIDTH/8-1:0] write_beat_strobe_o
);
  localparam int BYTES = DATA_WIDTH / 8;
  localparam int PIECE_BITS = $clog2(PIECE);
  localparam int BYTE_BITS = PIECE_BITS + $clog2(BYTES);

  // ---- Reads. The list's run that is to be asked for, or what is left of it, is held. It is taken when the reader could have
  // had it in the cycle before, so that which of the list's runs goes first is settled as late as can be.
  if (BESIDE) begin : g_reads
    logic read_held_q, list_ready_q;
    logic [ADDR_WIDTH-1:0] read_at_q;
    logic [23:0] read_bytes_q;
    wire read_cut = beside_i && read_bytes_q > 24'(PIECE * BYTES);
    wire asked = read_valid_o && read_ready_i;
    assign read_valid_o = read_held_q || beside_read_valid_i;
    assign read_address_o = beside_read_valid_i ? beside_read_address_i : read_at_q;
    assign read_bytes_o = beside_read_valid_i ? beside_read_bytes_i : read_cut ? 24'(PIECE * BYTES) : read_bytes_q;
    assign beside_read_ready_o = read_ready_i;
    assign list_read_ready_o = list_ready_q;
    wire list_takes = list_read_valid_i && list_ready_q;
    always_ff @(posedge clk) begin
      list_ready_q <= read_ready_i && !asked && !list_takes && !read_held_q && !rst;
      if (list_ready_q) begin
        read_held_q <= list_read_valid_i;
        read_at_q <= list_read_address_i;
        read_bytes_q <= list_read_bytes_i;
      end else if (asked && !beside_read_valid_i) begin
        read_held_q <= read_cut;
        read_at_q <= {read_at_q[ADDR_WIDTH-1:BYTE_BITS] + 1'b1, read_at_q[BYTE_BITS-1:0]};
        read_bytes_q <= {read_bytes_q[23:BYTE_BITS] - 1'b1, read_bytes_q[BYTE_BITS-1:0]};
      end
      if (rst) read_held_q <= 1'b0;
    end

    // Whose run comes next, and whether more of it follows, is kept in a register: a run's first beat comes some cycles after
    // its command.
    logic runs_ready, next_valid, next_beside, next_cut;
    logic run_valid_q, run_beside_q, run_cut_q;
    wire run_ends = read_beat_valid_i && read_beat_ready_o && read_beat_last_i;
    wire run_free = !run_valid_q || run_ends;
    subbit_queue #(
        .WIDTH(2),
        .DEPTH(RUNS)
    ) runs (
        .clk,
        .rst,
        .in_valid(asked),
        .in_ready(runs_ready),
        .in_data({beside_read_valid_i, !beside_read_valid_i && read_cut}),
        .out_valid(next_valid),
        .out_ready(run_free),
        .out_data({next_beside, next_cut})
    );
    always_ff @(posedge clk) begin
      if (run_free) {run_beside_q, run_cut_q} <= {next_beside, next_cut};
      if (rst) run_valid_q <= 1'b0;
      else if (run_free) run_valid_q <= next_valid;
    end
    assign list_read_beat_valid_o = read_beat_valid_i && !run_beside_q;
    assign list_read_beat_last_o = read_beat_last_i && !run_cut_q;
    assign beside_read_beat_valid_o = read_beat_valid_i && run_beside_q;
    assign read_beat_ready_o = run_beside_q ? beside_read_beat_ready_i : list_read_beat_ready_i;
`ifdef VERILATOR
    always_ff @(posedge clk) begin
      if (!rst && asked) assert (runs_ready) else $error("more runs than have a place");
      if (!rst && read_beat_valid_i) assert (run_valid_q) else $error("a beat comes before it is known whose it is");
    end
`else
    wire unused_ready = &{1'b0, runs_ready};
`endif
  end else begin : g_list_alone
    assign read_valid_o = list_read_valid_i;
    assign read_address_o = list_read_address_i;
    assign read_bytes_o = list_read_bytes_i;
    assign list_read_ready_o = read_ready_i;
    assign list_read_beat_valid_o = read_beat_valid_i;
    assign list_read_beat_last_o = read_beat_last_i;
    assign read_beat_ready_o = list_read_beat_ready_i;
    assign beside_read_ready_o = 1'b0;
    assign beside_read_beat_valid_o = 1'b0;
    wire unused_beside = &{1'b0, beside_read_valid_i, beside_read_address_i, beside_read_bytes_i, beside_read_beat_ready_i};
  end

  // ---- Writes, likewise. The list's beats wait behind a piece until the next one is begun.
  logic write_held_q, write_beside_q, piece_open_q;
  logic [ADDR_WIDTH-1:0] write_at_q;
  logic [23:0] write_beats_q, piece_left_q;
  wire beside_write = beside_write_valid_i && !hold_i;
  wire write_cut = beside_i && write_beats_q > 24'(PIECE);
  wire list_begins = write_held_q && write_ready_i && !beside_write;
  assign write_valid_o = write_held_q || beside_write;
  assign write_address_o = beside_write ? beside_write_address_i : write_at_q;
  assign write_beats_o = beside_write ? beside_write_beats_i : write_cut ? 24'(PIECE) : write_beats_q;
  assign beside_write_ready_o = write_ready_i && !hold_i;
  assign list_write_ready_o = !write_held_q;
  wire list_beat = list_write_beat_valid_i && list_write_beat_ready_o;
  always_ff @(posedge clk) begin
    if (write_valid_o && write_ready_i) write_beside_q <= beside_write;
    if (!write_held_q) begin
      write_held_q <= list_write_valid_i;
      write_at_q <= list_write_address_i;
      write_beats_q <= list_write_beats_i;
    end else if (list_begins) begin
      write_held_q <= write_cut;
      write_at_q <= {write_at_q[ADDR_WIDTH-1:BYTE_BITS] + 1'b1, write_at_q[BYTE_BITS-1:0]};
      write_beats_q <= {write_beats_q[23:PIECE_BITS] - 1'b1, write_beats_q[PIECE_BITS-1:0]};
    end
    if (list_begins) begin
      piece_left_q <= write_cut ? 24'(PIECE) : write_beats_q;
      piece_open_q <= 1'b1;
    end else if (list_beat) begin
      piece_left_q <= piece_left_q - 24'd1;
      piece_open_q <= piece_left_q != 24'd1;
    end
    if (rst) {write_held_q, piece_open_q} <= '0;
  end
  wire list_turn = !write_beside_q && piece_open_q;
  assign write_beat_valid_o = write_beside_q ? beside_write_beat_valid_i : list_write_beat_valid_i && piece_open_q;
  assign write_beat_data_o = write_beside_q ? beside_write_beat_data_i : list_write_beat_data_i;
  assign write_beat_strobe_o = write_beside_q ? beside_write_beat_strobe_i : list_write_beat_strobe_i;
  assign beside_write_beat_ready_o = write_beat_ready_i && write_beside_q;
  assign list_write_beat_ready_o = write_beat_ready_i && list_turn;
endmodule

`default_nettype wire
