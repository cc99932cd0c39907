#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>

#include "Vsubbit_descriptor.h"
#include "device/layer_descriptor.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {

/// As the module gets them: all versions have 256 bytes, of which the last mean nothing in versions 1 and 2.
using DescriptorBytes = std::array<std::uint8_t, LayerDescriptor::kIntegerBytes>;

inline DescriptorBytes Encode(const LayerDescriptor& d, std::mt19937& random) {
  DescriptorBytes bytes;
  for (auto& byte : bytes) {
    byte = static_cast<std::uint8_t>(random());
  }
  const auto encoded = d.Encode();
  std::copy(encoded.begin(), encoded.end(), bytes.begin());
  return bytes;
}

/// Hands over a descriptor; the error code that comes back.
template <class Descriptor>
ErrorCode Judge(Descriptor& m, const DescriptorBytes& bytes) {
  std::memcpy(&m.bytes, bytes.data(), bytes.size());
  m.start = 1;
  Cycle(m);
  m.start = 0;
  for (int cycle = 0; !m.done; ++cycle) {
    if (cycle == 3000) {
      ADD_FAILURE() << "no verdict";
      return ErrorCode::kInternal;
    }
    Cycle(m);
  }
  const auto error = static_cast<ErrorCode>(m.error);
  const bool decoded = m.decoded;
  LayerDescriptor d;
  EXPECT_EQ(decoded, LayerDescriptor::Decode(bytes.data(), bytes.size(), &d) == ErrorCode::kNone);
  Cycle(m);
  EXPECT_FALSE(m.done) << "a second verdict";
  return error;
}

/// What the driver says of a descriptor, which is put into *d.
inline ErrorCode ExpectedError(const DescriptorBytes& bytes, const Capabilities& capabilities, LayerDescriptor* d) {
  const ErrorCode error = LayerDescriptor::Decode(bytes.data(), bytes.size(), d);
  return error == ErrorCode::kNone ? d->Validate(capabilities) : error;
}

}  // namespace subbit::fpga
