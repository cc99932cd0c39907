// The gate between a board's network and its bus: lets every write pass once, however often the datagram with it arrives
// and whenever. Networks may lose, double and delay datagrams, so a host sends one again until it is answered; without
// the gate, a late copy would undo what was written since, or start the engine a second time. docs/DEVICE.md says how a
// host uses it.
//
// Reads pass unchanged, but those of the gate's own page of 4 KiB, which return the ticket and the sum. Writes count in
// this page alone and are dropped elsewhere. The words of one datagram are written one after the other from the start of
// the page:
//
//   EXPECTED  opens the gate if it is the ticket, and closes it otherwise
//   NEXT      is the new ticket, if the gate is open; the sum becomes 0
//   ADDRESS   where the data go
//   data      if the gate is open, go to the bus, each to the address after the last one's
//
// Both buses are Wishbone, with word addresses, 32 bits wide; the byte selects of data go with them.
`default_nettype none

module subbit_gate #(
    // Address of the page, in bytes.
    parameter logic [31:0] PAGE = 32'h80000000
) (
    input wire clk,
    input wire rst,

    // From the network.
    input  wire         s_cyc,
    input  wire         s_stb,
    input  wire         s_we,
    input  wire  [29:0] s_adr,
    input  wire  [ 3:0] s_sel,
    input  wire  [31:0] s_dat_w,
    output logic [31:0] s_dat_r,
    output logic        s_ack,

    // To the bus.
    output logic        m_cyc,
    output logic        m_stb,
    output logic        m_we,
    output logic [29:0] m_adr,
    output logic [ 3:0] m_sel,
    output logic [31:0] m_dat_w,
    input  wire  [31:0] m_dat_r,
    input  wire         m_ack
);
  // Words of the page; data begin after the last. When read, the first is the ticket and the second the sum.
  localparam logic [9:0] EXPECTED = 10'd0, NEXT = 10'd1, ADDRESS = 10'd2;

  logic [31:0] ticket, sum;
  logic [29:0] target;
  logic open, answered;

  wire here = s_adr[29:10] == PAGE[31:12];
  wire [9:0] word = s_adr[9:0];
  wire data = here && s_we && word > ADDRESS;
  wire pass = data ? open : !s_we && !here;
  wire request = s_cyc && s_stb;
  wire own = request && !pass && !answered;
  wire own_write = own && here && s_we;
  wire moved = request && data && open && m_ack;

  // The cycle of the bus goes on over the words of a datagram, so that memory can gather them.
  assign m_cyc = s_cyc && pass;
  assign m_stb = request && pass;
  assign m_we = s_we;
  assign m_adr = data ? target : s_adr;
  assign m_sel = s_sel;
  assign m_dat_w = s_dat_w;
  assign s_ack = pass ? m_ack && request : answered;
  assign s_dat_r = !here ? m_dat_r : word == EXPECTED ? ticket : sum;

  always_ff @(posedge clk) begin
    answered <= !rst && own;
    if (own_write && word == ADDRESS) target <= s_dat_w[31:2];
    else if (moved) target <= target + 30'd1;
    if (rst) begin
      ticket <= 32'd0;
      sum <= 32'd0;
      open <= 1'b0;
    end else begin
      if (own_write && word == EXPECTED) open <= s_dat_w == ticket;
      if (own_write && word == NEXT && open) begin
        ticket <= s_dat_w;
        sum <= 32'd0;
      end
      // Of the address and of the data that have passed.
      if ((own_write && word == ADDRESS && open) || moved) sum <= {sum[30:0], sum[31]} + s_dat_w;
    end
  end
endmodule

`default_nettype wire
