#pragma once

#include <cstdint>
#include <vector>

#include "core/operator/conv_weights.h"

/// The tables that ResponseKernels look up, prepared once from the weights; tau is at most ResponseKernels::kMaxTau.
namespace subbit {

/// Tables of 16 that hold 2^tau responses: 1 or 2.
int ResponseTablesPerPattern(int tau);

/// ResponseKernels' `responses`: 8 or 16 KiB, at most.
std::vector<std::uint8_t> MakeResponses(const SubBitWeights& weights);

/// ResponseKernels' `indices` for all groups, [group][ceil(outs / kOutputs)][in_channels][tables][kOutputs]. Outputs
/// past the last of a group select codeword 0.
std::vector<std::uint8_t> MakeResponseIndices(const SubBitWeights& weights);

}  // namespace subbit
