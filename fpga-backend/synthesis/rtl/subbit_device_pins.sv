// The device behind five pins, for place-and-route on its own, since a package has fewer pins than the two buses have
// wires. Every input of the device comes from a register and every output ends in one, as behind the bus fabric of a
// real design, so that the reported clock is that of the device alone. The registers form two shift chains, which keeps
// synthesis from removing any of them.
`default_nettype none

module subbit_device_pins #(
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
    parameter int ROW_DEPTH = 512
) (
    input  wire  clk,
    input  wire  reset_n,
    input  wire  serial_in,
    input  wire  capture,       // capture the outputs; otherwise shift them out
    output logic serial_out
);
  localparam int ADDR_WIDTH = 32;
  localparam int DATA_WIDTH = 64;

  typedef struct packed {
    logic s_awvalid, s_wvalid, s_bready, s_arvalid, s_rready;
    logic [11:0] s_awaddr, s_araddr;
    logic [31:0] s_wdata;
    logic [3:0] s_wstrb;
    logic m_awready, m_wready, m_bvalid, m_arready, m_rvalid, m_rlast;
    logic [1:0] m_bresp, m_rresp;
    logic [DATA_WIDTH-1:0] m_rdata;
  } in_t;
  typedef struct packed {
    logic s_awready, s_wready, s_bvalid, s_arready, s_rvalid;
    logic [1:0] s_bresp, s_rresp;
    logic [31:0] s_rdata;
    logic m_awvalid, m_wvalid, m_wlast, m_bready, m_arvalid, m_rready, irq;
    logic [ADDR_WIDTH-1:0] m_awaddr, m_araddr;
    logic [7:0] m_awlen, m_arlen;
    logic [2:0] m_awsize, m_awprot, m_arsize, m_arprot;
    logic [1:0] m_awburst, m_arburst;
    logic [3:0] m_awcache, m_arcache;
    logic [DATA_WIDTH-1:0] m_wdata;
    logic [DATA_WIDTH/8-1:0] m_wstrb;
  } out_t;

  in_t in;
  out_t out;
  logic [$bits(out_t)-1:0] chain;
  logic reset_n_q;
  always_ff @(posedge clk) begin
    reset_n_q <= reset_n;
    in <= in_t'({in, serial_in});
    chain <= capture ? out : {chain[$bits(out_t)-2:0], 1'b0};
  end
  assign serial_out = chain[$bits(out_t)-1];

  subbit_device #(
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
      .DATA_WIDTH(DATA_WIDTH)
  ) device (
      .aclk(clk),
      .aresetn(reset_n_q),
      .s_axi_awvalid(in.s_awvalid),
      .s_axi_awready(out.s_awready),
      .s_axi_awaddr(in.s_awaddr),
      .s_axi_awprot(3'd0),
      .s_axi_wvalid(in.s_wvalid),
      .s_axi_wready(out.s_wready),
      .s_axi_wdata(in.s_wdata),
      .s_axi_wstrb(in.s_wstrb),
      .s_axi_bvalid(out.s_bvalid),
      .s_axi_bready(in.s_bready),
      .s_axi_bresp(out.s_bresp),
      .s_axi_arvalid(in.s_arvalid),
      .s_axi_arready(out.s_arready),
      .s_axi_araddr(in.s_araddr),
      .s_axi_arprot(3'd0),
      .s_axi_rvalid(out.s_rvalid),
      .s_axi_rready(in.s_rready),
      .s_axi_rdata(out.s_rdata),
      .s_axi_rresp(out.s_rresp),
      .m_axi_awvalid(out.m_awvalid),
      .m_axi_awready(in.m_awready),
      .m_axi_awaddr(out.m_awaddr),
      .m_axi_awlen(out.m_awlen),
      .m_axi_awsize(out.m_awsize),
      .m_axi_awburst(out.m_awburst),
      .m_axi_awcache(out.m_awcache),
      .m_axi_awprot(out.m_awprot),
      .m_axi_wvalid(out.m_wvalid),
      .m_axi_wready(in.m_wready),
      .m_axi_wdata(out.m_wdata),
      .m_axi_wstrb(out.m_wstrb),
      .m_axi_wlast(out.m_wlast),
      .m_axi_bvalid(in.m_bvalid),
      .m_axi_bready(out.m_bready),
      .m_axi_bresp(in.m_bresp),
      .m_axi_arvalid(out.m_arvalid),
      .m_axi_arready(in.m_arready),
      .m_axi_araddr(out.m_araddr),
      .m_axi_arlen(out.m_arlen),
      .m_axi_arsize(out.m_arsize),
      .m_axi_arburst(out.m_arburst),
      .m_axi_arcache(out.m_arcache),
      .m_axi_arprot(out.m_arprot),
      .m_axi_rvalid(in.m_rvalid),
      .m_axi_rready(out.m_rready),
      .m_axi_rdata(in.m_rdata),
      .m_axi_rresp(in.m_rresp),
      .m_axi_rlast(in.m_rlast),
      .irq(out.irq)
  );
endmodule

`default_nettype wire
