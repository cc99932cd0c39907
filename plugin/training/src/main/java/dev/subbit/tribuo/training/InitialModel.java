package dev.subbit.tribuo.training;

import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.Configurable;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.Provenancable;
import dev.subbit.tribuo.ModelCollection;
import dev.subbit.tribuo.ModelFileProvenance;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.config.FieldCheck;
import dev.subbit.tribuo.network.InitialParameters;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.training.internal.engine.LayerRates;
import dev.subbit.tribuo.training.internal.start.SavedModel;
import dev.subbit.tribuo.training.internal.start.SavedWeights;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.classification.Label;

/**
 * A saved model whose weights a training starts from, in place of random ones, and which of its
 * layers stay as they are. The training's network has to have the layers of the model's, but may
 * have other labels: then its classifier is new.
 *
 * <p>Immutable once configured, and safe for use by many threads. The provenance holds the hash of
 * the model's bytes.
 */
public final class InitialModel implements Configurable, Provenancable<ConfiguredObjectProvenance> {

  @Config(description = "The saved model, such as ./subbit train makes; this or zooModel.")
  private Path modelPath = null;

  @Config(description = "The name of a model of the zoo; this or modelPath.")
  private String zooModel = null;

  @Config(
      description =
          "Layers that stay as they are, by name; * stands for any characters: stem.*, stage1.*.")
  private List<String> freeze = new ArrayList<>();

  @Config(
      description =
          "The learning rate of the model's layers is the trainer's times this. A new classifier"
              + " has the trainer's.")
  private double rateFactor = 1;

  /** For OLCUT, which fills in the configured fields. */
  private InitialModel() {}

  private InitialModel(Path modelPath, String zooModel, List<String> freeze, double rateFactor) {
    this.modelPath = modelPath;
    this.zooModel = zooModel;
    this.freeze = List.copyOf(freeze);
    this.rateFactor = rateFactor;
    postConfig();
  }

  /**
   * Starts from a saved model.
   *
   * @param modelPath the file.
   * @param freeze the layers that stay as they are, by name; {@code *} stands for any characters.
   * @return the start.
   * @throws PropertyException if there is no such file.
   */
  public static InitialModel ofFile(Path modelPath, String... freeze) {
    return new InitialModel(modelPath, null, List.of(freeze), 1);
  }

  /**
   * Starts from a model of the zoo.
   *
   * @param name its name.
   * @param freeze the layers that stay as they are, by name; {@code *} stands for any characters.
   * @return the start.
   * @throws PropertyException if there is no such model, or the zoo is not on the classpath.
   */
  public static InitialModel ofZoo(String name, String... freeze) {
    return new InitialModel(null, name, List.of(freeze), 1);
  }

  /**
   * The same start with layers that are trained faster or slower.
   *
   * @param factor what the trainer's learning rate is multiplied by for the layers of the model,
   *     positive; 1 unless set.
   * @return a new start.
   * @throws PropertyException if the factor is not positive.
   */
  public InitialModel withRateFactor(double factor) {
    return new InitialModel(modelPath, zooModel, freeze, factor);
  }

  /**
   * Used by the OLCUT configuration system, and should not be called by external code.
   *
   * @throws PropertyException if there is no such model, or not exactly one is named.
   */
  @Override
  public void postConfig() {
    FieldCheck check = new FieldCheck("InitialModel");
    check.require(
        (modelPath == null) != (zooModel == null),
        "modelPath",
        modelPath,
        "a file where there is no zooModel, and none beside one");
    check.positive("rateFactor", rateFactor);
    if (modelPath != null) {
      check.require(Files.isRegularFile(modelPath), "modelPath", modelPath, "files that there are");
      return;
    }
    Optional<ModelCollection> zoo = zoo();
    check.require(
        zoo.isPresent(),
        "zooModel",
        zooModel,
        "nothing while the zoo is not on the classpath; add the dependency dev.subbit:subbit-zoo");
    check.oneOf("zooModel", zooModel, zoo.orElseThrow().models());
  }

  private static Optional<ModelCollection> zoo() {
    return ServiceLoader.load(ModelCollection.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(collection -> collection.name().equals("zoo"))
        .findFirst();
  }

  /**
   * The names of the layers that stay as they are.
   *
   * @param network the network.
   * @param layers its layers with parameters.
   * @throws IllegalArgumentException if a pattern is for none of these layers, or nothing is left
   *     to train.
   */
  private Set<String> frozen(Network network, Set<String> layers) {
    Set<String> frozen = new TreeSet<>();
    for (String pattern : freeze) {
      Pattern regex = Pattern.compile(("\\Q" + pattern + "\\E").replace("*", "\\E.*\\Q"));
      List<String> matching =
          layers.stream().filter(name -> regex.matcher(name).matches()).toList();
      if (matching.isEmpty()) {
        throw new IllegalArgumentException(
            "freeze has '"
                + pattern
                + "', which is no layer of the network '"
                + network.name()
                + "'; its layers with weights are "
                + layers);
      }
      frozen.addAll(matching);
    }
    if (frozen.containsAll(layers)) {
      throw new IllegalArgumentException(
          "freeze is " + freeze + ": no layer is left to be trained");
    }
    return frozen;
  }

  /**
   * What a training starts from.
   *
   * @param parameters by full name, see {@link SavedWeights#startOf}.
   * @param rates how fast each layer is trained.
   */
  record Start(Map<String, float[]> parameters, LayerRates rates) {}

  /**
   * What a training starts from.
   *
   * @param network the network to be trained.
   * @param tau bits of an index of its codebooks.
   * @param labels its labels.
   * @param drawn its parameters, as drawn.
   * @throws IllegalArgumentException if the model cannot be read, or its layers are others: the
   *     message names the layer and both shapes; or if layers to freeze are not there, or nothing
   *     is left to train.
   */
  Start startOf(
      Network network, int tau, ImmutableOutputInfo<Label> labels, Map<String, float[]> drawn) {
    Set<String> layers = new TreeSet<>();
    drawn.keySet().forEach(name -> layers.add(InitialParameters.nodeOf(name)));
    Map<String, Float> factors = new HashMap<>();
    layers.forEach(layer -> factors.put(layer, (float) rateFactor));
    Set<String> frozen = frozen(network, layers);
    frozen.forEach(layer -> factors.put(layer, 0f));
    try (SubBitModel model = load()) {
      SavedWeights saved =
          new SavedWeights(toString(), model.network(), names(model.getOutputIDInfo()));
      if (!saved.keepsClassifier(names(labels))) {
        factors.remove(network.output().name());
      }
      return new Start(
          saved.startOf(network, tau, names(labels), drawn, frozen), new LayerRates(factors));
    }
  }

  private static List<String> names(ImmutableOutputInfo<Label> labels) {
    return IntStream.range(0, labels.size())
        .mapToObj(id -> labels.getOutput(id).getLabel())
        .toList();
  }

  private SubBitModel load() {
    return SavedModel.read(
        "The initial model " + this,
        () -> new ByteArrayInputStream(bytes()),
        "train one by a SubBitTrainer");
  }

  private byte[] bytes() throws IOException {
    if (modelPath != null) {
      return Files.readAllBytes(modelPath);
    }
    try (InputStream stored = zoo().flatMap(zoo -> zoo.open(zooModel)).orElseThrow()) {
      return stored.readAllBytes();
    }
  }

  @Override
  public String toString() {
    return modelPath != null ? modelPath.toString() : "the zoo's " + zooModel;
  }

  @Override
  public ConfiguredObjectProvenance getProvenance() {
    try {
      return new ModelFileProvenance(this, "InitialModel", bytes());
    } catch (IOException e) {
      throw new IllegalStateException("Cannot read " + this + ": " + e.getMessage(), e);
    }
  }
}
