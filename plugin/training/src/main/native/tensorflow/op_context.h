#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tensorflow/tensorflow_api.h"

namespace subbit {

/// A tensor of an operator's run, released at the end of the run's scope.
class OpTensor {
 public:
  OpTensor(const TensorFlowApi& api, TF_Tensor* tensor) : api_(&api), tensor_(tensor) {}
  OpTensor(OpTensor&& other) noexcept : api_(other.api_), tensor_(other.tensor_) { other.tensor_ = nullptr; }
  OpTensor& operator=(OpTensor&&) = delete;
  ~OpTensor() {
    if (tensor_ != nullptr) api_->TF_DeleteTensor(tensor_);
  }

  template <typename T>
  T* data() const {
    return static_cast<T*>(api_->TF_TensorData(tensor_));
  }

  std::vector<std::int64_t> shape() const {
    std::vector<std::int64_t> shape(static_cast<std::size_t>(api_->TF_NumDims(tensor_)));
    for (std::size_t i = 0; i < shape.size(); ++i) shape[i] = api_->TF_Dim(tensor_, static_cast<int>(i));
    return shape;
  }

 private:
  const TensorFlowApi* api_;
  TF_Tensor* tensor_;
};

/// Thrown by an operator's run to fail it; caught where TensorFlow called.
struct OpError {
  std::string message;
};

/// One run of an operator.
class OpContext {
 public:
  OpContext(const TensorFlowApi& api, TF_OpKernelContext* context)
      : api_(api), context_(context), status_(api.TF_NewStatus()) {}
  ~OpContext() { api_.TF_DeleteStatus(status_); }
  OpContext(const OpContext&) = delete;
  OpContext& operator=(const OpContext&) = delete;

  OpTensor Input(int index) {
    TF_Tensor* tensor = nullptr;
    api_.TF_GetInput(context_, index, &tensor, status_);
    if (api_.TF_GetCode(status_) != kTensorFlowOk) throw OpError{"Input " + std::to_string(index) + " is missing"};
    return OpTensor(api_, tensor);
  }

  OpTensor FloatOutput(int index, const std::vector<std::int64_t>& shape) {
    return Output(index, kTensorFlowFloat, shape, sizeof(float));
  }

  OpTensor DoubleOutput(int index, const std::vector<std::int64_t>& shape) {
    return Output(index, kTensorFlowDouble, shape, sizeof(double));
  }

  void Fail(const std::string& message) {
    api_.TF_SetStatus(status_, kTensorFlowInvalidArgument, message.c_str());
    api_.TF_OpKernelContext_Failure(context_, status_);
  }

 private:
  OpTensor Output(int index, int type, const std::vector<std::int64_t>& shape, std::size_t size) {
    for (std::int64_t dim : shape) size *= static_cast<std::size_t>(dim);
    TF_Tensor* tensor =
        api_.TF_AllocateOutput(context_, index, type, shape.data(), static_cast<int>(shape.size()), size, status_);
    if (api_.TF_GetCode(status_) != kTensorFlowOk) throw OpError{"No memory for output " + std::to_string(index)};
    return OpTensor(api_, tensor);
  }

  const TensorFlowApi& api_;
  TF_OpKernelContext* context_;
  TF_Status* status_;
};

}  // namespace subbit
