#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <thread>

#include "core/kernel/scratch.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace subbit {

/// Bands of work with numbers from 0 on, each done once. Any number of threads claim them in order, and each may wait
/// for bands before its own. That cannot come to a standstill, however few of the threads run at a time: whoever
/// waits, waits for claimed bands, and the first of those that is not done has nothing to wait for.
///
/// Whether a band is done is recorded in a ring: `ring` bands from any one on have places of their own. A band may be
/// done only after the one `ring` before it, which is the caller's to see to.
class BandQueue {
 public:
  /// Reserves the record of `ring` bands.
  static void* Take(std::int64_t ring, ScratchCutter* cutter) {
    return cutter->Take<std::byte>(ring * static_cast<std::int64_t>(sizeof(Record)));
  }

  /// A queue of `bands` bands, of which none is done, with memory from Take.
  BandQueue(std::int64_t bands, std::int64_t ring, void* memory)
      : bands_(bands), ring_(ring), records_(static_cast<Record*>(memory)) {
    for (std::int64_t i = 0; i < ring; ++i) new (records_ + i) Record(0);
  }
  BandQueue(const BandQueue&) = delete;
  BandQueue& operator=(const BandQueue&) = delete;

  /// Claims bands and calls run(band) for each until none is left. If a call throws, no thread claims another band,
  /// and those that wait for this one go on without it.
  template <class Run>
  void Work(Run run) {
    for (;;) {
      const std::int64_t band = next_.fetch_add(1, std::memory_order_relaxed);
      if (band >= bands_ || failed_.load(std::memory_order_relaxed)) return;
      try {
        run(band);
      } catch (...) {
        failed_.store(true, std::memory_order_release);
        throw;
      }
      records_[band % ring_].store(Round(band), std::memory_order_release);
    }
  }

  /// Waits until bands first .. last - 1 are done. All of them are before the one that the caller runs.
  void WaitFor(std::int64_t first, std::int64_t last) {
    const std::int64_t known = done_.load(std::memory_order_acquire);
    if (last <= known) return;
    for (std::int64_t band = first; band < last; ++band) WaitFor(band);
    if (first <= known) done_.store(last, std::memory_order_release);
  }

 private:
  /// In which round of the ring the last band of a place was done, counted from 1; 0 for none.
  using Record = std::atomic<std::uint32_t>;

  static constexpr int kSpins = 200;  // some microseconds, in which most bands are done

  std::uint32_t Round(std::int64_t band) const { return static_cast<std::uint32_t>(band / ring_ + 1); }

  void WaitFor(std::int64_t band) {
    const Record& record = records_[band % ring_];
    const std::uint32_t round = Round(band);
    for (int spins = 0; record.load(std::memory_order_acquire) < round; ++spins) {
      if (failed_.load(std::memory_order_acquire)) return;
      if (spins < kSpins) {
        Pause();
      } else {
        std::this_thread::yield();  // whoever does the band may wait for this processor
      }
    }
  }

  static void Pause() {
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
  }

  const std::int64_t bands_;
  const std::int64_t ring_;
  Record* const records_;
  alignas(kCacheLine) std::atomic<std::int64_t> next_{0};
  alignas(kCacheLine) std::atomic<std::int64_t> done_{0};  // all bands before this one are done, and perhaps more
  std::atomic<bool> failed_{false};
};

}  // namespace subbit
