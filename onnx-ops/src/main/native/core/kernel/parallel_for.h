#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace subbit {

/// A reference to a callable. Unlike std::function it never allocates, so it may be created in each run; the callable
/// must outlive it.
template <class Signature>
class FunctionRef;

template <class Result, class... Args>
class FunctionRef<Result(Args...)> {
 public:
  template <class Callable, class = std::enable_if_t<!std::is_same_v<std::decay_t<Callable>, FunctionRef>>>
  FunctionRef(const Callable& callable) {  // NOLINT: stands for the callable, as std::function does
    if constexpr (std::is_function_v<Callable>) {
      target_.function = reinterpret_cast<void (*)()>(&callable);
      call_ = [](Target target, Args... args) -> Result {
        return reinterpret_cast<Callable*>(target.function)(std::forward<Args>(args)...);
      };
    } else {
      target_.object = &callable;
      call_ = [](Target target, Args... args) -> Result {
        return (*static_cast<const Callable*>(target.object))(std::forward<Args>(args)...);
      };
    }
  }

  Result operator()(Args... args) const { return call_(target_, std::forward<Args>(args)...); }

 private:
  /// A pointer to a function is not a pointer to an object, and need not fit into one.
  union Target {
    const void* object;
    void (*function)();
  };

  Target target_;
  Result (*call_)(Target, Args...);
};

using Task = FunctionRef<void(std::size_t)>;

/// Runs task(0) .. task(tasks - 1), in any order and possibly on several threads, and returns when all are done. If a
/// task throws, one of the exceptions is rethrown on the caller's thread after the other tasks have ended.
using ParallelFor = FunctionRef<void(std::size_t tasks, Task task)>;

/// Runs the tasks one after the other on the caller's thread.
inline void RunSerially(std::size_t tasks, Task task) {
  for (std::size_t i = 0; i < tasks; ++i) task(i);
}

}  // namespace subbit
