package dev.subbit.tribuo.quantizer;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.quantizer.fit.Codewords;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.input.Calibration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Finds the smallest file of a model that stays within a drop, over the stages of its layers, what
 * codewords hold, and how all other weights are stored.
 *
 * <p>For each kind of codewords, stages are bisected along the path from the fewest to the most
 * bits; weights that are fitted once are stored with each kind of rest. Files without sub-bit
 * layers take part, since 4 or 8 bits may be the better choice. The choice is made by other samples
 * than those that the chosen file's figures come from. Not safe for use by many threads.
 */
public final class SmallestFile {

  /** Floats are never the smallest; where 8 bits lose too much, the bits are not to blame. */
  private static final List<Rest> RESTS = List.of(Rest.INT8, Rest.INT4);

  private final QuantizationSettings settings;
  private final Deadline deadline;
  private final List<SizePoint> curve = new ArrayList<>();
  private final Set<Rest> without = new HashSet<>();
  private GraphQuantization.Candidate best;
  private long bestBytes = Long.MAX_VALUE;

  /**
   * Prepares a search.
   *
   * @param settings a largest drop, and all but codewords and rest.
   * @param deadline where it is over, the best file so far is taken.
   * @throws IllegalArgumentException if there is no largest drop, or activations are to be 8-bit.
   */
  public SmallestFile(QuantizationSettings settings, Deadline deadline) {
    if (settings.maxDrop() < 0) {
      throw new IllegalArgumentException(
          "The smallest file is that within a largest drop; give --max-drop PERCENT too");
    }
    if (settings.activations().isPresent()) {
      throw new IllegalArgumentException(
          "The smallest file is searched with float activations; leave --int8 out");
    }
    this.settings = settings;
    this.deadline = deadline;
  }

  /**
   * Searches.
   *
   * @param model the model, its data inside and its operator set new enough.
   * @param reference the untouched model, which results are compared with.
   * @param calibration the inputs.
   * @param progress receives the progress.
   * @return the smallest file's model, with the curve of all files that were tried.
   * @throws IllegalArgumentException if no file stays within the drop, or none can be measured.
   */
  public QuantizationResult find(
      ModelProto model,
      GraphSession reference,
      Calibration calibration,
      QuantizationProgress progress) {
    for (Codewords codewords : Codewords.values()) {
      if (deadline.isOver() && best != null) {
        break;
      }
      new OnnxQuantizer(settings.with(codewords), deadline)
          .search(
              model, reference, calibration, progress, RESTS, trial -> consider(codewords, trial));
    }
    if (best == null) {
      SizePoint nearest =
          curve.stream().min(Comparator.comparingDouble(SizePoint::drop)).orElseThrow();
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "In no file that was tried at most %.2f %% of the decisions are other ones; at best,"
                  + " in %,d bytes, %.2f %% are. Allow more stages or a larger drop",
              100 * settings.maxDrop(),
              nearest.bytes(),
              100 * nearest.drop()));
    }
    curve.sort(Comparator.comparingLong(SizePoint::bytes));
    return best.report().chosenBy(calibration, curve);
  }

  private void consider(Codewords codewords, StageSearch.Trial trial) {
    boolean plain = !trial.candidate().hasLayers();
    if (plain && !without.add(trial.rest())) {
      return;
    }
    if (Double.isNaN(trial.drop())) {
      throw new IllegalArgumentException(
          "No output of the model gives decisions, so that no drop can be measured; measure"
              + " descriptors by --metric cosine, or choose stages yourself");
    }
    long bytes = trial.candidate().model().getSerializedSize();
    boolean within = trial.drop() <= settings.maxDrop();
    curve.add(
        new SizePoint(
            plain ? null : codewords,
            trial.rest(),
            trial.candidate().bitsPerWeight(),
            bytes,
            trial.drop(),
            trial.signalToNoise(),
            within));
    if (within && bytes < bestBytes) {
      best = trial.candidate();
      bestBytes = bytes;
    }
  }
}
