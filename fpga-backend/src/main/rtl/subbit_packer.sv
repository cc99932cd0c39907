// Packs the values of a run into beats of the bus with their byte strobes. `position` is the place of the value's first
// byte in its beat; a beat is sent when it is full and at the end of a run, one cycle after its last value.
`default_nettype none

module subbit_packer #(
    parameter int DATA_WIDTH = 64
) (
    input wire clk,
    input wire rst,
    input wire words,     // values of four bytes, else of one

    // Values, one per cycle; `last` marks the last value of a run.
    input  wire                            value_valid,
    output logic                           value_ready,
    input  wire [                    31:0] value,
    input  wire [$clog2(DATA_WIDTH/8)-1:0] position,
    input  wire                            last,

    // Beats.
    output logic                    beat_valid,
    input  wire                     beat_ready,
    output logic [  DATA_WIDTH-1:0] beat_data,
    output logic [DATA_WIDTH/8-1:0] beat_strobe
);
  localparam int BYTES = DATA_WIDTH / 8;
  localparam int SIZE = $clog2(BYTES);

  logic [DATA_WIDTH-1:0] data, filled;
  logic [BYTES-1:0] strobe, set;

  // Place of the value's last byte; a value of four bytes lies at a multiple of four.
  wire [SIZE-1:0] place = words ? position | SIZE'(3) : position;
  wire full = place == '1;
  assign value_ready = !beat_valid || beat_ready;

  // Puts the value into the beat that is being filled.
  always_comb begin
    filled = data;
    set = strobe;
    for (int b = 0; b < BYTES; b++) begin
      if (place == (words ? SIZE'(b | 3) : SIZE'(b))) begin
        filled[8*b+:8] = words ? value[8*(b%4)+:8] : value[7:0];
        set[b] = 1'b1;
      end
    end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      beat_valid <= 1'b0;
      strobe <= '0;
    end else if (value_ready) begin
      beat_valid <= value_valid && (full || last);
      if (value_valid) begin
        data <= filled;
        strobe <= full || last ? '0 : set;
        beat_data <= filled;
        beat_strobe <= set;
      end
    end
  end
endmodule

`default_nettype wire
