#pragma once

#include <array>
#include <cstdint>

#include "core/integer/pool_window.h"
#include "core/operator/invalid_operator.h"
#include "tables/operators.h"

/// The attributes of the integer operators. VisitAttributes calls visit(row, &value) for each of them in the order of
/// the table of operators, which is also that of IntegerNetwork's settings. Validate checks each against its limits
/// and what it has to be beside the others; all throw InvalidOperator.
namespace subbit {

/// The attributes of IntegerStem.
struct StemAttributes {
  std::array<std::int64_t, 2> strides = {1, 1};     ///< rows, columns
  std::array<std::int64_t, 4> pads = {0, 0, 0, 0};  ///< top, left, bottom, right; less than the kernel
  std::int64_t shift = 1;                           ///< of the sums, to the right
  PoolWindow pool;
  std::int64_t width = 16;  ///< bits of Y
};
void Validate(const OpName& op, const StemAttributes& attributes);

/// The attributes of IntegerSubBitConv and IntegerSubBitBlock.
struct IntegerConvAttributes {
  std::int64_t tau = 1;
  std::int64_t out_channels = 1;
  std::int64_t in_channels = 1;
  std::array<std::int64_t, 2> strides = {1, 1};  ///< rows, columns; each 1 or 2
  std::int64_t shift = 0;                        ///< of the sums, to the left; 9 * in_channels * 2^shift <= 32767
  PoolWindow pool;                               ///< none for blocks
  std::int64_t slope_shift = 0;                  ///< of blocks
  std::int64_t width = 16;                       ///< bits of Y
};
void Validate(const OpName& op, const IntegerConvAttributes& attributes);

/// The attributes of IntegerShortcut.
struct ShortcutAttributes {
  std::array<std::int64_t, 2> pool = {1, 1};  ///< window and stride of the mean: 1, 1 or 2, 2
  std::int64_t shift = 8;                     ///< of the sums, to the right
  std::int64_t width = 16;                    ///< bits of Y
};
void Validate(const OpName& op, const ShortcutAttributes& attributes);

/// The attributes of IntegerClassifier.
struct ClassifierAttributes {
  std::int64_t shift = 0;  ///< of the sums of positions, to the right
};
void Validate(const OpName& op, const ClassifierAttributes& attributes);

template <class Table, class Pool, class Visit>
void VisitPool(Pool& pool, Visit visit) {
  visit(Table::kAttributePoolShape, &pool.shape);
  visit(Table::kAttributePoolStrides, &pool.strides);
  visit(Table::kAttributePoolPads, &pool.pads);
}

template <class Attributes, class Visit>
void VisitAttributes(operators::IntegerStem, Attributes& attributes, Visit visit) {
  using Table = operators::IntegerStem;
  visit(Table::kAttributeStrides, &attributes.strides);
  visit(Table::kAttributePads, &attributes.pads);
  visit(Table::kAttributeShift, &attributes.shift);
  VisitPool<Table>(attributes.pool, visit);
  visit(Table::kAttributeWidth, &attributes.width);
}

template <class Attributes, class Visit>
void VisitAttributes(operators::IntegerSubBitConv, Attributes& attributes, Visit visit) {
  using Table = operators::IntegerSubBitConv;
  visit(Table::kAttributeTau, &attributes.tau);
  visit(Table::kAttributeOutChannels, &attributes.out_channels);
  visit(Table::kAttributeInChannels, &attributes.in_channels);
  visit(Table::kAttributeStrides, &attributes.strides);
  visit(Table::kAttributeShift, &attributes.shift);
  VisitPool<Table>(attributes.pool, visit);
  visit(Table::kAttributeWidth, &attributes.width);
}

template <class Attributes, class Visit>
void VisitAttributes(operators::IntegerSubBitBlock, Attributes& attributes, Visit visit) {
  using Table = operators::IntegerSubBitBlock;
  visit(Table::kAttributeTau, &attributes.tau);
  visit(Table::kAttributeOutChannels, &attributes.out_channels);
  visit(Table::kAttributeInChannels, &attributes.in_channels);
  visit(Table::kAttributeStrides, &attributes.strides);
  visit(Table::kAttributeShift, &attributes.shift);
  visit(Table::kAttributeSlopeShift, &attributes.slope_shift);
  visit(Table::kAttributeWidth, &attributes.width);
}

template <class Attributes, class Visit>
void VisitAttributes(operators::IntegerShortcut, Attributes& attributes, Visit visit) {
  using Table = operators::IntegerShortcut;
  visit(Table::kAttributePool, &attributes.pool);
  visit(Table::kAttributeShift, &attributes.shift);
  visit(Table::kAttributeWidth, &attributes.width);
}

template <class Attributes, class Visit>
void VisitAttributes(operators::IntegerClassifier, Attributes& attributes, Visit visit) {
  visit(operators::IntegerClassifier::kAttributeShift, &attributes.shift);
}

}  // namespace subbit
