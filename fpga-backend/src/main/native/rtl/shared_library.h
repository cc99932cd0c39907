#pragma once

#include <string>

/// Libraries that are loaded while a program runs, as Linux, macOS and Windows do it.
namespace subbit::fpga {

/// Loads the library in the file `path` (UTF-8), which stays loaded until the process ends. Null where that fails;
/// `error`, unless null, then receives the system's reason.
void* LoadSharedLibrary(const std::string& path, std::string* error);

/// The function `name` of a loaded library; null if it has none.
void* FindFunction(void* library, const char* name);

/// The file that this code was loaded from, UTF-8; empty where the system does not say.
std::string PathOfThisLibrary();

/// How this platform spells the file name of library `name`: "lib" + name + ".so".
std::string SharedLibraryFile(const std::string& name);

}  // namespace subbit::fpga
