// A memory with one port for writing and one for reading, as block RAM has them. A word follows its address by one
// cycle. A read of the place that is written in the same cycle has no defined result: whoever reads must not use it.
//
// Without `no_rw_check`, Yosys would surround the memory with registers and comparators that return the old word then.
// In simulation such a read returns the complement of that word, so that no test passes that depends on it.
`default_nettype none

module subbit_memory #(
    parameter int WIDTH = 8,
    parameter int DEPTH = 16
) (
    input wire clk,

    // Writing.
    input wire                     write,
    input wire [$clog2(DEPTH)-1:0] write_address,
    input wire [        WIDTH-1:0] write_data,

    // Reading: while `read` is 0, the word that was read last stays.
    input  wire                     read,
    input  wire [$clog2(DEPTH)-1:0] read_address,
    output logic [       WIDTH-1:0] read_data
);
  (* no_rw_check *)
  logic [WIDTH-1:0] memory[DEPTH];
  always_ff @(posedge clk) begin
    if (write) memory[write_address] <= write_data;
`ifdef VERILATOR
    if (read) read_data <= write && write_address == read_address ? ~memory[read_address] : memory[read_address];
`else
    if (read) read_data <= memory[read_address];
`endif
  end
endmodule

`default_nettype wire
