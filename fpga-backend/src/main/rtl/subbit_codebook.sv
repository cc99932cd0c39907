// The codewords of a layer, with one copy per reader. A codeword follows its index by one cycle.
`default_nettype none

module subbit_codebook #(
    parameter int READERS = 1
) (
    input  wire               clk,
    // Loading: every copy takes the codeword.
    input  wire               write,
    input  wire [        8:0] write_index,
    input  wire [        8:0] write_codeword,
    // Reading: one index and one codeword per reader.
    input  wire [9*READERS-1:0] read_indices,
    output logic [9*READERS-1:0] read_codewords
);
  for (genvar r = 0; r < READERS; r++) begin : g_copy
    subbit_memory #(
        .WIDTH(9),
        .DEPTH(512)
    ) codewords (
        .clk,
        .write,
        .write_address(write_index),
        .write_data(write_codeword),
        .read(1'b1),
        .read_address(read_indices[9*r+:9]),
        .read_data(read_codewords[9*r+:9])
    );
  end
endmodule

`default_nettype wire
