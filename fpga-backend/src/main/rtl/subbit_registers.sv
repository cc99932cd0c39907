// The register file of docs/DEVICE.md behind an AXI4-Lite slave, and the interrupt.
//
// One read and one write are served at a time. A write to RESET is answered only once the engine is idle again, so that
// the next read of CONTROL finds it idle.
`default_nettype none

module subbit_registers #(
    // Values of the read-only registers.
    parameter logic [31:0] ENGINE = 32'd0,
    parameter logic [31:0] FEATURES = 32'd0,
    parameter logic [31:0] MAX_CHANNELS = 32'd0,
    parameter logic [31:0] MAX_WIDTH = 32'd0,
    parameter logic [63:0] MEMORY_BYTES = 64'd0,
    parameter logic [31:0] RESPONSE_UNIT = 32'd0,
    parameter logic [31:0] CHANNEL_LANES = 32'd1,
    parameter logic [31:0] MAX_TAU = 32'd9,
    parameter int ADDR_WIDTH = 32
) (
    input wire clk,
    input wire rst,

    // AXI4-Lite slave.
    input  wire         s_axi_awvalid,
    output logic        s_axi_awready,
    input  wire  [11:0] s_axi_awaddr,
    input  wire         s_axi_wvalid,
    output logic        s_axi_wready,
    input  wire  [31:0] s_axi_wdata,
    input  wire  [ 3:0] s_axi_wstrb,
    output logic        s_axi_bvalid,
    input  wire         s_axi_bready,
    output logic [ 1:0] s_axi_bresp,
    input  wire         s_axi_arvalid,
    output logic        s_axi_arready,
    input  wire  [11:0] s_axi_araddr,
    output logic        s_axi_rvalid,
    input  wire         s_axi_rready,
    output logic [31:0] s_axi_rdata,
    output logic [ 1:0] s_axi_rresp,

    // Interrupt, level-sensitive.
    output logic irq,

    // To and from subbit_list and the bus. Results are valid with `finished`.
    output logic        start,             // one cycle
    output logic        abort,             // one cycle: abandon the request
    output logic [63:0] list_address,
    output logic [31:0] list_count,
    output logic [ADDR_WIDTH-1:0] memory_base,
    input  wire         idle,              // nothing runs, and no burst is on the bus
    input  wire         finished,          // one cycle
    input  wire  [ 3:0] error,
    input  wire  [31:0] error_descriptor,
    input  wire  [63:0] cycles
);
  // Offsets of the registers.
  localparam logic [11:0] CONTROL = 12'h00, GIE = 12'h04, IER = 12'h08, ISR = 12'h0C, ID = 12'h10, VERSION = 12'h14;
  localparam logic [11:0] ENGINE_AT = 12'h18, FEATURES_AT = 12'h1C, CHANNELS_AT = 12'h20, WIDTH_AT = 12'h24;
  localparam logic [11:0] MEMORY_LOW = 12'h28, MEMORY_HIGH = 12'h2C, LIST_LOW = 12'h30, LIST_HIGH = 12'h34;
  localparam logic [11:0] COUNT = 12'h38, ERROR_AT = 12'h3C, ERROR_DESCRIPTOR = 12'h40, RESET = 12'h44;
  localparam logic [11:0] CYCLES_LOW = 12'h48, CYCLES_HIGH = 12'h4C, RESPONSE_AT = 12'h58, CHANNEL_LANES_AT = 12'h5C, TAU_AT = 12'h60;
  localparam logic [11:0] BASE_LOW = 12'h50, BASE_HIGH = 12'h54;
  localparam int BASE_BITS = ADDR_WIDTH - 12;

  logic running, done, ready, gie;
  logic [1:0] ier, isr;
  logic resetting;
  logic [3:0] error_q;
  logic [31:0] error_descriptor_q;
  logic [63:0] cycles_q;

  // Address and data of a write may arrive in either order; both are taken together.
  wire write = s_axi_awvalid && s_axi_wvalid && !s_axi_bvalid && !resetting;
  wire read = s_axi_arvalid && !s_axi_rvalid;
  assign s_axi_awready = write;
  assign s_axi_wready = write;
  assign s_axi_arready = read;
  assign s_axi_bresp = 2'b00;
  assign s_axi_rresp = 2'b00;
  wire [11:0] write_at = {s_axi_awaddr[11:2], 2'b00};
  wire [11:0] read_at = {s_axi_araddr[11:2], 2'b00};
  wire whole = s_axi_wstrb == 4'hF;

  function automatic logic writes(input logic [11:0] at);
    return write && whole && write_at == at;
  endfunction

  wire start_now = writes(CONTROL) && s_axi_wdata[0] && !running;
  wire abort_now = writes(RESET) && s_axi_wdata[0];
  wire control_read = read && read_at == CONTROL;
  wire [1:0] toggled = writes(ISR) ? s_axi_wdata[1:0] : 2'b00;
  wire end_now = finished && running;

  assign irq = gie && isr != 0;

  // MEMORY_BASE in whole pages, as far as the bus reaches; a RESET does not change it.
  logic [BASE_BITS-1:0] base_pages;
  assign memory_base = {base_pages, 12'd0};
  wire [63:0] base = 64'(memory_base);
  wire [63:0] base_written = {
    writes(BASE_HIGH) ? s_axi_wdata : base[63:32], writes(BASE_LOW) ? s_axi_wdata : base[31:0]
  };
  wire unused = &{1'b0, base_written};
  always_ff @(posedge clk) base_pages <= rst ? '0 : base_written[ADDR_WIDTH-1:12];

  always_ff @(posedge clk) begin
    start <= start_now;
    abort <= abort_now;
    // State that a RESET clears.
    if (rst || abort_now) begin
      running <= 1'b0;
      done <= 1'b0;
      ready <= 1'b0;
      gie <= 1'b0;
      ier <= 2'b00;
      isr <= 2'b00;
      list_address <= 64'd0;
      list_count <= 32'd0;
      error_q <= 4'd0;
      error_descriptor_q <= 32'd0;
      cycles_q <= 64'd0;
    end else begin
      if (control_read) begin
        done <= 1'b0;
        ready <= 1'b0;
      end
      if (start_now) running <= 1'b1;
      if (end_now) begin
        running <= 1'b0;
        done <= 1'b1;
        ready <= 1'b1;
        error_q <= error;
        error_descriptor_q <= error_descriptor;
        cycles_q <= cycles;
      end
      isr <= (isr ^ toggled) | (end_now ? ier : 2'b00);
      if (writes(GIE)) gie <= s_axi_wdata[0];
      if (writes(IER)) ier <= s_axi_wdata[1:0];
      if (writes(LIST_LOW)) list_address[31:0] <= s_axi_wdata;
      if (writes(LIST_HIGH)) list_address[63:32] <= s_axi_wdata;
      if (writes(COUNT)) list_count <= s_axi_wdata;
    end

    // Responses on the AXI4-Lite bus survive a RESET that is written over it.
    if (rst) begin
      s_axi_bvalid <= 1'b0;
      s_axi_rvalid <= 1'b0;
      resetting <= 1'b0;
    end else begin
      if (abort_now) resetting <= 1'b1;
      else if (write) s_axi_bvalid <= 1'b1;
      else if (s_axi_bready) s_axi_bvalid <= 1'b0;
      if (resetting && idle && !abort) begin
        resetting <= 1'b0;
        s_axi_bvalid <= 1'b1;
      end
      if (read) s_axi_rvalid <= 1'b1;
      else if (s_axi_rready) s_axi_rvalid <= 1'b0;
    end

    // The register that is read.
    if (read) begin
      case (read_at)
        CONTROL: s_axi_rdata <= {28'd0, ready, !running && !resetting, done, 1'b0};
        GIE: s_axi_rdata <= {31'd0, gie};
        IER: s_axi_rdata <= {30'd0, ier};
        ISR: s_axi_rdata <= {30'd0, isr};
        ID: s_axi_rdata <= 32'h54494253;
        VERSION: s_axi_rdata <= 32'h00010004;
        ENGINE_AT: s_axi_rdata <= ENGINE;
        FEATURES_AT: s_axi_rdata <= FEATURES;
        CHANNELS_AT: s_axi_rdata <= MAX_CHANNELS;
        WIDTH_AT: s_axi_rdata <= MAX_WIDTH;
        MEMORY_LOW: s_axi_rdata <= MEMORY_BYTES[31:0];
        MEMORY_HIGH: s_axi_rdata <= MEMORY_BYTES[63:32];
        LIST_LOW: s_axi_rdata <= list_address[31:0];
        LIST_HIGH: s_axi_rdata <= list_address[63:32];
        COUNT: s_axi_rdata <= list_count;
        ERROR_AT: s_axi_rdata <= {28'd0, error_q};
        ERROR_DESCRIPTOR: s_axi_rdata <= error_descriptor_q;
        CYCLES_LOW: s_axi_rdata <= cycles_q[31:0];
        CYCLES_HIGH: s_axi_rdata <= cycles_q[63:32];
        BASE_LOW: s_axi_rdata <= base[31:0];
        BASE_HIGH: s_axi_rdata <= base[63:32];
        RESPONSE_AT: s_axi_rdata <= RESPONSE_UNIT;
        CHANNEL_LANES_AT: s_axi_rdata <= CHANNEL_LANES;
        TAU_AT: s_axi_rdata <= MAX_TAU;
        default: s_axi_rdata <= 32'd0;
      endcase
    end
  end
endmodule

`default_nettype wire
