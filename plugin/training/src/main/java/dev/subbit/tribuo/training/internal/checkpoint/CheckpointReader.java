package dev.subbit.tribuo.training.internal.checkpoint;

import com.google.protobuf.CodedInputStream;
import dev.subbit.tribuo.io.Sha256;
import dev.subbit.tribuo.protos.TrainedNetworkProto;
import dev.subbit.tribuo.training.internal.codebook.CodebookState;
import dev.subbit.tribuo.training.internal.engine.TrainingState;
import dev.subbit.tribuo.training.internal.protos.CheckpointHeaderProto;
import dev.subbit.tribuo.training.internal.protos.CheckpointPartProto;
import dev.subbit.tribuo.training.internal.protos.CodebookProto;
import dev.subbit.tribuo.training.internal.protos.EpochProto;
import dev.subbit.tribuo.training.internal.protos.EpochSumsProto;
import dev.subbit.tribuo.training.internal.protos.PropertyProto;
import dev.subbit.tribuo.training.internal.protos.VariableProto;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.EpochSums;
import dev.subbit.tribuo.training.metrics.ValidationMetrics;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Reads the stored form of a checkpoint, as {@code checkpoint.proto} describes it. Files are not
 * trusted: no memory is allocated because of a size field alone, and a file with a wrong digest
 * yields nothing.
 */
final class CheckpointReader {

  private CheckpointHeaderProto header;
  private final Map<String, List<VariableProto>> variables = new LinkedHashMap<>();
  private final Map<String, CodebookState> codebooks = new HashMap<>();
  private TrainedNetworkProto best;

  private CheckpointReader() {}

  /**
   * Reads a checkpoint.
   *
   * @param in holds nothing else; left open.
   * @return the checkpoint.
   * @throws IOException if reading fails, or the data is not a checkpoint, is damaged, or is of
   *     another version; the message says which.
   */
  static Checkpoint read(InputStream in) throws IOException {
    CheckpointReader reader = new CheckpointReader();
    reader.readParts(new DigestInputStream(in, Sha256.start()));
    try {
      return reader.checkpoint();
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new IOException("it holds what no training writes: " + e.getMessage(), e);
    }
  }

  private void readParts(DigestInputStream in) throws IOException {
    byte[] magic = in.readNBytes(CheckpointWriter.MAGIC.length);
    if (!Arrays.equals(magic, CheckpointWriter.MAGIC)) {
      throw new IOException("it does not begin as checkpoints do");
    }
    while (true) {
      byte[] digest = digest(in);
      CheckpointPartProto part = readPart(in);
      if (part.hasSha256() && header != null) {
        if (!MessageDigest.isEqual(digest, part.getSha256().toByteArray()) || in.read() >= 0) {
          throw new IOException("its digest does not fit its content");
        }
        return;
      }
      add(part);
    }
  }

  /** Reads a part as protobuf's delimited form does, but refuses one that ends too early. */
  private static CheckpointPartProto readPart(InputStream in) throws IOException {
    int first = in.read();
    int size = first < 0 ? -1 : CodedInputStream.readRawVarint32(first, in);
    byte[] part = size < 0 ? new byte[0] : in.readNBytes(size);
    if (part.length != size) {
      throw new IOException("it ends too early");
    }
    return CheckpointPartProto.parseFrom(part);
  }

  /** The digest of all bytes read so far. */
  private static byte[] digest(DigestInputStream in) {
    try {
      return ((MessageDigest) in.getMessageDigest().clone()).digest();
    } catch (CloneNotSupportedException e) {
      throw new AssertionError("The JDK's digests can be cloned", e);
    }
  }

  private void add(CheckpointPartProto part) throws IOException {
    if (part.hasHeader() != (header == null)) {
      throw new IOException("it has no header, or several");
    }
    switch (part.getPartCase()) {
      case HEADER:
        header = part.getHeader();
        if (header.getVersion() != CheckpointWriter.VERSION) {
          throw new IOException(
              "it is of version "
                  + header.getVersion()
                  + "; this release of Subbit reads version "
                  + CheckpointWriter.VERSION);
        }
        break;
      case VARIABLE:
        variables
            .computeIfAbsent(part.getVariable().getName(), name -> new ArrayList<>())
            .add(part.getVariable());
        break;
      case CODEBOOK:
        codebooks.put(part.getCodebook().getNode(), codebook(part.getCodebook()));
        break;
      case BEST:
        best = part.getBest();
        break;
      default:
        throw new IOException("it has a part of an unknown kind");
    }
  }

  private static CodebookState codebook(CodebookProto proto) {
    Map<String, float[]> floats = new HashMap<>();
    proto
        .getFloatsList()
        .forEach(entry -> floats.put(entry.getName(), floats(entry.getValuesList())));
    Map<String, int[]> integers = new HashMap<>();
    proto
        .getIntegersList()
        .forEach(entry -> integers.put(entry.getName(), integers(entry.getValuesList())));
    return new CodebookState(integers(proto.getCodewordsList()), floats, integers);
  }

  private static float[] floats(List<Float> list) {
    float[] values = new float[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = list.get(i);
    }
    return values;
  }

  private static int[] integers(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }

  private Checkpoint checkpoint() {
    Map<String, float[]> joined = new HashMap<>();
    variables.forEach((name, pieces) -> joined.put(name, join(pieces)));
    return new Checkpoint(
        fingerprint(header),
        header.getStage(),
        sums(header.getSums()),
        new TrainingState(header.getStep(), joined, codebooks),
        header.getHistoryList().stream().map(CheckpointReader::epoch).toList(),
        Optional.ofNullable(best));
  }

  private static float[] join(List<VariableProto> pieces) {
    long count = pieces.stream().mapToLong(VariableProto::getValuesCount).sum();
    float[] values = new float[Math.toIntExact(count)];
    int next = 0;
    for (VariableProto piece : pieces) {
      for (int i = 0; i < piece.getValuesCount(); i++) {
        values[next++] = piece.getValues(i);
      }
    }
    return values;
  }

  /** What a header says that the training computes from. */
  static Fingerprint fingerprint(CheckpointHeaderProto header) {
    return new Fingerprint(
        properties(header.getConfigurationList()), properties(header.getDataList()));
  }

  private static Map<String, String> properties(List<PropertyProto> properties) {
    return properties.stream()
        .collect(
            Collectors.toMap(PropertyProto::getName, PropertyProto::getValue, (a, b) -> a + b));
  }

  private static EpochSums sums(EpochSumsProto proto) {
    return new EpochSums(
        proto.getSteps(),
        proto.getImages(),
        proto.getLoss(),
        proto.getCorrect(),
        proto.getCodewordsChanged(),
        proto.getSeconds());
  }

  private static EpochMetrics epoch(EpochProto proto) {
    return new EpochMetrics(
        proto.getStage(),
        proto.getEpoch(),
        proto.getEpochs(),
        proto.getStep(),
        proto.getLoss(),
        proto.getAccuracy(),
        proto.hasValidation()
            ? Optional.of(
                new ValidationMetrics(
                    proto.getValidation().getLoss(), proto.getValidation().getAccuracy()))
            : Optional.empty(),
        proto.getLearningRate(),
        proto.getCodewordsChanged(),
        proto.getSeconds(),
        proto.getImagesPerSecond());
  }
}
