#pragma once

#include <cstdint>

namespace subbit::fpga {

/// The error that the device found: the value of the error register and of a descriptor's status word.
enum class ErrorCode : std::uint32_t {
  kNone = 0,
  /// The descriptor list is misaligned, empty or not inside device memory.
  kDescriptorList = 1,
  /// Magic, version, size or a reserved field of a descriptor is wrong, or it reaches beyond device memory.
  kHeader = 2,
  /// A format, mode, tau, stride, dilation, padding or group that this device does not offer.
  kUnsupported = 3,
  /// A dimension is zero or too large, or the dimensions contradict each other.
  kShape = 4,
  /// A tensor is misaligned, not inside device memory, or overlaps the output.
  kAddress = 5,
  /// A codeword has bits above the ninth.
  kCodeword = 6,
  /// A multiplier is infinite or not a number, or that of the residual is 2^120 or more.
  kMultiplier = 7,
  /// A zero point is outside the range of its format.
  kZeroPoint = 8,
  /// The device failed for a reason of its own.
  kInternal = 9,
};

/// Describes an error in one sentence without a full stop. Any value may be passed, including one that is not in the
/// list.
const char* Describe(ErrorCode code);

}  // namespace subbit::fpga
