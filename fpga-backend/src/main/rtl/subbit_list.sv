// Works through a list of descriptors: fetches each of them, has it checked, its weights loaded and the layer run, and
// writes status and cycles back into it. Stops at the first error. A layer that runs beside others is not waited for but by one
// that needs the same array of multiply-adders, before its weights are loaded, and at the end.
`default_nettype none

module subbit_list #(
    // The newest version of descriptors, 2 or 3.
    parameter int NEWEST = 2,
    parameter int ADDR_WIDTH = 32,
    parameter int DATA_WIDTH = 64,
    parameter logic [63:0] MEMORY_BYTES = 64'd1 << 28
) (
    input wire clk,
    input wire rst,

    // The request, from and to subbit_registers; results are valid with `finished`.
    input  wire         start,
    input  wire  [63:0] list_address,
    input  wire  [31:0] list_count,
    output logic        running,
    output logic        finished,             // one cycle
    output logic [ 3:0] error,
    output logic [31:0] error_descriptor,
    output logic [63:0] cycles,

    input wire fault,                         // one cycle: a transfer on the bus failed

    // Checking, by subbit_descriptor.
    output logic          check_start,
    output logic [2047:0] descriptor,           // bytes from 128 on: from version 2 on, from 192 on: version 3 only
    input  wire           check_done,
    input  wire           check_decoded,
    input  wire  [   3:0] check_error,

    // Loading, by subbit_weight_loader.
    output logic       load_start,
    input  wire        load_done,
    input  wire  [3:0] load_error,

    // Running, by subbit_engine; `writes_busy` says that writes are still on the bus. While `writes_end` is 1, their end is
    // waited for, or the status is to be written, and nobody else should begin any.
    output logic run_start,
    input  wire  run_busy,
    input  wire  writes_busy,
    output logic writes_end,

    // The array of multiply-adders: whether the layer that is checked needs it, and whether a layer has it. It may do so while
    // `run_busy` is 0.
    input  wire  needs_array,
    input  wire  array_busy,

    // Which module has the bus: the list itself (neither bit is set), the weight loader, or the engine.
    output logic weights_turn,
    output logic engine_turn,

    // Reads of descriptors.
    output logic                  read_valid,
    input  wire                   read_ready,
    output logic [ADDR_WIDTH-1:0] read_address,
    output logic [          23:0] read_bytes,
    input  wire                   read_beat_valid,
    output logic                  read_beat_ready,
    input  wire  [DATA_WIDTH-1:0] read_beat_data,
    input  wire                   read_beat_last,

    // Writes of status and cycles.
    output logic                    write_valid,
    input  wire                     write_ready,
    output logic [  ADDR_WIDTH-1:0] write_address,
    output logic [            23:0] write_beats,
    output logic                    write_beat_valid,
    input  wire                     write_beat_ready,
    output logic [  DATA_WIDTH-1:0] write_beat_data,
    output logic [DATA_WIDTH/8-1:0] write_beat_strobe
);
  import subbit_contract_pkg::*;
  import subbit_pkg::*;
  localparam int STATUS_BEATS = 128 / DATA_WIDTH;

  if (DATA_WIDTH > 128) begin : g_check
    $error("DATA_WIDTH must be at most 128");
  end
  if (MEMORY_BYTES < 64'(DESCRIPTOR_BYTES_3)) begin : g_check2
    $error("MEMORY_BYTES must hold a descriptor");
  end

  typedef enum logic [3:0] {
    IDLE,            // waits for a request
    CHECK_LIST,      // checks that the list lies inside device memory
    FETCH,           // requests a descriptor, or its tail
    FETCHING,        // receives it
    CHECK_VERSION,   // goes on to the tail if there is one
    CHECK,           // waits for subbit_descriptor
    ARRAY,           // waits until the array is free
    LOAD,            // waits for subbit_weight_loader
    RUN,             // waits for subbit_engine
    WAIT_WRITES,     // waits until all of the output is in memory
    STATUS,          // requests the write of status and cycles
    WRITING_STATUS,  // writes them, and waits until they are in memory
    NEXT,            // moves on to the next descriptor
    FINISH           // waits until the array is free, and reports the result
  } state_t;
  state_t state;
  // The descriptor in progress.
  logic [63:0] address;
  logic [31:0] number;
  logic [63:0] layer_cycles, cycles_of_layer;
  logic [31:0] failed;
  logic [3:0] status;
  logic faulty;
  // Status and cycles, and how many beats of them are left to write.
  logic [127:0] status_words;
  logic [2:0] status_left;

  // Descriptors from version 2 on have a tail, which is fetched after the common part.
  logic tail;
  wire integer_layer = NEWEST >= 3 && descriptor[8*VERSION_AT+:16] == 16'd3;
  wire extended = integer_layer || descriptor[8*VERSION_AT+:16] == 16'd2;
  wire [8:0] extended_bytes = integer_layer ? 9'(DESCRIPTOR_BYTES_3) : 9'(DESCRIPTOR_BYTES_2);
  logic leaves_memory;       // of the cycle before
  // Until all of the output of the layer that has the array is in memory, too.
  wire waits_for_array = needs_array && (array_busy || writes_busy);
  wire [64:0] list_end = {1'b0, list_address} + {26'd0, list_count, 7'd0};
  // The list is not where one may be; the descriptor is its last. Both have been so for a cycle when they are looked at.
  logic wrong_list, last_number;
  always_ff @(posedge clk) begin
    wrong_list <= list_count == 0 || list_address[5:0] != 0 || list_end > {1'b0, MEMORY_BYTES};
    last_number <= number == list_count - 32'd1;
  end

  assign running = state != IDLE;
  assign read_valid = state == FETCH && !leaves_memory;
  assign read_address = ADDR_WIDTH'(tail ? address + 64'(DESCRIPTOR_BYTES_1) : address);
  assign read_bytes = tail ? 24'(extended_bytes) - 24'(DESCRIPTOR_BYTES_1) : 24'(DESCRIPTOR_BYTES_1);
  assign read_beat_ready = state == FETCHING;
  assign write_valid = state == STATUS && !weights_turn && !engine_turn;
  assign write_address = ADDR_WIDTH'(address + 64'(STATUS_AT));
  assign write_beats = 24'(STATUS_BEATS);
  assign write_beat_valid = state == WRITING_STATUS && status_left != 0;
  assign write_beat_data = status_words[DATA_WIDTH-1:0];
  assign write_beat_strobe = '1;

  // The turns come from registers, one cycle late: loader and engine request the bus some cycles after they are
  // started.
  always_ff @(posedge clk) begin
    leaves_memory <= address > MEMORY_BYTES - (tail ? 64'(extended_bytes) : 64'(DESCRIPTOR_BYTES_1));
    weights_turn <= state == LOAD;
    engine_turn <= state == RUN || state == WAIT_WRITES;
    writes_end <= state == WAIT_WRITES || state == STATUS || state == WRITING_STATUS;
  end

  always_ff @(posedge clk) begin
    finished <= 1'b0;
    check_start <= 1'b0;
    load_start <= 1'b0;
    run_start <= 1'b0;
    if (rst) begin
      state <= IDLE;
    end else begin
      if (fault) faulty <= 1'b1;
      layer_cycles <= layer_cycles + 64'd1;
      case (state)
        IDLE:
        if (start) begin
          address <= list_address;
          number <= '0;
          cycles <= '0;
          status <= ERROR_NONE;
          faulty <= 1'b0;
          tail <= 1'b0;
          state <= CHECK_LIST;
        end
        CHECK_LIST:
        if (wrong_list) begin
          status <= ERROR_DESCRIPTOR_LIST;
          state <= FINISH;
        end else state <= FETCH;
        FETCH:
        if (leaves_memory) begin
          status <= ERROR_HEADER;
          state <= FINISH;
        end else if (read_ready) state <= FETCHING;
        FETCHING:
        if (read_beat_valid) begin
          if (tail && integer_layer) descriptor[2047:1024] <= {read_beat_data, descriptor[2047:1024+DATA_WIDTH]};
          else if (tail) descriptor[1535:1024] <= {read_beat_data, descriptor[1535:1024+DATA_WIDTH]};
          else descriptor[1023:0] <= {read_beat_data, descriptor[1023:DATA_WIDTH]};
          if (read_beat_last) begin
            tail <= 1'b1;
            state <= tail ? CHECK : CHECK_VERSION;
            check_start <= tail;
          end
        end
        CHECK_VERSION: begin
          check_start <= !extended;
          state <= extended ? FETCH : CHECK;
        end
        CHECK:
        if (check_done) begin
          status <= faulty ? ERROR_INTERNAL : check_error;
          layer_cycles <= 64'd0;
          if (check_error == ERROR_NONE && !faulty) begin
            load_start <= !waits_for_array;
            state <= waits_for_array ? ARRAY : LOAD;
          end else state <= check_decoded ? STATUS : FINISH;
        end
        ARRAY:
        if (faulty) begin
          status <= ERROR_INTERNAL;
          state <= STATUS;
        end else if (!waits_for_array) begin
          load_start <= 1'b1;
          state <= LOAD;
        end
        LOAD:
        if (load_done) begin
          status <= faulty ? ERROR_INTERNAL : load_error;
          if (load_error == ERROR_NONE && !faulty) begin
            run_start <= 1'b1;
            state <= RUN;
          end else state <= STATUS;
        end
        RUN: if (!run_start && !run_busy) state <= WAIT_WRITES;
        WAIT_WRITES:
        if (!writes_busy) begin
          status <= faulty ? ERROR_INTERNAL : ERROR_NONE;
          if (!faulty) cycles <= cycles + layer_cycles;
          state <= STATUS;
        end
        STATUS: begin
          status_words <= {status == ERROR_NONE ? cycles_of_layer : 64'd0, 32'd0, 28'd0, status};
          status_left <= 3'(STATUS_BEATS);
          if (write_valid && write_ready) state <= WRITING_STATUS;
        end
        WRITING_STATUS: begin
          if (write_beat_valid && write_beat_ready) begin
            status_words <= status_words >> DATA_WIDTH;
            status_left <= status_left - 3'd1;
          end
          if (status_left == 0 && !writes_busy) begin
            number <= number + 32'd1;
            address <= address + (extended ? 64'(extended_bytes) : 64'(DESCRIPTOR_BYTES_1));
            tail <= 1'b0;
            state <= status != ERROR_NONE || last_number ? FINISH : NEXT;
          end
        end
        NEXT: state <= FETCH;
        // FINISH
        default:
        if (array_busy || writes_busy) cycles <= cycles + 64'd1;
        else begin
          finished <= 1'b1;
          state <= IDLE;
        end
      endcase
      if (state == WAIT_WRITES && !writes_busy) cycles_of_layer <= layer_cycles;
      if (state == FINISH) begin
        error <= faulty ? ERROR_INTERNAL : status;
        error_descriptor <= (status == ERROR_NONE && !faulty) || status == ERROR_DESCRIPTOR_LIST ? 32'd0 : failed;
      end
      if (state == FETCH) failed <= number;
    end
  end
endmodule

`default_nettype wire
