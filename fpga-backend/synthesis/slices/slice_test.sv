// Tests a slice on random layers against direct computation: every sum of every output pixel. Prints PASSED at the end, or
// stops at the first wrong sum.
`default_nettype none

module slice_test #(
    // As in table_slice; 3: xnor_slice.
    parameter int KIND = 0,
    parameter int CHANNELS = 64,
    parameter int SHARE = 2,
    parameter int PIXELS = 7,
    parameter int LAYERS = 12
);
  localparam int WIDTH = 56;
  localparam int ROW_DEPTH = 1536;
  localparam int SUMS = 512;
  localparam int SUM_BITS = 13;
  localparam int PADDING = KIND == 3 ? 0 : 1;
  localparam int PLANES = KIND == 0 ? 5 : 9;
  localparam int MAX_GROUPS = 3;
  localparam int MAX_HEIGHT = 12;
  localparam int MAX_OUTPUTS = 100;

  logic clk = 0;
  logic rst = 1;
  logic start = 0, row_store = 0, index_store = 0, codebook_store = 0;
  logic [15:0] in_width, in_height, outputs, channel_groups, groups_loaded;
  logic [$clog2(ROW_DEPTH)-1:0] channel_places, row_address;
  logic [3*WIDTH-1:0] row_data;
  logic [3:0] index_plane;
  logic [9:0] index_address;
  logic [CHANNELS-1:0] index_data;
  logic [4:0] codebook_index;
  logic [8:0] codebook_codeword;
  wire busy, sums_valid;
  wire [$clog2(SUMS)-1:0] sums_address;
  wire [2*PIXELS*SUM_BITS-1:0] sums;

  if (KIND == 3) begin : g_xnor
    xnor_slice #(.CHANNELS(CHANNELS), .PIXELS(PIXELS)) dut (
        .clk, .rst, .start, .busy, .in_width, .in_height, .channel_places, .outputs, .channel_groups, .groups_loaded,
        .row_store, .row_address, .row_data, .index_store, .index_plane, .index_address, .index_data,
        .sums_valid, .sums_address, .sums);
  end else begin : g_tables
    table_slice #(.KIND(KIND), .CHANNELS(CHANNELS), .SHARE(SHARE), .PIXELS(PIXELS)) dut (
        .clk, .rst, .start, .busy, .in_width, .in_height, .channel_places, .outputs, .channel_groups, .groups_loaded,
        .row_store, .row_address, .row_data, .index_store, .index_plane, .index_address, .index_data,
        .codebook_store, .codebook_index, .codebook_codeword, .sums_valid, .sums_address, .sums);
  end

  bit pixel[MAX_GROUPS*CHANNELS][MAX_HEIGHT][WIDTH];
  bit [8:0] kernel[MAX_OUTPUTS][MAX_GROUPS*CHANNELS];
  bit [8:0] codebook[32];
  bit [4:0] index;

  // What the slice adds for a kernel: its matches inside the image, and what turning a folded table adds to them.
  function automatic int term(input bit [8:0] signs, input int c, input int y, input int x);
    int four, five;
    bit turned;
    turned = KIND == 2 && !signs[0];
    four = 0;
    five = 0;
    for (int t = 0; t < 9; t++) begin
      int row, column;
      row = y + t / 3 - PADDING;
      column = x + t % 3 - PADDING;
      if (row >= 0 && row < int'(in_height) && column >= 0 && column < int'(in_width)) begin
        if (t < 5) five += int'(pixel[c][row][column] == (signs[t] ^ turned));
        else four += int'(pixel[c][row][column] == signs[t]);
      end
    end
    return four + (turned ? 7 - five : five);
  endfunction

  task automatic cycle;
    #1 clk = 1;
    #1 clk = 0;
  endtask

  int layer, channels, out_width, out_height, steps, seen, checked, waited;
  initial begin
    checked = 0;
    cycle();
    rst = 0;
    for (layer = 0; layer < LAYERS; layer = layer + 1) begin
      channel_groups = 16'(1 + layer % MAX_GROUPS);
      channels = int'(channel_groups) * CHANNELS;
      in_width = 16'(3 + $urandom % (WIDTH - 2));
      in_height = 16'(3 + $urandom % (MAX_HEIGHT - 2));
      out_width = int'(in_width) - 2 + 2 * PADDING;
      steps = (out_width + 2 * PIXELS - 1) / (2 * PIXELS);
      // All sums of a layer are held.
      outputs = 16'(8 + $urandom % (MAX_OUTPUTS - 8));
      while (int'(outputs) * steps * (int'(in_height) - 2 + 2 * PADDING) > SUMS) begin
        if (in_height > 3) in_height = in_height - 16'd1;
        else outputs = outputs - 16'd1;
      end
      out_height = int'(in_height) - 2 + 2 * PADDING;
      channel_places = 11'((in_height + 16'd2) / 16'd3);
      groups_loaded = channel_groups;
      for (int k = 0; k < 32; k++) codebook[k] = 9'($urandom);
      for (int c = 0; c < channels; c++) begin
        for (int y = 0; y < int'(in_height); y++) for (int x = 0; x < WIDTH; x++) pixel[c][y][x] = 1'($urandom);
        for (int y = 0; y < int'(in_height); y += 3) begin
          for (int r = 0; r < 3; r++)
            for (int x = 0; x < WIDTH; x++) row_data[r*WIDTH+x] = y + r < int'(in_height) ? pixel[c][y+r][x] : 1'($urandom);
          row_address = 11'(c * int'(channel_places) + y / 3);
          row_store = 1;
          cycle();
        end
      end
      row_store = 0;
      for (int k = 0; k < 32; k++) begin
        codebook_store = 1;
        codebook_index = 5'(k);
        codebook_codeword = codebook[k];
        cycle();
      end
      codebook_store = 0;
      for (int g = 0; g < int'(channel_groups); g++) begin
        for (int o = 0; o < int'(outputs); o++) begin
          bit [PLANES-1:0] word[CHANNELS];
          for (int c = 0; c < CHANNELS; c++) begin
            index = 5'($urandom);
            kernel[o][g*CHANNELS+c] = KIND == 0 ? codebook[index] : 9'($urandom);
            word[c] = KIND == 0 ? PLANES'(index) : PLANES'(kernel[o][g*CHANNELS+c]);
          end
          for (int b = 0; b < PLANES; b++) begin
            for (int c = 0; c < CHANNELS; c++) index_data[c] = word[c][b];
            index_plane = 4'(b);
            index_address = 10'(g * int'(outputs) + o);
            index_store = 1;
            cycle();
          end
        end
      end
      index_store = 0;
      start = 1;
      cycle();
      start = 0;
      waited = 0;
      for (seen = 0; seen < int'(outputs) * steps * out_height; waited = waited + 1) begin
        if (waited > 200000) begin
          $display("layer %0d does not end", layer);
          $fatal(1);
        end
        if (sums_valid) begin
          int o, step, sum;
          o = seen % int'(outputs);
          step = seen / int'(outputs);
          for (int p = 0; p < 2 * PIXELS; p++) begin
            if (step % steps * 2 * PIXELS + p < out_width) begin
              sum = 0;
              for (int c = 0; c < channels; c++) sum += term(kernel[o][c], c, step / steps, step % steps * 2 * PIXELS + p);
              if (sum != int'(sums[p*SUM_BITS+:SUM_BITS])) begin
                $display("layer %0d, output %0d, step %0d, pixel %0d: %0d instead of %0d", layer, o, step, p,
                         sums[p*SUM_BITS+:SUM_BITS], sum);
                $fatal(1);
              end
              checked = checked + 1;
            end
          end
          seen = seen + 1;
        end
        cycle();
      end
      repeat (30) cycle();
    end
    $display("%0d sums", checked);
    $display("PASSED");
    $finish;
  end
endmodule

`default_nettype wire
