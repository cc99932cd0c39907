// Reads runs of bytes, one after the other, over an AXI4 master, and delivers them aligned: the first byte of a run is
// the first byte of its first beat. Bursts are INCR, as wide as the bus, and cross no 4 KiB boundary; addresses are
// issued ahead of the data, but no more is requested than there is room for: RREADY never falls, so that a memory that
// others use as well never waits for this engine. The next run is requested while those before it are delivered, so that
// runs which follow each other take the memory's latency once.
//
// A response other than OKAY raises `fault` for one cycle; the run still ends with its last beat. After `abort`, every
// burst that was requested is received and discarded; `busy` falls when the last one has arrived.
`default_nettype none

module subbit_axi_read #(
    parameter int ADDR_WIDTH = 32,
    // 32, 64, 128, 256 or 512 bits.
    parameter int DATA_WIDTH = 64,
    // Longest burst in beats, a power of two.
    parameter int MAX_BURST = 64,
    // Beats that may be requested and not yet delivered, a power of two, at least MAX_BURST: to keep the bus busy, as
    // many as it delivers from an address to its data, and a burst more.
    parameter int QUEUE = 256,
    // Runs that may be requested in full and not yet be delivered, besides the one that is; a power of two, at least 2.
    parameter int RUNS = 4
) (
    input wire clk,
    input wire rst,
    input wire abort,
    // Added to every address, a multiple of 4096; stable while the master is busy. Bursts are measured without it.
    input wire [ADDR_WIDTH-1:0] base,

    // Commands: one run each, accepted once the previous run has been requested.
    input  wire                   command_valid,
    output logic                  command_ready,
    input  wire  [ADDR_WIDTH-1:0] command_address,
    input  wire  [          23:0] command_bytes,    // at least 1, and fewer than 2^24 by a beat or more

    // The run in beats as wide as the bus. Bytes after the end of the run in its last beat have no meaning.
    output logic                  beat_valid,
    input  wire                   beat_ready,
    output logic [DATA_WIDTH-1:0] beat_data,
    output logic                  beat_last,

    // Status: a failed response (one cycle), and whether any burst is outstanding.
    output logic fault,
    output logic busy,

    // AXI4 master, read channels.
    output logic                  m_axi_arvalid,
    input  wire                   m_axi_arready,
    output logic [ADDR_WIDTH-1:0] m_axi_araddr,
    output logic [           7:0] m_axi_arlen,
    output logic [           2:0] m_axi_arsize,
    output logic [           1:0] m_axi_arburst,
    input  wire                   m_axi_rvalid,
    output logic                  m_axi_rready,
    input  wire  [DATA_WIDTH-1:0] m_axi_rdata,
    input  wire  [           1:0] m_axi_rresp,
    input  wire                   m_axi_rlast
);
  localparam int BYTES = DATA_WIDTH / 8;
  localparam int SIZE = $clog2(BYTES);
  localparam int PAGE_BEATS = 4096 / BYTES;
  localparam int BURST_BITS = $clog2(PAGE_BEATS) + 1;
  localparam int QUEUE_BITS = $clog2(QUEUE) + 1;

  if (BYTES < 4 || BYTES > 64 || (1 << SIZE) != BYTES) begin : g_check
    $error("DATA_WIDTH must be 32, 64, 128, 256 or 512");
  end
  if (MAX_BURST < 1 || MAX_BURST > 256 || MAX_BURST > PAGE_BEATS) begin : g_check2
    $error("MAX_BURST must be 1 to 256 and fit a page");
  end

  if (QUEUE < MAX_BURST) begin : g_check3
    $error("QUEUE must hold a burst");
  end

  // The run that is requested, and the one that is delivered; `draining` discards what was requested before an abort.
  logic asking, active, draining;
  wire discard = rst || draining;
  logic [23:0] ask_left;    // bus beats not yet requested
  logic [ADDR_WIDTH-1:0] ask_address;
  logic [23:0] pending;     // beats requested and not yet received
  logic [QUEUE_BITS-1:0] pledged;  // beats requested and not yet taken from the queue
  // Of the run that is delivered.
  logic [SIZE-1:0] offset;
  logic [23:0] raw_left;    // bus beats not yet taken from the queue
  logic raw_more, raw_last; // there are some, and one alone
  logic extra;              // its last aligned beat comes from the last bus beat alone
  // The previous bus beat; `primed` says that the next one completes an aligned beat.
  logic [DATA_WIDTH-1:0] hold;
  logic primed;

  // A burst ends at the end of the page, at the longest burst or at the end of the run. It is measured in one cycle and
  // requested in a later one, when the queue has room for the longest.
  wire [BURST_BITS-1:0] page_left = BURST_BITS'(PAGE_BEATS) - BURST_BITS'(ask_address[11:SIZE]);
  wire [BURST_BITS-1:0] limit = page_left < BURST_BITS'(MAX_BURST) ? page_left : BURST_BITS'(MAX_BURST);
  logic measured, room;
  logic [BURST_BITS-1:0] burst;
  logic burst_last;         // of the run

  // Two aligned beats are buffered, so that whether there is room for one more does not depend on whether one is taken
  // in the same cycle.
  logic second_valid, second_last;
  logic [DATA_WIDTH-1:0] second_data;
  wire slot = !second_valid;
  wire asked = m_axi_arvalid && m_axi_arready;
  wire received = m_axi_rvalid;
  logic raw_valid;
  logic [DATA_WIDTH-1:0] raw_data;
  wire raw_ready = active && raw_more && slot;
  wire taken = raw_valid && raw_ready;
  subbit_beat_queue #(
      .WIDTH(DATA_WIDTH),
      .DEPTH(QUEUE)
  ) queue (
      .clk,
      .rst(discard),
      .in_valid(received && !draining),
      .in_data(m_axi_rdata),
      .out_valid(raw_valid),
      .out_ready(raw_ready),
      .out_data(raw_data)
  );

  // Runs wait here, from the cycle after their command on, until those before them are delivered.
  typedef struct packed {
    logic [SIZE-1:0] offset;
    logic extra;
    logic [23:0] beats;
  } run_t;
  wire begins = command_valid && command_ready;
  logic begun, ask_extra;
  logic [SIZE-1:0] ask_offset;
  logic runs_ready, runs_valid;
  run_t run;
  wire run_ends;
  wire next = runs_valid && (!active || run_ends);
  subbit_queue #(
      .WIDTH($bits(run_t)),
      .DEPTH(RUNS)
  ) runs (
      .clk,
      .rst(discard),
      .in_valid(begun),
      .in_ready(runs_ready),
      .in_data({ask_offset, ask_extra, ask_left}),
      .out_valid(runs_valid),
      .out_ready(next),
      .out_data(run)
  );

  // An aligned beat comes from the last two bus beats; the last one may come from the held bus beat alone.
  wire emit_raw = taken && primed;
  wire emit_held = active && !raw_more && slot;
  wire [2*DATA_WIDTH-1:0] pair = {raw_data, hold};
  wire [2*DATA_WIDTH-1:0] shifted = pair >> {offset, 3'b000};
  wire emit = emit_raw || emit_held;
  wire [DATA_WIDTH-1:0] emit_data = offset == 0 ? raw_data : shifted[DATA_WIDTH-1:0];
  wire emit_last = emit_held || (raw_last && !extra);
  assign run_ends = emit_held || (taken && raw_last && !extra);
  wire first_free = !beat_valid || beat_ready;
  wire [23:0] command_span = command_bytes + 24'(command_address[SIZE-1:0]) + 24'(BYTES - 1);
  wire [23:0] command_beats = command_span >> SIZE;
  // As many aligned beats as bus beats, although the run begins within one.
  wire [SIZE:0] command_tail = {1'b0, SIZE'(command_bytes - 24'd1)} + {1'b0, command_address[SIZE-1:0]};

  assign m_axi_arsize = 3'(SIZE);
  assign m_axi_arburst = 2'b01;
  assign m_axi_rready = 1'b1;
  assign command_ready = !asking && !draining && runs_ready;
  assign busy = asking || runs_valid || active || beat_valid || draining || m_axi_arvalid || pending != 0;
  wire asks = asking && measured && room && (!m_axi_arvalid || m_axi_arready);

  always_ff @(posedge clk) begin
    fault <= received && m_axi_rresp != 2'b00 && !draining;
    begun <= begins && !abort && !rst;
    if (rst) begin
      asking <= 1'b0;
      active <= 1'b0;
      draining <= 1'b0;
      beat_valid <= 1'b0;
      second_valid <= 1'b0;
      m_axi_arvalid <= 1'b0;
      pending <= '0;
      pledged <= '0;
    end else begin
      pledged <= draining ? '0 : pledged + (asks ? QUEUE_BITS'(burst) : '0) - QUEUE_BITS'(taken);
      pending <= pending + (asked ? 24'(m_axi_arlen) + 24'd1 : 24'd0) - (received ? 24'd1 : 24'd0);
      if (asked) m_axi_arvalid <= 1'b0;

      if (abort) begin
        asking <= 1'b0;
        active <= 1'b0;
        beat_valid <= 1'b0;
        second_valid <= 1'b0;
        draining <= 1'b1;
      end else if (draining) begin
        draining <= m_axi_arvalid || pending != 0;
      end else begin
        measured <= asking && !asks;
        if (asks) begin
          m_axi_arvalid <= 1'b1;
          asking <= !burst_last;
        end
        if (begins) asking <= 1'b1;
        if (next) active <= 1'b1;
        else if (run_ends) active <= 1'b0;
        if (first_free) begin
          beat_valid <= second_valid || emit;
          second_valid <= 1'b0;
        end else if (emit) begin
          second_valid <= 1'b1;
        end
      end
    end

    // Registers that matter only together with a valid bit above need no reset, and so no wires from it.
    room <= pledged <= QUEUE_BITS'(QUEUE - MAX_BURST);
    if (!measured) begin
      burst <= ask_left < 24'(limit) ? BURST_BITS'(ask_left) : limit;
      burst_last <= ask_left <= 24'(limit);
    end
    if (asks) begin
      m_axi_araddr <= ask_address + base;
      m_axi_arlen <= 8'(burst - 1'b1);
    end
    if (taken) hold <= raw_data;
    if (first_free) begin
      beat_data <= second_valid ? second_data : emit_data;
      beat_last <= second_valid ? second_last : emit_last;
    end
    if (!second_valid) begin
      second_data <= emit_data;
      second_last <= emit_last;
    end
    if (begins) begin
      ask_offset <= command_address[SIZE-1:0];
      ask_extra <= command_address[SIZE-1:0] != 0 && !command_tail[SIZE];
      ask_address <= {command_address[ADDR_WIDTH-1:SIZE], {SIZE{1'b0}}};
      ask_left <= command_beats;
    end else if (asks) begin
      ask_address <= ask_address + (ADDR_WIDTH'(burst) << SIZE);
      ask_left <= ask_left - 24'(burst);
    end
    if (next) begin
      offset <= run.offset;
      primed <= run.offset == 0;
      extra <= run.extra;
      raw_left <= run.beats;
      raw_more <= 1'b1;
      raw_last <= run.beats == 24'd1;
    end else if (taken) begin
      primed <= 1'b1;
      raw_left <= raw_left - 24'd1;
      raw_more <= !raw_last;
      raw_last <= raw_left == 24'd2;
    end
  end

  wire unused = &{1'b0, m_axi_rlast, shifted[2*DATA_WIDTH-1:DATA_WIDTH]};
endmodule

`default_nettype wire
