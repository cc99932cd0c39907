// Vectors for end_kernels-inl.h: the compiler's vector types of SUBBIT_VECTOR_BYTES. The operations that these lack are
// in end_vectors_<isa>-inl.h, which includes this file. Everything is in an unnamed namespace, see map_kernels-inl.h.

#include <cstdint>

namespace subbit {
namespace {

constexpr int kVectorBytes = SUBBIT_VECTOR_BYTES;
constexpr int kLanes = kVectorBytes / 2;  ///< of values, and outputs of a group
constexpr int kSumLanes = kVectorBytes / 4;

typedef std::int16_t Values __attribute__((vector_size(kVectorBytes)));
typedef std::int32_t Sums __attribute__((vector_size(kVectorBytes)));
/// For sums that are taken modulo 2^32.
typedef std::uint32_t Wraps __attribute__((vector_size(kVectorBytes)));

template <class V>
V Load(const void* p) {
  V v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

template <class V>
void Store(V v, void* p) {
  __builtin_memcpy(p, &v, sizeof v);
}

/// Values of 16 pixels: what a step of the conversions handles.
constexpr int kPixelBlock = 16;

}  // namespace
}  // namespace subbit
