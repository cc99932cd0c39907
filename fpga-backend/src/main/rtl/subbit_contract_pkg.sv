// Made from fpga-backend/src/main/tables/device.txt by Generate.java: change the table, not this file.
// The contract of docs/DEVICE.md as far as the hardware description needs it.
`default_nettype none

package subbit_contract_pkg;
  // Major version in the upper half, minor in the lower.
  localparam logic [31:0] VERSION_VALUE = 32'h00010008;
  // What ID reads: the letters `SBIT`, first letter in the lowest byte.
  localparam logic [31:0] ID_VALUE = 32'h54494253;
  // What every register of a device reads that is gone.
  localparam logic [31:0] BUS_ABSENT = 32'hFFFFFFFF;
  // How a descriptor begins: the letters `SBLD`, first letter in the lowest byte.
  localparam logic [31:0] MAGIC = 32'h444C4253;
  // Of the descriptor list and of every tensor in device memory.
  localparam logic [31:0] ALIGNMENT = 32'h00000040;
  // Largest stride of a device with FEATURES.ANY_STRIDE.
  localparam logic [31:0] MAX_STRIDE = 32'h000000FF;
  // Largest dilation of a device with FEATURES.DILATION.
  localparam logic [31:0] MAX_DILATION = 32'h000000FF;
  // With RESPONSE_UNIT tables: input channels whose indices lie together.
  localparam logic [31:0] INDEX_CHANNELS = 32'h00000040;
  // With RESPONSE_UNIT tables: output channels of a block of the index.
  localparam logic [31:0] INDEX_OUTPUTS = 32'h00000080;
  // Output channels whose weights of a stem, shortcut or classifier lie together.
  localparam logic [31:0] DENSE_OUTPUTS = 32'h00000040;
  // Most input channels of a shortcut.
  localparam logic [31:0] DENSE_TAPS = 32'h00000100;
  // Most taps in the list of a stem.
  localparam logic [31:0] STEM_TAPS = 32'h00000200;
  // Most in_channels * ceil(out_width / 2) of a shortcut, two of whose rows stay on chip.
  localparam logic [31:0] SHORTCUT_PAIRS = 32'h00000800;
  // Most out_width * min(out_channels, DENSE_OUTPUTS) of a stem with a max pool, of whose sums a row stays on chip.
  localparam logic [31:0] POOLED_SUMS = 32'h00001000;
  // Largest width of a stem's input.
  localparam logic [31:0] STEM_WIDTH = 32'h00000100;
  // Most input channels of a stem.
  localparam logic [31:0] STEM_CHANNELS = 32'h00000004;
  // Largest kernel of a stem.
  localparam logic [31:0] MAX_KERNEL = 32'h00000008;
  // Largest window, and stride, of a stem's max pool.
  localparam logic [31:0] MAX_POOL = 32'h00000003;
  // Most outputs of a classifier.
  localparam logic [31:0] MAX_CLASSES = 32'h0000FFFF;
  // Most rows times columns that a classifier sums up.
  localparam logic [31:0] MAX_POSITIONS = 32'h00000100;

  // Registers by their offsets, and their bits by their numbers.
  localparam logic [11:0] REGISTER_CONTROL = 12'h00;
  localparam int CONTROL_START = 0;
  localparam int CONTROL_DONE = 1;
  localparam int CONTROL_IDLE = 2;
  localparam int CONTROL_READY = 3;
  localparam logic [11:0] REGISTER_GIE = 12'h04;
  localparam int GIE_ENABLE = 0;
  localparam logic [11:0] REGISTER_IER = 12'h08;
  localparam int IER_DONE = 0;
  localparam int IER_READY = 1;
  localparam logic [11:0] REGISTER_ISR = 12'h0C;
  localparam logic [11:0] REGISTER_ID = 12'h10;
  localparam logic [11:0] REGISTER_VERSION = 12'h14;
  localparam int VERSION_MAJOR = 16;
  localparam int VERSION_MINOR = 0;
  localparam logic [11:0] REGISTER_ENGINE = 12'h18;
  localparam int ENGINE_DOT_UNITS = 0;
  localparam int ENGINE_ACCUMULATORS = 8;
  localparam int ENGINE_TABLE_DEPTH = 16;
  localparam logic [11:0] REGISTER_FEATURES = 12'h1C;
  localparam int FEATURES_INT8 = 0;
  localparam int FEATURES_BINARY = 1;
  localparam int FEATURES_ANY_STRIDE = 2;
  localparam int FEATURES_DILATION = 3;
  localparam int FEATURES_GROUPS = 4;
  localparam int FEATURES_MEMORY_BASE = 5;
  localparam int FEATURES_RESIDUAL = 6;
  localparam int FEATURES_BITS_OUT = 7;
  localparam int FEATURES_INTEGER_CONV = 8;
  localparam int FEATURES_SHORTCUT = 10;
  localparam int FEATURES_CLASSIFIER = 11;
  localparam int FEATURES_BESIDE = 12;
  localparam int FEATURES_STEM = 13;
  localparam logic [11:0] REGISTER_MAX_CHANNELS = 12'h20;
  localparam logic [11:0] REGISTER_MAX_WIDTH = 12'h24;
  localparam logic [11:0] REGISTER_MEMORY_LOW = 12'h28;
  localparam logic [11:0] REGISTER_MEMORY_HIGH = 12'h2C;
  localparam logic [11:0] REGISTER_DESCRIPTORS_LOW = 12'h30;
  localparam logic [11:0] REGISTER_DESCRIPTORS_HIGH = 12'h34;
  localparam logic [11:0] REGISTER_COUNT = 12'h38;
  localparam logic [11:0] REGISTER_ERROR = 12'h3C;
  localparam logic [11:0] REGISTER_ERROR_DESCRIPTOR = 12'h40;
  localparam logic [11:0] REGISTER_RESET = 12'h44;
  localparam int RESET_ABORT = 0;
  localparam logic [11:0] REGISTER_CYCLES_LOW = 12'h48;
  localparam logic [11:0] REGISTER_CYCLES_HIGH = 12'h4C;
  localparam logic [11:0] REGISTER_MEMORY_BASE_LOW = 12'h50;
  localparam logic [11:0] REGISTER_MEMORY_BASE_HIGH = 12'h54;
  localparam logic [11:0] REGISTER_RESPONSE_UNIT = 12'h58;
  localparam logic [1:0] RESPONSE_UNIT_DOT_UNITS = 2'd0;
  localparam logic [1:0] RESPONSE_UNIT_SHARED_ADDERS = 2'd1;
  localparam logic [1:0] RESPONSE_UNIT_TABLES = 2'd2;
  localparam logic [11:0] REGISTER_CHANNEL_LANES = 12'h5C;
  localparam logic [11:0] REGISTER_MAX_TAU = 12'h60;
  localparam logic [11:0] REGISTER_INPUT_ROWS = 12'h64;

  // Error codes.
  localparam logic [3:0] ERROR_NONE = 4'd0;
  localparam logic [3:0] ERROR_DESCRIPTOR_LIST = 4'd1;
  localparam logic [3:0] ERROR_HEADER = 4'd2;
  localparam logic [3:0] ERROR_UNSUPPORTED = 4'd3;
  localparam logic [3:0] ERROR_SHAPE = 4'd4;
  localparam logic [3:0] ERROR_ADDRESS = 4'd5;
  localparam logic [3:0] ERROR_CODEWORD = 4'd6;
  localparam logic [3:0] ERROR_MULTIPLIER = 4'd7;
  localparam logic [3:0] ERROR_ZERO_POINT = 4'd8;
  localparam logic [3:0] ERROR_INTERNAL = 4'd9;

  // Values of a descriptor's fields.
  localparam logic [1:0] INPUT_FORMAT_BITS = 2'd0;
  localparam logic [1:0] INPUT_FORMAT_U8 = 2'd1;
  localparam logic [1:0] INPUT_FORMAT_S8 = 2'd2;
  localparam int INPUT_FORMAT_VALUES = 3;
  localparam logic [1:0] OUTPUT_FORMAT_I32 = 2'd0;
  localparam logic [1:0] OUTPUT_FORMAT_U8 = 2'd1;
  localparam logic [1:0] OUTPUT_FORMAT_S8 = 2'd2;
  localparam logic [1:0] OUTPUT_FORMAT_BITS = 2'd3;
  localparam int OUTPUT_FORMAT_VALUES = 4;
  localparam logic [0:0] MODE_TABLE = 1'd0;
  localparam logic [0:0] MODE_DIRECT = 1'd1;
  localparam int MODE_VALUES = 2;
  localparam logic [1:0] KIND_CONV = 2'd0;
  localparam logic [1:0] KIND_STEM = 2'd1;
  localparam logic [1:0] KIND_SHORTCUT = 2'd2;
  localparam logic [1:0] KIND_CLASSIFIER = 2'd3;
  localparam int KIND_VALUES = 4;

  // Bytes of a descriptor, by its version, and where each field lies in it.
  localparam int DESCRIPTOR_BYTES_1 = 128;
  localparam int DESCRIPTOR_BYTES_2 = 192;
  localparam int DESCRIPTOR_BYTES_3 = 256;
  localparam int MAGIC_AT = 'h00;
  localparam int VERSION_AT = 'h04;
  localparam int SIZE_AT = 'h06;
  localparam int INPUT_FORMAT_AT = 'h08;
  localparam int OUTPUT_FORMAT_AT = 'h09;
  localparam int TAU_AT = 'h0A;
  localparam int MODE_AT = 'h0B;
  localparam int INPUT_ZERO_POINT_AT = 'h0C;
  localparam int OUTPUT_ZERO_POINT_AT = 'h0E;
  localparam int BATCH_AT = 'h10;
  localparam int IN_CHANNELS_AT = 'h14;
  localparam int IN_HEIGHT_AT = 'h18;
  localparam int IN_WIDTH_AT = 'h1C;
  localparam int OUT_CHANNELS_AT = 'h20;
  localparam int OUT_HEIGHT_AT = 'h24;
  localparam int OUT_WIDTH_AT = 'h28;
  localparam int GROUP_AT = 'h2C;
  localparam int STRIDE_H_AT = 'h30;
  localparam int STRIDE_W_AT = 'h32;
  localparam int DILATION_H_AT = 'h34;
  localparam int DILATION_W_AT = 'h36;
  localparam int PAD_TOP_AT = 'h38;
  localparam int PAD_LEFT_AT = 'h3A;
  localparam int PAD_BOTTOM_AT = 'h3C;
  localparam int PAD_RIGHT_AT = 'h3E;
  localparam int INPUT_ADDRESS_AT = 'h40;
  localparam int OUTPUT_ADDRESS_AT = 'h48;
  localparam int INDEX_ADDRESS_AT = 'h50;
  localparam int CODEBOOK_ADDRESS_AT = 'h58;
  localparam int BIAS_ADDRESS_AT = 'h60;
  localparam int MULTIPLIER_ADDRESS_AT = 'h68;
  localparam int STATUS_AT = 'h70;
  localparam int RESERVED_74_AT = 'h74;
  localparam int CYCLES_AT = 'h78;
  localparam int RESIDUAL_ADDRESS_AT = 'h80;
  localparam int RESIDUAL_MULTIPLIER_AT = 'h88;
  localparam int RESIDUAL_ZERO_POINT_AT = 'h8C;
  localparam int RESERVED_8E_AT = 'h8E;
  localparam int KIND_AT = 'hC0;
  localparam int SHIFT_AT = 'hC1;
  localparam int SLOPE_SHIFT_AT = 'hC2;
  localparam int VALUE_BITS_AT = 'hC3;
  localparam int KERNEL_AT = 'hC4;
  localparam int POOL_HEIGHT_AT = 'hC5;
  localparam int POOL_WIDTH_AT = 'hC6;
  localparam int POOL_STRIDE_H_AT = 'hC7;
  localparam int POOL_STRIDE_W_AT = 'hC8;
  localparam int POOL_PAD_TOP_AT = 'hC9;
  localparam int POOL_PAD_LEFT_AT = 'hCA;
  localparam int POOL_PAD_BOTTOM_AT = 'hCB;
  localparam int POOL_PAD_RIGHT_AT = 'hCC;
  localparam int BESIDE_AT = 'hCD;
  localparam int TAPS_AT = 'hCE;
  localparam int SIGNS_ADDRESS_AT = 'hD0;
  localparam int RESERVED_D8_AT = 'hD8;

  // A descriptor of the last version; the first byte is the lowest.
  typedef struct packed {
    logic [319:0] reserved_d8;
    logic [63:0] signs_address;
    logic [15:0] taps;
    logic [7:0] beside;
    logic [7:0] pool_pad_right;
    logic [7:0] pool_pad_bottom;
    logic [7:0] pool_pad_left;
    logic [7:0] pool_pad_top;
    logic [7:0] pool_stride_w;
    logic [7:0] pool_stride_h;
    logic [7:0] pool_width;
    logic [7:0] pool_height;
    logic [7:0] kernel;
    logic [7:0] value_bits;
    logic [7:0] slope_shift;
    logic [7:0] shift;
    logic [7:0] kind;
    logic [399:0] reserved_8e;
    logic signed [15:0] residual_zero_point;
    logic [31:0] residual_multiplier;
    logic [63:0] residual_address;
    logic [63:0] cycles;
    logic [31:0] reserved_74;
    logic [31:0] status;
    logic [63:0] multiplier_address;
    logic [63:0] bias_address;
    logic [63:0] codebook_address;
    logic [63:0] index_address;
    logic [63:0] output_address;
    logic [63:0] input_address;
    logic [15:0] pad_right;
    logic [15:0] pad_bottom;
    logic [15:0] pad_left;
    logic [15:0] pad_top;
    logic [15:0] dilation_w;
    logic [15:0] dilation_h;
    logic [15:0] stride_w;
    logic [15:0] stride_h;
    logic [31:0] group;
    logic [31:0] out_width;
    logic [31:0] out_height;
    logic [31:0] out_channels;
    logic [31:0] in_width;
    logic [31:0] in_height;
    logic [31:0] in_channels;
    logic [31:0] batch;
    logic signed [15:0] output_zero_point;
    logic signed [15:0] input_zero_point;
    logic [7:0] mode;
    logic [7:0] tau;
    logic [7:0] output_format;
    logic [7:0] input_format;
    logic [15:0] size;
    logic [15:0] version;
    logic [31:0] magic;
  } descriptor_t;
endpackage

`default_nettype wire
