/**
 * {@code subbit inspect}: what models, ONNX files and named networks are made of and what they
 * cost.
 */
package dev.subbit.cli.inspect;
