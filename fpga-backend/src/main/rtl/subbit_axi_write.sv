// Writes runs of beats, one after the other, over an AXI4 master, in INCR bursts that are as wide as the bus and cross
// no 4 KiB boundary. Beats arrive as they lie on the bus, with their byte strobes; the command gives their number. A
// burst is announced when all its beats are here, so that a memory that others use as well never waits for this engine.
//
// After `abort`, bursts that were announced are completed without strobes, so nothing more is written; `busy` falls
// when every response has arrived. A response other than OKAY raises `fault` for one cycle.
`default_nettype none

module subbit_axi_write #(
    parameter int ADDR_WIDTH = 32,
    // 32, 64, 128, 256 or 512 bits.
    parameter int DATA_WIDTH = 64,
    // Longest burst in beats, a power of two. Twice as many are buffered: one burst gathers while another is sent.
    parameter int MAX_BURST = 16
) (
    input wire clk,
    input wire rst,
    input wire abort,
    // Added to every address, a multiple of 4096; stable while the master is busy. Bursts are measured without it.
    input wire [ADDR_WIDTH-1:0] base,

    // Commands: one run each. The next is accepted when the last burst of the current run is announced.
    input  wire                   command_valid,
    output logic                  command_ready,
    input  wire  [ADDR_WIDTH-1:0] command_address,  // of the first beat, aligned to the bus
    input  wire  [          23:0] command_beats,    // at least 1

    // The beats of the runs, in order; those of a run come after its command.
    input  wire                     beat_valid,
    output logic                    beat_ready,
    input  wire  [  DATA_WIDTH-1:0] beat_data,
    input  wire  [DATA_WIDTH/8-1:0] beat_strobe,

    // Status: a failed response (one cycle), and whether any burst or response is outstanding.
    output logic fault,
    output logic busy,

    // AXI4 master, write channels.
    output logic                    m_axi_awvalid,
    input  wire                     m_axi_awready,
    output logic [  ADDR_WIDTH-1:0] m_axi_awaddr,
    output logic [             7:0] m_axi_awlen,
    output logic [             2:0] m_axi_awsize,
    output logic [             1:0] m_axi_awburst,
    output logic                    m_axi_wvalid,
    input  wire                     m_axi_wready,
    output logic [  DATA_WIDTH-1:0] m_axi_wdata,
    output logic [DATA_WIDTH/8-1:0] m_axi_wstrb,
    output logic                    m_axi_wlast,
    input  wire                     m_axi_bvalid,
    output logic                    m_axi_bready,
    input  wire  [             1:0] m_axi_bresp
);
  localparam int BYTES = DATA_WIDTH / 8;
  localparam int SIZE = $clog2(BYTES);
  localparam int PAGE_BEATS = 4096 / BYTES;
  localparam int BURST_BITS = $clog2(PAGE_BEATS) + 1;
  localparam int QUEUE = 2 * MAX_BURST;
  localparam int QUEUE_BITS = $clog2(QUEUE) + 1;

  if (BYTES < 4 || BYTES > 64 || (1 << SIZE) != BYTES) begin : g_check
    $error("DATA_WIDTH must be 32, 64, 128, 256 or 512");
  end
  if (MAX_BURST > 256 || MAX_BURST > PAGE_BEATS || (1 << $clog2(MAX_BURST)) != MAX_BURST) begin : g_check2
    $error("MAX_BURST must be a power of two, at most 256, and fit a page");
  end

  // The run in progress; `stopping` completes the announced bursts after an abort.
  logic more, stopping;               // the run has beats that are not yet in a burst
  logic [ADDR_WIDTH-1:0] address;
  logic [23:0] left;                  // their number
  logic [QUEUE_BITS-1:0] waiting;     // of them, those in the queue
  logic [BURST_BITS-1:0] burst_left;  // beats of the announced burst not yet put on the bus
  logic next_valid;                   // another burst is announced
  logic [BURST_BITS-1:0] next_left;
  logic [15:0] unanswered;            // bursts whose response has not arrived

  // A burst ends at the end of the page, at the longest burst or at the end of the run. It is measured one cycle before
  // it may be announced.
  wire [BURST_BITS-1:0] page_left = BURST_BITS'(PAGE_BEATS) - BURST_BITS'(address[11:SIZE]);
  wire [BURST_BITS-1:0] limit = page_left < BURST_BITS'(MAX_BURST) ? page_left : BURST_BITS'(MAX_BURST);
  logic measured;
  logic [BURST_BITS-1:0] burst;

  wire stopped = stopping && !m_axi_awvalid && unanswered == 0;
  wire arrives = beat_valid && beat_ready;
  logic queue_ready, queue_valid;
  logic [DATA_WIDTH-1:0] queue_data;
  logic [BYTES-1:0] queue_strobe;
  wire slot = !m_axi_wvalid || m_axi_wready;
  wire take = slot && burst_left != 0;
  wire burst_ends = burst_left == 0 || (take && burst_left == BURST_BITS'(1));
  subbit_queue #(
      .WIDTH(DATA_WIDTH + BYTES),
      .DEPTH(QUEUE)
  ) beats (
      .clk,
      .rst(rst || stopped),
      .in_valid(arrives),
      .in_ready(queue_ready),
      .in_data({beat_strobe, beat_data}),
      .out_valid(queue_valid),
      .out_ready(take),
      .out_data({queue_strobe, queue_data})
  );

  wire announce = more && measured && waiting >= QUEUE_BITS'(burst) && !next_valid && (!m_axi_awvalid || m_axi_awready);
  wire addressed = m_axi_awvalid && m_axi_awready;
  wire answered = m_axi_bvalid && m_axi_bready;

  assign m_axi_awsize = 3'(SIZE);
  assign m_axi_awburst = 2'b01;
  assign m_axi_bready = 1'b1;
  assign beat_ready = queue_ready && !stopping;
  assign command_ready = !stopping && !more;
  // A burst has an address that waits or a response that is to come.
  assign busy = more || stopping || m_axi_awvalid || unanswered != 0;

  always_ff @(posedge clk) begin
    fault <= answered && m_axi_bresp != 2'b00 && !stopping;
    if (rst) begin
      more <= 1'b0;
      stopping <= 1'b0;
      waiting <= '0;
      burst_left <= '0;
      next_valid <= 1'b0;
      unanswered <= '0;
      m_axi_awvalid <= 1'b0;
      m_axi_wvalid <= 1'b0;
    end else begin
      unanswered <= unanswered + 16'(addressed) - 16'(answered);
      waiting <= stopping ? '0 : waiting + QUEUE_BITS'(arrives) - (announce && !abort ? QUEUE_BITS'(burst) : '0);
      if (addressed) m_axi_awvalid <= 1'b0;
      if (slot) m_axi_wvalid <= take;
      if (take) burst_left <= burst_left - 1'b1;
      if (burst_ends) begin
        burst_left <= next_valid ? next_left : '0;
        next_valid <= 1'b0;
      end

      if (abort) begin
        stopping <= 1'b1;
        more <= 1'b0;
      end else if (stopped) begin
        stopping <= 1'b0;
      end else if (command_valid && command_ready) begin
        more <= 1'b1;
        measured <= 1'b0;
      end else begin
        measured <= !announce;
        if (announce) begin
          more <= left != 24'(burst);
          m_axi_awvalid <= 1'b1;
          next_valid <= 1'b1;
        end
      end
    end

    // Registers that matter only together with a valid bit above need no reset.
    burst <= left < 24'(limit) ? BURST_BITS'(left) : limit;
    if (command_valid && command_ready) begin
      address <= command_address;
      left <= command_beats;
    end else if (announce) begin
      address <= address + (ADDR_WIDTH'(burst) << SIZE);
      left <= left - 24'(burst);
    end
    if (announce && !abort) begin
      m_axi_awaddr <= address + base;
      m_axi_awlen <= 8'(burst - 1'b1);
      next_left <= burst;
    end
    if (take) begin
      m_axi_wdata <= queue_data;
      m_axi_wstrb <= stopping ? '0 : queue_strobe;
      m_axi_wlast <= burst_left == BURST_BITS'(1);
    end
  end

`ifdef VERILATOR
  always_ff @(posedge clk) begin
    if (!rst && take) assert (queue_valid) else $error("a burst was announced before its beats were here");
  end
`else
  wire unused = &{1'b0, queue_valid};
`endif
endmodule

`default_nettype wire
