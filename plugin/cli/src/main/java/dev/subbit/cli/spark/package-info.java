/** The way to Apache Spark, by its own {@code spark-submit}. */
package dev.subbit.cli.spark;
