// What is proved of subbit_registers, for any AXI4-Lite master that keeps to the rules, whatever the engine does.
`default_nettype none

module registers_proof (
    input wire clk,
    input wire rst,
    input wire s_axi_awvalid,
    input wire [11:0] s_axi_awaddr,
    input wire s_axi_wvalid,
    input wire [31:0] s_axi_wdata,
    input wire [3:0] s_axi_wstrb,
    input wire s_axi_bready,
    input wire s_axi_arvalid,
    input wire [11:0] s_axi_araddr,
    input wire s_axi_rready,
    input wire idle,
    input wire finished,
    input wire [3:0] error,
    input wire [31:0] error_descriptor,
    input wire [63:0] cycles
);
  import subbit_contract_pkg::*;

  logic s_axi_awready, s_axi_wready, s_axi_bvalid, s_axi_arready, s_axi_rvalid, irq, start, abort;
  logic [1:0] s_axi_bresp, s_axi_rresp;
  logic [31:0] s_axi_rdata, list_count, memory_base;
  logic [63:0] list_address;
  subbit_registers registers (
      .clk,
      .rst,
      .s_axi_awvalid,
      .s_axi_awready,
      .s_axi_awaddr,
      .s_axi_wvalid,
      .s_axi_wready,
      .s_axi_wdata,
      .s_axi_wstrb,
      .s_axi_bvalid,
      .s_axi_bready,
      .s_axi_bresp,
      .s_axi_arvalid,
      .s_axi_arready,
      .s_axi_araddr,
      .s_axi_rvalid,
      .s_axi_rready,
      .s_axi_rdata,
      .s_axi_rresp,
      .irq,
      .start,
      .abort,
      .list_address,
      .list_count,
      .memory_base,
      .idle,
      .finished,
      .error,
      .error_descriptor,
      .cycles
  );

  logic begun, write_waits, read_waits, response_waits, data_wait, running, aborted;
  logic [43:0] write_q;
  logic [11:0] read_q;
  logic [31:0] data_q;
  logic writes_pending, reads_pending;    // accepted and not yet answered
  wire written = s_axi_awvalid && s_axi_awready;
  wire asked = s_axi_arvalid && s_axi_arready;
  // The reset: from its write until the engine is idle and no longer told to abort.
  wire resets = written && {s_axi_awaddr[11:2], 2'b00} == REGISTER_RESET && s_axi_wstrb == 4'hF && s_axi_wdata[RESET_ABORT];
  logic resetting, read_reset, reset_read_as;
  initial begun = 1'b0;

  always_ff @(posedge clk) begin
    begun <= 1'b1;
    write_waits <= !rst && s_axi_awvalid && s_axi_wvalid && !s_axi_awready;
    write_q <= {s_axi_awaddr, s_axi_wdata};
    read_waits <= !rst && s_axi_arvalid && !s_axi_arready;
    read_q <= s_axi_araddr;
    response_waits <= !rst && s_axi_bvalid && !s_axi_bready;
    data_wait <= !rst && s_axi_rvalid && !s_axi_rready;
    data_q <= s_axi_rdata;
    writes_pending <= !rst && (written || (writes_pending && !(s_axi_bvalid && s_axi_bready)));
    reads_pending <= !rst && (asked || (reads_pending && !(s_axi_rvalid && s_axi_rready)));
    resetting <= !rst && (resets || (resetting && !(idle && !abort)));
    read_reset <= !rst && asked && {s_axi_araddr[11:2], 2'b00} == REGISTER_RESET;
    reset_read_as <= resetting;
    // From a start to the end of its request.
    running <= !rst && !resets && (registers.start_now || (running && !finished));
    aborted <= !rst && resets;
  end

  always_comb begin
    assume (begun || rst);
    if (begun && write_waits) assume (s_axi_awvalid && s_axi_wvalid && {s_axi_awaddr, s_axi_wdata} == write_q);
    if (begun && read_waits) assume (s_axi_arvalid && s_axi_araddr == read_q);
  end

  always_comb begin
    if (begun && !rst) begin
      // Responses wait unchanged, and there is one for each access.
      if (response_waits) begin
        response_stays : assert (s_axi_bvalid);
      end
      if (data_wait) begin
        data_stay : assert (s_axi_rvalid && s_axi_rdata == data_q);
      end
      one_response : assert (s_axi_bvalid == writes_pending);
      one_answer : assert (s_axi_rvalid == reads_pending);
      address_with_data : assert (s_axi_awready == s_axi_wready);
      never_an_error : assert (s_axi_bresp == 2'b00 && s_axi_rresp == 2'b00);
      // An access is taken at once, and answered in the next cycle, whatever the engine does.
      if (s_axi_awvalid && s_axi_wvalid && !s_axi_bvalid) begin
        write_is_taken : assert (s_axi_awready);
      end
      if (s_axi_arvalid && !s_axi_rvalid) begin
        read_is_taken : assert (s_axi_arready);
      end
      // RESET aborts, reads 1 until the engine is idle, and lets nothing start meanwhile.
      abort_follows : assert (abort == aborted);
      if (read_reset) begin
        reset_reads_one : assert (s_axi_rdata == 32'(reset_read_as));
      end
      if (registers.start_now) begin
        starts_when_idle : assert (!running && !resetting);
      end
      interrupt_is_enabled : assert (!irq || registers.gie);

      // What holds in every state that can be reached; induction needs it.
      same_reset : assert (resetting == registers.resetting);
      same_request : assert (running == registers.running);
    end
  end
endmodule

`default_nettype wire
