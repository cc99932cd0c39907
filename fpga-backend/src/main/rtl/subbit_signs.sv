// Turns the sums of a run into bits, eight per byte, by the rules of their channels: the bit of a sum is (sum >=
// threshold) xor inverted. A byte leaves two cycles after its last sum; unused bits are 0. While `enable` is 0,
// everything keeps its value.
`default_nettype none

module subbit_signs (
    input wire clk,
    input wire rst,
    input wire enable,

    input wire        in_valid,
    input wire [31:0] in_sum,
    input wire [31:0] in_rule,         // 2 * threshold + inverted
    input wire        in_byte_ends,    // the sum is the last of its byte: the eighth, or the last of a row or a run

    output logic       out_valid,
    output logic [7:0] out_byte
);
  logic valid, bit_1, ends;
  logic [7:0] gathered;
  logic [2:0] place;           // of the next bit
  wire signed [31:0] sum = in_sum;
  wire signed [31:0] threshold = {in_rule[31], in_rule[31:1]};
  wire [7:0] with_bit = gathered | (8'(bit_1) << place);

  assign out_byte = gathered;

  always_ff @(posedge clk) begin
    if (rst) begin
      valid <= 1'b0;
      out_valid <= 1'b0;
      place <= '0;
    end else if (enable) begin
      valid <= in_valid;
      out_valid <= valid && ends;
      if (valid) place <= ends ? 3'd0 : place + 3'd1;
    end
    if (enable) begin
      bit_1 <= (sum >= threshold) ^ in_rule[0];
      ends <= in_byte_ends;
      if (valid) gathered <= place == 0 ? 8'(bit_1) : with_bit;
    end
  end
endmodule

`default_nettype wire
