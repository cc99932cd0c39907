#pragma once

#include <cstddef>
#include <cstdint>

// The part of TensorFlow's C API for kernels that the operators use, declared here: the headers come in a package of
// 230 MB only. The functions are looked up in the library that the process has loaded, so nothing is linked.

extern "C" {

struct TF_Buffer;
struct TF_KernelBuilder;
struct TF_OpDefinitionBuilder;
struct TF_OpKernelConstruction;
struct TF_OpKernelContext;
struct TF_ShapeInferenceContext;
struct TF_Status;
struct TF_Tensor;

}  // extern "C"

namespace subbit {

constexpr int kTensorFlowOk = 0;
constexpr int kTensorFlowInvalidArgument = 3;
constexpr int kTensorFlowFloat = 1;
constexpr int kTensorFlowDouble = 2;

// X(name, result, (arguments)) for every function.
#define SUBBIT_TENSORFLOW_FUNCTIONS(X)                                                      \
  X(TF_NewStatus, TF_Status*, ())                                                           \
  X(TF_DeleteStatus, void, (TF_Status*))                                                    \
  X(TF_SetStatus, void, (TF_Status*, int code, const char* message))                        \
  X(TF_GetCode, int, (const TF_Status*))                                                    \
  X(TF_NumDims, int, (const TF_Tensor*))                                                    \
  X(TF_Dim, std::int64_t, (const TF_Tensor*, int index))                                    \
  X(TF_TensorData, void*, (const TF_Tensor*))                                               \
  X(TF_DeleteTensor, void, (TF_Tensor*))                                                    \
  X(TF_NewOpDefinitionBuilder, TF_OpDefinitionBuilder*, (const char* name))                 \
  X(TF_OpDefinitionBuilderAddAttr, void, (TF_OpDefinitionBuilder*, const char* spec))       \
  X(TF_OpDefinitionBuilderAddInput, void, (TF_OpDefinitionBuilder*, const char* spec))      \
  X(TF_OpDefinitionBuilderAddOutput, void, (TF_OpDefinitionBuilder*, const char* spec))     \
  X(TF_OpDefinitionBuilderSetShapeInferenceFunction, void,                                  \
    (TF_OpDefinitionBuilder*, void (*function)(TF_ShapeInferenceContext*, TF_Status*)))     \
  X(TF_ShapeInferenceContextSetUnknownShape, void, (TF_ShapeInferenceContext*, TF_Status*)) \
  X(TF_RegisterOpDefinition, void, (TF_OpDefinitionBuilder*, TF_Status*))                   \
  X(TF_NewKernelBuilder, TF_KernelBuilder*,                                                 \
    (const char* op, const char* device, void* (*create)(TF_OpKernelConstruction*),         \
     void (*compute)(void*, TF_OpKernelContext*), void (*destroy)(void*)))                  \
  X(TF_RegisterKernelBuilder, void, (const char* kernel, TF_KernelBuilder*, TF_Status*))    \
  X(TF_OpKernelConstruction_GetAttrInt64, void,                                             \
    (TF_OpKernelConstruction*, const char* name, std::int64_t* value, TF_Status*))          \
  X(TF_OpKernelConstruction_GetAttrFloat, void,                                             \
    (TF_OpKernelConstruction*, const char* name, float* value, TF_Status*))                 \
  X(TF_OpKernelConstruction_Failure, void, (TF_OpKernelConstruction*, TF_Status*))          \
  X(TF_OpKernelContext_Failure, void, (TF_OpKernelContext*, TF_Status*))                    \
  X(TF_GetInput, void, (TF_OpKernelContext*, int index, TF_Tensor**, TF_Status*))           \
  X(TF_AllocateOutput, TF_Tensor*,                                                          \
    (TF_OpKernelContext*, int index, int type, const std::int64_t* dims, int count, std::size_t bytes, TF_Status*))

/// The functions, by their names in TensorFlow.
struct TensorFlowApi {
#define SUBBIT_DECLARE(name, result, arguments) result(*name) arguments = nullptr;
  SUBBIT_TENSORFLOW_FUNCTIONS(SUBBIT_DECLARE)
#undef SUBBIT_DECLARE
};

/// The functions of the TensorFlow that this process has loaded; null if it has loaded none that offers all of them.
const TensorFlowApi* FindTensorFlow();

}  // namespace subbit
