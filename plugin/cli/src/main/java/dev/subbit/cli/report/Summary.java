package dev.subbit.cli.report;

import java.util.List;

/**
 * What every report begins with, for the template {@code page.jte}.
 *
 * @param title the page's title.
 * @param verdict the result in a sentence or two.
 * @param about what the result is about, in a sentence; empty where the title says it.
 * @param facts the verdict's figures: bits, size, speed, what was lost.
 * @param nextSteps sentences about what to do next; backticks enclose what is typed into a
 *     terminal.
 */
public record Summary(
    String title, String verdict, String about, List<Fact> facts, List<String> nextSteps) {

  // Copies the lists.
  public Summary {
    facts = List.copyOf(facts);
    nextSteps = List.copyOf(nextSteps);
  }
}
