package dev.subbit.tribuo;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.oracle.labs.mlrg.olcut.util.Pair;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.network.TrainedNetworkCheck;
import dev.subbit.tribuo.protos.SubBitModelProto;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.tribuo.Example;
import org.tribuo.Excuse;
import org.tribuo.ImmutableFeatureMap;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.Model;
import org.tribuo.Prediction;
import org.tribuo.VariableInfo;
import org.tribuo.classification.ImmutableLabelInfo;
import org.tribuo.classification.Label;
import org.tribuo.impl.ModelDataCarrier;
import org.tribuo.protos.core.ModelDataProto;
import org.tribuo.protos.core.ModelProto;
import org.tribuo.provenance.ModelProvenance;

/** A classifier of images by a sub-bit network. */
public final class SubBitModel extends Model<Label> {

  /** Version of the stored form that this class writes; it reads this and all before. */
  public static final int CURRENT_VERSION = 0;

  private static final long serialVersionUID = 1L;

  private final transient TrainedNetwork network;

  /**
   * Makes a model.
   *
   * @param name the model's name.
   * @param provenance where it comes from.
   * @param featureIDMap its features, each named by a pixel position of the network's images.
   * @param outputIDInfo its labels, as many as the network has classes.
   * @param network the network.
   * @throws IllegalArgumentException if the network is not whole or the domains do not fit it.
   */
  SubBitModel(
      String name,
      ModelProvenance provenance,
      ImmutableFeatureMap featureIDMap,
      ImmutableOutputInfo<Label> outputIDInfo,
      TrainedNetwork network) {
    super(name, provenance, featureIDMap, outputIDInfo, true);
    TrainedNetworkCheck.check(network);
    requireDenseIds(featureIDMap, outputIDInfo, network);
    this.network = network;
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
        throw new IllegalArgumentException("The feature domain has no feature of id " + id);
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
        throw new IllegalArgumentException("The output domain has no label of id " + id);
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

  @Override
  public Prediction<Label> predict(Example<Label> example) {
    throw new UnsupportedOperationException("Not yet");
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
    return new SubBitModel(newName, newProvenance, featureIDMap, outputIDInfo, network);
  }

  @Override
  public ModelProto serialize() {
    SubBitModelProto model =
        SubBitModelProto.newBuilder()
            .setMetadata(Any.pack(createDataCarrier().serialize()))
            .setNetwork(NetworkCodec.encode(network))
            .build();
    return ModelProto.newBuilder()
        .setVersion(CURRENT_VERSION)
        .setClassName(SubBitModel.class.getName())
        .setSerializedData(Any.pack(model))
        .build();
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
   * @throws IllegalStateException if the model's name, provenance or domains are damaged.
   */
  public static SubBitModel deserializeFromProto(int version, String className, Any message)
      throws InvalidProtocolBufferException {
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
    return new SubBitModel(
        carrier.name(),
        carrier.provenance(),
        carrier.featureDomain(),
        labels,
        NetworkCodec.decode(proto.getNetwork()));
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
