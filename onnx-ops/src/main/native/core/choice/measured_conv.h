#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/choice/measured_kernels.h"
#include "core/kernel/conv_kernel.h"
#include "core/kernel/packed_kernels.h"

/// A layer that runs on whichever of its kernels is measured to be fastest (measured_kernels.h).
namespace subbit {

template <class X, class Y = X>
class MeasuredConv : public ConvKernel<X, Y> {
 public:
  MeasuredConv(TournamentTable* table, const ShapeKey& key, std::vector<std::unique_ptr<ConvKernel<X, Y>>> candidates)
      : kernels_(table, key, std::move(candidates)) {}

  std::string Name() const override { return kernels_.Name(); }
  std::size_t ScratchBytes(const ConvGeometry& geometry) const override { return kernels_.ScratchBytes(geometry); }
  KernelBound Bound(const ConvGeometry& geometry) const override { return Report(geometry).bound; }
  KernelReport Report(const ConvGeometry& geometry) const override { return kernels_.Report(geometry); }

  void Run(const ConvGeometry& geometry, const ConvInputs<X, Y>& inputs, Y* y, void* scratch,
           ParallelFor parallel_for) const override {
    kernels_.Run(geometry, parallel_for, [&](const ConvKernel<X, Y>& kernel, ParallelFor threads) {
      kernel.Run(geometry, inputs, y, scratch, threads);
    });
  }

 private:
  const MeasuredKernels<ConvKernel<X, Y>> kernels_;
};

class MeasuredPackedConv : public PackedConvKernel {
 public:
  MeasuredPackedConv(TournamentTable* table, const ShapeKey& key,
                     std::vector<std::unique_ptr<PackedConvKernel>> candidates)
      : kernels_(table, key, std::move(candidates)) {}

  std::string Name() const override { return kernels_.Name(); }
  std::size_t ScratchBytes(const ConvGeometry& geometry) const override { return kernels_.ScratchBytes(geometry); }
  KernelBound Bound(const ConvGeometry& geometry) const override { return Report(geometry).bound; }
  KernelReport Report(const ConvGeometry& geometry) const override { return kernels_.Report(geometry); }

  void Run(const ConvGeometry& geometry, const PackedInputs& inputs, const PackedOutputs& outputs, void* scratch,
           ParallelFor parallel_for) const override {
    kernels_.Run(geometry, parallel_for, [&](const PackedConvKernel& kernel, ParallelFor threads) {
      kernel.Run(geometry, inputs, outputs, scratch, threads);
    });
  }

 private:
  const MeasuredKernels<PackedConvKernel> kernels_;
};

}  // namespace subbit
