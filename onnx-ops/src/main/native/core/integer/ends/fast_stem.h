#pragma once

#include <memory>

#include "core/integer/ends/end_kernels.h"
#include "core/integer/integer_layer.h"
#include "core/integer/integer_parameters.h"

namespace subbit {

/// IntegerStem, row by row. A row of pixels is converted to integers and interleaved, [columns][channels], with its
/// padding; a row of the convolution multiplies `kernel` rows of pixels with weights whose vectors hold outputs, and
/// finishes them; the last rows of the convolution wait in a ring for the maximum over windows, whose comparison with
/// thresholds gives signs. All of it stays in the caches. A pixel in the padding is zero_pixel, and what zero pixels
/// add to the sums is subtracted beforehand.
///
/// Two pixels of int16 per multiplication, or four of uint8 where the instruction set has such sums. In the first case
/// a kernel of 5 to 7 columns with a stride of 2 takes less than half of the multiplications: short_convolution.h.
///
/// `kernels` must stay valid.
std::unique_ptr<IntegerLayer> MakeFastStem(const EndKernels& kernels, const StemParameters& parameters);

}  // namespace subbit
