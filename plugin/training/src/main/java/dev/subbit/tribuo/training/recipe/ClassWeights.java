package dev.subbit.tribuo.training.recipe;

import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.Configurable;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.Provenancable;
import com.oracle.labs.mlrg.olcut.provenance.impl.ConfiguredObjectProvenanceImpl;
import dev.subbit.tribuo.config.FieldCheck;
import java.util.Map;
import java.util.TreeMap;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.classification.Label;

/**
 * How much the images of each class count in the loss. A class has the weight that is given for it,
 * else 1; balanced, this is divided by the number of its images, so that classes of few images
 * count as much as those of many. Only the ratios of weights matter.
 *
 * <p>Configured by OLCUT, or made in code. Immutable, and safe for use by many threads.
 */
public final class ClassWeights implements Configurable, Provenancable<ConfiguredObjectProvenance> {

  @Config(description = "Divide the weight of every class by the number of its images.")
  private boolean balanced = false;

  @Config(description = "Weights by the name of the class, positive; 1 for every other class.")
  private Map<String, Double> weights = new TreeMap<>();

  /** For OLCUT, which fills in the configured fields. */
  private ClassWeights() {}

  /**
   * Makes class weights.
   *
   * @param balanced whether weights are divided by the number of images of the class.
   * @param weights positive weights by the name of the class; 1 for every class that is not in it.
   * @throws PropertyException if a weight is not positive.
   */
  public ClassWeights(boolean balanced, Map<String, Double> weights) {
    this.balanced = balanced;
    this.weights = new TreeMap<>(weights);
    postConfig();
  }

  /**
   * Used by the OLCUT configuration system, and should not be called by external code.
   *
   * @throws PropertyException if a weight is not positive, naming its class.
   */
  @Override
  public void postConfig() {
    FieldCheck check = new FieldCheck("ClassWeights");
    weights.forEach(
        (name, weight) ->
            check.require(
                weight > 0 && Double.isFinite(weight),
                "weights",
                "{" + name + "=" + weight + "}",
                "positive numbers"));
  }

  /**
   * The weights of the classes of a training.
   *
   * @param labels the labels, with the number of their images.
   * @return a weight for the id of every label.
   * @throws IllegalArgumentException if a weight is for a class that there is not, naming it.
   */
  public double[] of(ImmutableOutputInfo<Label> labels) {
    double[] found = new double[labels.size()];
    Map<String, Double> unknown = new TreeMap<>(weights);
    for (int id = 0; id < found.length; id++) {
      Label label = labels.getOutput(id);
      Double given = unknown.remove(label.getLabel());
      found[id] = given == null ? 1 : given;
    }
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "ClassWeights has weights for the classes "
              + unknown.keySet()
              + ", which are not among those of the images: "
              + labels.getDomain());
    }
    return found;
  }

  /**
   * Whether weights are divided by the number of images of their class.
   *
   * @return the configured value.
   */
  public boolean isBalanced() {
    return balanced;
  }

  @Override
  public ConfiguredObjectProvenance getProvenance() {
    return new ConfiguredObjectProvenanceImpl(this, "ClassWeights");
  }

  @Override
  public String toString() {
    return "ClassWeights(balanced=" + balanced + ",weights=" + weights + ")";
  }
}
