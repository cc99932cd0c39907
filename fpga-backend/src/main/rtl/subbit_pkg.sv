// What all modules of the engine share: widths that the arithmetic requires, and one layer as its descriptor describes
// it.
//
// Conventions of the modules below subbit_device: `rst` is synchronous and active high. A transfer takes place in every
// cycle in which `valid` and `ready` are both 1. Ports marked "one cycle" are pulses. A suffix of _q, or of a number,
// marks a value that is registered: one cycle later, or in that stage of a pipeline.
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

  // Input formats.
  localparam logic [1:0] INPUT_BITS = 2'd0;
  // 1 is u8.
  localparam logic [1:0] INPUT_S8 = 2'd2;
  // Output formats.
  localparam logic [1:0] OUTPUT_I32 = 2'd0;
  // 1 is u8.
  localparam logic [1:0] OUTPUT_S8 = 2'd2;
  localparam logic [1:0] OUTPUT_BITS = 2'd3;

  // Error codes of docs/DEVICE.md.
  localparam logic [3:0] ERROR_NONE = 4'd0;
  localparam logic [3:0] ERROR_LIST = 4'd1;
  localparam logic [3:0] ERROR_HEADER = 4'd2;
  localparam logic [3:0] ERROR_UNSUPPORTED = 4'd3;
  localparam logic [3:0] ERROR_SHAPE = 4'd4;
  localparam logic [3:0] ERROR_ADDRESS = 4'd5;
  localparam logic [3:0] ERROR_CODEWORD = 4'd6;
  localparam logic [3:0] ERROR_MULTIPLIER = 4'd7;
  localparam logic [3:0] ERROR_ZERO_POINT = 4'd8;
  localparam logic [3:0] ERROR_INTERNAL = 4'd9;

  // A checked layer. Addresses and byte counts fit into 40 bits, because device memory is no larger.
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
    // Derived from the fields above.
    logic [15:0] row_bytes;           // of one input row
    logic [39:0] in_plane_bytes;      // of one input channel
    logic [39:0] out_plane_bytes;     // of one output channel
    logic [39:0] index_plane_bytes;   // of one bit plane of the index
    logic [15:0] slots;               // accumulators a lane holds for one pixel
    logic [15:0] tile_columns;        // output pixels of a tile: columns ...
    logic [7:0] tile_rows;            // ... and rows
  } layer_t;
endpackage

`default_nettype wire
