// Checks a layer descriptor, in the order in which docs/DEVICE.md lists the errors, and computes what the engine needs
// to know about the layer: sizes, and the tile whose sums fit into the accumulators. It takes up to some hundreds of
// cycles.
`default_nettype none

module subbit_descriptor #(
    parameter int RESPONSE_UNIT = 0,
    // Which layers of integer networks are offered, and with them descriptors of version 3, with tables: stems, shortcuts and
    // classifiers, and convolutions.
    parameter bit DENSE = 1'b0,
    parameter bit INTEGER_CONV = 1'b0,
    parameter int LANES = 4,
    parameter int TABLE_DEPTH = 64,
    parameter int INDEX_PLANES = 9,
    parameter int MAX_CHANNELS = 512,
    parameter int MAX_WIDTH = 512,
    parameter int SUM_DEPTH = 1024,
    parameter int ROW_DEPTH = 1024,
    // At most 2^40.
    parameter logic [63:0] MEMORY_BYTES = 64'd1 << 28
) (
    input wire clk,
    input wire rst,
    // The descriptor, and the result: `error` and `decoded` are valid together with `done`, `layer` from then on.
    input wire start,
    input wire [2047:0] bytes,        // byte i at [8*i +: 8]; stable until done. From byte 128 on: from version 2 on
    output logic done,                // one cycle
    output logic decoded,             // with done: header and enumerations are valid, so that a status may be written
    output logic [3:0] error,         // with done
    output subbit_pkg::layer_t layer
);
  import subbit_contract_pkg::*;
  import subbit_pkg::*;
  localparam int LANE_BITS = $clog2(LANES);
  // Tables take bits in and out alone, without bias; ROW_DEPTH places hold the rows of an image.
  localparam bit TABLES = RESPONSE_UNIT == 32'(RESPONSE_UNIT_TABLES);
  localparam int MOST_BITS = $clog2(MAX_CHANNELS) + 5;
  localparam bit INTEGER_LAYERS = DENSE || INTEGER_CONV;
  // Products and regions beyond these are those of signs that go with values.
  localparam logic [3:0] LAST_STEP = INTEGER_LAYERS ? 4'd11 : 4'd8;
  localparam logic [2:0] LAST_REGION = INTEGER_LAYERS ? 3'd7 : 3'd6;
  localparam int MAX_TILE_ROWS = 64;
  // Sums of a tile and of the row or pixel that may be added to it, each at most SUM_DEPTH.
  localparam int SUMS_BITS = $clog2(SUM_DEPTH) + 2;

  if (MEMORY_BYTES > (64'd1 << 40)) begin : g_check
    $error("MEMORY_BYTES must be at most 2^40");
  end

  // ---- The fields as they lie in the descriptor.
  descriptor_t d;
  assign d = bytes;
  // A cycle after the bytes.
  logic extended, integer_layer, classifier, integer_conv, stem, shortcut;
  wire gives_values = integer_conv || stem || shortcut;
  always_ff @(posedge clk) begin
    extended <= d.version == 16'd2 || (INTEGER_LAYERS && d.version == 16'd3);
    integer_layer <= INTEGER_LAYERS && d.version == 16'd3;
    classifier <= DENSE && d.version == 16'd3 && d.kind == 8'(KIND_CLASSIFIER);
    stem <= DENSE && d.version == 16'd3 && d.kind == 8'(KIND_STEM);
    shortcut <= DENSE && d.version == 16'd3 && d.kind == 8'(KIND_SHORTCUT);
    integer_conv <= INTEGER_CONV && d.version == 16'd3 && d.kind == 8'(KIND_CONV);
  end
  wire [31:0] residual_multiplier = extended ? d.residual_multiplier : 32'd0;
  wire signed [15:0] residual_zero = extended ? d.residual_zero_point : 16'd0;
  wire [63:0] addresses[8];    // output, input, index, codebook, bias, multiplier, residual, signs
  assign addresses[0] = d.output_address;
  assign addresses[1] = d.input_address;
  assign addresses[2] = d.index_address;
  assign addresses[3] = d.codebook_address;
  assign addresses[4] = d.bias_address;
  assign addresses[5] = d.multiplier_address;
  assign addresses[6] = extended ? d.residual_address : 64'd0;
  assign addresses[7] = integer_layer ? d.signs_address : 64'd0;

  wire bits = d.input_format == 8'(INPUT_FORMAT_BITS);
  wire words = d.output_format == 8'(OUTPUT_FORMAT_I32);
  wire out_bits = d.output_format == 8'(OUTPUT_FORMAT_BITS);
  wire in_signed = d.input_format == 8'(INPUT_FORMAT_S8);
  wire out_signed = d.output_format == 8'(OUTPUT_FORMAT_S8);
  // Strides, pads and bits of an index that every convolution may have.
  wire conv_form = d.tau >= 8'd1 && d.tau <= 8'(INDEX_PLANES) &&
      (d.stride_h == 16'd1 || d.stride_h == 16'd2) && (d.stride_w == 16'd1 || d.stride_w == 16'd2) &&
      d.pad_top <= 16'd2 && d.pad_left <= 16'd2 && d.pad_bottom <= 16'd2 && d.pad_right <= 16'd2;
  // Of version 3: that the layer has nothing of what neither of these kinds has, and what each of them needs.
  wire others_clear = d.input_format == 0 && d.output_format == 0 && d.mode == 0 && d.input_zero_point == 0 &&
      d.output_zero_point == 0 && d.group == 32'd1 && d.dilation_h == 16'd1 && d.dilation_w == 16'd1 &&
      d.residual_multiplier[30:0] == 0 && d.residual_zero_point == 0;
  wire pool_pads_clear = {d.pool_pad_top, d.pool_pad_left, d.pool_pad_bottom, d.pool_pad_right} == 0;
  wire pool_clear = d.pool_height == 8'd1 && d.pool_width == 8'd1 && d.pool_stride_h == 8'd1 && d.pool_stride_w == 8'd1 &&
      pool_pads_clear;
  wire window_clear = d.stride_h == 16'd1 && d.stride_w == 16'd1 && {d.pad_top, d.pad_left, d.pad_bottom, d.pad_right} == 0;
  wire value_bits_fit = d.value_bits >= 8'd9 && d.value_bits <= 8'd16;
  wire taps_clear = d.taps == 0;
  wire dense_clear = d.tau == 0 && d.residual_address == 0 && d.slope_shift == 0;
  wire classifier_alone = DENSE && d.kind == 8'(KIND_CLASSIFIER) && dense_clear && d.kernel == 0 && pool_clear && window_clear && d.beside == 0 && taps_clear &&
      d.shift <= 8'd15 && d.value_bits == 0 && d.signs_address == 0;
  wire conv_alone = INTEGER_CONV && d.kind == 8'(KIND_CONV) && conv_form && (32'd1 << d.tau) <= 32'(TABLE_DEPTH) &&
      d.kernel == 0 && pool_clear && d.beside == 0 && taps_clear && d.shift <= 8'd11 && d.slope_shift <= 8'd3 &&
      (d.residual_address != 0 || d.slope_shift == 0) && value_bits_fit;
  wire shortcut_alone = DENSE && d.kind == 8'(KIND_SHORTCUT) && dense_clear && d.kernel == 0 && window_clear && d.beside == 0 && taps_clear &&
      (d.pool_height == 8'd1 || d.pool_height == 8'd2) && d.pool_width == d.pool_height && d.pool_stride_h == d.pool_height &&
      d.pool_stride_w == d.pool_height && pool_pads_clear && d.shift >= 8'd1 && d.shift <= 8'd23 && value_bits_fit;
  // Windows of a pool overlap by one at most.
  function automatic logic pool_fits(input logic [7:0] window, input logic [7:0] stride, input logic [7:0] pad_begin, input logic [7:0] pad_end);
    return window >= 8'd1 && window <= 8'(MAX_POOL) && stride >= 8'd1 && stride <= window && stride + 8'd1 >= window &&
        pad_begin < window && pad_end < window;
  endfunction
  // The last pixel of a window that begins with an odd column is not there, and only the largest stride needs it.
  wire window_fits = d.stride_w != 16'(MAX_KERNEL) || !d.pad_left[0];
  wire stem_alone = DENSE && d.kind == 8'(KIND_STEM) && dense_clear && d.kernel >= 8'd1 && d.kernel <= 8'(MAX_KERNEL) &&
      in_range(32'(d.stride_h), 32'(d.kernel)) && in_range(32'(d.stride_w), 32'(d.kernel)) && d.pad_top < 16'(d.kernel) &&
      d.pad_left < 16'(d.kernel) && d.pad_bottom < 16'(d.kernel) && d.pad_right < 16'(d.kernel) &&
      pool_fits(d.pool_height, d.pool_stride_h, d.pool_pad_top, d.pool_pad_bottom) &&
      pool_fits(d.pool_width, d.pool_stride_w, d.pool_pad_left, d.pool_pad_right) && d.shift >= 8'd1 && d.shift <= 8'd17 &&
      d.beside <= 8'd1 && value_bits_fit && window_fits;
  // A cycle after what they are made of.
  logic integer_supported, integer_tail_clear;
  logic [31:0] positions;
  logic [MOST_BITS-1:0] most_sum;           // of a convolution, if its channels are within their limit
  logic [MOST_BITS+10:0] most_sum_moved;    // up
  logic [9:0] dense_taps;                   // of a stem or shortcut
  logic [15:0] block_outputs;               // of a stem's block, at most
  logic [31:0] kept;                        // what stays on chip of a row: pairs of values, or sums that are pooled
  // Lengths of the axes of a stem's sums, and of what they are pooled to: one division after the other.
  logic [3:0] judge;
  logic [15:0] sum_height, sum_width;
  logic [17:0] quotient;
  logic has_codebook, has_bias, has_multipliers, has_residual, tail_clear;

  // Whether a zero point is in the range of its format; without one it is 0.
  function automatic logic zero_fits(input logic none, input logic is_signed, input logic signed [15:0] zero);
    return none ? zero == 0 : is_signed ? zero >= -16'sd128 && zero <= 16'sd127 : zero >= 0 && zero <= 16'sd255;
  endfunction
  function automatic logic in_range(input logic [31:0] value, input logic [31:0] most);
    return value != 0 && value <= most;
  endfunction
  // Length of an output axis; 0 where the padded input does not hold the kernel.
  function automatic logic [31:0] out_length(input logic [31:0] padded, input logic [15:0] stride);
    return padded < 32'd3 ? 32'd0 : (stride == 16'd2 ? (padded - 32'd3) >> 1 : padded - 32'd3) + 32'd1;
  endfunction

  // 2^20 / divisor, rounded up, for 1 to 8: the quotients of 17 bits that its products give are exact.
  function automatic logic [20:0] reciprocal(input logic [3:0] divisor);
    case (divisor)
      4'd2: return 21'd524288;
      4'd3: return 21'd349526;
      4'd4: return 21'd262144;
      4'd5: return 21'd209716;
      4'd6: return 21'd174763;
      4'd7: return 21'd149797;
      4'd8: return 21'd131072;
      default: return 21'd1048576;
    endcase
  endfunction
  logic [31:0] padded_height, padded_width;
  logic [17:0] axis_padded;
  logic [3:0] axis_window, axis_stride;
  always_comb begin
    case ({judge[2], judge[0]})
      2'd0: {axis_padded, axis_window, axis_stride} = {padded_height[17:0], d.kernel[3:0], d.stride_h[3:0]};
      2'd1: {axis_padded, axis_window, axis_stride} = {padded_width[17:0], d.kernel[3:0], d.stride_w[3:0]};
      2'd2: {axis_padded, axis_window, axis_stride} =
          {18'(sum_height) + 18'(d.pool_pad_top[1:0]) + 18'(d.pool_pad_bottom[1:0]), d.pool_height[3:0], d.pool_stride_h[3:0]};
      default: {axis_padded, axis_window, axis_stride} =
          {18'(sum_width) + 18'(d.pool_pad_left[1:0]) + 18'(d.pool_pad_right[1:0]), d.pool_width[3:0], d.pool_stride_w[3:0]};
    endcase
  end
  wire [16:0] axis_room = 17'(axis_padded - 18'(axis_window));
  // Of sums that there are none of, nothing is pooled.
  wire axis_fits = axis_padded >= 18'(axis_window) && (judge[2] ? (judge[0] ? sum_width : sum_height) != 0 : 1'b1);
  // A division takes three cycles.
  logic fits_1, fits_2;
  logic [16:0] room_1;
  logic [20:0] reciprocal_1;
  logic [17:0] quotient_2;

  // The checks, valid three cycles after the bytes, and those of a stem's axes ten.
  logic [15:0] row_places;
  logic [31:0] rows_due;
  logic header_ok, enumerations_ok, supported, zeros_ok, multiplier_ok, shape_ok, optional_ok;
  logic [31:0] height_due, width_due;
  logic [39:0] out_row_bytes;
  always_ff @(posedge clk) begin
    out_row_bytes <= gives_values ? (40'(d.out_width) + 40'd3) >> 2 << 3 : words ? 40'(d.out_width) << 2 :
        out_bits ? (40'(d.out_width) + 40'd7) >> 3 : 40'(d.out_width);
    header_ok <= d.magic == MAGIC && d.reserved_74 == 0 &&
        (integer_layer ? d.size == 16'(DESCRIPTOR_BYTES_3) && tail_clear && integer_tail_clear :
            extended ? d.size == 16'(DESCRIPTOR_BYTES_2) && tail_clear :
            d.version == 16'd1 && d.size == 16'(DESCRIPTOR_BYTES_1));
    enumerations_ok <= d.input_format < 8'(INPUT_FORMAT_VALUES) && d.output_format < 8'(OUTPUT_FORMAT_VALUES) &&
        d.mode < 8'(MODE_VALUES) && (!integer_layer || d.kind < 8'(KIND_VALUES));
    supported <= integer_layer ? integer_supported : conv_form &&
        (d.mode == 8'(MODE_DIRECT) || (32'd1 << d.tau) <= 32'(TABLE_DEPTH)) &&
        (!TABLES || (bits && out_bits && d.mode == 8'(MODE_TABLE) && !has_residual)) &&
        d.dilation_h == 16'd1 && d.dilation_w == 16'd1 && d.group == 32'd1;
    zeros_ok <= zero_fits(bits, in_signed, d.input_zero_point) &&
        zero_fits(words || out_bits, out_signed, d.output_zero_point) &&
        zero_fits(!has_residual || words || out_bits, out_signed, residual_zero);
    // Below 2^120, so that its product with eight bits is finite.
    multiplier_ok <= residual_multiplier[30:23] < 8'd247;
    positions <= 32'(d.in_height[15:0]) * 32'(d.in_width[15:0]);
    most_sum <= MOST_BITS'(d.in_channels[$clog2(MAX_CHANNELS):0]) + (MOST_BITS'(d.in_channels[$clog2(MAX_CHANNELS):0]) << 3);
    most_sum_moved <= (MOST_BITS + 11)'(most_sum) << d.shift[3:0];
    padded_height <= d.in_height + 32'(d.pad_top) + 32'(d.pad_bottom);
    padded_width <= d.in_width + 32'(d.pad_left) + 32'(d.pad_right);
    // A third, rounded up: exact for 16 bits.
    row_places <= 16'((33'(d.in_height[15:0]) + 33'd2) * 33'd43691 >> 17);
    rows_due <= 32'(row_places) * 32'(d.in_channels[$clog2(MAX_CHANNELS):0]);
    {fits_2, fits_1} <= {fits_1, axis_fits};
    room_1 <= axis_room;
    reciprocal_1 <= reciprocal(axis_stride);
    quotient_2 <= 18'(38'(room_1) * 38'(reciprocal_1) >> 20);
    quotient <= fits_2 ? quotient_2 + 18'd1 : '0;
    if (judge == 4'd3) sum_height <= quotient[15:0];
    if (judge == 4'd4) sum_width <= quotient[15:0];
    if (!stem || judge == 4'd7) height_due <= stem ? 32'(quotient) : shortcut ? (d.pool_height[1] ? (d.in_height + 32'd1) >> 1 : d.in_height) :
        out_length(padded_height, d.stride_h);
    if (!stem || judge == 4'd8) width_due <= stem ? 32'(quotient) : shortcut ? (d.pool_height[1] ? (d.in_width + 32'd1) >> 1 : d.in_width) :
        out_length(padded_width, d.stride_w);
    dense_taps <= stem ? d.taps[9:0] : d.in_channels[9:0];
    block_outputs <= d.out_channels > DENSE_OUTPUTS ? 16'(DENSE_OUTPUTS) : d.out_channels[15:0];
    kept <= shortcut ? 32'(d.in_channels[15:0]) * ((32'(d.out_width[15:0]) + 32'd1) >> 1) :
        32'(block_outputs) * 32'(d.out_width[15:0]);
    shape_ok <= (!stem || in_range(32'(d.taps), STEM_TAPS)) && in_range(d.in_channels, stem ? STEM_CHANNELS : shortcut ? DENSE_TAPS : 32'(MAX_CHANNELS)) &&
        in_range(d.out_channels, classifier ? MAX_CLASSES : 32'(MAX_CHANNELS)) && d.batch != 0 && in_range(d.in_height, 32'd65535) && in_range(d.out_height, 32'd65535) &&
        in_range(d.in_width, stem ? STEM_WIDTH : 32'(MAX_WIDTH)) && in_range(d.out_width, 32'(MAX_WIDTH)) &&
        (classifier ? positions <= MAX_POSITIONS && d.out_height == 32'd1 && d.out_width == 32'd1 :
            (!TABLES || stem || shortcut || rows_due <= 32'(ROW_DEPTH)) && d.out_height == height_due && d.out_width == width_due) &&
        (!integer_conv || most_sum_moved <= (MOST_BITS + 11)'(32767)) && (!shortcut || kept <= SHORTCUT_PAIRS) &&
        (!stem || (d.pool_height == 8'd1 && d.pool_width == 8'd1) || kept <= POOLED_SUMS);
    if (shortcut) optional_ok <= !has_codebook && has_multipliers && !has_bias;
    else if (integer_conv || stem) optional_ok <= has_codebook && has_multipliers && !has_bias;
    else optional_ok <= !(classifier && (has_codebook || has_bias)) && words == !has_multipliers &&
        !((words || out_bits) && has_residual) && !(TABLES && has_bias);
  end

  // ---- Sizes, computed one product after the other.
  typedef enum logic [3:0] {
    IDLE,           // waits for a descriptor
    DECODE,         // waits for the checks,
    JUDGE,          // which take seven cycles
    CHECK,          // takes the first error, and copies the fields of the layer
    PRODUCT,        // starts a product
    STORE,          // waits for it and stores it
    REGION_FIELDS,  // waits for the fields of a region,
    REGION_ENDS,    // and for its end
    REGION,         // checks the region
    TILE,           // starts the tile with one row, or one pixel if a row is too long
    TILE_ROWS,      // adds rows while they fit
    TILE_COLUMNS,   // adds pixels while they fit
    REPORT          // reports the result
  } state_t;
  state_t state;
  logic [3:0] step;
  logic [2:0] region;
  logic [39:0] in_total, out_total, signs_total, row_sums;
  logic too_large;

  // Input channels with those that fill up the index; of a stem, shortcut or classifier, weights
  // of an output, and outputs with those that fill them up.
  wire dense = classifier || stem || shortcut;
  wire [31:0] index_outputs = dense ? (d.out_channels + DENSE_OUTPUTS - 32'd1) & ~(DENSE_OUTPUTS - 32'd1) : d.out_channels;
  wire [31:0] index_channels = stem || shortcut ?
      32'(dense_taps) << stem : TABLES && !classifier ? (d.in_channels + INDEX_CHANNELS - 32'd1) & ~(INDEX_CHANNELS - 32'd1) : d.in_channels;

  logic multiply;
  logic [39:0] factor_a;
  logic [31:0] factor_b;
  logic multiplying, overflow;
  logic [39:0] product;
  subbit_multiply multiplier (
      .clk,
      .rst,
      .start(multiply),
      .a(factor_a),
      .b(factor_b),
      .busy(multiplying),
      .product,
      .overflow
  );
  always_comb begin
    case (step)
      4'd0: {factor_a, factor_b} = {40'(layer.row_bytes), shortcut ? d.in_channels : d.in_height};
      4'd1: {factor_a, factor_b} = {layer.in_plane_bytes, shortcut ? d.in_height : d.in_channels};
      4'd2: {factor_a, factor_b} = {layer.in_image_bytes, d.batch};
      4'd3: {factor_a, factor_b} = {out_row_bytes, gives_values ? d.out_channels : d.out_height};
      4'd4: {factor_a, factor_b} = {layer.out_plane_bytes, gives_values ? d.out_height : d.out_channels};
      4'd5: {factor_a, factor_b} = {layer.out_image_bytes, d.batch};
      4'd6: {factor_a, factor_b} = {40'(index_channels), index_outputs};
      4'd7: {factor_a, factor_b} = {layer.index_plane_bytes, dense ? 32'd1 : 32'(d.tau)};
      4'd8: {factor_a, factor_b} = {40'(d.out_width), 32'(layer.slots)};
      4'd9: {factor_a, factor_b} = {(40'(d.out_width) + 40'd7) >> 3, d.out_height};
      4'd10: {factor_a, factor_b} = {layer.signs_plane_bytes, d.out_channels};
      default: {factor_a, factor_b} = {layer.signs_image_bytes, d.batch};
    endcase
  end
  assign multiply = state == PRODUCT;

  // ---- Regions of memory.
  logic [39:0] region_bytes;
  always_comb begin
    case (region)
      3'd0: region_bytes = out_total;
      3'd1: region_bytes = in_total;
      3'd2: region_bytes = layer.index_bytes;
      3'd3: region_bytes = classifier || shortcut ? 40'd0 : stem ? 40'd8 + (40'(dense_taps) << 2) : 40'd2 << d.tau;
      3'd4: region_bytes = layer.has_bias ? 40'(d.out_channels) << 2 : 40'd0;
      3'd5: region_bytes = gives_values ? 40'(d.out_channels) << 4 : words ? 40'd0 : 40'(d.out_channels) << 2;
      3'd6: region_bytes = layer.has_residual ? out_total : 40'd0;
      default: region_bytes = layer.gives_signs ? signs_total : 40'd0;
    endcase
  end
  // The region's fields come one cycle later, its end and those of what is written one more.
  logic [63:0] region_begin, region_begin_1;
  logic [39:0] region_bytes_1;
  logic [64:0] region_end, output_end, signs_end;
  logic region_empty;
  always_ff @(posedge clk) begin
    region_begin_1 <= addresses[region];
    region_bytes_1 <= region_bytes;
    region_begin <= region_begin_1;
    region_end <= {1'b0, region_begin_1} + 65'(region_bytes_1);
    region_empty <= region_bytes_1 == 0;
    output_end <= {1'b0, addresses[0]} + 65'(out_total);
    signs_end <= {1'b0, addresses[7]} + 65'(signs_total);
  end
  wire region_inside = region_begin[5:0] == 0 && region_end <= {1'b0, MEMORY_BYTES};
  wire region_overlaps = !region_empty &&
      ((region != 3'd0 && {1'b0, region_begin} < output_end && {1'b0, addresses[0]} < region_end) ||
       (INTEGER_LAYERS && region != 3'd7 && layer.gives_signs && {1'b0, region_begin} < signs_end &&
        {1'b0, addresses[7]} < region_end));

  // ---- The tile: as many rows as fit into the accumulators and the input banks, or as many columns of one row.
  logic [SUMS_BITS-1:0] tile_sums;
  logic [15:0] bank_pixels;
  logic [1:0] slack;        // rows that still fit into the last row of the banks
  wire [SUMS_BITS-1:0] more_sums = tile_sums + (state == TILE_ROWS ? SUMS_BITS'(row_sums) : SUMS_BITS'(layer.slots));
  wire more_banks = slack < layer.stride_h;
  wire [16:0] more_pixels = 17'(bank_pixels) + (more_banks ? 17'(layer.in_width) : 17'd0);

  always_ff @(posedge clk) begin
    tail_clear <= d.reserved_8e == 0;
    integer_tail_clear <= d.reserved_d8 == 0;
    integer_supported <= (classifier_alone || conv_alone || shortcut_alone || stem_alone) && others_clear;
    has_codebook <= addresses[3] != 0;
    has_bias <= addresses[4] != 0;
    has_multipliers <= addresses[5] != 0;
    has_residual <= addresses[6] != 0;
    done <= 1'b0;
    if (rst) begin
      state <= IDLE;
    end else begin
      case (state)
        IDLE: if (start) state <= DECODE;
        DECODE: begin
          judge <= '0;
          state <= JUDGE;
        end
        JUDGE: begin
          judge <= judge + 4'd1;
          if (judge == 4'd10) state <= CHECK;
        end
        CHECK: begin
          step <= '0;
          region <= '0;
          too_large <= 1'b0;
          decoded <= header_ok && enumerations_ok;
          state <= REPORT;
          if (!header_ok) error <= ERROR_HEADER;
          else if (!enumerations_ok || !supported) error <= ERROR_UNSUPPORTED;
          else if (!zeros_ok) error <= ERROR_ZERO_POINT;
          else if (!multiplier_ok) error <= ERROR_MULTIPLIER;
          else if (!shape_ok) error <= ERROR_SHAPE;
          else if (!optional_ok) error <= ERROR_ADDRESS;
          else begin
            error <= ERROR_NONE;
            state <= PRODUCT;
          end
        end
        PRODUCT: state <= STORE;
        STORE:
        if (!multiplying) begin
          case (step)
            4'd0: layer.in_plane_bytes <= product;
            4'd1: layer.in_image_bytes <= product;
            4'd2: in_total <= product;
            4'd3: layer.out_plane_bytes <= product;
            4'd4: layer.out_image_bytes <= product;
            4'd5: out_total <= product;
            4'd6: begin
              layer.index_plane_bytes <= dense ? product : (product + 40'd7) >> 3;
            end
            4'd7: layer.index_bytes <= product;
            4'd8: row_sums <= product;
            4'd9: layer.signs_plane_bytes <= product;
            4'd10: layer.signs_image_bytes <= product;
            default: signs_total <= product;
          endcase
          too_large <= too_large || overflow;
          step <= step + 4'd1;
          state <= step == LAST_STEP ? REGION_FIELDS : PRODUCT;
        end
        REGION_FIELDS: state <= REGION_ENDS;
        REGION_ENDS: state <= REGION;
        REGION: begin
          region <= region + 3'd1;
          state <= REGION_FIELDS;
          if (too_large || !region_inside || region_overlaps) begin
            error <= ERROR_ADDRESS;
            state <= REPORT;
          end else if (region == LAST_REGION) begin
            state <= TABLES ? REPORT : TILE;
          end
        end
        TILE: begin
          layer.tile_rows <= 8'd1;
          bank_pixels <= layer.in_width;
          slack <= 2'd0;
          if (row_sums <= 40'(SUM_DEPTH)) begin
            layer.tile_columns <= layer.out_width;
            tile_sums <= SUMS_BITS'(row_sums);
            state <= TILE_ROWS;
          end else begin
            layer.tile_columns <= 16'd1;
            tile_sums <= SUMS_BITS'(layer.slots);
            state <= TILE_COLUMNS;
          end
        end
        TILE_ROWS:
        if (16'(layer.tile_rows) < layer.out_height && layer.tile_rows < 8'(MAX_TILE_ROWS) &&
            more_sums <= SUMS_BITS'(SUM_DEPTH) && more_pixels <= 17'(ROW_DEPTH)) begin
          layer.tile_rows <= layer.tile_rows + 8'd1;
          tile_sums <= more_sums;
          bank_pixels <= more_pixels[15:0];
          slack <= more_banks ? slack + 2'd3 - layer.stride_h : slack - layer.stride_h;
        end else state <= REPORT;
        TILE_COLUMNS:
        if (more_sums <= SUMS_BITS'(SUM_DEPTH)) begin
          layer.tile_columns <= layer.tile_columns + 16'd1;
          tile_sums <= more_sums;
        end else begin
          // Bits are written in whole bytes.
          if (out_bits) layer.tile_columns[2:0] <= '0;
          state <= REPORT;
        end
        // REPORT
        default: begin
          done <= 1'b1;
          state <= IDLE;
        end
      endcase
    end

    if (state == CHECK) begin
      layer.input_format <= d.input_format[1:0];
      layer.output_format <= d.output_format[1:0];
      layer.tau <= d.tau[3:0];
      layer.direct <= d.mode[0];
      layer.input_zero <= d.input_zero_point[8:0];
      layer.output_zero <= d.output_zero_point[8:0];
      layer.batch <= d.batch;
      layer.in_channels <= d.in_channels[15:0];
      layer.in_height <= d.in_height[15:0];
      layer.in_width <= d.in_width[15:0];
      layer.out_channels <= d.out_channels[15:0];
      layer.out_height <= d.out_height[15:0];
      layer.out_width <= d.out_width[15:0];
      layer.stride_h <= d.stride_h[1:0];
      layer.stride_w <= d.stride_w[1:0];
      layer.pad_top <= d.pad_top[1:0];
      layer.pad_left <= d.pad_left[1:0];
      layer.has_bias <= has_bias;
      layer.output_address <= addresses[0][39:0];
      layer.input_address <= addresses[1][39:0];
      layer.index_address <= addresses[2][39:0];
      layer.codebook_address <= addresses[3][39:0];
      layer.bias_address <= addresses[4][39:0];
      layer.multiplier_address <= addresses[5][39:0];
      layer.has_residual <= has_residual;
      layer.residual_address <= addresses[6][39:0];
      layer.residual_multiplier <= residual_multiplier;
      layer.residual_zero <= residual_zero[8:0];
      layer.row_places <= row_places;
      layer.classifier <= classifier;
      layer.integer_conv <= integer_conv;
      layer.gives_values <= gives_values;
      layer.shortcut <= shortcut;
      layer.stem <= stem;
      layer.beside <= stem && d.beside[0];
      layer.dense_taps <= dense_taps;
      layer.pool_height <= d.pool_height[1:0];
      layer.pool_width <= d.pool_width[1:0];
      layer.pool_stride_h <= d.pool_stride_h[1:0];
      layer.pool_stride_w <= d.pool_stride_w[1:0];
      layer.pool_pad_top <= d.pool_pad_top[1:0];
      layer.pool_pad_left <= d.pool_pad_left[1:0];
      layer.kernel <= d.kernel[3:0];
      layer.stem_stride_h <= d.stride_h[3:0];
      layer.stem_stride_w <= d.stride_w[3:0];
      layer.stem_pad_top <= d.pad_top[2:0];
      layer.stem_pad_left <= d.pad_left[2:0];
      layer.sum_height <= sum_height;
      layer.sum_width <= sum_width;
      layer.shift <= d.shift[4:0];
      layer.slope_shift <= d.slope_shift[1:0];
      layer.value_bits <= d.value_bits[4:0];
      layer.gives_signs <= gives_values && d.signs_address != 0;
      layer.signs_address <= d.signs_address[39:0];
      // Rows of values of 16 bits are filled up to eight bytes.
      layer.row_bytes <= classifier || shortcut ? 16'((d.in_width + 32'd3) >> 2 << 3) : stem ? d.in_width[15:0] :
          bits ? 16'((d.in_width + 32'd7) >> 3) : d.in_width[15:0];
      layer.slots <= 16'((d.out_channels + 32'(LANES - 1)) >> LANE_BITS);
    end
  end

endmodule

`default_nettype wire
