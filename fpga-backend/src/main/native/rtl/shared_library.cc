#include "rtl/shared_library.h"

#ifdef _WIN32

#include <windows.h>

#include <system_error>

namespace subbit::fpga {
namespace {

std::wstring Wide(const std::string& text) {
  const int size = static_cast<int>(text.size());
  std::wstring wide(static_cast<std::size_t>(MultiByteToWideChar(CP_UTF8, 0, text.data(), size, nullptr, 0)), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, text.data(), size, wide.data(), static_cast<int>(wide.size()));
  return wide;
}

std::string Utf8(const wchar_t* wide, int size) {
  std::string text(static_cast<std::size_t>(WideCharToMultiByte(CP_UTF8, 0, wide, size, nullptr, 0, nullptr, nullptr)),
                   '\0');
  WideCharToMultiByte(CP_UTF8, 0, wide, size, text.data(), static_cast<int>(text.size()), nullptr, nullptr);
  return text;
}

}  // namespace

void* LoadSharedLibrary(const std::string& path, std::string* error) {
  const HMODULE library = LoadLibraryW(Wide(path).c_str());
  if (library == nullptr && error != nullptr) {
    *error = path + ": " + std::system_category().message(static_cast<int>(GetLastError()));
  }
  return library;
}

void* FindFunction(void* library, const char* name) {
  return reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(library), name));
}

std::string PathOfThisLibrary() {
  HMODULE self = nullptr;
  if (GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                         reinterpret_cast<LPCWSTR>(&PathOfThisLibrary), &self) == 0) {
    return "";
  }
  wchar_t path[32768];  // the longest that Windows has
  const DWORD length = GetModuleFileNameW(self, path, static_cast<DWORD>(std::size(path)));
  return Utf8(path, static_cast<int>(length));
}

std::string SharedLibraryFile(const std::string& name) { return name + ".dll"; }

}  // namespace subbit::fpga

#else

#include <dlfcn.h>

namespace subbit::fpga {

void* LoadSharedLibrary(const std::string& path, std::string* error) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr && error != nullptr) {
    *error = dlerror();
  }
  return library;
}

void* FindFunction(void* library, const char* name) { return dlsym(library, name); }

std::string PathOfThisLibrary() {
  Dl_info self;
  return dladdr(reinterpret_cast<void*>(&PathOfThisLibrary), &self) != 0 && self.dli_fname != nullptr ? self.dli_fname
                                                                                                      : "";
}

std::string SharedLibraryFile(const std::string& name) {
#ifdef __APPLE__
  return "lib" + name + ".dylib";
#else
  return "lib" + name + ".so";
#endif
}

}  // namespace subbit::fpga

#endif
