#pragma once

#include <memory>

#include "core/integer/integer_layer.h"
#include "core/integer/integer_parameters.h"

/// The layers exactly as they are specified (docs/OPERATORS.md), one tap at a time. Every fast kernel is tested against
/// these.
namespace subbit {

std::unique_ptr<IntegerLayer> MakeReferenceStem(StemParameters parameters);
/// IntegerSubBitConv and IntegerSubBitBlock.
std::unique_ptr<IntegerLayer> MakeReferenceIntegerConv(IntegerConvParameters parameters);
std::unique_ptr<IntegerLayer> MakeReferenceShortcut(ShortcutParameters parameters);
std::unique_ptr<IntegerLayer> MakeReferenceClassifier(ClassifierParameters parameters);

}  // namespace subbit
