// What is proved of subbit_axi_read, for any commands, any memory that keeps to AXI, and an abort at any time.
`default_nettype none

module axi_read_proof (
    input wire clk,
    input wire rst,
    input wire abort,
    input wire [3:0] base_page,
    input wire command_valid,
    input wire [15:0] command_address,
    input wire [23:0] command_bytes,
    input wire beat_ready,
    input wire m_axi_arready,
    input wire m_axi_rvalid,
    input wire [31:0] m_axi_rdata,
    input wire [1:0] m_axi_rresp
);
  localparam int MAX_BURST = 4;
  localparam int QUEUE = 8;

  logic command_ready, beat_valid, beat_last, fault, busy, m_axi_arvalid, m_axi_rready;
  logic [31:0] beat_data;
  logic [15:0] m_axi_araddr;
  logic [7:0] m_axi_arlen;
  logic [2:0] m_axi_arsize;
  logic [1:0] m_axi_arburst;
  subbit_axi_read #(
      .ADDR_WIDTH(16),
      .DATA_WIDTH(32),
      .MAX_BURST(MAX_BURST),
      .QUEUE(QUEUE)
  ) reader (
      .clk,
      .rst,
      .abort,
      .base({base_page, 12'd0}),
      .command_valid,
      .command_ready,
      .command_address,
      .command_bytes,
      .beat_valid,
      .beat_ready,
      .beat_data,
      .beat_last,
      .fault,
      .busy,
      .m_axi_arvalid,
      .m_axi_arready,
      .m_axi_araddr,
      .m_axi_arlen,
      .m_axi_arsize,
      .m_axi_arburst,
      .m_axi_rvalid,
      .m_axi_rready,
      .m_axi_rdata,
      .m_axi_rresp,
      .m_axi_rlast(1'b0)    // not looked at
  );

  // Beats that were requested and have not come, and beats that came and have not left.
  logic [23:0] due;
  wire asked = m_axi_arvalid && m_axi_arready;
  wire [3:0] in_queue = reader.queue.written - reader.queue.taken;
  wire [23:0] held_beats = 24'(in_queue) + 24'(reader.queue.out_valid);
  wire [2:0] waiting_runs = reader.runs.written - reader.runs.taken;
  // Bus beats of the runs that were accepted and not yet delivered.
  logic [23:0] owed;
  wire accepted = command_valid && command_ready && !abort;
  logic begun, aborted;
  logic waiting, held, held_last;
  logic [15:0] address_q;
  logic [7:0] length_q;
  logic [31:0] data_q;
  initial begun = 1'b0;

  always_ff @(posedge clk) begin
    begun <= 1'b1;
    due <= rst ? '0 : due + (asked ? 24'(m_axi_arlen) + 24'd1 : '0) - 24'(m_axi_rvalid);
    aborted <= !rst && abort;
    owed <= rst || abort || reader.draining ? '0 : owed + (accepted ? reader.command_beats : '0) - 24'(reader.taken);
    waiting <= !rst && m_axi_arvalid && !m_axi_arready;
    address_q <= m_axi_araddr;
    length_q <= m_axi_arlen;
    held <= !rst && !abort && beat_valid && !beat_ready;
    held_last <= beat_last;
    data_q <= beat_data;
  end

  // The memory, and who gives commands.
  always_comb begin
    assume (begun || rst);
    assume (command_bytes != 0 && command_bytes < 24'hFFFFF8);
    if (!rst && begun) assume (!m_axi_rvalid || due != 0);
  end

  always_comb begin
    if (begun && !rst) begin
      // A request waits unchanged until it is taken.
      if (waiting) begin
        request_stays : assert (m_axi_arvalid && m_axi_araddr == address_q && m_axi_arlen == length_q);
      end
      // Bursts are as wide as the bus, aligned to it, and stay within a page.
      if (m_axi_arvalid) begin
        burst_is_aligned : assert (m_axi_arsize == 3'd2 && m_axi_arburst == 2'b01 && m_axi_araddr[1:0] == 0);
        burst_is_short : assert (m_axi_arlen < MAX_BURST);
        burst_stays_in_page : assert (14'(m_axi_araddr[11:0]) + (14'(m_axi_arlen) << 2) + 14'd4 <= 14'd4096);
      end
      // The memory never waits for the engine.
      always_ready : assert (m_axi_rready);
      // Data wait unchanged until they are taken, and none come after an abort.
      if (held) begin
        data_stay : assert (beat_valid && beat_data == data_q && beat_last == held_last);
      end
      if (aborted) begin
        abort_ends_data : assert (!beat_valid);
      end
      // Nothing is forgotten: the reader is busy as long as data are to come.
      if (due != 0) begin
        busy_while_due : assert (busy);
      end

      // What holds in every state that can be reached; induction needs it.
      counts_pending : assert (reader.pending == due);
      due_is_bounded : assert (due + (m_axi_arvalid ? 24'(m_axi_arlen) + 24'd1 : 24'd0) <= QUEUE);
      draining_is_alone : assert (!reader.draining || (!reader.active && !reader.asking && !beat_valid));
      run_is_aligned : assert (!reader.asking || reader.ask_address[1:0] == 0);
      if (!reader.draining) begin
        counts_pledged :
        assert (24'(reader.pledged) == due + (m_axi_arvalid ? 24'(m_axi_arlen) + 24'd1 : 24'd0) + held_beats);
        room_is_there : assert (!reader.measured || !reader.room || reader.pledged <= QUEUE - MAX_BURST);
        // No beat comes for which the queue has no room.
        nothing_overflows : assert (reader.pledged <= QUEUE && held_beats <= QUEUE);
        // What is requested, and will be, is what the runs are made of.
        requests_all : assert (owed == 24'(reader.pledged) + (reader.asking ? reader.ask_left : 24'd0));
        runs_have_room : assert (!reader.begun || reader.runs_ready);
        runs_are_few : assert (waiting_runs <= 3'd4);
        runs_are_known : assert (reader.runs.in_ready == (waiting_runs != 3'd4) && reader.runs.out_valid == (waiting_runs != 0));
      end
      asks_for_some : assert (!reader.asking || reader.ask_left != 0);
      last_burst_is_last :
      assert (!reader.asking || !reader.measured ||
              (24'(reader.burst) <= reader.ask_left && reader.burst_last == (24'(reader.burst) == reader.ask_left)));
      run_begins_with_asking : assert (!reader.begun || (!reader.measured && (reader.asking || reader.draining)));
      burst_is_measured : assert (!reader.asking || !reader.measured || (reader.burst != 0 && reader.burst <= reader.limit));
    end
  end
endmodule

`default_nettype wire
