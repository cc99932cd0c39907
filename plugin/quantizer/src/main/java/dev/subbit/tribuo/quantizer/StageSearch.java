package dev.subbit.tribuo.quantizer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Searches the fewest stages with which a model stays within a largest drop, by bisection of a path
 * from the fewest to the most bits. What decides is measured on samples that figures are not
 * reported from.
 */
final class StageSearch {

  private final GraphQuantization graph;
  private final List<int[]> path;
  private final double[][] noise;
  private final double maxDrop;
  private final Deadline deadline;

  /**
   * Prepares a search.
   *
   * @param graph the model.
   * @param path stages of each layer, as {@link StageBudget} gives them.
   * @param noise sensitivity of each layer.
   * @param maxDrop largest share of other decisions.
   * @param deadline where it is over, no more stages are tried.
   */
  StageSearch(
      GraphQuantization graph,
      List<int[]> path,
      double[][] noise,
      double maxDrop,
      Deadline deadline) {
    this.graph = graph;
    this.path = path;
    this.noise = noise;
    this.maxDrop = maxDrop;
    this.deadline = deadline;
  }

  /**
   * A file that was tried.
   *
   * @param candidate the file.
   * @param rest how its other weights are stored.
   * @param drop share of other decisions on the samples of the choice; not a number where no output
   *     gives decisions.
   * @param signalToNoise of the worst output there, in dB; not a number where none has one.
   */
  record Trial(
      GraphQuantization.Candidate candidate, Rest rest, double drop, double signalToNoise) {

    static Trial of(GraphQuantization.Candidate candidate, Rest rest) {
      List<OutputAgreement> outputs = candidate.onChoice();
      return new Trial(
          candidate,
          rest,
          OutputAgreement.largestDrop(outputs),
          OutputAgreement.leastSignal(outputs));
    }
  }

  /**
   * Finds the fewest stages.
   *
   * @param rest how all other weights are stored.
   * @return the model with them.
   * @throws IllegalArgumentException if the most stages are not within the drop either.
   */
  GraphQuantization.Candidate fewest(Rest rest) {
    List<Trial> trials = new ArrayList<>();
    all(
        List.of(rest),
        trial -> {
          if (Double.isNaN(trial.drop)) {
            throw new IllegalArgumentException(
                "No output of the model gives decisions, so that no drop can be measured; bound the"
                    + " bits instead, or measure descriptors by --metric cosine");
          }
          trials.add(trial);
        });
    return trials.stream()
        .filter(trial -> trial.drop <= maxDrop)
        .min(Comparator.comparingDouble(trial -> trial.candidate.bitsPerWeight()))
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    String.format(
                        Locale.ROOT,
                        "With the most stages in every layer %.2f %% of the decisions are still"
                            + " other ones; allow more stages, a larger drop or a larger tau",
                        100 * trials.get(0).drop)))
        .candidate;
  }

  /**
   * Tries stages towards the fewest, each fit with several kinds of rest.
   *
   * @param rests how all other weights are stored; the first decides whether more stages are
   *     needed.
   * @param trials receives each file.
   */
  void all(List<Rest> rests, Consumer<Trial> trials) {
    int first = 0;
    int last = path.size() - 1;
    if (tried(last, rests, trials).drop > maxDrop) {
      // What fewer stages lose is drawn into the curve; it may be what a user prefers.
      first = last;
      tried(0, rests, trials);
    }
    while (first < last && !deadline.isOver()) {
      int middle = (first + last) / 2;
      if (tried(middle, rests, trials).drop <= maxDrop) {
        last = middle;
      } else {
        first = middle + 1;
      }
    }
  }

  /** Tries a place of the path; gives the trial with the first kind of rest. */
  private Trial tried(int place, List<Rest> rests, Consumer<Trial> trials) {
    GraphQuantization.Fitted fitted = graph.fit(path.get(place), noise);
    List<Trial> tried =
        rests.stream().map(rest -> Trial.of(graph.with(fitted, rest), rest)).toList();
    tried.forEach(trials);
    return tried.get(0);
  }
}
