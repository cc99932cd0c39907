#include "core/packing/pack_signs.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/operator/packed_bits.h"

namespace subbit {
namespace {

constexpr std::int64_t kWordBits = 32;
constexpr std::int64_t kBytesPerWord = kWordBits / kChannelsPerByte;
constexpr std::int64_t kPixels = 512;  // of a task; their words take 2 KiB

class PackSigns : public PackSignsKernel {
 public:
  PackSigns(const PopcountKernels& kernels, std::vector<float> shift) : kernels_(kernels), shift_(std::move(shift)) {}

  std::string Name() const override { return std::string("vectors, ") + kernels_.isa; }

  std::int64_t Channels() const override { return static_cast<std::int64_t>(shift_.size()); }

  std::size_t ScratchBytes(const SignsShape&) const override { return 0; }

  void Run(const SignsShape& shape, const float* x, std::uint8_t* b, void*, ParallelFor parallel_for) const override {
    const std::int64_t words = (shape.channels + kWordBits - 1) / kWordBits;
    const std::int64_t chunks = (shape.pixels + kPixels - 1) / kPixels;
    const bool worth_threads = shape.batch * shape.channels * shape.pixels >= kLeastParallelSigns;
    (worth_threads ? parallel_for : ParallelFor(RunSerially))(
        static_cast<std::size_t>(shape.batch * words * chunks), [&](std::size_t task) {
          const std::int64_t image = static_cast<std::int64_t>(task) / (words * chunks);
          const std::int64_t word = static_cast<std::int64_t>(task) / chunks % words;
          const std::int64_t pixel = static_cast<std::int64_t>(task) % chunks * kPixels;
          const std::int64_t n = std::min(kPixels, shape.pixels - pixel);
          const std::int64_t channel = word * kWordBits;
          const auto channels = static_cast<int>(std::min(kWordBits, shape.channels - channel));
          std::uint32_t packed[kPixels];
          kernels_.pack(x + (image * shape.channels + channel) * shape.pixels + pixel, shape.pixels, channels,
                        shift_.data() + channel, n, packed);
          const std::int64_t byte = image * PackedBytes(shape.channels) + word * kBytesPerWord;
          kernels_.unpack_bytes(packed, n, static_cast<int>(PackedBytes(channels)), shape.pixels,
                                b + byte * shape.pixels + pixel);
        });
  }

 private:
  const PopcountKernels& kernels_;
  const std::vector<float> shift_;
};

}  // namespace

std::unique_ptr<PackSignsKernel> MakePackSigns(const PopcountKernels& kernels, std::vector<float> shift) {
  return std::make_unique<PackSigns>(kernels, std::move(shift));
}

}  // namespace subbit
