#include <vector>

#include "core/operator/conv_geometry.h"
#include "device/element.h"
#include "emulator/emulator.h"
#include "fuzz/targets.h"
#include "tables/device.h"

namespace subbit::fpga {
namespace {

/// So small that a request takes little time.
constexpr std::uint64_t kMemoryBytes = 1 << 15;
constexpr std::uint64_t kTensors = 1 << 10;  ///< where tensors begin

Capabilities AnyElement(FuzzInput* input) {
  Capabilities capabilities = EmulatorCapabilities(input->Among(Elements()).name);
  capabilities.memory_bytes = kMemoryBytes;
  return capabilities;
}

/// Mostly where a tensor may lie.
std::uint64_t Address(FuzzInput* input) {
  if (input->Once(16)) return input->Any<std::uint64_t>();
  return kTensors + LayerDescriptor::kAlignment * static_cast<std::uint64_t>(input->Within(
                                                      0, (kMemoryBytes - kTensors) / LayerDescriptor::kAlignment));
}

template <class T>
T Small(FuzzInput* input, std::int64_t least, std::int64_t most) {
  return input->Once(24) ? input->Any<T>() : static_cast<T>(input->Within(least, most));
}

/// A layer that is sound in most of its fields, and whose output has the size that follows from the others.
LayerDescriptor Descriptor(FuzzInput* input) {
  LayerDescriptor d;
  d.version = input->Once(3) ? 2 : 1;
  d.input_format = static_cast<InputFormat>(Small<std::uint8_t>(input, 0, 2));
  d.output_format = static_cast<OutputFormat>(Small<std::uint8_t>(input, 0, 3));
  d.tau = Small<std::uint8_t>(input, 1, 9);
  d.mode = static_cast<Mode>(Small<std::uint8_t>(input, 0, 1));
  const bool bits = d.input_format == InputFormat::kBits;
  d.input_zero_point = bits ? std::int16_t{0} : Small<std::int16_t>(input, 0, 127);
  const bool eight_bits = HasEightBits(d.output_format);
  d.output_zero_point = eight_bits ? Small<std::int16_t>(input, 0, 127) : std::int16_t{0};
  d.group = Small<std::uint32_t>(input, 1, 3);
  d.batch = Small<std::uint32_t>(input, 1, 3);
  d.in_channels = d.group * Small<std::uint32_t>(input, 1, 12);
  d.out_channels = d.group * Small<std::uint32_t>(input, 1, 12);
  d.in_height = Small<std::uint32_t>(input, 1, 12);
  d.in_width = Small<std::uint32_t>(input, 1, 12);
  d.stride_h = Small<std::uint16_t>(input, 1, 3);
  d.stride_w = Small<std::uint16_t>(input, 1, 3);
  d.dilation_h = Small<std::uint16_t>(input, 1, 3);
  d.dilation_w = Small<std::uint16_t>(input, 1, 3);
  d.pad_top = Small<std::uint16_t>(input, 0, 2);
  d.pad_left = Small<std::uint16_t>(input, 0, 2);
  d.pad_bottom = Small<std::uint16_t>(input, 0, 2);
  d.pad_right = Small<std::uint16_t>(input, 0, 2);
  const auto length = [&](std::uint32_t size, std::uint16_t before, std::uint16_t after, std::uint16_t dilation,
                          std::uint16_t stride) {
    if (stride == 0 || input->Once(24)) return input->Any<std::uint32_t>();
    return static_cast<std::uint32_t>(OutputLength(size, before, after, dilation, stride));
  };
  d.out_height = length(d.in_height, d.pad_top, d.pad_bottom, d.dilation_h, d.stride_h);
  d.out_width = length(d.in_width, d.pad_left, d.pad_right, d.dilation_w, d.stride_w);
  d.input_address = Address(input);
  d.output_address = Address(input);
  d.index_address = Address(input);
  d.codebook_address = Address(input);
  d.bias_address = input->Once(2) ? Address(input) : 0;
  d.multiplier_address = d.output_format == OutputFormat::kI32 ? 0 : Address(input);
  if (d.version == 2 && input->Once(2)) {
    d.adds_residual = true;
    d.residual_address = Address(input) | 64;
    d.residual_multiplier = input->Once(4) ? input->Any<float>() : 0.25f;
    d.residual_zero_point = Small<std::int16_t>(input, 0, 127);
  }
  return d;
}

/// The same of an integer network.
LayerDescriptor IntegerDescriptor(FuzzInput* input) {
  LayerDescriptor d;
  d.version = 3;
  d.input_format = {};
  d.output_format = {};
  IntegerStage& stage = d.integer.emplace();
  stage.kind = static_cast<Kind>(input->Within(0, kKindValues - 1));
  const bool conv = stage.kind == Kind::kConv;
  const bool stem = stage.kind == Kind::kStem;
  const bool classifier = stage.kind == Kind::kClassifier;
  d.tau = conv ? Small<std::uint8_t>(input, 1, 5) : std::uint8_t{0};
  d.batch = Small<std::uint32_t>(input, 1, 3);
  d.in_channels = Small<std::uint32_t>(input, 1, stem ? 4 : 12);
  d.out_channels = Small<std::uint32_t>(input, 1, 80);
  d.in_height = Small<std::uint32_t>(input, 1, 12);
  d.in_width = Small<std::uint32_t>(input, 1, 12);
  stage.shift = Small<std::uint8_t>(input, 1, 4);
  stage.value_bits = classifier ? std::uint8_t{0} : Small<std::uint8_t>(input, 9, 16);
  if (stem) {
    stage.kernel = Small<std::uint8_t>(input, 1, 5);
    stage.taps = Small<std::uint16_t>(input, 1, 40);
    for (std::size_t axis = 0; axis < 2; ++axis) {
      stage.pool[axis] = Small<std::uint8_t>(input, 1, 3);
      stage.pool_strides[axis] = Small<std::uint8_t>(input, 1, 2);
      stage.pool_pads[axis] = Small<std::uint8_t>(input, 0, 1);
      stage.pool_pads[axis + 2] = Small<std::uint8_t>(input, 0, 1);
    }
  } else if (stage.kind == Kind::kShortcut) {
    stage.pool[0] = stage.pool[1] = Small<std::uint8_t>(input, 1, 2);
    stage.pool_strides = stage.pool;
  }
  if (conv || stem) {
    d.stride_h = Small<std::uint16_t>(input, 1, 2);
    d.stride_w = Small<std::uint16_t>(input, 1, 2);
    for (std::uint16_t* pad : {&d.pad_top, &d.pad_left, &d.pad_bottom, &d.pad_right}) {
      *pad = Small<std::uint16_t>(input, 0, 2);
    }
  }
  // As far as it can be computed.
  const bool strides = d.stride_h != 0 && d.stride_w != 0 && stage.pool_strides[0] != 0 && stage.pool_strides[1] != 0 &&
                       stage.pool[0] != 0 && stage.pool[1] != 0;
  const ImageSize out = strides && !input->Once(24) ? d.OutputSize({d.in_height, d.in_width}) : ImageSize{1, 1};
  d.out_height = out.height;
  d.out_width = out.width;
  d.input_address = Address(input);
  d.output_address = Address(input);
  d.index_address = Address(input);
  d.codebook_address = conv || stem ? Address(input) : 0;
  d.multiplier_address = classifier ? 0 : Address(input);
  d.adds_residual = conv && input->Once(2);
  d.residual_address = d.adds_residual ? Address(input) | 64 : 0;
  stage.slope_shift = d.adds_residual ? Small<std::uint8_t>(input, 0, 3) : std::uint8_t{0};
  stage.gives_signs = !classifier && input->Once(2);
  d.signs_address = stage.gives_signs ? Address(input) | 64 : 0;
  return d;
}

void WriteBytes(FuzzInput* input, Emulator& device) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(input->Within(0, 300)));
  // Codewords and multipliers of few values, of which most are sound.
  const std::uint8_t value = input->Any<std::uint8_t>();
  for (std::uint8_t& byte : bytes) byte = input->Once(8) ? input->Any<std::uint8_t>() : value;
  device.WriteBuffer(Address(input), bytes.data(), bytes.size());
}

void WriteList(FuzzInput* input, Emulator& device) {
  const std::int64_t count = input->Within(1, 3);
  std::uint64_t at = LayerDescriptor::kAlignment;
  for (std::int64_t i = 0; i < count; ++i) {
    LayerDescriptor::Bytes bytes = (input->Once(3) ? IntegerDescriptor(input) : Descriptor(input)).Encode();
    if (input->Once(6)) bytes[input->Any<std::uint8_t>() % bytes.size()] ^= input->Any<std::uint8_t>();
    device.WriteBuffer(at, bytes.data(), bytes.size());
    at += bytes.size();
  }
  device.Write32(registers::kDescriptorsLow, LayerDescriptor::kAlignment);
  device.Write32(registers::kDescriptorsHigh, 0);
  device.Write32(registers::kCount, static_cast<std::uint32_t>(count));
}

void Start(Emulator& device) {
  device.Write32(registers::kControl, registers::kControlStart);
  const std::uint32_t control = device.Read32(registers::kControl);
  if ((control & registers::kControlDone) == 0 || (control & registers::kControlIdle) == 0) {
    Finding("a request that is not done when its start returns");
  }
  if (device.Read32(registers::kError) > static_cast<std::uint32_t>(ErrorCode::kInternal)) {
    Finding("an error code that the contract does not have");
  }
}

}  // namespace

void FuzzEmulator(FuzzInput* input) {
  Emulator device(AnyElement(input));
  while (!input->Empty()) {
    try {
      switch (input->Within(0, 7)) {
        case 0:
          device.Write32(static_cast<std::uint32_t>(4 * input->Within(0, 40)), input->Any<std::uint32_t>());
          break;
        case 1:
          device.Read32(static_cast<std::uint32_t>(4 * input->Within(0, 40)));
          break;
        case 2: {
          std::vector<std::uint8_t> bytes(static_cast<std::size_t>(input->Within(0, 300)));
          device.ReadBuffer(Address(input), bytes.data(), bytes.size());
          break;
        }
        case 3:
          WriteBytes(input, device);
          break;
        case 4:
          Start(device);
          break;
        default:
          WriteList(input, device);
          Start(device);
      }
    } catch (const TransferError&) {
      // As documented.
    }
  }
}

}  // namespace subbit::fpga
