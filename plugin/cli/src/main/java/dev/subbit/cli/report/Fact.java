package dev.subbit.cli.report;

/**
 * A figure and its meaning.
 *
 * @param figure a number with its unit.
 * @param meaning the rest of the sentence.
 */
public record Fact(String figure, String meaning) {}
