#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace subbit {

constexpr std::size_t kCacheLine = 64;  ///< bytes; also the widest vector of any kernel

/// Cuts scratch memory into arrays, each at a cache-line boundary and uninitialised. A kernel takes its arrays in one
/// function and calls it twice: first with a cutter without memory, to learn from Bytes() how much it needs, and then
/// with the memory.
class ScratchCutter {
 public:
  ScratchCutter() = default;
  explicit ScratchCutter(void* memory) : memory_(static_cast<std::byte*>(memory)) {
    const std::size_t past = reinterpret_cast<std::uintptr_t>(memory) % kCacheLine;
    if (past != 0) memory_ += kCacheLine - past;
  }

  /// Null if there is no memory.
  template <class T>
  T* Take(std::int64_t count) {
    static_assert(std::is_trivial_v<T>);
    const std::size_t at = taken_;
    taken_ += (static_cast<std::size_t>(count) * sizeof(T) + kCacheLine - 1) / kCacheLine * kCacheLine;
    return memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + at);
  }

  /// Bytes that hold all that was taken, wherever they begin.
  std::size_t Bytes() const { return taken_ == 0 ? 0 : taken_ + kCacheLine; }

 private:
  std::byte* memory_ = nullptr;
  std::size_t taken_ = 0;
};

/// The largest number of tasks of a parallel loop with scratch memory of their own: enough to spread over threads, few
/// enough to cost nothing.
constexpr std::int64_t kMaxTasks = 16;

/// kMaxTasks slices of scratch memory for the tasks of a parallel loop. A task holds a slice while it runs. The lowest
/// free one is handed out, so one thread always works in the same cached slice, and two threads in two.
class ScratchSlices {
 public:
  ScratchSlices(std::byte* memory, std::size_t slice_bytes) : memory_(memory), slice_bytes_(slice_bytes) {}

  /// A slice for the time that this object lives.
  class Hold {
   public:
    explicit Hold(ScratchSlices* slices) : slices_(slices), slice_(slices->Claim()) {}
    ~Hold() { slices_->free_.fetch_or(1u << slice_, std::memory_order_release); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

    void* get() const { return slices_->memory_ + slices_->slice_bytes_ * static_cast<std::size_t>(slice_); }

   private:
    ScratchSlices* slices_;
    int slice_;
  };

 private:
  /// There is a free slice, since at most kMaxTasks tasks exist.
  int Claim() {
    std::uint32_t free = free_.load(std::memory_order_relaxed);
    while (
        !free_.compare_exchange_weak(free, free & (free - 1), std::memory_order_acquire, std::memory_order_relaxed)) {
    }
    return __builtin_ctz(free);
  }

  std::byte* memory_;
  std::size_t slice_bytes_;
  std::atomic<std::uint32_t> free_{(1u << kMaxTasks) - 1};
};

}  // namespace subbit
