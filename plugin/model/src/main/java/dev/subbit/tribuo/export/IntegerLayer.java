package dev.subbit.tribuo.export;

/**
 * The attributes and parameters of an integer operator, derived from the float parameters of its
 * {@link IntegerPart}. The same parameters and form always give the same integers. Names and
 * layouts are those of the operator.
 */
sealed interface IntegerLayer
    permits IntegerStem, IntegerConv, IntegerBlock, IntegerShortcut, IntegerClassifier {}
