#include "core/choice/run_clock.h"

#include <chrono>
#include <ctime>

namespace subbit {

double RunClock::WallSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double RunClock::ThreadSeconds() {
#ifndef _WIN32
  timespec time{};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0) {
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }
#endif
  return WallSeconds();
}

}  // namespace subbit
