// What all modules of the engine share: widths that the arithmetic lays down, and one layer as its descriptor gives it. What
// the engine shares with its driver is in subbit_contract_pkg.
`default_nettype none

package subbit_pkg;
  // A pixel minus its zero point: -255 to 255.
  localparam int PIXEL_BITS = 9;
  // A response of nine taps: -2295 to 2295.
  localparam int RESPONSE_BITS = 13;
  // The nine taps under a kernel; tap t at [t*PIXEL_BITS +: PIXEL_BITS], row-major.
  localparam int WINDOW_BITS = 9 * PIXEL_BITS;
  // The largest number of bits in an index.
  localparam int MAX_TAU = 9;

  // A checked layer. Addresses and byte counts fit 40 bits: device memory is no larger.
  typedef struct packed {
    // Formats, arithmetic and mode.
    logic [1:0] input_format;
    logic [1:0] output_format;
    logic [3:0] tau;
    logic direct;
    logic signed [8:0] input_zero;
    logic signed [8:0] output_zero;
    // Shapes, strides and padding.
    logic [31:0] batch;
    logic [15:0] in_channels;
    logic [15:0] in_height;
    logic [15:0] in_width;
    logic [15:0] out_channels;
    logic [15:0] out_height;
    logic [15:0] out_width;
    logic [1:0] stride_h;
    logic [1:0] stride_w;
    logic [1:0] pad_top;
    logic [1:0] pad_left;
    // Where the tensors lie in device memory.
    logic has_bias;
    logic [39:0] input_address;
    logic [39:0] output_address;
    logic [39:0] index_address;
    logic [39:0] codebook_address;
    logic [39:0] bias_address;
    logic [39:0] multiplier_address;
    // The residual.
    logic has_residual;
    logic [39:0] residual_address;
    logic [31:0] residual_multiplier;
    logic signed [8:0] residual_zero;
    // A layer of an integer network: a classifier, or one that gives values of 16 bits and perhaps their signs.
    logic classifier;
    logic gives_values;
    logic integer_conv;
    logic shortcut;
    logic stem;
    logic beside;                     // the list goes on while it runs
    logic [4:0] shift;
    logic [1:0] slope_shift;
    logic [4:0] value_bits;
    logic gives_signs;
    logic [39:0] signs_address;
    // Of a stem or shortcut, its taps and the window of its pool; of a stem alone the others.
    logic [9:0] dense_taps;
    logic [1:0] pool_height;
    logic [1:0] pool_width;
    logic [1:0] pool_stride_h;
    logic [1:0] pool_stride_w;
    logic [1:0] pool_pad_top;
    logic [1:0] pool_pad_left;
    logic [3:0] kernel;
    logic [3:0] stem_stride_h;
    logic [3:0] stem_stride_w;
    logic [2:0] stem_pad_top;
    logic [2:0] stem_pad_left;
    logic [15:0] sum_height;          // of the sums that are pooled
    logic [15:0] sum_width;
    // Derived from the fields above.
    logic [15:0] row_bytes;           // of one input row
    logic [39:0] in_plane_bytes;      // of one input channel; of a shortcut, of one row of all channels
    logic [39:0] in_image_bytes;      // of all
    logic [15:0] row_places;          // thirds of an input channel's rows, rounded up
    logic [39:0] out_plane_bytes;     // of one output channel; of values of 16 bits, of one row of all channels
    logic [39:0] out_image_bytes;     // of all
    logic [39:0] signs_plane_bytes;   // of the signs of one output channel
    logic [39:0] signs_image_bytes;   // of all
    logic [39:0] index_plane_bytes;   // of one bit plane of the index
    logic [39:0] index_bytes;         // of all; of a stem, shortcut or classifier, of its weights
    logic [15:0] slots;               // accumulators a lane holds for one pixel
    logic [15:0] tile_columns;        // output pixels of a tile: columns ...
    logic [7:0] tile_rows;            // ... and rows
  } layer_t;
endpackage

`default_nettype wire
