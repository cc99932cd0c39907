// Turns the beats of a bus into words of another width, narrower or wider, in order; one of the widths is a multiple of the
// other.
`default_nettype none

module subbit_table_words #(
    parameter int DATA_WIDTH = 64,
    parameter int WORD = 64
) (
    input wire clk,
    input wire rst,

    input  wire                  beat_valid,
    output logic                 beat_ready,
    input  wire [DATA_WIDTH-1:0] beat_data,

    output logic            word_valid,
    input  wire             word_ready,
    input  wire             word_last,     // what is left of the beat behind it is no word
    output logic [WORD-1:0] word
);
  localparam int WIDER = DATA_WIDTH > WORD ? DATA_WIDTH : WORD;
  localparam int PARTS = WIDER / (DATA_WIDTH > WORD ? WORD : DATA_WIDTH);
  localparam int COUNT_BITS = $clog2(PARTS + 1);

  if (DATA_WIDTH % WORD != 0 && WORD % DATA_WIDTH != 0) begin : g_check
    $error("DATA_WIDTH must be a multiple of WORD, or the reverse");
  end

  logic [WIDER-1:0] held;
  logic [COUNT_BITS-1:0] parts;    // that are held

  if (DATA_WIDTH > WORD) begin : g_cut
    assign word_valid = parts != 0;
    assign word = held[WORD-1:0];
    assign beat_ready = parts == 0 || (parts == COUNT_BITS'(1) && word_ready);
    always_ff @(posedge clk) begin
      if (rst) parts <= '0;
      else if (beat_valid && beat_ready) parts <= COUNT_BITS'(PARTS);
      else if (word_valid && word_ready) parts <= word_last ? '0 : parts - 1'b1;
      if (beat_valid && beat_ready) held <= beat_data;
      else if (word_ready) held <= held >> WORD;
    end
  end else begin : g_join
    wire unused = &{1'b0, word_last};
    assign word_valid = parts == COUNT_BITS'(PARTS);
    assign word = held;
    assign beat_ready = !word_valid || word_ready;
    always_ff @(posedge clk) begin
      if (rst) parts <= '0;
      else parts <= (word_valid && word_ready ? '0 : parts) + COUNT_BITS'(beat_valid && beat_ready);
      if (beat_valid && beat_ready) held <= WIDER'({beat_data, held} >> DATA_WIDTH);
    end
  end
endmodule

`default_nettype wire
