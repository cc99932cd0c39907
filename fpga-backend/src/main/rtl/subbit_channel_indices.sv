// The kernel indices of the input channel that is being computed, in two halves: one is read while the other is filled.
// A word holds the indices that all lanes look up together, those of LANES neighbouring output channels.
`default_nettype none

module subbit_channel_indices #(
    parameter int LANES = 4,
    parameter int MAX_CHANNELS = 512
) (
    input wire clk,

    // Filling: one index per cycle.
    input wire                           write,
    input wire                           write_half,
    input wire [                   15:0] write_channel,    // output channel
    input wire [subbit_pkg::MAX_TAU-1:0] write_index,

    // Reading: the word of a slot follows one cycle after its number. An index that is written in the cycle of its
    // number is not defined.
    input  wire                                   read_half,
    input  wire  [$clog2(MAX_CHANNELS/LANES)-1:0] read_slot,
    output logic [   LANES*subbit_pkg::MAX_TAU-1:0] read_indices   // one cycle later
);
  import subbit_pkg::*;
  localparam int SLOTS = MAX_CHANNELS / LANES;
  localparam int SLOT_BITS = $clog2(SLOTS);
  localparam int LANE_BITS = $clog2(LANES);

  if (LANES < 2 || (1 << LANE_BITS) != LANES) begin : g_check
    $error("LANES must be a power of two, at least 2");
  end
  if (MAX_CHANNELS < 2 * LANES) begin : g_check2
    $error("MAX_CHANNELS must be at least twice LANES");
  end

  wire [SLOT_BITS:0] write_at = {write_half, SLOT_BITS'(write_channel >> LANE_BITS)};
  for (genvar l = 0; l < LANES; l++) begin : g_lane
    subbit_memory #(
        .WIDTH(MAX_TAU),
        .DEPTH(2 * SLOTS)
    ) held (
        .clk,
        .write(write && write_channel[LANE_BITS-1:0] == LANE_BITS'(l)),
        .write_address(write_at),
        .write_data(write_index),
        .read(1'b1),
        .read_address({read_half, read_slot}),
        .read_data(read_indices[l*MAX_TAU+:MAX_TAU])
    );
  end
endmodule

`default_nettype wire
