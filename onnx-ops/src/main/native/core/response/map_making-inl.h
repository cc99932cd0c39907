// Makes the maps for map_kernels-inl.h: reads the input and adds taps. map_kernels.h says what each function does.

#include "core/response/map_kernels.h"

namespace subbit {
namespace {

/// One input value as the operator reads it; the types tell the operators apart.
template <class E, class X>
E ConvertOne(X x, std::int32_t offset) {
  if constexpr (sizeof(X) == 1) {
    return static_cast<E>(x - offset);
  } else if constexpr (sizeof(E) == sizeof(X)) {
    return x;
  } else {
    return static_cast<E>(2 * static_cast<int>(x >= 0) - 1);  // no branch: signs cannot be predicted
  }
}

/// Converts n >= kBlock values block by block, the last block over the end of the one before: rows are often shorter
/// than what the compiler would unroll a plain loop to.
template <int kBlock, int kStride, class X, class E>
void ConvertBlocks(const X* __restrict x, std::int64_t n, std::int32_t offset, E* __restrict out) {
  for (std::int64_t first = 0; first < n; first += kBlock) {
    const std::int64_t at = first + kBlock <= n ? first : n - kBlock;
    for (int i = 0; i < kBlock; ++i) out[at + i] = ConvertOne<E>(x[(at + i) * kStride], offset);
  }
}

/// With a stride that the compiler knows, it turns the values' loads into loads of vectors.
template <int kStride, class X, class E>
void ConvertRow(const X* x, std::int64_t n, std::int32_t offset, E* out) {
  if (n >= 32) {
    ConvertBlocks<32, kStride>(x, n, offset, out);
  } else if (n >= 16) {
    ConvertBlocks<16, kStride>(x, n, offset, out);
  } else if (n >= 4) {
    ConvertBlocks<4, kStride>(x, n, offset, out);
  } else {
    for (std::int64_t i = 0; i < n; ++i) out[i] = ConvertOne<E>(x[i * kStride], offset);
  }
}

template <class X, class E>
void Convert(const X* x, std::int64_t n, std::int64_t stride, std::int32_t offset, E* out) {
  if (stride == 1) {
    ConvertRow<1>(x, n, offset, out);
  } else if (stride == 2) {
    ConvertRow<2>(x, n, offset, out);
  } else {
    for (std::int64_t i = 0; i < n; ++i) out[i] = ConvertOne<E>(x[i * stride], offset);
  }
}

/// -a-b, a-b, b-a, a+b: pattern bit 0 is the sign of a, bit 1 that of b.
template <class E>
void Signs(Vector<E> a, Vector<E> b, Vector<E>* patterns) {
  patterns[3] = a + b;
  patterns[1] = a - b;
  patterns[0] = -patterns[3];
  patterns[2] = -patterns[1];
}

/// The eight patterns of three taps.
template <class E>
void Signs(Vector<E> a, Vector<E> b, Vector<E> c, Vector<E>* patterns) {
  const Vector<E> sum = a + b;
  const Vector<E> difference = a - b;
  patterns[0] = -sum - c;
  patterns[1] = difference - c;
  patterns[2] = -difference - c;
  patterns[3] = sum - c;
  patterns[4] = c - sum;
  patterns[5] = c + difference;
  patterns[6] = c - difference;
  patterns[7] = c + sum;
}

template <class E>
void MakeRows(const E* plane, const std::int64_t* tap_offset, int count, E* maps) {
  for (int row = 0; row < count; ++row) {
    const std::int64_t* at = tap_offset + 3 * row;
    Vector<E> patterns[kRowPatterns];
    Signs<E>(LoadUnaligned(plane + at[0]), LoadUnaligned(plane + at[1]), LoadUnaligned(plane + at[2]), patterns);
    for (int i = 0; i < kRowPatterns; ++i) At(maps, kRowPatterns * row + i) = patterns[i];
  }
}

template <class E>
void MakeHalves(const E* plane, const std::int64_t* tap_offset, E* maps) {
  const auto tap = [&](int i) { return LoadUnaligned(plane + tap_offset[i]); };
  Vector<E> low[8];
  Vector<E> high[4];
  Signs<E>(tap(0), tap(1), tap(2), low);
  Signs<E>(tap(3), tap(4), high);
  for (int h = 0; h < 4; ++h) {
    for (int l = 0; l < 8; ++l) At(maps, 8 * h + l) = high[h] + low[l];
  }
  Signs<E>(tap(5), tap(6), low);
  Signs<E>(tap(7), tap(8), high);
  for (int h = 0; h < 4; ++h) {
    for (int l = 0; l < 4; ++l) At(maps, 32 + 4 * h + l) = high[h] + low[l];
  }
}

/// Makes the responses of kPixels pixels, one below the other: the second one's kernel rows are the first one's, one
/// row further down. The code always knows the pattern of the top row, so its sums stay in registers, and only the rows
/// below are stored and loaded.
template <int kPixels, class E>
void MakeResponses(const E* plane, const std::int64_t* tap_offset, const CodewordList& list, E* maps,
                   std::int64_t map_stride) {
  constexpr int kRow = kRowPatterns * kLanes<E>;
  alignas(kVectorBytes) E rows[(1 + kPixels) * kRow];  // from the first pixel's middle row on
  MakeRows(plane, tap_offset + 3, 1 + kPixels, rows);
  Vector<E> top[kPixels][3];
#pragma GCC unroll 2
  for (int i = 0; i < kPixels; ++i) {
    for (int tap = 0; tap < 3; ++tap) top[i][tap] = LoadUnaligned(plane + tap_offset[3 * i + tap]);
  }
  int k = 0;
#pragma GCC unroll 8
  for (int pattern = 0; pattern < kRowPatterns; ++pattern) {
    Vector<E> sums[kPixels];
#pragma GCC unroll 2
    for (int i = 0; i < kPixels; ++i) {
      const bool alike = ((pattern >> 1) & 1) == (pattern & 1);
      const Vector<E> pair = alike ? top[i][0] + top[i][1] : top[i][0] - top[i][1];
      const Vector<E> signed_pair = (pattern & 1) != 0 ? pair : -pair;
      sums[i] = (pattern & 4) != 0 ? signed_pair + top[i][2] : signed_pair - top[i][2];
    }
    for (const int end = list.end[pattern]; k < end; ++k) {
      const LowerRowSlots slots = list.codewords[k];
#pragma GCC unroll 2
      for (int i = 0; i < kPixels; ++i) {
        const E* const middle = rows + i * kRow;
        At(maps + i * map_stride, k) = sums[i] + AtSlot(middle, slots.middle) + AtSlot(middle + kRow, slots.bottom);
      }
    }
  }
}

}  // namespace
}  // namespace subbit
