#include "device/error_code.h"

namespace subbit::fpga {

const char* Describe(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNone:
      return "no error";
    case ErrorCode::kDescriptorList:
      return "the descriptor list is misaligned, empty or outside device memory";
    case ErrorCode::kHeader:
      return "a descriptor has a wrong magic, version, size or reserved field, or leaves device memory";
    case ErrorCode::kUnsupported:
      return "a format, mode, tau, stride, dilation, padding or group that the device does not offer";
    case ErrorCode::kShape:
      return "the dimensions of a layer are out of range or contradict each other";
    case ErrorCode::kAddress:
      return "a tensor is misaligned, outside device memory, or overlaps the output";
    case ErrorCode::kCodeword:
      return "a codeword is larger than 511";
    case ErrorCode::kMultiplier:
      return "a multiplier is not finite, or that of a residual is too large";
    case ErrorCode::kZeroPoint:
      return "a zero point is outside the range of its format";
    case ErrorCode::kInternal:
      return "the device failed internally";
  }
  return "the device reported an error code that this driver does not know";
}

}  // namespace subbit::fpga
