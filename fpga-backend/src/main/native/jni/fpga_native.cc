#include <jni.h>

#include <string>

#include "driver/backends.h"
#include "driver/timing_log.h"
#include "rtl/rtl_device.h"

/// The native side of dev.subbit.fpga.FpgaNative: what Java reads from the driver besides running models. Every
/// function ends with a Java exception pending where something failed; no C++ exception leaves it.

namespace {

using subbit::fpga::Backend;
using subbit::fpga::Backends;
using subbit::fpga::NodeTiming;
using subbit::fpga::TimingLog;

void Throw(JNIEnv* env, const char* type, const char* message) {
  if (!env->ExceptionCheck()) {
    const jclass exception = env->FindClass(type);
    if (exception != nullptr) {
      env->ThrowNew(exception, message);
    }
  }
}

/// Text as UTF-8 bytes: node names come from untrusted models and need not be what NewStringUTF takes.
jbyteArray Bytes(JNIEnv* env, const std::string& text) {
  const auto length = static_cast<jsize>(text.size());
  const jbyteArray bytes = env->NewByteArray(length);
  if (bytes != nullptr) {
    env->SetByteArrayRegion(bytes, 0, length, reinterpret_cast<const jbyte*>(text.data()));
  }
  return bytes;
}

}  // namespace

extern "C" JNIEXPORT jstring JNICALL Java_dev_subbit_fpga_FpgaNative_chooseBackend(JNIEnv* env, jclass,
                                                                                   jstring requested) {
  const char* name = env->GetStringUTFChars(requested, nullptr);
  if (name == nullptr) {
    return nullptr;
  }
  jstring chosen = nullptr;
  try {
    chosen = env->NewStringUTF(subbit::fpga::ChooseBackend(name).c_str());
  } catch (const subbit::fpga::UnknownBackend& e) {
    Throw(env, "java/lang/IllegalArgumentException", e.what());
  } catch (const std::exception& e) {
    Throw(env, "java/lang/IllegalStateException", e.what());
  }
  env->ReleaseStringUTFChars(requested, name);
  return chosen;
}

extern "C" JNIEXPORT void JNICALL Java_dev_subbit_fpga_FpgaNative_useSimulation(JNIEnv* env, jclass, jstring path) {
  const char* text = env->GetStringUTFChars(path, nullptr);
  if (text == nullptr) {
    return;
  }
  try {
    subbit::fpga::SetRtlLibraryPath(text);
  } catch (const std::exception& e) {
    Throw(env, "java/lang/IllegalStateException", e.what());
  }
  env->ReleaseStringUTFChars(path, text);
}

extern "C" JNIEXPORT void JNICALL Java_dev_subbit_fpga_FpgaNative_listBackends(JNIEnv* env, jclass, jobject visitor) {
  const jmethodID visit = env->GetMethodID(env->GetObjectClass(visitor), "visit",
                                           "(Ljava/lang/String;Ljava/lang/String;ZLjava/lang/String;)V");
  if (visit == nullptr) {
    return;
  }
  for (const Backend& backend : Backends()) {
    const jstring name = env->NewStringUTF(backend.name.c_str());
    const jstring description = env->NewStringUTF(backend.description.c_str());
    const jstring reason = env->NewStringUTF(backend.reason.c_str());
    if (env->ExceptionCheck()) {
      return;
    }
    env->CallVoidMethod(visitor, visit, name, description, backend.available ? JNI_TRUE : JNI_FALSE, reason);
    if (env->ExceptionCheck()) {
      return;
    }
  }
}

extern "C" JNIEXPORT void JNICALL Java_dev_subbit_fpga_FpgaNative_drainTimings(JNIEnv* env, jclass, jobject visitor) {
  const jmethodID visit = env->GetMethodID(env->GetObjectClass(visitor), "visit", "([B[BIJJI)V");
  if (visit == nullptr) {
    return;
  }
  try {
    for (const NodeTiming& timing : TimingLog::Global().Drain()) {
      const jbyteArray node = Bytes(env, timing.node);
      const jbyteArray op_type = Bytes(env, timing.op_type);
      if (env->ExceptionCheck()) {
        return;
      }
      env->CallVoidMethod(visitor, visit, node, op_type, static_cast<jint>(timing.tau),
                          static_cast<jlong>(timing.cycles), static_cast<jlong>(timing.bnn_cycles),
                          static_cast<jint>(timing.kind));
      if (env->ExceptionCheck()) {
        return;
      }
      env->DeleteLocalRef(node);
      env->DeleteLocalRef(op_type);
    }
  } catch (const std::exception& e) {
    Throw(env, "java/lang/IllegalStateException", e.what());
  }
}
