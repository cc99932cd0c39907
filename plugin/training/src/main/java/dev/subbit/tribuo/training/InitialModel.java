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
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.training.internal.start.SavedWeights;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.Model;
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

  /** For OLCUT, which fills in the configured fields. */
  private InitialModel() {}

  private InitialModel(Path modelPath, String zooModel, List<String> freeze) {
    this.modelPath = modelPath;
    this.zooModel = zooModel;
    this.freeze = List.copyOf(freeze);
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
    return new InitialModel(modelPath, null, List.of(freeze));
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
    return new InitialModel(null, name, List.of(freeze));
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
   * The names of the nodes of a network that stay as they are.
   *
   * @param network the network.
   * @param parameters the names of its parameters.
   * @throws IllegalArgumentException if a pattern is for no layer with parameters, or nothing is
   *     left to train.
   */
  Set<String> frozen(Network network, Set<String> parameters) {
    Set<String> layers = new TreeSet<>();
    parameters.forEach(name -> layers.add(name.substring(0, name.indexOf('/'))));
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
   * The parameters that a training starts from.
   *
   * @param network the network to be trained.
   * @param tau bits of an index of its codebooks.
   * @param labels its labels.
   * @param drawn its parameters, as drawn.
   * @throws IllegalArgumentException if the model cannot be read, or its layers are others; the
   *     message names the layer and both shapes.
   */
  Map<String, float[]> startOf(
      Network network, int tau, ImmutableOutputInfo<Label> labels, Map<String, float[]> drawn) {
    try (SubBitModel model = load()) {
      return new SavedWeights(toString(), model.network(), names(model.getOutputIDInfo()))
          .startOf(network, tau, names(labels), drawn);
    }
  }

  private static List<String> names(ImmutableOutputInfo<Label> labels) {
    return IntStream.range(0, labels.size())
        .mapToObj(id -> labels.getOutput(id).getLabel())
        .toList();
  }

  private SubBitModel load() {
    Model<?> model;
    try (InputStream stored = new ByteArrayInputStream(bytes())) {
      model = Model.deserializeFromStream(stored);
    } catch (IOException | RuntimeException e) {
      throw new IllegalArgumentException(
          "Cannot start from " + this + ": it is not a saved model, or damaged: " + e.getMessage(),
          e);
    }
    if (model instanceof SubBitModel subBit) {
      return subBit;
    }
    throw new IllegalArgumentException(
        "Cannot start from "
            + this
            + ": it is a "
            + model.getClass().getSimpleName()
            + ", not a SubBitModel");
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
