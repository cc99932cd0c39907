#include <cstddef>
#include <cstdint>

namespace subbit {
namespace {

constexpr const char* kIsa = "portable";
constexpr std::size_t kVectorBytes = 16;

inline std::uint16_t Signs16(const float* x, const float* shift) {
  unsigned bits = 0;
  for (int i = 0; i < 16; ++i) bits |= static_cast<unsigned>(x[i] + shift[i] >= 0.0f) << i;
  return static_cast<std::uint16_t>(bits);
}

}  // namespace
}  // namespace subbit

#include "passes/passes-inl.h"
//
#include "passes/count_words-inl.h"

namespace subbit {

const Passes& PortablePasses() { return kPasses; }

}  // namespace subbit
