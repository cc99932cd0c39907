#include "core/bench/step_times.h"

#include <jni.h>

/// The native side of dev.subbit.onnx.StepTimes: numbers as KernelLog's `stop` gives them.
extern "C" JNIEXPORT jdouble JNICALL Java_dev_subbit_onnx_StepTimes_seconds(JNIEnv*, jclass, jint step, jint isa,
                                                                            jdouble count) {
  return subbit::Seconds({static_cast<subbit::VectorStep>(step), static_cast<subbit::Isa>(isa), count});
}
