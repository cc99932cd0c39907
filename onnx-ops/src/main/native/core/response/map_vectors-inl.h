// Vectors for map_kernels-inl.h: the compiler's vector types of SUBBIT_VECTOR_BYTES, and operations that they lack.

#include <cstdint>

#include "core/kernel/phase_planes.h"

#if SUBBIT_VECTOR_BYTES == 64
#include <immintrin.h>
#endif

namespace subbit {
namespace {

constexpr int kVectorBytes = SUBBIT_VECTOR_BYTES;

template <class E>
struct VectorOf {
  typedef E Type __attribute__((vector_size(kVectorBytes)));
};

template <class E>
using Vector = typename VectorOf<E>::Type;

template <class E>
constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(E));

template <class E>
Vector<E> LoadUnaligned(const E* p) {
  Vector<E> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

template <class E>
Vector<E>& At(E* p, int vector) {
  return reinterpret_cast<Vector<E>*>(p)[vector];
}

template <class E>
const Vector<E>& At(const E* p, int vector) {
  return reinterpret_cast<const Vector<E>*>(p)[vector];
}

/// The map at a slot.
template <class E>
const Vector<E>& AtSlot(const E* maps, std::uint16_t slot) {
  return *reinterpret_cast<const Vector<E>*>(reinterpret_cast<const char*>(maps) + slot * kSlotBytes);
}

/// The type of twice the size.
template <class E>
struct Wider;
template <>
struct Wider<std::int8_t> {
  using Type = std::int16_t;
  using Unsigned = std::uint16_t;
};
template <>
struct Wider<std::int16_t> {
  using Type = std::int32_t;
  using Unsigned = std::uint32_t;
};

/// The lanes with even numbers, and with odd numbers, in the wider type: two shifts on any instruction set, where
/// neighbouring lanes would take shuffles.
template <class E, class W = typename Wider<E>::Type>
Vector<W> Even(Vector<E> v) {
  constexpr int kBits = 8 * sizeof(E);
  using Unsigned = typename Wider<E>::Unsigned;
  return (Vector<W>)((Vector<Unsigned>)v << kBits) >> kBits;
}
template <class E, class W = typename Wider<E>::Type>
Vector<W> Odd(Vector<E> v) {
  constexpr int kBits = 8 * sizeof(E);
  return (Vector<W>)v >> kBits;
}

inline Vector<float> ToFloat(Vector<std::int32_t> v) { return __builtin_convertvector(v, Vector<float>); }

/// The lanes of two float vectors, in another order; Clang and GCC 11 know it by different names.
#ifdef __clang__
#define SUBBIT_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SUBBIT_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, Vector<std::int32_t>{__VA_ARGS__})
#endif

/// a[0], b[0], a[1], b[1], ...: `low` is the first vector of these, `high` the second.
inline void Interleave(Vector<float> a, Vector<float> b, Vector<float>* low, Vector<float>* high) {
#if SUBBIT_VECTOR_BYTES == 64
  *low = SUBBIT_SHUFFLE(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  *high = SUBBIT_SHUFFLE(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#elif SUBBIT_VECTOR_BYTES == 32
  *low = SUBBIT_SHUFFLE(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
  *high = SUBBIT_SHUFFLE(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#else
  *low = SUBBIT_SHUFFLE(a, b, 0, 4, 1, 5);
  *high = SUBBIT_SHUFFLE(a, b, 2, 6, 3, 7);
#endif
}

#undef SUBBIT_SHUFFLE

#if SUBBIT_VECTOR_BYTES == 64

/// Stores the lanes that are pixels. `lane` is the number of the vector's first lane in the runs' counting.
inline void StorePixels(Vector<float> v, int lane, const PixelRun* run, const PixelRun* end, float* y) {
  for (; run != end; ++run) {
    const std::uint64_t lanes = (~std::uint64_t{0} >> (64 - run->length)) << run->offset;
    _mm512_mask_storeu_ps(y + run->pixel - run->offset + lane, static_cast<__mmask16>(lanes >> lane), (__m512)v);
  }
}

/// Reads nothing but the pixels.
inline __m256i LoadBytes(const PixelRun* run, const PixelRun* end, const void* values) {
  __m256i bytes = _mm256_setzero_si256();
  for (; run != end; ++run) {
    const std::uint64_t lanes = (~std::uint64_t{0} >> (64 - run->length)) << run->offset;
    const auto* const from = static_cast<const std::int8_t*>(values) + run->pixel - run->offset;
    bytes = _mm256_mask_loadu_epi8(bytes, static_cast<__mmask32>(lanes), from);
  }
  return bytes;
}

/// The same for a vector of 16-bit lanes with values that Y, of 8 bits, can hold.
template <class Y>
void StorePixels(Vector<std::int16_t> v, const PixelRun* run, const PixelRun* end, Y* y) {
  const __m256i values = _mm512_cvtepi16_epi8((__m512i)v);
  for (; run != end; ++run) {
    const std::uint64_t lanes = (~std::uint64_t{0} >> (64 - run->length)) << run->offset;
    _mm256_mask_storeu_epi8(y + run->pixel - run->offset, static_cast<__mmask32>(lanes), values);
  }
}

/// The pixels' values of a vector of 8-bit values, in 16-bit lanes; other lanes hold 0.
inline Vector<std::int16_t> LoadPixels(const PixelRun* run, const PixelRun* end, const std::uint8_t* values) {
  return (Vector<std::int16_t>)_mm512_cvtepu8_epi16(LoadBytes(run, end, values));
}
inline Vector<std::int16_t> LoadPixels(const PixelRun* run, const PixelRun* end, const std::int8_t* values) {
  return (Vector<std::int16_t>)_mm512_cvtepi8_epi16(LoadBytes(run, end, values));
}

#else

/// Stores those of kCount values that are pixels. `lane` is the number of the first value in the runs' counting.
template <int kCount, class Y>
void StoreRuns(const Y* values, int lane, const PixelRun* run, const PixelRun* end, Y* y) {
  for (; run != end; ++run) {
    const std::int64_t first = run->offset > lane ? run->offset : lane;
    const std::int64_t past = run->offset + run->length < lane + kCount ? run->offset + run->length : lane + kCount;
    Y* const to = y + run->pixel - run->offset;
    if (past - first == kCount) {
      __builtin_memcpy(to + first, values, kCount * sizeof(Y));
    } else {
      for (std::int64_t i = first; i < past; ++i) to[i] = values[i - lane];
    }
  }
}

/// Stores the lanes that are pixels. `lane` is the number of the vector's first lane in the runs' counting.
inline void StorePixels(Vector<float> v, int lane, const PixelRun* run, const PixelRun* end, float* y) {
  alignas(kVectorBytes) float values[kLanes<float>];
  At(values, 0) = v;
  StoreRuns<kLanes<float> >(values, lane, run, end, y);
}

/// The same for a vector of 16-bit lanes with values that Y, of 8 bits, can hold.
template <class Y>
void StorePixels(Vector<std::int16_t> v, const PixelRun* run, const PixelRun* end, Y* y) {
  alignas(kVectorBytes) std::int16_t wide[kLanes<std::int16_t>];
  Y values[kLanes<std::int16_t>];
  At(wide, 0) = v;
  for (int i = 0; i < kLanes<std::int16_t>; ++i) values[i] = static_cast<Y>(wide[i]);
  StoreRuns<kLanes<std::int16_t> >(values, 0, run, end, y);
}

/// Copies `n` bytes, at most 16, in at most two steps that may overlap.
inline void CopyFew(const void* from, void* to, std::int64_t n) {
  const auto* const f = static_cast<const char*>(from);
  auto* const t = static_cast<char*>(to);
  if (n >= 8) {
    __builtin_memcpy(t, f, 8);
    __builtin_memcpy(t + n - 8, f + n - 8, 8);
  } else if (n >= 4) {
    __builtin_memcpy(t, f, 4);
    __builtin_memcpy(t + n - 4, f + n - 4, 4);
  } else {
    for (std::int64_t i = 0; i < n; ++i) t[i] = f[i];
  }
}

/// The pixels' values of a vector of 8-bit values, in 16-bit lanes; other lanes hold 0. Reads nothing but the pixels.
template <class Y>
Vector<std::int16_t> LoadPixels(const PixelRun* run, const PixelRun* end, const Y* values) {
  constexpr int kCount = kLanes<std::int16_t>;
  typedef Y Bytes __attribute__((vector_size(kCount)));
  Bytes bytes{};
  if (run != end && run->length == kCount) {
    __builtin_memcpy(&bytes, values + run->pixel, kCount);
  } else {
    for (; run != end; ++run) CopyFew(values + run->pixel, reinterpret_cast<Y*>(&bytes) + run->offset, run->length);
  }
  return __builtin_convertvector(bytes, Vector<std::int16_t>);
}

#endif

}  // namespace
}  // namespace subbit
