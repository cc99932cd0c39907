package dev.subbit.cli.report;

import dev.subbit.cli.report.TrainingReport.LayerKernels;
import dev.subbit.onnx.Codebook;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Function;

/**
 * Which of the 512 binary kernels the layers' latent kernels fall on, before and after training,
 * for the template {@code training/kernels.jte}.
 */
public final class KernelSection {

  /** A plain binary network keeps all 512; it is compared with what 0.56 bit would keep. */
  private static final int FEW_OF_PLAIN = 32;

  private final List<LayerKernels> layers;
  private final LayerKernels all;
  private final boolean plain;
  private final int few;

  /**
   * Prepares the section.
   *
   * @param layers the kernels, one entry or more.
   */
  KernelSection(List<LayerKernels> layers) {
    this.layers = layers;
    KernelDistribution before = layers.get(0).before();
    KernelDistribution after = layers.get(0).after();
    for (LayerKernels layer : layers.subList(1, layers.size())) {
      before = before.plus(layer.before());
      after = after.plus(layer.after());
    }
    this.all = new LayerKernels("All layers", before, after, null);
    Codebook codebook = layers.get(0).codebook();
    this.plain = codebook.tau() == Codebook.MAX_TAU;
    this.few = plain ? FEW_OF_PLAIN : codebook.size();
  }

  /**
   * A layer in numbers.
   *
   * @param name its name.
   * @param kernels its kernels.
   * @param figures pairs of before and after: different kernels, share of the most frequent,
   *     entropy.
   * @param inCodebook share of the kernels in the codebook, before and after; empty for a plain
   *     binary network.
   */
  public record Row(String name, String kernels, List<String> figures, List<String> inCodebook) {}

  /**
   * A layer's chart.
   *
   * @param name its name.
   * @param before the share of the most frequent kernels before training.
   * @param after that share after training.
   * @param chart the chart.
   */
  public record Chart(String name, String before, String after, KernelChart chart) {}

  /**
   * Whether all 512 kernels are allowed.
   *
   * @return true for a plain binary network.
   */
  public boolean plain() {
    return plain;
  }

  /**
   * How many kernels are set apart as the most frequent.
   *
   * @return the size of a codebook, or what it would be with 0.56 bit.
   */
  public int few() {
    return few;
  }

  /**
   * The share of all kernels that the most frequent ones of their own layer covered before
   * training.
   *
   * @return percent.
   */
  public String ownBefore() {
    return Figures.percent(ownCoverage(LayerKernels::before));
  }

  /**
   * The share of all kernels that the most frequent ones of their own layer cover after training.
   *
   * @return percent.
   */
  public String ownAfter() {
    return Figures.percent(ownCoverage(LayerKernels::after));
  }

  private double ownCoverage(Function<LayerKernels, KernelDistribution> side) {
    double covered = 0;
    for (LayerKernels layer : layers) {
      covered += side.apply(layer).coverage(few) * side.apply(layer).total();
    }
    return covered / side.apply(all).total();
  }

  /**
   * The layers as strips with one order of columns, all together first.
   *
   * @return a strip each.
   */
  public List<KernelStrip> strips() {
    int[] columns = all.after().byFrequency();
    List<KernelStrip> strips = new ArrayList<>();
    strips.add(new KernelStrip(all.layer(), all.after(), codewords(all), columns));
    for (LayerKernels layer : layers) {
      strips.add(new KernelStrip(layer.layer(), layer.after(), codewords(layer), columns));
    }
    return strips;
  }

  /**
   * The layers in numbers, all together last.
   *
   * @return a row each.
   */
  public List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    layers.forEach(layer -> rows.add(row(layer)));
    rows.add(row(all));
    return rows;
  }

  private Row row(LayerKernels layer) {
    KernelDistribution before = layer.before();
    KernelDistribution after = layer.after();
    List<String> figures =
        List.of(
            "" + before.distinct(),
            "" + after.distinct(),
            Figures.percent(before.coverage(few)),
            Figures.percent(after.coverage(few)),
            Figures.format("%.2f", before.entropy()),
            Figures.format("%.2f", after.entropy()));
    List<String> inCodebook =
        plain
            ? List.of()
            : layer == all
                ? List.of("-", "-")
                : List.of(
                    Figures.percent(before.coverage(layer.codebook())),
                    Figures.percent(after.coverage(layer.codebook())));
    return new Row(layer.layer(), Figures.format("%,d", after.total()), figures, inCodebook);
  }

  /**
   * The chart of all layers together.
   *
   * @return the chart.
   */
  public Chart together() {
    return chart(all);
  }

  /**
   * The charts of the layers.
   *
   * @return a chart each.
   */
  public List<Chart> charts() {
    return layers.stream().map(this::chart).toList();
  }

  private Chart chart(LayerKernels layer) {
    return new Chart(
        layer.layer(),
        Figures.percent(layer.before().coverage(few)),
        Figures.percent(layer.after().coverage(few)),
        new KernelChart(layer.before(), layer.after(), codewords(layer), few));
  }

  // Those to mark: none of a plain binary layer, which has all 512, nor of the layers together.
  private BitSet codewords(LayerKernels layer) {
    BitSet codewords = new BitSet(KernelDistribution.KERNELS);
    if (layer != all && !plain) {
      for (int index = 0; index < layer.codebook().size(); index++) {
        codewords.set(layer.codebook().codeword(index));
      }
    }
    return codewords;
  }
}
