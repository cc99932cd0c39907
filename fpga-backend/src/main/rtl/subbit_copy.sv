// A register of its own for one of many readers of a signal, so that each can stand beside its reader. Synthesis would make one
// register of all that hold the same; it leaves instances of a module alone that is kept apart. Yosys has to be told to keep
// the hierarchy that it reads (fpga-backend/synthesis/tools.py).
`default_nettype none

(* keep_hierarchy = "yes", dont_touch = "true" *)
module subbit_copy #(
    parameter int WIDTH = 1
) (
    input  wire              clk,
    input  wire  [WIDTH-1:0] source,
    output logic [WIDTH-1:0] copy      // a cycle later
);
  always_ff @(posedge clk) copy <= source;
endmodule

`default_nettype wire
