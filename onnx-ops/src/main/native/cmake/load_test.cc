// load_test LIBRARY FUNCTION...: loads a library as ONNX Runtime and Java do, and looks up its functions. If one of
// these fails, it exits with 1 and says why.

#include <dlfcn.h>

#include <cstdio>

int main(int count, char** arguments) {
  void* library = count < 2 ? nullptr : dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    std::fprintf(stderr, "%s\n", count < 2 ? "no library named" : dlerror());
    return 1;
  }
  for (int i = 2; i < count; ++i) {
    if (dlsym(library, arguments[i]) == nullptr) {
      std::fprintf(stderr, "%s\n", dlerror());
      return 1;
    }
  }
  return 0;
}
