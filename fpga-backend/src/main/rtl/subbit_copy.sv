// A register that copies a signal for one of its many readers, so that it can be placed next to that reader. Synthesis
// would merge all registers with the same contents, but leaves the instances of a module alone if the module is kept
// apart. Yosys has to be told to keep the hierarchy that it reads (fpga-backend/synthesis/tools.py).
`default_nettype none

(* keep_hierarchy = "yes", dont_touch = "true" *)
module subbit_copy #(
    parameter int WIDTH = 1
) (
    input  wire              clk,
    input  wire  [WIDTH-1:0] source,
    output logic [WIDTH-1:0] copy      // one cycle later
);
  always_ff @(posedge clk) copy <= source;
endmodule

`default_nettype wire
