// Fetches the residual of a tile ahead of its write-back: for each output channel one run of bytes, as long as the run
// that is written. A run is requested in parts, each only when there is room for the whole part, so that the bus is
// never held up.
`default_nettype none

module subbit_residual #(
    parameter int PIXEL_BITS = 10,
    parameter int ADDR_WIDTH = 32,
    parameter int DATA_WIDTH = 64,
    // Beats that can be held, a power of two, and beats in a part.
    parameter int DEPTH = 64,
    parameter int PART = 16
) (
    input wire clk,
    input wire rst,

    // The tile.
    input wire                  start,       // of a tile, one cycle; everything of the previous tile has been taken
    input wire [          39:0] address,     // of the first channel's run
    input wire [          39:0] stride,      // from one channel's run to the next
    input wire [PIXEL_BITS-1:0] pixels,      // of a run, minus one; stable until the tile ends
    input wire [          15:0] channels,

    // Reads from device memory, one part per command.
    output logic                  read_valid,
    input  wire                   read_ready,
    output logic [ADDR_WIDTH-1:0] read_address,
    output logic [          23:0] read_bytes,
    input  wire                   beat_valid,    // always accepted
    input  wire  [DATA_WIDTH-1:0] beat_data,

    // Bytes, one after the other; a value follows two enabled cycles after `take`.
    input  wire        enable,
    output logic       available,
    input  wire        take,
    input  wire        take_last,                // of its run
    output logic [7:0] value
);
  localparam int BYTES = DATA_WIDTH / 8;
  localparam int SIZE = $clog2(BYTES);
  localparam int SLOT_BITS = $clog2(DEPTH);
  // Bits that count the bytes of a run, or of a part, which may be longer than any run.
  localparam int PART_BITS = $clog2(PART * BYTES) + 1;
  localparam int RUN_BITS = PIXEL_BITS + 1 > PART_BITS ? PIXEL_BITS + 1 : PART_BITS;

  if ((1 << SLOT_BITS) != DEPTH || DEPTH < 2 * PART) begin : g_check
    $error("DEPTH must be a power of two and hold two parts");
  end

  // ---- Requesting.
  logic asking;
  logic [39:0] run_address, part_address;
  logic [RUN_BITS-1:0] left;             // bytes of the run not yet requested
  logic [15:0] channels_left;
  logic [SLOT_BITS:0] due, here, gone;   // beats requested, arrived and released, modulo 2 * DEPTH

  // A part is measured in one cycle and requested in a later one.
  logic measured, room;
  logic part_ends_run;
  logic [RUN_BITS-1:0] part_bytes;
  logic [SLOT_BITS:0] part_beats;
  logic [39:0] next_run;
  wire ends_run = left <= RUN_BITS'(PART * BYTES);
  wire [RUN_BITS-1:0] bytes = ends_run ? left : RUN_BITS'(PART * BYTES);
  wire [RUN_BITS:0] span = {1'b0, bytes} + (RUN_BITS + 1)'(BYTES - 1);
  wire asked = read_valid && read_ready;

  assign read_valid = asking && measured && room;
  assign read_address = ADDR_WIDTH'(part_address);
  assign read_bytes = 24'(part_bytes);

  // ---- Holding and taking.
  logic [SIZE-1:0] byte_at, byte_q;
  logic [DATA_WIDTH-1:0] beat_q;
  wire release_beat = take && (take_last || byte_at == '1);

  assign available = here != gone;
  subbit_memory #(
      .WIDTH(DATA_WIDTH),
      .DEPTH(DEPTH)
  ) held (
      .clk,
      .write(beat_valid),
      .write_address(here[SLOT_BITS-1:0]),
      .write_data(beat_data),
      .read(enable),
      .read_address(gone[SLOT_BITS-1:0]),
      .read_data(beat_q)
  );

  always_ff @(posedge clk) begin
    if (rst) begin
      asking <= 1'b0;
      due <= '0;
      here <= '0;
      gone <= '0;
      byte_at <= '0;
    end else begin
      if (asked) due <= due + part_beats;
      if (beat_valid) here <= here + 1'b1;
      if (release_beat) gone <= gone + 1'b1;
      if (take) byte_at <= take_last ? '0 : byte_at + 1'b1;
      if (start) asking <= 1'b1;
      else if (asked && part_ends_run) asking <= channels_left != 16'd1;
    end

    measured <= asking && !start && !asked;
    room <= (SLOT_BITS + 1)'(due - gone) <= (SLOT_BITS + 1)'(DEPTH - PART);
    part_ends_run <= ends_run;
    part_bytes <= bytes;
    part_beats <= (SLOT_BITS + 1)'(span >> SIZE);
    next_run <= run_address + stride;
    if (start) begin
      run_address <= address;
      part_address <= address;
      left <= RUN_BITS'(pixels) + 1'b1;
      channels_left <= channels;
    end else if (asked) begin
      part_address <= part_address + 40'(PART * BYTES);
      left <= left - part_bytes;
      if (part_ends_run) begin
        run_address <= next_run;
        part_address <= next_run;
        left <= RUN_BITS'(pixels) + 1'b1;
        channels_left <= channels_left - 16'd1;
      end
    end
    if (enable) begin
      byte_q <= byte_at;
      value <= beat_q[8*byte_q+:8];
    end
  end
endmodule

`default_nettype wire
