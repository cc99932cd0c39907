package dev.subbit.tribuo;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.oracle.labs.mlrg.olcut.util.Pair;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.ProtobufVersion;
import dev.subbit.tribuo.data.PicturePreparation;
import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.export.ModelMetadata;
import dev.subbit.tribuo.export.OnnxExporter;
import dev.subbit.tribuo.io.AtomicFile;
import dev.subbit.tribuo.network.NetworkShapes;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.network.TrainedNetworkCheck;
import dev.subbit.tribuo.protos.SubBitModelProto;
import dev.subbit.tribuo.stored.NetworkCodec;
import dev.subbit.tribuo.stored.PreparationCodec;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.tribuo.Example;
import org.tribuo.Excuse;
import org.tribuo.ImmutableFeatureMap;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.Model;
import org.tribuo.ONNXExportable;
import org.tribuo.Prediction;
import org.tribuo.Tribuo;
import org.tribuo.VariableInfo;
import org.tribuo.classification.ImmutableLabelInfo;
import org.tribuo.classification.Label;
import org.tribuo.impl.ModelDataCarrier;
import org.tribuo.protos.core.ModelDataProto;
import org.tribuo.protos.core.ModelProto;
import org.tribuo.provenance.ModelProvenance;
import org.tribuo.util.onnx.ONNXNode;
import org.tribuo.util.onnx.ONNXRef;

/**
 * A classifier of images by a sub-bit network.
 *
 * <p>It predicts by the one path that every deployment takes: the network is exported to ONNX, and
 * ONNX Runtime runs it on a back end chosen at run time. Unless {@link #withBackend} says
 * otherwise, that is {@code native} where its kernels run on this machine, else {@code
 * onnxruntime}. The session opens at the first prediction. Models are safe for use by many threads,
 * and are stored as a protobuf by Tribuo's own calls; the choice of back end is not stored.
 *
 * <p>Closing a model releases its session. A closed model can still be stored and exported, but it
 * cannot predict. A model that is never closed is released by garbage collection.
 */
public final class SubBitModel extends Model<Label> implements ONNXExportable, AutoCloseable {

  /**
   * Version of the stored form that this class writes. It reads this version and all earlier ones.
   */
  public static final int CURRENT_VERSION = 0;

  private static final long serialVersionUID = 1L;

  private final transient TrainedNetwork network;
  private final transient PixelMap pixels;
  private final transient int[] positions;
  private final transient List<String> labels;
  private final transient Choices choices;
  private final transient ModelSession session;

  /**
   * What may be chosen for a model without changing the network.
   *
   * @param preparation how a picture becomes an image; stored with the model.
   * @param backend where it predicts, or null for the preferred one of this machine.
   * @param fullProvenance whether stored and exported forms name places on this machine.
   */
  private record Choices(
      PicturePreparation preparation, BackendChoice backend, boolean fullProvenance) {}

  /**
   * Makes a model of a network with its weights.
   *
   * @param name the model's name.
   * @param provenance where it comes from.
   * @param featureIDMap its features, each named by a pixel position of the network's images.
   * @param outputIDInfo its labels, as many as the network has classes.
   * @param network the network.
   * @throws IllegalArgumentException if the network is not whole or the domains do not fit it.
   */
  public SubBitModel(
      String name,
      ModelProvenance provenance,
      ImmutableFeatureMap featureIDMap,
      ImmutableOutputInfo<Label> outputIDInfo,
      TrainedNetwork network) {
    this(
        name,
        provenance,
        featureIDMap,
        outputIDInfo,
        network,
        new Choices(PicturePreparation.of(network.network().input()), null, false));
  }

  private SubBitModel(
      String name,
      ModelProvenance provenance,
      ImmutableFeatureMap featureIDMap,
      ImmutableOutputInfo<Label> outputIDInfo,
      TrainedNetwork network,
      Choices choices) {
    super(name, provenance, featureIDMap, outputIDInfo, true);
    TrainedNetworkCheck.check(network);
    requireDenseIds(featureIDMap, outputIDInfo, network);
    this.network = network;
    this.pixels = new PixelMap(featureIDMap, network.network().input());
    this.positions = pixels.positions();
    this.labels =
        IntStream.range(0, outputIDInfo.size())
            .mapToObj(id -> outputIDInfo.getOutput(id).getLabel())
            .toList();
    this.choices = choices;
    this.session =
        new ModelSession(
            () -> OnnxExporter.export(network, positions).toByteArray(), choices.backend());
  }

  /** Both domains must number their entries from 0 without gaps; a file may claim otherwise. */
  private static void requireDenseIds(
      ImmutableFeatureMap features, ImmutableOutputInfo<Label> labels, TrainedNetwork network) {
    Set<Integer> ids = new HashSet<>();
    for (VariableInfo feature : features) {
      ids.add(features.getID(feature.getName()));
    }
    for (int id = 0; id < features.size(); id++) {
      if (!ids.contains(id)) {
        throw new IllegalArgumentException("The feature domain has no feature with id " + id);
      }
    }
    if (labels.size() != network.network().classes()) {
      throw new IllegalArgumentException(
          "A network of "
              + network.network().classes()
              + " classes cannot give "
              + labels.size()
              + " labels");
    }
    for (int id = 0; id < labels.size(); id++) {
      if (labels.getOutput(id) == null) {
        throw new IllegalArgumentException("The output domain has no label with id " + id);
      }
    }
  }

  /**
   * The network behind this model.
   *
   * @return the network with its weights.
   */
  public TrainedNetwork network() {
    return network;
  }

  /**
   * The pixels that the features stand for.
   *
   * @return the map from the feature domain to positions in an image.
   */
  public PixelMap pixels() {
    return pixels;
  }

  /**
   * The same network on another back end. The new model has a session of its own.
   *
   * @param name name of the back end, as {@link ExecutionBackend} lists them.
   * @param settings settings of the back end by name.
   * @return a model of the same name and provenance.
   * @throws IllegalArgumentException if there is no such back end. A setting is looked at when the
   *     session opens, at the first prediction.
   */
  public SubBitModel withBackend(String name, Map<String, String> settings) {
    ExecutionBackend.named(name);
    return with(
        new Choices(
            choices.preparation(), new BackendChoice(name, settings), choices.fullProvenance()));
  }

  /**
   * The same model with another way to make images of pictures. It is stored and exported with the
   * model.
   *
   * @param preparation the way; of the network's image shape.
   * @return a model of the same name and provenance, with a session of its own.
   * @throws IllegalArgumentException if the shape is another one.
   */
  public SubBitModel withPreparation(PicturePreparation preparation) {
    if (!preparation.shape().equals(network.network().input())) {
      throw new IllegalArgumentException(
          "The network takes images of "
              + network.network().input()
              + ", the preparation makes "
              + preparation.shape());
    }
    return with(new Choices(preparation, choices.backend(), choices.fullProvenance()));
  }

  /**
   * The same model, whose stored and exported forms hold its provenance with all paths. Without
   * this, they hold of each absolute path only the last name, since such paths tell where somebody
   * keeps files, and often what user or machine are called.
   *
   * @return a model of the same name and provenance, with a session of its own.
   */
  public SubBitModel withFullProvenance() {
    return with(new Choices(choices.preparation(), choices.backend(), true));
  }

  /**
   * A model that was made of this one: it has another network, with the same images and labels, and
   * runs on the preferred back end.
   *
   * @param network the network.
   * @param provenance where it comes from.
   * @return a model of the same name, which takes pictures and tells of its provenance as this one
   *     does.
   * @throws IllegalArgumentException if the network is not whole or takes other images.
   */
  public SubBitModel withNetwork(TrainedNetwork network, ModelProvenance provenance) {
    if (!network.network().input().equals(this.network.network().input())) {
      throw new IllegalArgumentException(
          "The network takes images of "
              + network.network().input()
              + ", the one before took "
              + this.network.network().input());
    }
    return new SubBitModel(
        name,
        provenance,
        featureIDMap,
        outputIDInfo,
        network,
        new Choices(choices.preparation(), null, choices.fullProvenance()));
  }

  private SubBitModel with(Choices others) {
    return new SubBitModel(name, provenance, featureIDMap, outputIDInfo, network, others);
  }

  /**
   * How a picture becomes an image for this model: as in its training.
   *
   * @return the preparation.
   */
  public PicturePreparation preparation() {
    return choices.preparation();
  }

  /**
   * Classifies the picture in a PNG or JPEG file.
   *
   * @param picture the file.
   * @return the best label and the probabilities of all.
   * @throws IOException if the file cannot be read or decoded; the message names it.
   */
  public Prediction<Label> classify(Path picture) throws IOException {
    return predict(preparation().example(picture));
  }

  /**
   * Classifies the picture that a stream holds as PNG or JPEG.
   *
   * @param picture the stream, which is read to its end and stays open.
   * @return the best label and the probabilities of all.
   * @throws IOException if the stream cannot be read or decoded.
   */
  public Prediction<Label> classify(InputStream picture) throws IOException {
    return predict(preparation().example(picture));
  }

  /**
   * Classifies a picture in memory.
   *
   * @param picture the picture.
   * @return the best label and the probabilities of all.
   */
  public Prediction<Label> classify(BufferedImage picture) {
    return predict(preparation().example(picture));
  }

  /**
   * The back end that this model predicts on.
   *
   * @return its name.
   */
  public String backend() {
    return session.backend().name();
  }

  @Override
  public Prediction<Label> predict(Example<Label> example) {
    return predictBatch(List.of(example)).get(0);
  }

  @Override
  protected List<Prediction<Label>> innerPredict(Iterable<Example<Label>> examples) {
    int batchSize = NetworkShapes.batchSize(network.network());
    List<Prediction<Label>> predictions = new ArrayList<>();
    List<Example<Label>> batch = new ArrayList<>(batchSize);
    for (Example<Label> example : examples) {
      batch.add(example);
      if (batch.size() == batchSize) {
        predictions.addAll(predictBatch(batch));
        batch.clear();
      }
    }
    if (!batch.isEmpty()) {
      predictions.addAll(predictBatch(batch));
    }
    return predictions;
  }

  private List<Prediction<Label>> predictBatch(List<Example<Label>> batch) {
    int[] used = new int[batch.size()];
    for (int i = 0; i < used.length; i++) {
      used[i] = pixels.countKnown(batch.get(i));
      if (used[i] == 0) {
        throw new IllegalArgumentException("No features found in Example " + batch.get(i));
      }
    }
    float[] features = pixels.featureRows(batch);
    float[] scores =
        session.run(
            OnnxExporter.INPUT, OnnxExporter.OUTPUT, features, batch.size(), positions.length);
    List<Prediction<Label>> predictions = new ArrayList<>();
    for (int i = 0; i < used.length; i++) {
      predictions.add(
          LabelScores.prediction(batch.get(i), used[i], labels, scores, i * labels.size()));
    }
    return predictions;
  }

  @Override
  public OnnxMl.ModelProto exportONNXModel(String domain, long modelVersion) {
    return identified(OnnxExporter.export(network, positions), domain, modelVersion);
  }

  /**
   * Exports a network that computes in integers with one node per layer, where {@link
   * #exportONNXModel} writes one node for all of them. Both give the same bits.
   *
   * @param domain a domain, in reverse-DNS form.
   * @param modelVersion a version number of the model.
   * @return the model.
   * @throws IllegalArgumentException if the network has no integer form.
   */
  public OnnxMl.ModelProto exportByLayer(String domain, long modelVersion) {
    return identified(OnnxExporter.exportByLayer(network, positions), domain, modelVersion);
  }

  /**
   * Exports the network without functions, for tools that do not know them. The file holds standard
   * operators only, and so runs on Subbit's kernels nowhere; its weights are as small as otherwise.
   *
   * @param domain a domain, in reverse-DNS form.
   * @param modelVersion a version number of the model.
   * @return the model.
   */
  public OnnxMl.ModelProto exportInlined(String domain, long modelVersion) {
    return identified(OnnxExporter.exportInlined(network, positions), domain, modelVersion);
  }

  /**
   * Exports the network as one of ordinary convolutions: without functions, and with decoded
   * weights, which take as much space as those of any float network.
   *
   * @param domain a domain, in reverse-DNS form.
   * @param modelVersion a version number of the model.
   * @return the model.
   */
  public OnnxMl.ModelProto exportPlain(String domain, long modelVersion) {
    return identified(OnnxExporter.exportPlain(network, positions), domain, modelVersion);
  }

  private OnnxMl.ModelProto identified(OnnxMl.ModelProto model, String domain, long modelVersion) {
    OnnxMl.ModelProto.Builder identified =
        model.toBuilder()
            .setProducerName("Subbit")
            .setDomain(domain)
            .setModelVersion(modelVersion)
            .setDocString(
                "A classifier of images with sub-bit weights: "
                    + network.network().name()
                    + ", "
                    + labels.size()
                    + " classes. metadata_props say how pictures become its input, and its labels.")
            .addMetadataProps(
                OnnxMl.StringStringEntryProto.newBuilder()
                    .setKey(PROVENANCE_METADATA_FIELD)
                    .setValue(serializeProvenance(storedProvenance())));
    ModelMetadata.of(labels, preparation(), positions).writeTo(identified);
    return identified.build();
  }

  private ModelProvenance storedProvenance() {
    return choices.fullProvenance() ? provenance : PortableProvenance.of(provenance);
  }

  /** {@inheritDoc} The file appears complete or not at all. */
  @Override
  public void saveONNXModel(String domain, long modelVersion, Path outputPath) throws IOException {
    AtomicFile.write(outputPath, exportONNXModel(domain, modelVersion)::writeTo);
  }

  /**
   * Not supported: the sub-bit operators are functions of the whole model, and a graph under
   * construction has no place for functions.
   *
   * @throws UnsupportedOperationException always; {@link #exportONNXModel} exports.
   */
  @Override
  public ONNXNode writeONNXGraph(ONNXRef<?> input) {
    throw new UnsupportedOperationException(
        "A sub-bit network brings functions along and can only be exported as a model of its own,"
            + " by exportONNXModel or saveONNXModel");
  }

  /** Releases the session. Waits for predictions under way; later ones throw. */
  @Override
  public void close() {
    session.close();
  }

  @Override
  public Map<String, List<Pair<String, Double>>> getTopFeatures(int n) {
    return Collections.emptyMap();
  }

  @Override
  public Optional<Excuse<Label>> getExcuse(Example<Label> example) {
    return Optional.empty();
  }

  @Override
  protected SubBitModel copy(String newName, ModelProvenance newProvenance) {
    return new SubBitModel(newName, newProvenance, featureIDMap, outputIDInfo, network, choices);
  }

  @Override
  public ModelProto serialize() {
    ProtobufVersion.require();
    ModelDataCarrier<Label> carrier =
        new ModelDataCarrier<>(
            name,
            storedProvenance(),
            featureIDMap,
            outputIDInfo,
            generatesProbabilities,
            Tribuo.VERSION);
    SubBitModelProto model =
        SubBitModelProto.newBuilder()
            .setMetadata(Any.pack(carrier.serialize()))
            .setNetwork(NetworkCodec.encode(network))
            .setPreparation(PreparationCodec.encode(preparation()))
            .build();
    return ModelProto.newBuilder()
        .setVersion(CURRENT_VERSION)
        .setClassName(SubBitModel.class.getName())
        .setSerializedData(Any.pack(model))
        .build();
  }

  /** {@inheritDoc} The file appears complete or not at all. */
  @Override
  public void serializeToFile(Path path) throws IOException {
    AtomicFile.write(path, serialize()::writeTo);
  }

  /**
   * Reads a stored model; Tribuo calls this. The stored form is not trusted.
   *
   * @param version version of the stored form.
   * @param className name of the stored class.
   * @param message the stored form.
   * @return the model.
   * @throws InvalidProtocolBufferException if the bytes are not a stored model.
   * @throws IllegalArgumentException if the version is unknown or the network is damaged; the
   *     message says where.
   * @throws IllegalStateException if the model's name, provenance or domains are damaged, or the
   *     protobuf on the class path is too old to read it.
   */
  public static SubBitModel deserializeFromProto(int version, String className, Any message)
      throws InvalidProtocolBufferException {
    ProtobufVersion.require();
    if (version < 0 || version > CURRENT_VERSION) {
      throw new IllegalArgumentException(
          "Unknown version "
              + version
              + " of a stored SubBitModel; this release reads versions up to "
              + CURRENT_VERSION);
    }
    SubBitModelProto proto = message.unpack(SubBitModelProto.class);
    ModelDataCarrier<?> carrier =
        deserializeMetadata(proto.getMetadata().unpack(ModelDataProto.class));
    if (!(carrier.outputDomain() instanceof ImmutableLabelInfo)) {
      throw new IllegalStateException("The stored model does not predict labels");
    }
    @SuppressWarnings("unchecked") // guarded by the test above
    ImmutableOutputInfo<Label> labels = (ImmutableOutputInfo<Label>) carrier.outputDomain();
    TrainedNetwork network = NetworkCodec.decode(proto.getNetwork());
    PicturePreparation preparation =
        PreparationCodec.decode(proto.getPreparation(), network.network().input());
    return new SubBitModel(
        carrier.name(),
        carrier.provenance(),
        carrier.featureDomain(),
        labels,
        network,
        new Choices(preparation, null, false));
  }

  private static ModelDataCarrier<?> deserializeMetadata(ModelDataProto metadata) {
    try {
      return ModelDataCarrier.deserialize(metadata);
    } catch (RuntimeException e) {
      throw new IllegalStateException(
          "The stored model's name, provenance or domains are damaged: " + e.getMessage(), e);
    }
  }

  // Model is java.io.Serializable in Tribuo 4; this class is stored as a protobuf only.
  private void writeObject(ObjectOutputStream out) throws NotSerializableException {
    throw new NotSerializableException(
        "SubBitModel; use serialize() or serializeToFile(Path), which write a protobuf");
  }
}
