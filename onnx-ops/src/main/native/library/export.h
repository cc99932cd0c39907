#pragma once

/// Marks a function of a plugin library that ONNX Runtime or Java looks up by name; all others are hidden.
#ifdef _WIN32
#define SUBBIT_EXPORT __declspec(dllexport)
#else
#define SUBBIT_EXPORT __attribute__((visibility("default")))
#endif
