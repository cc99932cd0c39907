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
    logic [8:0] memory[512];
    always_ff @(posedge clk) begin
      if (write) memory[write_index] <= write_codeword;
      read_codewords[9*r+:9] <= memory[read_indices[9*r+:9]];
    end
  end
endmodule

`default_nettype wire
