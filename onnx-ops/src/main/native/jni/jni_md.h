#pragma once

/// What a JDK's jni.h asks of the platform that it is compiled for. A JDK brings this file for its own platform only,
/// whereas one JDK serves the builds for all of them.

#include "library/export.h"

#define JNIEXPORT SUBBIT_EXPORT
#define JNIIMPORT
#define JNICALL  // one calling convention on all 64-bit platforms

typedef int jint;
typedef long long jlong;
typedef signed char jbyte;
