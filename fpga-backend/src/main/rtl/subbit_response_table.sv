// One lane's copy of the response table, two banks of DEPTH responses. Each cycle, WRITES neighbouring responses can be
// written and one can be looked up; the look-up is combinational.
`default_nettype none

module subbit_response_table #(
    parameter int DEPTH  = 64,
    parameter int WRITES = 1
) (
    input wire clk,
    // Writing: a row of WRITES responses.
    input wire write,
    input wire write_bank,
    // The row, a group of WRITES responses.
    input wire [(DEPTH > WRITES ? $clog2(DEPTH / WRITES) : 1)-1:0] write_row,
    // {negative, value} of each response.
    input wire [WRITES*(subbit_pkg::RESPONSE_BITS+1)-1:0] write_responses,

    // Looking up, in the same cycle.
    input  wire                                   read_bank,
    input  wire  [             $clog2(DEPTH)-1:0] read_index,
    output logic [subbit_pkg::RESPONSE_BITS:0]    read_response
);
  localparam int W = subbit_pkg::RESPONSE_BITS + 1;
  localparam int ROWS = DEPTH / WRITES;
  localparam int ROW_BITS = ROWS > 1 ? $clog2(ROWS) : 1;
  localparam int SHIFT = $clog2(WRITES);

  if ((1 << $clog2(DEPTH)) != DEPTH || (1 << SHIFT) != WRITES || WRITES * 2 > DEPTH) begin : g_check
    $error("DEPTH and WRITES must be powers of two, DEPTH at least twice WRITES");
  end

  wire [W-1:0] found[WRITES];
  for (genvar u = 0; u < WRITES; u++) begin : g_column
    logic [W-1:0] memory[2*ROWS];
    always_ff @(posedge clk) begin
      if (write) memory[{write_bank, write_row}] <= write_responses[u*W+:W];
    end
    assign found[u] = memory[{read_bank, read_index[SHIFT+:ROW_BITS]}];
  end
  if (WRITES == 1) begin : g_one
    assign read_response = found[0];
  end else begin : g_several
    assign read_response = found[read_index[SHIFT-1:0]];
  end
endmodule

`default_nettype wire
