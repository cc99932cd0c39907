#pragma once

namespace subbit {

/// Times a piece of work twice: as it passes, and as the processor time of the calling thread, which other programs do
/// not lengthen. For work that stays on one thread the latter is the better measure of a kernel.
class RunClock {
 public:
  RunClock() : wall_(WallSeconds()), thread_(ThreadSeconds()) {}

  /// Since the clock was made.
  double Wall() const { return WallSeconds() - wall_; }

  /// The same in processor time of this thread, which made the clock. On Windows, which counts that in steps of 15 ms,
  /// the same as Wall.
  double Thread() const { return ThreadSeconds() - thread_; }

  /// Whether work on this thread alone, which took so long by the two clocks, was interrupted: it finds the caches full
  /// of other things afterwards, and takes more processor time as well. What reading the clocks takes is no
  /// interruption, however short the work.
  static bool WasInterrupted(double wall, double thread) { return wall - thread > 0.1 * thread + kReadingClocks; }

 private:
  /// More than the clocks take between each other, about half a microsecond, and less than another program ever gets.
  static constexpr double kReadingClocks = 2e-6;

  static double WallSeconds();
  static double ThreadSeconds();

  double wall_;
  double thread_;
};

}  // namespace subbit
