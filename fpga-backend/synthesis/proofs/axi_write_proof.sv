// What is proved of subbit_axi_write, for any runs, any memory that keeps to AXI, and an abort at any time.
`default_nettype none

module axi_write_proof (
    input wire clk,
    input wire rst,
    input wire abort,
    input wire [3:0] base_page,
    input wire command_valid,
    input wire [15:0] command_address,
    input wire [23:0] command_beats,
    input wire beat_valid,
    input wire [31:0] beat_data,
    input wire [3:0] beat_strobe,
    input wire m_axi_awready,
    input wire m_axi_wready,
    input wire m_axi_bvalid,
    input wire [1:0] m_axi_bresp
);
  localparam int MAX_BURST = 4;

  logic command_ready, beat_ready, fault, busy, m_axi_awvalid, m_axi_wvalid, m_axi_wlast, m_axi_bready;
  logic [15:0] m_axi_awaddr;
  logic [7:0] m_axi_awlen;
  logic [2:0] m_axi_awsize;
  logic [1:0] m_axi_awburst;
  logic [31:0] m_axi_wdata;
  logic [3:0] m_axi_wstrb;
  subbit_axi_write #(
      .ADDR_WIDTH(16),
      .DATA_WIDTH(32),
      .MAX_BURST(MAX_BURST)
  ) writer (
      .clk,
      .rst,
      .abort,
      .base({base_page, 12'd0}),
      .command_valid,
      .command_ready,
      .command_address,
      .command_beats,
      .beat_valid,
      .beat_ready,
      .beat_data,
      .beat_strobe,
      .fault,
      .busy,
      .m_axi_awvalid,
      .m_axi_awready,
      .m_axi_awaddr,
      .m_axi_awlen,
      .m_axi_awsize,
      .m_axi_awburst,
      .m_axi_wvalid,
      .m_axi_wready,
      .m_axi_wdata,
      .m_axi_wstrb,
      .m_axi_wlast,
      .m_axi_bvalid,
      .m_axi_bready,
      .m_axi_bresp
  );

  // Beats of the announced bursts that are not yet on the bus, as the memory counts them: from addresses that wait or
  // were taken. The last burst's is kept apart, to know where the one before it ends.
  wire addressed = m_axi_awvalid && m_axi_awready;
  wire sent = m_axi_wvalid && m_axi_wready;
  wire answered = m_axi_bvalid && m_axi_bready;
  logic begun, address_waits, data_wait, stopping_q;
  logic [15:0] address_q;
  logic [7:0] length_q;
  logic [31:0] data_q;
  logic [3:0] strobe_q;
  logic last_q;
  logic [15:0] announced;    // beats announced, less beats sent
  logic [15:0] complete;     // bursts whose last beat was sent, less responses
  wire [3:0] held = 4'(writer.beats.written - writer.beats.taken);
  initial begun = 1'b0;

  always_ff @(posedge clk) begin
    begun <= 1'b1;
    announced <= rst ? '0 : announced + (writer.announce && !abort ? 16'(writer.burst) : '0) - 16'(sent);
    complete <= rst ? '0 : complete + 16'(sent && m_axi_wlast) - 16'(answered);
    address_waits <= !rst && m_axi_awvalid && !m_axi_awready;
    address_q <= m_axi_awaddr;
    length_q <= m_axi_awlen;
    data_wait <= !rst && m_axi_wvalid && !m_axi_wready;
    data_q <= m_axi_wdata;
    strobe_q <= m_axi_wstrb;
    last_q <= m_axi_wlast;
    stopping_q <= writer.stopping;
  end

  always_comb begin
    assume (begun || rst);
    assume (command_beats != 0 && command_address[1:0] == 0);
    // A response comes after the address and the last beat of its burst.
    if (!rst && begun) assume (!m_axi_bvalid || (complete != 0 && writer.unanswered != 0));
    if (!rst && begun) assume (writer.unanswered < 16'hFFF0);
  end

  always_comb begin
    if (begun && !rst) begin
      // Address and data wait unchanged until they are taken.
      if (address_waits) begin
        address_stays : assert (m_axi_awvalid && m_axi_awaddr == address_q && m_axi_awlen == length_q);
      end
      if (data_wait) begin
        data_stay : assert (m_axi_wvalid && m_axi_wdata == data_q && m_axi_wstrb == strobe_q && m_axi_wlast == last_q);
      end
      // Bursts are as wide as the bus, aligned to it, and stay within a page.
      if (m_axi_awvalid) begin
        burst_is_aligned : assert (m_axi_awsize == 3'd2 && m_axi_awburst == 2'b01 && m_axi_awaddr[1:0] == 0);
        burst_is_short : assert (m_axi_awlen < MAX_BURST);
        burst_stays_in_page : assert (14'(m_axi_awaddr[11:0]) + (14'(m_axi_awlen) << 2) + 14'd4 <= 14'd4096);
      end
      // All beats of the announced bursts are here, so the memory does not wait for the engine.
      beats_are_here : assert (announced == 16'(writer.burst_left) + (writer.next_valid ? 16'(writer.next_left) : 16'd0) + 16'(m_axi_wvalid));
      never_without_data : assert (16'(writer.burst_left) + (writer.next_valid ? 16'(writer.next_left) : 16'd0) <= 16'(held));
      if (announced != 0 && !m_axi_wvalid) begin
        data_follow_at_once : assert (writer.burst_left != 0 || writer.next_valid);
      end
      // After an abort no beat writes anything, but for one that waited already.
      if (stopping_q && writer.stopping && m_axi_wvalid && !data_wait) begin
        abort_ends_writes : assert (m_axi_wstrb == 0);
      end
      responses_are_taken : assert (m_axi_bready);
      if (announced != 0) begin
        busy_while_announced : assert (busy);
      end

      // What holds in every state that can be reached; induction needs it.
      counts_waiting :
      assert (writer.stopping || 16'(held) == 16'(writer.waiting) + 16'(writer.burst_left) + (writer.next_valid ? 16'(writer.next_left) : 16'd0));
      queue_holds : assert (held <= 4'd8);
      queue_knows_what_it_holds : assert (writer.beats.in_ready == (held != 4'd8) && writer.beats.out_valid == (held != 0));
      run_is_aligned : assert (!writer.more || writer.address[1:0] == 0);
      burst_is_measured :
      assert (!writer.more || !writer.measured || (writer.burst != 0 && writer.burst <= writer.limit && 24'(writer.burst) <= writer.left));
      more_is_left : assert (!writer.more || writer.left != 0);
      next_is_short : assert (!writer.next_valid || (writer.next_left != 0 && writer.next_left <= MAX_BURST));
      burst_left_is_short : assert (writer.burst_left <= MAX_BURST);
      stops_alone : assert (!writer.stopping || !writer.more);
      // The bursts of which beats are still to be sent, and those that wait for a response, have an address that
      // waits, or one that was taken and is not answered.
      counts_bursts :
      assert (20'(m_axi_awvalid) + 20'(writer.unanswered) ==
              20'(complete) + 20'(writer.next_valid) + 20'(writer.burst_left != 0 || (m_axi_wvalid && !m_axi_wlast)) + 20'(m_axi_wvalid && m_axi_wlast));
      last_is_last : assert (!m_axi_wvalid || m_axi_wlast || writer.burst_left != 0);
    end
  end
endmodule

`default_nettype wire
