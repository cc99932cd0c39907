// The device, with assertions on the rules of its buses. The top of every simulation; not for synthesis.
`default_nettype none

module subbit_simulation #(
    parameter int RESPONSE_UNIT = 0,
    parameter int DOT_UNITS = 1,
    parameter int LANES = 4,
    parameter int CHANNEL_LANES = 1,
    parameter bit INTEGER_CONV = 0,
    parameter bit DENSE = 0,
    parameter int TABLE_DEPTH = 64,
    parameter int INDEX_PLANES = 9,
    parameter int MAX_CHANNELS = 512,
    parameter int MAX_WIDTH = 512,
    parameter int SUM_DEPTH = 1024,
    parameter int ROW_DEPTH = 512,
    parameter int ADDR_WIDTH = 32,
    parameter int DATA_WIDTH = 64,
    parameter logic [63:0] MEMORY_BYTES = 64'd1 << 28
) (
    input wire aclk,
    input wire aresetn,

    // AXI4-Lite slave.
    input  wire         s_axi_awvalid,
    output logic        s_axi_awready,
    input  wire  [11:0] s_axi_awaddr,
    input  wire         s_axi_wvalid,
    output logic        s_axi_wready,
    input  wire  [31:0] s_axi_wdata,
    output logic        s_axi_bvalid,
    input  wire         s_axi_bready,
    input  wire         s_axi_arvalid,
    output logic        s_axi_arready,
    input  wire  [11:0] s_axi_araddr,
    output logic        s_axi_rvalid,
    input  wire         s_axi_rready,
    output logic [31:0] s_axi_rdata,

    // AXI4 master.
    output logic                    m_axi_awvalid,
    input  wire                     m_axi_awready,
    output logic [  ADDR_WIDTH-1:0] m_axi_awaddr,
    output logic [             7:0] m_axi_awlen,
    output logic                    m_axi_wvalid,
    input  wire                     m_axi_wready,
    output logic [  DATA_WIDTH-1:0] m_axi_wdata,
    output logic [DATA_WIDTH/8-1:0] m_axi_wstrb,
    output logic                    m_axi_wlast,
    input  wire                     m_axi_bvalid,
    output logic                    m_axi_bready,
    input  wire  [             1:0] m_axi_bresp,
    output logic                    m_axi_arvalid,
    input  wire                     m_axi_arready,
    output logic [  ADDR_WIDTH-1:0] m_axi_araddr,
    output logic [             7:0] m_axi_arlen,
    input  wire                     m_axi_rvalid,
    output logic                    m_axi_rready,
    input  wire  [  DATA_WIDTH-1:0] m_axi_rdata,
    input  wire  [             1:0] m_axi_rresp,
    input  wire                     m_axi_rlast,

    output logic irq
);
  logic [2:0] awsize, arsize, awprot, arprot;
  logic [1:0] awburst, arburst, bresp, rresp;
  logic [3:0] awcache, arcache;

  subbit_block #(
      .RESPONSE_UNIT(RESPONSE_UNIT),
      .DOT_UNITS(DOT_UNITS),
      .LANES(LANES),
      .CHANNEL_LANES(CHANNEL_LANES),
      .INTEGER_CONV(INTEGER_CONV),
      .DENSE(DENSE),
      .TABLE_DEPTH(TABLE_DEPTH),
      .INDEX_PLANES(INDEX_PLANES),
      .MAX_CHANNELS(MAX_CHANNELS),
      .MAX_WIDTH(MAX_WIDTH),
      .SUM_DEPTH(SUM_DEPTH),
      .ROW_DEPTH(ROW_DEPTH),
      .ADDR_WIDTH(ADDR_WIDTH),
      .DATA_WIDTH(DATA_WIDTH),
      .MEMORY_BYTES(MEMORY_BYTES)
  ) block (
      .aclk,
      .aresetn,
      .s_axi_awvalid,
      .s_axi_awready,
      .s_axi_awaddr,
      .s_axi_awprot(3'b000),
      .s_axi_wvalid,
      .s_axi_wready,
      .s_axi_wdata,
      .s_axi_wstrb(4'hF),
      .s_axi_bvalid,
      .s_axi_bready,
      .s_axi_bresp(bresp),
      .s_axi_arvalid,
      .s_axi_arready,
      .s_axi_araddr,
      .s_axi_arprot(3'b000),
      .s_axi_rvalid,
      .s_axi_rready,
      .s_axi_rdata,
      .s_axi_rresp(rresp),
      .m_axi_awvalid,
      .m_axi_awready,
      .m_axi_awaddr,
      .m_axi_awlen,
      .m_axi_awsize(awsize),
      .m_axi_awburst(awburst),
      .m_axi_awcache(awcache),
      .m_axi_awprot(awprot),
      .m_axi_wvalid,
      .m_axi_wready,
      .m_axi_wdata,
      .m_axi_wstrb,
      .m_axi_wlast,
      .m_axi_bvalid,
      .m_axi_bready,
      .m_axi_bresp,
      .m_axi_arvalid,
      .m_axi_arready,
      .m_axi_araddr,
      .m_axi_arlen,
      .m_axi_arsize(arsize),
      .m_axi_arburst(arburst),
      .m_axi_arcache(arcache),
      .m_axi_arprot(arprot),
      .m_axi_rvalid,
      .m_axi_rready,
      .m_axi_rdata,
      .m_axi_rresp,
      .m_axi_rlast,
      .irq
  );

  wire rst = !aresetn;
  wire unused = &{1'b0, awprot, arprot, awcache, arcache};
  subbit_axi_rules #(.WIDTH(ADDR_WIDTH + 8)) aw_rules (
      .clk(aclk), .rst, .valid(m_axi_awvalid), .ready(m_axi_awready), .payload({m_axi_awaddr, m_axi_awlen}));
  subbit_axi_rules #(.WIDTH(DATA_WIDTH + DATA_WIDTH / 8 + 1)) w_rules (
      .clk(aclk), .rst, .valid(m_axi_wvalid), .ready(m_axi_wready), .payload({m_axi_wdata, m_axi_wstrb, m_axi_wlast}));
  subbit_axi_rules #(.WIDTH(ADDR_WIDTH + 8)) ar_rules (
      .clk(aclk), .rst, .valid(m_axi_arvalid), .ready(m_axi_arready), .payload({m_axi_araddr, m_axi_arlen}));
  subbit_axi_rules #(.WIDTH(2)) b_rules (
      .clk(aclk), .rst, .valid(s_axi_bvalid), .ready(s_axi_bready), .payload(bresp));
  subbit_axi_rules #(.WIDTH(34)) r_rules (
      .clk(aclk), .rst, .valid(s_axi_rvalid), .ready(s_axi_rready), .payload({s_axi_rdata, rresp}));

  subbit_axi_bursts #(
      .ADDR_WIDTH(ADDR_WIDTH),
      .DATA_WIDTH(DATA_WIDTH),
      .MEMORY_BYTES(MEMORY_BYTES)
  ) reads (
      .clk(aclk),
      .rst,
      .request(m_axi_arvalid && m_axi_arready),
      .address(m_axi_araddr),
      .length(m_axi_arlen),
      .size(arsize),
      .burst(arburst),
      .beat(m_axi_rvalid && m_axi_rready),
      .last(m_axi_rlast),
      .data_first(1'b0),
      .late(m_axi_rvalid && !m_axi_rready)
  );
  subbit_axi_bursts #(
      .ADDR_WIDTH(ADDR_WIDTH),
      .DATA_WIDTH(DATA_WIDTH),
      .MEMORY_BYTES(MEMORY_BYTES)
  ) writes (
      .clk(aclk),
      .rst,
      .request(m_axi_awvalid && m_axi_awready),
      .address(m_axi_awaddr),
      .length(m_axi_awlen),
      .size(awsize),
      .burst(awburst),
      .beat(m_axi_wvalid && m_axi_wready),
      .last(m_axi_wlast),
      .data_first(1'b1),
      .late(!m_axi_wvalid)
  );
endmodule

`default_nettype wire
