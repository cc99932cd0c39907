#pragma once

namespace subbit {

/// Which kernel runs where a layer has several that give the same result.
enum class KernelPolicy {
  kMeasure,   ///< the one that is fastest in the layer's first runs
  kEstimate,  ///< the one that is estimated to be fastest: the same in every process
  kMaps,      ///< row, half or response maps, where the layer has such a kernel, else as kEstimate; so are all below
  kDense,     ///< multiplication
  kPopcount,  ///< xor and popcount
  kLookUp,    ///< response look-up
  kNibbles,   ///< look-up of four signs at a time
};

/// "measure", "estimate", "maps", "dense", "popcount", "look-up", "nibbles".
const char* ToString(KernelPolicy policy);

/// The policy that the environment variable SUBBIT_KERNELS names; kMeasure if it is not set. Throws
/// std::invalid_argument if it is set to anything but a policy's name.
KernelPolicy ChosenKernelPolicy();

}  // namespace subbit
