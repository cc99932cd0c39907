/// Keeps the plugin library that this file is linked into loaded until the process ends. ONNX Runtime unloads a library
/// of operators with the options that it was registered on, while sessions still use it. On Linux a flag in the file
/// does this (Subbit.cmake); elsewhere the library takes a reference to itself that nobody gives back.

#if defined(_WIN32)

#include <windows.h>

namespace {

const bool kStays = [] {
  HMODULE self = nullptr;
  return GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                            reinterpret_cast<LPCWSTR>(&kStays), &self) != 0;
}();

}  // namespace

#elif defined(__APPLE__)

#include <dlfcn.h>

namespace {

const bool kStays = [] {
  Dl_info self;
  return dladdr(&kStays, &self) != 0 && dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE) != nullptr;
}();

}  // namespace

#endif
