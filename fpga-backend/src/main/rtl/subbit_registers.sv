// The register file of docs/DEVICE.md behind an AXI4-Lite slave, and the interrupt.
//
// One read and one write are served at a time, and every access is answered at once, whatever the engine and the memory
// bus are doing. A reset goes on until both are idle: until then RESET reads 1, CONTROL is not idle, and starts are
// ignored.
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
    parameter logic [31:0] INPUT_ROWS = 32'd0,
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
  import subbit_contract_pkg::*;
  localparam int BASE_BITS = ADDR_WIDTH - 12;

  logic running, done, ready, gie;
  logic [1:0] ier, isr;
  logic resetting;
  logic [3:0] error_q;
  logic [31:0] error_descriptor_q;
  logic [63:0] cycles_q;

  // Address and data of a write may arrive in either order; both are taken together.
  wire write = s_axi_awvalid && s_axi_wvalid && !s_axi_bvalid;
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

  wire start_now = writes(REGISTER_CONTROL) && s_axi_wdata[CONTROL_START] && !running && !resetting;
  wire abort_now = writes(REGISTER_RESET) && s_axi_wdata[RESET_ABORT];
  wire control_read = read && read_at == REGISTER_CONTROL;
  wire [1:0] toggled = writes(REGISTER_ISR) ? s_axi_wdata[1:0] : 2'b00;
  wire end_now = finished && running;

  assign irq = gie && isr != 0;

  // MEMORY_BASE in whole pages, as far as the bus reaches; a RESET does not change it.
  logic [BASE_BITS-1:0] base_pages;
  assign memory_base = {base_pages, 12'd0};
  wire [63:0] base = 64'(memory_base);
  wire [63:0] base_written = {
    writes(REGISTER_MEMORY_BASE_HIGH) ? s_axi_wdata : base[63:32], writes(REGISTER_MEMORY_BASE_LOW) ? s_axi_wdata : base[31:0]
  };
  wire unused = &{1'b0, base_written};
  always_ff @(posedge clk) base_pages <= rst ? '0 : base_written[ADDR_WIDTH-1:12];

  always_ff @(posedge clk) begin
    start <= !rst && start_now;
    abort <= !rst && abort_now;
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
      if (writes(REGISTER_GIE)) gie <= s_axi_wdata[GIE_ENABLE];
      if (writes(REGISTER_IER)) ier <= s_axi_wdata[1:0];
      if (writes(REGISTER_DESCRIPTORS_LOW)) list_address[31:0] <= s_axi_wdata;
      if (writes(REGISTER_DESCRIPTORS_HIGH)) list_address[63:32] <= s_axi_wdata;
      if (writes(REGISTER_COUNT)) list_count <= s_axi_wdata;
    end

    // What a RESET does not clear: responses on the AXI4-Lite bus, and the reset itself.
    if (rst) begin
      s_axi_bvalid <= 1'b0;
      s_axi_rvalid <= 1'b0;
      resetting <= 1'b0;
    end else begin
      if (abort_now) resetting <= 1'b1;
      else if (idle && !abort) resetting <= 1'b0;
      if (write) s_axi_bvalid <= 1'b1;
      else if (s_axi_bready) s_axi_bvalid <= 1'b0;
      if (read) s_axi_rvalid <= 1'b1;
      else if (s_axi_rready) s_axi_rvalid <= 1'b0;
    end

    // The register that is read.
    if (read) begin
      case (read_at)
        REGISTER_CONTROL: begin
          s_axi_rdata <= 32'd0;
          s_axi_rdata[CONTROL_DONE] <= done;
          s_axi_rdata[CONTROL_IDLE] <= !running && !resetting;
          s_axi_rdata[CONTROL_READY] <= ready;
        end
        REGISTER_GIE: s_axi_rdata <= {31'd0, gie};
        REGISTER_IER: s_axi_rdata <= {30'd0, ier};
        REGISTER_ISR: s_axi_rdata <= {30'd0, isr};
        REGISTER_ID: s_axi_rdata <= ID_VALUE;
        REGISTER_VERSION: s_axi_rdata <= VERSION_VALUE;
        REGISTER_ENGINE: s_axi_rdata <= ENGINE;
        REGISTER_FEATURES: s_axi_rdata <= FEATURES;
        REGISTER_MAX_CHANNELS: s_axi_rdata <= MAX_CHANNELS;
        REGISTER_MAX_WIDTH: s_axi_rdata <= MAX_WIDTH;
        REGISTER_MEMORY_LOW: s_axi_rdata <= MEMORY_BYTES[31:0];
        REGISTER_MEMORY_HIGH: s_axi_rdata <= MEMORY_BYTES[63:32];
        REGISTER_DESCRIPTORS_LOW: s_axi_rdata <= list_address[31:0];
        REGISTER_DESCRIPTORS_HIGH: s_axi_rdata <= list_address[63:32];
        REGISTER_COUNT: s_axi_rdata <= list_count;
        REGISTER_ERROR: s_axi_rdata <= {28'd0, error_q};
        REGISTER_ERROR_DESCRIPTOR: s_axi_rdata <= error_descriptor_q;
        REGISTER_CYCLES_LOW: s_axi_rdata <= cycles_q[31:0];
        REGISTER_CYCLES_HIGH: s_axi_rdata <= cycles_q[63:32];
        REGISTER_RESET: begin
          s_axi_rdata <= 32'd0;
          s_axi_rdata[RESET_ABORT] <= resetting;
        end
        REGISTER_MEMORY_BASE_LOW: s_axi_rdata <= base[31:0];
        REGISTER_MEMORY_BASE_HIGH: s_axi_rdata <= base[63:32];
        REGISTER_RESPONSE_UNIT: s_axi_rdata <= RESPONSE_UNIT;
        REGISTER_CHANNEL_LANES: s_axi_rdata <= CHANNEL_LANES;
        REGISTER_MAX_TAU: s_axi_rdata <= MAX_TAU;
        REGISTER_INPUT_ROWS: s_axi_rdata <= INPUT_ROWS;
        default: s_axi_rdata <= 32'd0;
      endcase
    end
  end
endmodule

`default_nettype wire
