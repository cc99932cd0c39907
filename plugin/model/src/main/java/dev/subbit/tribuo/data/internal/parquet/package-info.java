/**
 * Reads columns of bytes, texts and whole numbers from Parquet files, page by page. Not for use
 * outside this module.
 */
package dev.subbit.tribuo.data.internal.parquet;
