#pragma once

#include <cstdint>

namespace subbit {

/// Four outputs of a filter of four taps by seven products instead of sixteen (Toom and Cook; in neural networks better
/// known as Winograd's F(4, 4)), exact in integers. With y_o = sum_j w_j d_(o + j), o and j in 0..3:
///
///   m_k = weight_k(w) * data_k(d)   for the points 0, 1, -1, 2, -2, 3 and infinity,
///   120 * y_o = sum_k a_k^o * m_k   (infinity counts for o = 3 only),
///   data_k = coefficients of prod_(l != k) (x - a_l), weight_k = 120 / prod_(l != k) (a_k - a_l) * sum_j w_j a_k^j.
///
/// |w| <= 128 and 0 <= d <= 255 give |weight_k| <= 15360 and |data_k| <= 10200: both are int16, as fast multiplications
/// of integers want them. Products and sums are taken modulo 2^32, and a result is exact because 120 |y| < 2^31.
///
/// A stem's kernel of 5 to 7 columns and a stride of 2 is two such filters, one over the even columns and one over the
/// odd ones. Its rows and channels are summed before a point's sums become outputs, so that only the first and the last
/// step are extra work: 147 multiplications of pairs for 4 outputs of a 7x7 kernel on 3 channels instead of 308.
constexpr int kPoints = 7;
constexpr int kTilePixels = 4;  ///< outputs of a tile
constexpr int kTileReach = 7;   ///< values that they are computed from

/// 120 / prod_(l != k) (a_k - a_l) * a_k^j
constexpr std::int16_t kPointWeights[kPoints][kTilePixels] = {
    {-10, 0, 0, 0}, {10, 10, 10, 10}, {5, -5, 5, -5}, {-5, -10, -20, -40},
    {-1, 2, -4, 8}, {1, 3, 9, 27},    {0, 0, 0, 120},
};

/// The coefficients of prod_(l != k) (x - a_l), from that of x^0 on.
constexpr std::int16_t kPointData[kPoints][kTileReach] = {
    {-12, 4, 15, -5, -3, 1, 0}, {0, 12, 8, -7, -2, 1, 0}, {0, -12, 16, -1, -4, 1, 0}, {0, 6, 1, -7, -1, 1, 0},
    {0, -6, 5, 5, -5, 1, 0},    {0, 4, 0, -5, 0, 1, 0},   {0, -12, 4, 15, -5, -3, 1},
};

}  // namespace subbit
