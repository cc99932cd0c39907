#pragma once

#include <cstdint>
#include <vector>

#include "core/operator/conv_weights.h"
#include "core/response/map_kernels.h"

namespace subbit {

/// Which maps an output channel adds for an input channel.
enum class MapKind {
  kRows,       ///< three, of a kernel row each: 24 maps a channel, or 32 for two pixels one below the other
  kHalves,     ///< two, of the first five and the last four taps: 48 maps a channel
  kResponses,  ///< one: a map for every codeword that the channel's indices use
};

/// "row maps", "half maps", "response maps".
const char* ToString(MapKind kind);

/// The cost of maps for one channel and one vector of positions, counted in loads of maps: on a processor that loads
/// one vector per cycle, loads and stores are the bottleneck, not additions.
struct MapCost {
  double making;   ///< 24 row maps or 48 half maps are stored, a store as two loads; of responses' row maps only the 16
                   ///< of the lower rows, and two of these are loaded for each
  double summing;  ///< an output channel loads one to three maps

  double Total() const { return making + summing; }
};

/// `outs` are the output channels of a group, `codewords` the mean number of codewords that a channel uses.
MapCost CostOf(MapKind kind, std::int64_t outs, double codewords);

/// The mean over all input channels of the codewords that their indices use.
double MeanCodewords(const SubBitWeights& weights);

/// The kind of maps with the least total cost; arguments as for CostOf.
MapKind ChooseMapKind(std::int64_t outs, double codewords);
MapKind ChooseMapKind(const SubBitWeights& weights);

/// The work of a map kernel, prepared once from the weights: for each group, blocks of input channels whose maps stay
/// in the first-level cache together, and for each block the slots of the maps that each output channel adds.
struct MapPlan {
  struct Block {
    std::int64_t first_channel;  ///< within the group
    std::int64_t last_channel;   ///< one past
    std::size_t slots;           ///< where they begin: [outs / outputs_at_once, rounded up][count][outputs_at_once]
    int count;                   ///< maps that an output channel adds
  };

  MapKind kind;
  std::int64_t block_maps;                 ///< of the largest block
  std::vector<std::vector<Block>> blocks;  ///< of each group
  std::vector<std::uint16_t> slots;

  /// Of kResponses: the codewords that channel c of group g uses are codewords[first_codeword[g * in_channels + c]] up
  /// to that of the next channel, and their patterns end at pattern_ends[(g * in_channels + c) * kRowPatterns].
  std::vector<LowerRowSlots> codewords;
  std::vector<std::size_t> first_codeword;
  std::vector<std::uint16_t> pattern_ends;

  /// Additions of maps at one vector of positions, in all groups of `outs` output channels: to make maps and to sum
  /// them up.
  double Additions(std::int64_t outs) const;

  /// The codewords of one channel, of kResponses.
  CodewordList Codewords(std::int64_t channel) const;

  /// Maps of one channel that are kept; `channel` counts through all groups.
  int Maps(std::int64_t channel) const;
};

/// `map_bytes` is the size of a map; a block has at most `max_channels` channels.
MapPlan MakeMapPlan(const SubBitWeights& weights, MapKind kind, std::int64_t map_bytes, int outputs_at_once,
                    int max_channels);

}  // namespace subbit
