#include "ort/kernel_log.h"

#include <jni.h>

#include <exception>
#include <string>

#include "core/kernel/isa.h"

/// The native side of dev.subbit.onnx.KernelLog. Every function ends with a Java exception pending where something
/// failed; no C++ exception leaves it.

namespace {

using subbit::ort::KernelLog;
using subbit::ort::KernelRun;

void Throw(JNIEnv* env, const char* message) {
  if (env->ExceptionCheck()) return;
  const jclass exception = env->FindClass("java/lang/IllegalStateException");
  if (exception != nullptr) env->ThrowNew(exception, message);
}

/// Text as UTF-8 bytes: node names come from untrusted models and need not be what NewStringUTF takes.
jbyteArray Bytes(JNIEnv* env, const std::string& text) {
  const auto length = static_cast<jsize>(text.size());
  const jbyteArray bytes = env->NewByteArray(length);
  if (bytes != nullptr) env->SetByteArrayRegion(bytes, 0, length, reinterpret_cast<const jbyte*>(text.data()));
  return bytes;
}

}  // namespace

extern "C" JNIEXPORT jstring JNICALL Java_dev_subbit_onnx_KernelLog_instructionSet(JNIEnv* env, jclass) {
  try {
    return env->NewStringUTF(subbit::ToString(subbit::ChosenIsa()));
  } catch (const std::exception& e) {
    Throw(env, e.what());
    return nullptr;
  }
}

extern "C" JNIEXPORT void JNICALL Java_dev_subbit_onnx_KernelLog_start(JNIEnv*, jclass) { KernelLog::Global().Start(); }

extern "C" JNIEXPORT void JNICALL Java_dev_subbit_onnx_KernelLog_stop(JNIEnv* env, jclass, jobject visitor) {
  const jmethodID visit = env->GetMethodID(env->GetObjectClass(visitor), "visit", "([B[B[BIID)V");
  if (visit == nullptr) return;
  try {
    for (const KernelRun& run : KernelLog::Global().Stop()) {
      const jbyteArray op_type = Bytes(env, run.op_type);
      const jbyteArray node = Bytes(env, run.node);
      const jbyteArray kernel = Bytes(env, run.report.kernel);
      if (env->ExceptionCheck()) return;
      env->CallVoidMethod(visitor, visit, op_type, node, kernel, static_cast<jint>(run.report.bound.step),
                          static_cast<jint>(run.report.bound.isa), run.report.bound.count);
      if (env->ExceptionCheck()) return;
      for (const jbyteArray text : {op_type, node, kernel}) env->DeleteLocalRef(text);
    }
  } catch (const std::exception& e) {
    Throw(env, e.what());
  }
}
