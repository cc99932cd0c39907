#!/usr/bin/env bash
# Seeds faults into the hardware description, one at a time, and runs tests against each: every fault must make one fail. Takes
# too long to be part of the build. From the repository root:
#
#   fpga-backend/src/test/rtl/mutants.sh BUILD_FOLDER [NUMBER...]
#
# BUILD_FOLDER is where cmake built the native code with its tests (target/native), by make. Of the benches that have the broken
# module in them, the smallest is made anew and its tests run, then the next one, and at last the simulated devices: what is not
# broken is taken from BUILD_FOLDER. As many faults are tried at a time as there are processors. Ends with 0 if every fault
# was caught.
set -euo pipefail

build=$(cd "$1" && pwd)
shift
root=$(cd "$(dirname "$0")/../../../.." && pwd)
native=$root/fpga-backend/src/main/native
rtl=$root/fpga-backend/src/main/rtl
objects=$build/subbit-fpga-backend
work=$build/mutants

# What is broken | file | text that is there, once | text that takes its place
faults=(
  "a column's bank is off by one after the third row|subbit_window.sv|bank_sum >= 3'd3|bank_sum >= 3'd2"
  "padding on the right is not masked|subbit_window.sv|x >= 0 && x < width|x >= 0 && x <= width"
  "the first channel adds to the sums of an earlier tile|subbit_core_dot.sv|adding.first ? 32'd0 : sums_read|1'b0 ? 32'd0 : sums_read"
  "a bank of the table is released too early|subbit_core_dot.sv|(16'(last_slot) - 16'(look_slot) <= 16'd4)|(16'(last_slot) - 16'(look_slot) <= 16'd40)"
  "the second sum of a column has the wrong sign|subbit_column_sums.sv|second <= minus|second <= plus"
  "ties are rounded up, not to even|subbit_output_stage.sv|(whole_sticky \|\| whole[0])|1'b1"
  "a product's carry is lost|subbit_float_product.sv|10'(BITS - 1)) + 10'(rounded[24])|10'(BITS - 1))"
  "what is shifted out of the smaller operand is forgotten|subbit_float_add.sv|aligned[27] \|\| aligned[26:0] != 0|aligned[27]"
  "a residual's last bytes run on into the next channel|subbit_residual.sv|take && (take_last \|\| byte_at == '1)|take && byte_at == '1"
  "a burst may cross a page|subbit_axi_read.sv|limit = page_left < BURST_BITS'(MAX_BURST) ? page_left|limit = 1'b0 ? page_left"
  "a request changes while it waits|subbit_axi_write.sv|wire slot = !m_axi_wvalid \|\| m_axi_wready|wire slot = 1'b1"
  "overlap with the output is not seen|subbit_descriptor.sv|too_large \|\| !region_inside \|\| region_overlaps|too_large \|\| !region_inside"
  "the wrong half of the indices is read|subbit_channel_indices.sv|read_address({read_half, read_slot})|read_address({!read_half, read_slot})"
  "what is left of a burst after a RESET is written|subbit_axi_write.sv|stopping ? '0 : queue_strobe|queue_strobe"
  "a full beat waits for the next value|subbit_packer.sv|wire full = place == '1|wire full = 1'b0"
  "a row below is that of the row before|subbit_window.sv|base_below <= base_below + row_step|base_below <= base_below"
  "a step forgets the padding above it|subbit_tiles.sv|plane_base + (above ? 40'd0 : row_offset)|plane_base + row_offset"
  "the last pixels of a beat are lost|subbit_input_buffer.sv|last_byte <= bytes_left == LEFT_BITS'(2)|last_byte <= bytes_left == LEFT_BITS'(3)"
  "the banks of the table are mixed up|subbit_response_table.sv|memory[{write_bank, write_row}]|memory[{!write_bank, write_row}]"
  "the halves of the accumulators are mixed up|subbit_accumulator.sv|write && write_half == 1'(h)|write && write_half != 1'(h)"
  "a product's overflow is lost|subbit_multiply.sv|sum[40] \|\| shifted[40]|sum[40]"
  "an infinite multiplier is taken|subbit_weight_loader.sv|word[30:23] == 8'hFF|word[30:23] == 8'hFE"
  "an interrupt that is off is raised|subbit_registers.sv|irq = gie && isr != 0|irq = isr != 0"
  "part of a word is written to a register|subbit_registers.sv|whole = s_axi_wstrb == 4'hF|whole = s_axi_wstrb != 4'h0"
  "a row of signs runs on into the next row's byte|subbit_write_back.sv|column[2:0] == '1 \|\| row_ends|column[2:0] == '1"
  "parts of a row of signs end within a byte|subbit_descriptor.sv|if (out_bits) layer.tile_columns[2:0] <= '0|if (1'b0) layer.tile_columns[2:0] <= '0"
  "a sum as large as the threshold counts as below it|subbit_signs.sv|(sum >= threshold) ^|(sum > threshold) ^"
  "a channel's indices are given up with its last window's first look-up|subbit_core_dot.sv|look && look_last && looking.ends_step|look && look_slot == 0 && looking.ends_step"
  "the look-ups of a layer's last window are never made|subbit_core_shared.sv|pending <= owes|pending <= 1'b0"
  "the codebook's region is half as long as the codebook|subbit_descriptor.sv|40'd2 << d.tau|40'd1 << d.tau"
  "sizes beyond 40 bits are not seen|subbit_descriptor.sv|too_large <= too_large \|\| overflow|too_large <= too_large"
  "a tile has more rows than the input banks hold|subbit_descriptor.sv|slack + 2'd3 - layer.stride_h|slack + 2'd2"
  "a layer begins before the status of the one before is in memory|subbit_list.sv|status_left == 0 && !writes_busy|status_left == 0"
  "a list that runs past the last address is taken|subbit_list.sv|list_end > {1'b0, MEMORY_BYTES}|list_end[63:0] > MEMORY_BYTES"
  "the cycles of a layer that failed are counted|subbit_list.sv|if (!faulty) cycles <= cycles|cycles <= cycles"
  "a tile begins while sums of the one before are on their way|subbit_write_back.sv|!active && tile_valid && !sum_valid|!active && tile_valid"
  "the write-back is idle while values are in the output stage|subbit_write_back.sv|LONGEST_WAY = 5'd20|LONGEST_WAY = 5'd2"
  "a channel's indices take the place of those in use|subbit_engine.sv|rows_held != 2'd2 && indices_held != 2'd2|rows_held != 2'd2"
  "a residual is fetched in place of rows|subbit_engine.sv|read_ready && !row_valid|read_ready"
  "sums of a tile are given up before they are written|subbit_engine.sv|(!step_first \|\| sums_held != 2'd2)|1'b1"
  "a part is longer than a short tile can count|subbit_residual.sv|PIXEL_BITS + 1 > PART_BITS ? PIXEL_BITS + 1 : PART_BITS|PIXEL_BITS + 1"
  "a step begins before its rows are stored|subbit_engine.sv|!filling && !gathering|!gathering"
  "a queue overflows|subbit_queue.sv|written - taken != (AW + 1)'(DEPTH - 1)|1'b1"
  "a start during a reset is taken|subbit_registers.sv|&& !running && !resetting;|&& !running;"
  "a reset ends before the engine is idle|subbit_registers.sv|else if (idle && !abort) resetting|else resetting"
  "RESET always reads 0|subbit_registers.sv|s_axi_rdata[RESET_ABORT] <= resetting|s_axi_rdata[RESET_ABORT] <= 1'b0"
  "a burst is announced before its beats are here|subbit_axi_write.sv|waiting >= QUEUE_BITS'(burst)|1'b1"
  "beats of an announced burst still count as waiting|subbit_axi_write.sv|(announce && !abort ? QUEUE_BITS'(burst) : '0)|'0"
  "what was left of a run is written by the next|subbit_axi_write.sv|.rst(rst \|\| stopped)|.rst(rst)"
  "an address is withdrawn before it is taken|subbit_axi_write.sv|if (addressed) m_axi_awvalid <= 1'b0|m_axi_awvalid <= 1'b0"
  "more beats are requested than there is room for|subbit_axi_read.sv|measured && room && (|measured && ("
  "a run's last bytes are lost where they begin no beat|subbit_axi_read.sv|!command_tail[SIZE]|1'b0"
  "beats from before an abort are in the next run|subbit_axi_read.sv|discard = rst \|\| draining|discard = rst"
  "a queue of beats gives one that is not there|subbit_beat_queue.sv|if (advance) out_valid <= !empty|if (advance) out_valid <= 1'b1"
  "a memory is written at all times|subbit_memory.sv|if (write) memory[|memory["
  "a memory does not keep what it read|subbit_memory.sv|if (read) read_data <= write &&|read_data <= write &&"
  "rows are taken for which there is no room|subbit_table_rows.sv|!all_taken && at <= COUNT_BITS'(3 * ROW)|!all_taken"
  "what is left of an image's last beat is in the next image|subbit_table_rows.sv|if (takes) all_taken <= beat_last|if (takes) all_taken <= 1'b0"
  "a channel's last rows are as many as the first ones|subbit_table_rows.sv|number <= 16'd3 ? all : number - 16'd3|all"
  "a beat takes the place of a word that waits|subbit_table_words.sv|(parts == COUNT_BITS'(1) && word_ready)|parts == COUNT_BITS'(1)"
  "what is left of a run is never written|subbit_table_writer.sv|(ends_next && count_left != 0)|1'b0"
  "bits beyond a row are not cleared|subbit_table_writer.sv|found[PIXELS-1:0])) & mask|found[PIXELS-1:0]))"
  "two rows of a step are taken for one|subbit_table_writer.sv|else if (pairs \|\| whole_rows \|\| row[0]) row_base|else row_base"
  "a half is given back before its last row is read|subbit_table_writer.sv|band_read = takes && row_ends_band|band_read = takes && row_last"
  "a step begins before its rows are there|subbit_table_sequence.sv|(taken != 3'd4 && stored)|taken != 3'd4"
  "a step begins before its indices are there|subbit_table_sequence.sv|(!first_band \|\| here)|1'b1"
  "sums come for which there is no room|subbit_table_sequence.sv|(!last_group \|\| sums_room)|1'b1"
  "a sum is read before it is written|subbit_table_sequence.sv|allowed = rest == 0 && (|allowed = ("
  "a band begins with the rows of the one before|subbit_table_sequence.sv|band_row <= next_row|band_row <= band_row"
  "the next group's indices are those of this one|subbit_table_sequence.sv|group_at <= next_group_at|group_at <= group_at"
  "a row is stored in another's bank|subbit_row_store.sv|store_rows[b*WIDTH+:WIDTH]|store_rows[(2-b)*WIDTH+:WIDTH]"
  "the rows of the next slot are those of this one|subbit_table_sequence.sv|channel_base <= group_filled ? group_base : slot_next|channel_base <= group_filled ? group_base : slot_base"
  "the rows of three banks are in the wrong order|subbit_row_store.sv|row[r] <= found[(r+1)%3]|row[r] <= found[(r+2)%3]"
  "both tiles get the same windows|subbit_table_core.sv|t == 1 && pairs ? next_windows : windows|windows"
  "bits of an index beyond tau count|subbit_table_core.sv|plane[c] && 4'(b) < tau|plane[c]"
  "the second group of a word has the first one's indices|subbit_table_core.sv|plane[{look_part, (\$clog2(CHANNELS))'(c)}]|plane[c]"
  "the first group of a word uses it up|subbit_table_sequence.sv|last_part = last_group \|\||last_part = 1'b1 \|\|"
  "channels that are not there match|subbit_table_tile.sv|exists ? passed[u].rows : 3'b000|passed[u].rows"
  "a sum goes on from the block before|subbit_table_tile.sv|looks[ADD-1].first ? '0|1'b0 ? '0"
  "nine taps that match are one|subbit_match_unit.sv|{twos[1] & both, |{1'b0, "
  "what lies outside the image matches|subbit_match_unit.sv|(pixels[9*p+:9] ^ signs) & inside_image|(pixels[9*p+:9] ^ signs)"
  "a level of additions loses its carry|subbit_adder_tree.sv|{1'b0, from[2*i*W+:W]} + {1'b0, from[(2*i+1)*W+:W]}|{1'b0, from[2*i*W+:W] + from[(2*i+1)*W+:W]}"
  "an accumulator at the threshold counts as below it|subbit_table_signs.sv|accumulators[p] >= threshold_4|accumulators[p] > threshold_4"
  "rows of both tiles count as one|subbit_table_signs.sv|count(pairs ? rows_inside[2:0]|count(1'b1 ? rows_inside[2:0]"
  "a threshold beyond all sums wraps around|subbit_table_signs.sv|threshold > MOST ? MOST : threshold|threshold"
  "every block has the rules of the first|subbit_table_signs.sv|block_ends ? first_next : first_channel|first_channel"
  "an image's last band has as many rows as the others|subbit_table_signs.sv|rows_here <= rows_left < band_rows ? rows_left : band_rows|rows_here <= band_rows"
  "every image of a batch is the first|subbit_table_engine.sv|rows_at <= rows_at + rows_bytes|rows_at <= rows_last ? layer.input_address[39:0] : rows_at + rows_bytes"
  "the next image's rows take the place of this one's|subbit_table_engine.sv|images_held < (halves ? 2'd2 : 2'd1)|images_held < 2'd2"
  "every image is computed from the first half of the rows|subbit_table_engine.sv|second_half <= halves && !second_half|second_half <= 1'b0"
  "the ring of indices overflows|subbit_table_engine.sv|ring_held + (index_asked ? (INDEX_ADDRESS + 1)'(ask_outputs) : '0)|ring_held"
  "every block begins at the first index|subbit_table_engine.sv|if (group_done) index_base <= index_base|if (1'b0) index_base <= index_base"
  "a band is computed while both halves are in use|subbit_table_engine.sv|.sums_room(bands_held != 2'd2)|.sums_room(1'b1)"
  "a run begins where the one before has ended|subbit_table_writer.sv|row_first ? COUNT_BITS'(row_at[SIZE-1:0]) : count|count"
  "an image that does not fit is taken|subbit_descriptor.sv|rows_due <= 32'(ROW_DEPTH)|1'b1"
  "tables take a bias|subbit_descriptor.sv|!(TABLES && has_bias)|1'b1"
  "the index's last group is not filled up|subbit_descriptor.sv|32'(dense_taps) << stem : TABLES && !classifier ?|32'(dense_taps) << stem : 1'b0 ?"
  "what fills up a row of values is summed up|subbit_position_sums.sv|if (inside_q[i]) beat_sum|if (1'b1) beat_sum"
  "a sum is read while it is written|subbit_position_sums.sv|due_q && !(alone && sum_valid_q)|due_q"
  "a moved sum is not rounded|subbit_position_sums.sv|rounded_q <= total_q + half|rounded_q <= total_q"
  "sums go on from the ones before|subbit_dense_array.sv|sums_q[p*OUTPUTS+o] <= '0|sums_q[p*OUTPUTS+o] <= totals[p*OUTPUTS+o]"
  "images that share weights have the same values|subbit_classifier_engine.sv|value_store && image_q[0] == 1'(i)|value_store"
  "pairs of images that share weights have the same values|subbit_classifier_engine.sv|.write_address({image_q[IMAGE_BITS-1:1], value_channel})|.write_address({{IMAGE_BITS - 1{1'b0}}, value_channel})"
  "a pair's taps begin before the sums of the one before are written|subbit_classifier_engine.sv|state_q <= image_q[0] ? TAPS : ASK_WRITE|state_q <= TAPS"
  "weights of a classifier's block follow those of the one before|subbit_dense_engine.sv|reading_q == ASK_WEIGHTS \|\| lent_begin_i|reading_q == ASK_WEIGHTS"
  "further images get the classes of the first ones' place|subbit_classifier_engine.sv|images_at_q <= images_at_q + group_bytes_q|images_at_q <= images_at_q"
  "halves of a product are rounded down|subbit_finish.sv|+ 17'(product_3[14])|"
  "a residual is added to more than 16 bits|subbit_finish.sv|u_4[16] != u_4[15] ? {u_4[16], {15{!u_4[16]}}} : u_4[15:0]|u_4[15:0]"
  "values without residuals are bent|subbit_finish.sv|residual_i && v[10] < 0|v[10] < 0"
  "a value at the threshold counts as below it|subbit_finish.sv|value_13 >= threshold_13|value_13 > threshold_13"
  "what fills up a row of values is not 0|subbit_table_values.sv|finished_tag.in_row[i] ? values|1'b1 ? values"
  "values come for which there is no room|subbit_table_values.sv|credits_q != 0 && !signs_pending_q|!signs_pending_q"
  "a band's signs take the place of those that are not written yet|subbit_table_values.sv|credits_q != 0 && !signs_pending_q|credits_q != 0"
  "signs are written while values are left|subbit_table_values.sv|if (!held_valid) signs_q|if (1'b1) signs_q"
  "a beat of two steps is one of the first|subbit_table_values.sv|LANE_BITS'(l) < lane_q ? address_next : address_q|address_q"
  "both rows of a step have the pixels of the first|subbit_table_values.sv|l < PIXELS && odd_1 ?|1'b0 ?"
  "every block's values lie in the first one's place|subbit_table_values.sv|run_at_q <= block_last_q ? image_next_q : block_at_q + block_bytes_q|run_at_q <= block_last_q ? image_next_q : block_at_q"
  "a sum is not moved up|subbit_table_values.sv|16'(accumulators_3[i]) <<< (layer_i.integer_conv ? layer_i.shift : 5'd0)|16'(accumulators_3[i])"
  "indices are asked for before there is room|subbit_table_engine.sv|settled == '1 && room &&|settled == '1 &&"
  "what fills up a beat of indices is taken for words|subbit_table_words.sv|word_last ? '0 : parts - 1'b1|parts - 1'b1"
  "accumulators are stored in the other half|subbit_table_signs.sv|accumulators_half = places[4].half|accumulators_half = !places[4].half"
  "whole rows of signs are read from the other half|subbit_table_writer.sv|half <= !half && !whole_rows|half <= !half"
  "more signs are gathered than there are places for|subbit_table_engine.sv|sign_places + band_places > 16'(2 * SUM_DEPTH)|1'b0"
  "the signs of every band are stored from the first place on|subbit_table_values.sv|if (sign_rows_q == 0) row_place_q|row_place_q"
  "a slope of -32768 is taken|subbit_weight_loader.sv|i == 0 \|\| w * DATA_WIDTH / 16 + i == 2|i == 0"
  "signs may overlap what is read|subbit_descriptor.sv|layer.gives_signs && {1'b0, region_begin} < signs_end|1'b0 && {1'b0, region_begin} < signs_end"
  "sums beyond 16 bits are taken|subbit_descriptor.sv|(!integer_conv \|\| most_sum_moved|(1'b1 \|\| most_sum_moved"
  "a classifier with signs is taken|subbit_descriptor.sv|d.value_bits == 0 && d.signs_address == 0|d.value_bits == 0"
  "the sums of a pass are held before its last tap|subbit_dense_array.sv|if (complete[o/READERS]) held_q|if (multiplied[o/READERS]) held_q"
  "the second of the sums that are held is the one before|subbit_dense_array.sv|held_q[p*OUTPUTS+(o<2?o+4:o)]|held_q[p*OUTPUTS+(o<2?o+2:o)]"
  "sums move on from the pass before|subbit_dense_array.sv|complete[0] ? '0 : shift_i|shift_i"
  "a row of values takes the place of one that is used|subbit_dense_engine.sv|: held_q != 2'd2;|: 1'b1;"
  "a row of pixels takes the place of one that is used|subbit_dense_engine.sv|< place_end \|\| computed_q|< place_end + 18'sd1 \|\| computed_q"
  "a row of sums begins before what it reads is here|subbit_dense_engine.sv|row_here_q <= rows_here && room_here|row_here_q <= room_here"
  "a band of sums begins for which there is no room|subbit_dense_engine.sv|row_here_q <= rows_here && room_here|row_here_q <= rows_here"
  "sums take the place of those that are not read yet|subbit_dense_engine.sv|tap_last && (!drained_q \|\| (stem &&|tap_last && ((stem &&"
  "a group is complete before the columns of the one before are given|subbit_dense_engine.sv|(!columns_done_q \|\| (unit_begins && !unit_room_i))|(unit_begins && !unit_room_i)"
  "the word behind a list of odd length is a tap|subbit_dense_engine.sv|&& list_word_q < list_end && !rst|&& !rst"
  "a stem's list may have no taps|subbit_descriptor.sv|shape_ok <= (!stem \|\| in_range(32'(d.taps), STEM_TAPS)) && in_range|shape_ok <= in_range"
  "banks before a window's first pixel have its own columns|subbit_dense_pixels.sv|group + GROUP_BITS'(3'(b) < column_i[3:1])|group"
  "the second lane has the pixels of the first|subbit_dense_pixels.sv|signed'(11'(first_i)) + (l == 1 ? signed'(11'(distance_i)) : '0)|signed'(11'(first_i))"
  "differences of pixels are sums|subbit_dense_pixels.sv|: -16'(pixels_4[2*l+1])|: 16'(pixels_4[2*l+1])"
  "the opposed sum is added to the second column|subbit_stem_sums.sv|seconds_q[i] - found|seconds_q[i] + found"
  "a sum that a list does not have is what the memory holds|subbit_stem_sums.sv|present_i[0] ? found[SUM_BITS*i+:SUM_BITS] : '0|found[SUM_BITS*i+:SUM_BITS]"
  "weights of 16 bits fill both halves of a word|subbit_dense_weights.sv|!wide_i \|\| beat_q[0] == 1'(h)|1'b1"
  "an average is not rounded|subbit_dense_engine.sv|18'sd2 : rows|18'sd0 : rows"
  "an average has a column that is not there|subbit_dense_engine.sv|(two_columns[u] ? 17'(|(1'b1 ? 17'("
  "pixels in the padding are not 0|subbit_dense_pixels.sv|inside_3[o] ? 9'(pixels_3[o])|1'b1 ? 9'(pixels_3[o])"
  "every channel has the zero pixel of the first|subbit_dense_engine.sv|zero_2 <= zeros_q[tap_1.channel]|zero_2 <= zeros_q[0]"
  "the largest sum is pooled whatever the multiplier|subbit_stem_pool.sv|minimum_i ? ~sums_i[15:0] : sums_i[15:0]|sums_i[15:0]"
  "a row's first window goes on from the row before|subbit_stem_pool.sv|first_1 ? LEAST : column_runs|1'b0 ? LEAST : column_runs"
  "windows that share a column do not|subbit_stem_pool.sv|(overlap_w_i ? second : LEAST)|LEAST"
  "windows that share a row do not|subbit_stem_pool.sv|overlap_h_i ? of_columns_3 : LEAST|LEAST"
  "sums behind the row are pooled|subbit_stem_pool.sv|!present_i[0] ? LEAST|1'b0 ? LEAST"
  "the second set has the weights of the first|subbit_dense_engine.sv|set_q ? 10'(layer_i.dense_taps) + 10'(tap_q)|1'b0 ? 10'(layer_i.dense_taps) + 10'(tap_q)"
  "a dense sum is moved down without rounding|subbit_dense_engine.sv|rounded = half_sum +|rounded = 33'sd0 +"
  "every block has the weights of the first|subbit_dense_engine.sv|layer_i.index_address : weights_at_q + weight_bytes_q|layer_i.index_address : weights_at_q"
  "a pool may overlap by two|subbit_descriptor.sv|stride + 8'd1 >= window|1'b1"
  "a shortcut's rows may be longer than their place|subbit_descriptor.sv|(!shortcut \|\| kept <= SHORTCUT_PAIRS)|1'b1"
  "a pool's row may be longer than its place|subbit_descriptor.sv|kept <= POOLED_SUMS|1'b1"
  "a stem's rows are counted by one pad|subbit_descriptor.sv|18'(sum_height) + 18'(d.pool_pad_top[1:0]) + 18'(d.pool_pad_bottom[1:0])|18'(sum_height) + 18'(d.pool_pad_top[1:0])"
  "all pixels of a step are stored at once|subbit_table_values.sv|store_i && store_lanes_i[l]|store_i"
  "a shortcut's codebook is loaded|subbit_weight_loader.sv|layer.stem \|\| layer.shortcut ? INTEGERS|layer.stem ? INTEGERS"
  "bands of shortcuts take no room|subbit_table_engine.sv|2'(dense ? dense_begin : sums_begin)|2'(sums_begin)"
  "a unit of a stem's sums begins for which there is no room|subbit_dense_engine.sv|(unit_begins && !unit_room_i)|1'b0"
  "a pass's second sum has the column of the first|subbit_dense_engine.sv|column: group.column + COLUMN_BITS'(ends_before)|column: group.column"
  "a unit ends with the set's first pass|subbit_dense_engine.sv|stem ? pass_last_q && row_ends|stem ? row_ends"
  "every block's sums are those of the first one's channels|subbit_dense_engine.sv|group.first + CHANNEL_BITS'(column_place)|CHANNEL_BITS'(column_place)"
  "a unit takes the place of one that is being written|subbit_stem_end.sv|held_q < (two_units ? 2'd2 : 2'd1)|held_q < 2'd2"
  "both units have the same place|subbit_stem_end.sv|two_units && store_half_q|1'b0"
  "a unit is written before it is complete|subbit_stem_end.sv|settled_q[SETTLE-1] && complete_q != 0|settled_q[SETTLE-1]"
  "halves of a stem's product are rounded down|subbit_stem_end.sv|+ 17'(product_3[14])|"
  "a stem's value wraps around|subbit_stem_end.sv|u_4 > 17'(most) ? 17'(most)|1'b0 ? 17'(most)"
  "a stem's value at the threshold counts as below it|subbit_stem_end.sv|value_5 >= threshold_5|value_5 > threshold_5"
  "signs behind a stem's row are not 0|subbit_stem_end.sv|< layer_i.out_width && found_1[l][16]|< 16'd65535 && found_1[l][16]"
  "values behind a stem's row are not 0|subbit_stem_end.sv|< layer_i.out_width ? found_1[l][15:0]|< 16'd65535 ? found_1[l][15:0]"
  "a stem's values come for which there is no room|subbit_stem_end.sv|VALUES_LEAVE && credits_q != 0|VALUES_LEAVE"
  "signs of a channel are written in one beat|subbit_stem_end.sv|sign_beats_q == SPAN_BITS'(1)|1'b1"
  "signs begin at a beat|subbit_stem_end.sv|NIBBLE_BITS'(words[2]) + (NIBBLE_BITS'(signs_at_q[SIZE-1:0]) << \$clog2(BYTE_NIBBLES))|NIBBLE_BITS'(words[2])"
  "a stem's second block lies in the first one's place|subbit_stem_end.sv|row_at_q <= block_at_q + set_bytes;|row_at_q <= block_at_q;"
  "the signs of a stem's second block lie in the first one's place|subbit_stem_end.sv|signs_row_q <= signs_block_q + (layer_i.signs_plane_bytes << SET_BITS);|signs_row_q <= signs_block_q;"
  "a block's rows of signs go on from the one before|subbit_stem_end.sv|signs_row_q <= signs_block_q + (layer_i|signs_row_q <= signs_row_q + (layer_i"
  "a run goes to the other client|subbit_arbiter.sv|{run_beside_q, run_cut_q} <= {next_beside, next_cut}|{run_beside_q, run_cut_q} <= {1'b0, next_cut}"
  "a piece's last beat is taken for the run's|subbit_arbiter.sv|read_beat_last_i && !run_cut_q|read_beat_last_i"
  "what is left of a run of reads begins where the run did|subbit_arbiter.sv|{read_at_q[ADDR_WIDTH-1:BYTE_BITS] + 1'b1, read_at_q|{read_at_q[ADDR_WIDTH-1:BYTE_BITS], read_at_q"
  "the list's beats run on behind a piece|subbit_arbiter.sv|piece_open_q <= piece_left_q != 24'd1|piece_open_q <= 1'b1"
  "a write goes to the other client's place|subbit_arbiter.sv|write_beside_q <= beside_write|write_beside_q <= 1'b0"
  "what is beside the list writes while its end is waited for|subbit_arbiter.sv|beside_write_valid_i && !hold_i|beside_write_valid_i"
  "a layer's weights are loaded while a stem has the array|subbit_list.sv|needs_array && (array_busy|1'b0 && (array_busy"
  "a list ends before its stem|subbit_list.sv|if (array_busy \|\| writes_busy) cycles|if (1'b0) cycles"
  "a stem beside others gets the parameters of theirs|subbit_device.sv|stem_store = integers_store && layer.stem|stem_store = integers_store"
  "what is beside the list writes before its status|subbit_list.sv|state == WAIT_WRITES \|\| state == STATUS \|\| state|state == WAIT_WRITES \|\| state"
  "a stem beside others becomes the layer that the list is at|subbit_device.sv|if (starts) dense_layer_q <= layer|dense_layer_q <= layer"
  "the array is lent while a stem has it|subbit_device.sv|lent_q <= classifier_busy|lent_q <= layer.classifier"
  "a conv is beside others|subbit_descriptor.sv|pool_clear && d.beside == 0 && taps_clear && d.shift <= 8'd11|pool_clear && taps_clear && d.shift <= 8'd11"
  "what was being filled when a reset came is filled|subbit_table_sequence.sv|if (rst) fills[i].valid <= 2'b00|if (1'b0) fills[i].valid <= 2'b00"
  "a bank is filled that is not looked up yet|subbit_table_sequence.sv|(taken != 3'd4 &&|(taken != 3'd5 &&"
  "a step is looked up before its last unit has written|subbit_table_sequence.sv|SETTLE = UNITS + 2|SETTLE = UNITS - 2"
  "the device takes every write for one of a whole word|subbit_device.sv|.s_axi_wstrb,|.s_axi_wstrb(4'hF),"
  "the device withdraws the answer to a read|subbit_device.sv|.s_axi_rready,|.s_axi_rready(1'b1),"
  "the device withdraws the answer to a write|subbit_device.sv|.s_axi_bready,|.s_axi_bready(1'b1),"
  "the reset pin does not reach the engine|subbit_device.sv|clear <= rst \|\| abort|clear <= abort"
  "the reset pin does not reach the bus|subbit_device.sv|bus_rst <= rst;|bus_rst <= 1'b0;"
  "bursts are not marked as modifiable|subbit_device.sv|m_axi_awcache = 4'b0011|m_axi_awcache = 4'b0000"
)

# Copies the description to the folder $1, with the fault of number $2, and prints the file that has it.
seed() {
  local what file from to
  IFS='|' read -r what file from to <<<"$(sed 's/\\|\\|/@OR@/g' <<<"${faults[$2 - 1]}")"
  rm -rf "$1"
  mkdir -p "$1"
  cp -r "$rtl" "$1/rtl"
  if ! FROM=${from//@OR@/||} TO=${to//@OR@/||} perl -0pi -e '$n = s/\Q$ENV{FROM}\E/$ENV{TO}/g; END { $? = $n != 1 }' "$1/rtl/$file"; then
    echo "$2: '${from//@OR@/||}' is not in $file, or more than once; bring this list up to date" >&2
    return 1
  fi
  echo "$file"
}

is_device() { grep -q 'set(TOP subbit_simulation)' "$objects/verilated/$1.cmake"; }

# The models that have the file $1 in them, those of the fewest files first, and simulated devices last.
models_with() {
  local name
  grep -lE "/$1[;\"]" "$objects"/verilated/*.cmake | while read -r model; do
    name=$(basename "$model" .cmake)
    echo "$(is_device "$name" && echo 1 || echo 0) $(grep -o ';' "$model" | wc -l) $name"
  done | sort -n -k1,1 -k2,2 | cut -d' ' -f3
}

# The tests that use the model $1, as a filter. Of a bench those in files that name it, or include a header that does.
tests_with() {
  case $1 in
    Vsubbit_tables) echo 'RtlTables.*' ;;
    Vsubbit_tables32) echo 'RtlTables32.*' ;;
    Vsubbit_paper) echo '*/paper:Protocol.*' ;;
    Vsubbit_shared | Vsubbit_binary) echo "*/${1#Vsubbit_}" ;;
    *)
      local names=("-e$1")
      for header in $(cd "$native" && grep -lw "$1" rtl/*.h); do
        names+=("-e$header")
      done
      grep -lwF "${names[@]}" "$native"/rtl/*_test.cc | xargs sed -nE 's/^[A-Z_]*TEST(_[FP])?\(([A-Za-z0-9_]+),.*/*\2.*/p' | sort -u | paste -sd:
      ;;
  esac
}

# Makes the sources of the model $2 of the description in the folder $1.
make_model() {
  sed "s#\([\";]\)$rtl#\1$1/rtl#g; s#$objects/verilated#$1/verilated#; s#-Wall#-Wno-fatal#" "$objects/verilated/$2.cmake" >"$1/$2.cmake" &&
    cmake -DMODEL="$1/$2.cmake" -P "$native/cmake/Verilate.cmake" &&
    # What includes it is compiled already.
    cmp "$objects/verilated/$2/$2.h" "$1/verilated/$2/$2.h"
}

# Compiles the model $2 in the folder $1 as target $3 does, but with the option $4.
compile_model() {
  local flags=$objects/CMakeFiles/$3.dir/flags.make
  # shellcheck disable=SC2046 # words
  "${CXX:-c++}" $(sed -nE 's/^CXX_(DEFINES|FLAGS) = //p' "$flags") -w "$4" -I"$1/verilated/$2" $(sed -n 's/^CXX_INCLUDES = //p' "$flags") \
    -c "$1/verilated/$2/$2_all.cc" -o "$1/$2.o"
}

# Builds, in the folder $1, what runs tests with the model $2: a library for a device, else a program. Devices run for so long
# that optimising them is worth its time.
make_tests() {
  if is_device "$2"; then
    compile_model "$1" "$2" subbit_rtl -O1 &&
      sed "s# -o [^ ]*# -o $1/built#; s#[^ ]*/${2}_all.cc.o#$1/$2.o#" "$objects/CMakeFiles/subbit_rtl.dir/link.txt" >"$1/link"
  else
    compile_model "$1" "$2" rtl_modules -O0 &&
      sed "s# -o [^ ]*# $1/$2.o -o $1/built#" "$objects/CMakeFiles/rtl_module_test.dir/link.txt" >"$1/link"
  fi && (cd "$objects" && bash "$1/link")
}

# Runs what make_tests has built.
run_tests() {
  local program=$1/built
  if is_device "$2"; then
    program=$objects/rtl_test
  fi
  SUBBIT_FULL_SWEEPS=1 SUBBIT_RTL_LIBRARY=$1/built timeout 600 "$program" --gtest_fail_fast --gtest_filter="$(tests_with "$2")"
}

# Tries the fault of a number, in the folder $1; leaves a file named caught if a test fails.
try() {
  local what=${faults[$2 - 1]%%|*} file model
  file=$(seed "$1" "$2") || return
  for model in $(models_with "$file"); do
    if ! make_model "$1" "$model" >"$1/log" 2>&1; then
      echo "$2: does not build; see $1/log: $what"
      return
    fi
    # With its parameters, a model may be without the module.
    if diff -rq "$objects/verilated/$model" "$1/verilated/$model" >/dev/null; then
      continue
    fi
    if ! make_tests "$1" "$model" >"$1/log" 2>&1; then
      echo "$2: does not build; see $1/log: $what"
      return
    fi
    if ! run_tests "$1" "$model" >"$1/log" 2>&1; then
      echo "$2: caught by $(grep -m1 -o '^\[  FAILED  \] [^ ,]*' "$1/log" | cut -c14- || echo 'a crash or time-out') with $model: $what"
      rm -rf "$1"
      mkdir "$1"
      touch "$1/caught"
      return
    fi
  done
  echo "$2: NOT CAUGHT: $what"
}

cmake --build "$build" --target rtl_module_test rtl_test --parallel "$(nproc)" >/dev/null
rm -rf "$work"
mkdir "$work"
numbers=("$@")
if [ ${#numbers[@]} -eq 0 ]; then
  mapfile -t numbers < <(seq 1 ${#faults[@]})
fi
for number in "${numbers[@]}"; do
  while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
    wait -n || true
  done
  try "$work/$number" "$number" &
done
wait
caught=$(find "$work" -name caught | wc -l)
echo "$caught of ${#numbers[@]} faults caught"
[ "$caught" -eq "${#numbers[@]}" ]
