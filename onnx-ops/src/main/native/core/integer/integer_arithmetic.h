#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

/// The arithmetic of the integer operators (docs/OPERATORS.md), value by value. Every kernel gives these results.
namespace subbit {

/// floor(value * 2^-shift + 1/2): halves are rounded up, a shift of 0 changes nothing. |value| is at most 2^31 - 2^22.
constexpr std::int32_t RoundedShift(std::int32_t value, int shift) {
  return shift == 0 ? value : (value + (std::int32_t{1} << (shift - 1))) >> shift;
}

/// RoundedShift(a * m, 15) of two 16-bit values: what x86 calls pmulhrsw and Arm sqrdmulh. m is not -32768, so the
/// result has 16 bits too.
constexpr std::int32_t MulHrs(std::int32_t a, std::int32_t m) { return RoundedShift(a * m, 15); }

/// The nearest value of `width` bits with sign.
constexpr std::int32_t Saturate(std::int32_t value, int width) {
  const std::int32_t limit = std::int32_t{1} << (width - 1);
  return std::clamp(value, -limit, limit - 1);
}

/// The value from which on the sums of a layer scale: saturated to 16 bits, scaled, shifted and saturated to `width`.
constexpr std::int16_t Rescale(std::int32_t value, std::int16_t multiplier, std::int16_t bias, int width) {
  return static_cast<std::int16_t>(Saturate(MulHrs(Saturate(value, 16), multiplier) + bias, width));
}

/// A pixel as the stem reads it: rounded to the nearest of 0 .. 255, halves to even; what is not a number is 0.
inline std::int32_t PixelValue(float x) {
  if (!(x > 0.0f)) return 0;
  return static_cast<std::int32_t>(std::nearbyint(std::min(x, 255.0f)));
}
inline std::int32_t PixelValue(std::uint8_t x) { return x; }

}  // namespace subbit
