// Writes runs of beats, one after the other, over an AXI4 master, in INCR bursts that are as wide as the bus and cross
// no 4 KiB boundary. Beats arrive as they lie on the bus, with their byte strobes; the command gives their number.
//
// After `abort`, the burst in progress is completed without strobes, so nothing more is written; `busy` falls when
// every response has arrived. A response other than OKAY raises `fault` for one cycle.
`default_nettype none

module subbit_axi_write #(
    parameter int ADDR_WIDTH = 32,
    parameter int DATA_WIDTH = 64,
    parameter int MAX_BURST  = 64
) (
    input wire clk,
    input wire rst,
    input wire abort,

    // Commands: one run each. The next is accepted while the last burst of the current run is still being sent.
    input  wire                   command_valid,
    output logic                  command_ready,
    input  wire  [ADDR_WIDTH-1:0] command_address,  // of the first beat, aligned to the bus
    input  wire  [          23:0] command_beats,    // at least 1

    // The beats of the runs, in order.
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

  if (BYTES < 4 || BYTES > 64 || (1 << SIZE) != BYTES) begin : g_check
    $error("DATA_WIDTH must be 32, 64, 128, 256 or 512");
  end
  if (MAX_BURST < 1 || MAX_BURST > 256 || MAX_BURST > PAGE_BEATS) begin : g_check2
    $error("MAX_BURST must be 1 to 256 and fit a page");
  end

  // The run in progress; `stopping` completes the burst in progress after an abort.
  logic active, stopping;
  logic [ADDR_WIDTH-1:0] address;
  logic [23:0] left;           // beats of the run not yet in a burst
  logic [8:0] burst_left;      // beats of the burst not yet put on the bus
  logic [15:0] unanswered;     // bursts whose response has not arrived

  // A burst ends at the end of the page, at the longest burst or at the end of the run. It is measured one cycle before
  // it begins.
  wire [BURST_BITS-1:0] page_left = BURST_BITS'(PAGE_BEATS) - BURST_BITS'(address[11:SIZE]);
  wire [BURST_BITS-1:0] limit = page_left < BURST_BITS'(MAX_BURST) ? page_left : BURST_BITS'(MAX_BURST);
  logic measured;
  logic [BURST_BITS-1:0] burst;

  wire slot = !m_axi_wvalid || m_axi_wready;
  wire take = slot && burst_left != 0 && (beat_valid || stopping);
  wire addressed = m_axi_awvalid && m_axi_awready;
  wire answered = m_axi_bvalid && m_axi_bready;

  assign m_axi_awsize = 3'(SIZE);
  assign m_axi_awburst = 2'b01;
  assign m_axi_bready = 1'b1;
  assign beat_ready = slot && burst_left != 0 && !stopping;
  // The next run is accepted while the last burst of the current one is being sent.
  assign command_ready = !stopping && (!active || left == 0);
  assign busy = active || stopping || m_axi_awvalid || m_axi_wvalid || unanswered != 0;

  always_ff @(posedge clk) begin
    fault <= answered && m_axi_bresp != 2'b00 && !stopping;
    if (rst) begin
      active <= 1'b0;
      stopping <= 1'b0;
      burst_left <= '0;
      unanswered <= '0;
      m_axi_awvalid <= 1'b0;
      m_axi_wvalid <= 1'b0;
    end else begin
      measured <= 1'b1;
      burst <= left < 24'(limit) ? BURST_BITS'(left) : limit;
      unanswered <= unanswered + 16'(addressed) - 16'(answered);
      if (addressed) m_axi_awvalid <= 1'b0;
      if (slot) m_axi_wvalid <= 1'b0;
      if (take) begin
        m_axi_wvalid <= 1'b1;
        m_axi_wdata <= beat_data;
        m_axi_wstrb <= stopping ? '0 : beat_strobe;
        m_axi_wlast <= burst_left == 9'd1;
        burst_left <= burst_left - 9'd1;
      end

      if (abort) begin
        stopping <= 1'b1;
        active <= 1'b0;
      end else if (stopping) begin
        stopping <= m_axi_awvalid || m_axi_wvalid || burst_left != 0 || unanswered != 0;
      end else if (command_valid && command_ready) begin
        active <= 1'b1;
        measured <= 1'b0;
        address <= command_address;
        left <= command_beats;
      end else if (active && measured && burst_left == 0 && (!m_axi_awvalid || m_axi_awready)) begin
        if (left == 0) begin
          active <= 1'b0;
        end else begin
          measured <= 1'b0;
          m_axi_awvalid <= 1'b1;
          m_axi_awaddr <= address;
          m_axi_awlen <= 8'(burst - 1'b1);
          address <= address + (ADDR_WIDTH'(burst) << SIZE);
          left <= left - 24'(burst);
          burst_left <= 9'(burst);
        end
      end
    end
  end
endmodule

`default_nettype wire
