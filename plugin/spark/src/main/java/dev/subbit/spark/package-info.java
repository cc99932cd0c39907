/**
 * Subbit on Apache Spark: {@link dev.subbit.spark.PictureClassifier} is a Transformer of Spark ML
 * that says what is on pictures.
 */
package dev.subbit.spark;
