#include "ort/kernel_log.h"

#include <jni.h>

#include <exception>
#include <initializer_list>
#include <string>
#include <vector>

#include "core/kernel/isa.h"

/// The native side of dev.subbit.onnx.KernelLog. Every function ends with a Java exception pending where something
/// failed; no C++ exception leaves it.

namespace {

using subbit::CandidateTime;
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

/// The candidates' names and seconds, as KernelLog.Visitor takes them. Null, with an exception pending, where memory is
/// short.
jobjectArray Names(JNIEnv* env, const std::vector<CandidateTime>& candidates) {
  const jclass bytes = env->FindClass("[B");
  if (bytes == nullptr) return nullptr;
  const jobjectArray names = env->NewObjectArray(static_cast<jsize>(candidates.size()), bytes, nullptr);
  env->DeleteLocalRef(bytes);
  for (std::size_t i = 0; names != nullptr && i < candidates.size(); ++i) {
    const jbyteArray name = Bytes(env, candidates[i].kernel);
    if (name == nullptr) return nullptr;
    env->SetObjectArrayElement(names, static_cast<jsize>(i), name);
    env->DeleteLocalRef(name);
  }
  return names;
}

jdoubleArray Seconds(JNIEnv* env, const std::vector<CandidateTime>& candidates) {
  const jdoubleArray seconds = env->NewDoubleArray(static_cast<jsize>(candidates.size()));
  for (std::size_t i = 0; seconds != nullptr && i < candidates.size(); ++i) {
    env->SetDoubleArrayRegion(seconds, static_cast<jsize>(i), 1, &candidates[i].seconds);
  }
  return seconds;
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
  const jmethodID visit = env->GetMethodID(env->GetObjectClass(visitor), "visit", "([B[B[BIIDZ[[B[D)V");
  if (visit == nullptr) return;
  try {
    for (const KernelRun& run : KernelLog::Global().Stop()) {
      const jbyteArray op_type = Bytes(env, run.op_type);
      const jbyteArray node = Bytes(env, run.node);
      const jbyteArray kernel = Bytes(env, run.report.kernel);
      const jobjectArray names = Names(env, run.report.candidates);
      const jdoubleArray seconds = Seconds(env, run.report.candidates);
      if (env->ExceptionCheck()) return;
      env->CallVoidMethod(visitor, visit, op_type, node, kernel, static_cast<jint>(run.report.bound.step),
                          static_cast<jint>(run.report.bound.isa), run.report.bound.count,
                          static_cast<jboolean>(run.report.measuring), names, seconds);
      if (env->ExceptionCheck()) return;
      for (const jobject local : std::initializer_list<jobject>{op_type, node, kernel, names, seconds}) {
        env->DeleteLocalRef(local);
      }
    }
  } catch (const std::exception& e) {
    Throw(env, e.what());
  }
}
