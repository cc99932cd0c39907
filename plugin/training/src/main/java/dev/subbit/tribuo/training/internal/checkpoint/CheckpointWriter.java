package dev.subbit.tribuo.training.internal.checkpoint;

import com.google.protobuf.ByteString;
import dev.subbit.tribuo.io.Sha256;
import dev.subbit.tribuo.protos.TrainedNetworkProto;
import dev.subbit.tribuo.training.internal.codebook.CodebookState;
import dev.subbit.tribuo.training.internal.engine.TrainingState;
import dev.subbit.tribuo.training.internal.protos.CheckpointHeaderProto;
import dev.subbit.tribuo.training.internal.protos.CheckpointPartProto;
import dev.subbit.tribuo.training.internal.protos.CodebookProto;
import dev.subbit.tribuo.training.internal.protos.EpochProto;
import dev.subbit.tribuo.training.internal.protos.EpochSumsProto;
import dev.subbit.tribuo.training.internal.protos.FloatsOfNameProto;
import dev.subbit.tribuo.training.internal.protos.IntegersOfNameProto;
import dev.subbit.tribuo.training.internal.protos.PropertyProto;
import dev.subbit.tribuo.training.internal.protos.ValidationProto;
import dev.subbit.tribuo.training.internal.protos.VariableProto;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.EpochSums;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.util.List;
import java.util.Map;

/** Writes the stored form of a checkpoint, as {@code checkpoint.proto} describes it. */
final class CheckpointWriter {

  static final int VERSION = 0;

  static final byte[] MAGIC = "SUBBITCK".getBytes(StandardCharsets.US_ASCII);

  /** Values of a variable in one part: 1 MiB. */
  private static final int PIECE = 1 << 18;

  private final OutputStream out;

  private CheckpointWriter(OutputStream out) {
    this.out = out;
  }

  /**
   * Writes a checkpoint, variable by variable.
   *
   * @param checkpoint the checkpoint; equal ones give equal bytes.
   * @param out where to; left open.
   * @throws IOException if writing fails.
   */
  static void write(Checkpoint checkpoint, OutputStream out) throws IOException {
    DigestOutputStream digested = new DigestOutputStream(out, Sha256.start());
    digested.write(MAGIC);
    new CheckpointWriter(digested).writeParts(checkpoint);
    byte[] digest = digested.getMessageDigest().digest();
    CheckpointPartProto.newBuilder()
        .setSha256(ByteString.copyFrom(digest))
        .build()
        .writeDelimitedTo(out);
  }

  private void writeParts(Checkpoint checkpoint) throws IOException {
    write(CheckpointPartProto.newBuilder().setHeader(header(checkpoint)));
    TrainingState state = checkpoint.state();
    for (Map.Entry<String, float[]> variable : state.variables().entrySet()) {
      writeVariable(variable.getKey(), variable.getValue());
    }
    for (Map.Entry<String, CodebookState> codebook : state.codebooks().entrySet()) {
      write(
          CheckpointPartProto.newBuilder()
              .setCodebook(codebook(codebook.getKey(), codebook.getValue())));
    }
    if (checkpoint.best().isPresent()) {
      TrainedNetworkProto best = checkpoint.best().get();
      write(CheckpointPartProto.newBuilder().setBest(best));
    }
  }

  private void write(CheckpointPartProto.Builder part) throws IOException {
    part.build().writeDelimitedTo(out);
  }

  private static CheckpointHeaderProto header(Checkpoint checkpoint) {
    CheckpointHeaderProto.Builder header =
        header(checkpoint.fingerprint())
            .setStage(checkpoint.stage())
            .setSums(sums(checkpoint.sums()))
            .setStep(checkpoint.state().step());
    checkpoint.history().forEach(epoch -> header.addHistory(epoch(epoch)));
    return header.build();
  }

  /** A header with what the training computes from alone. */
  static CheckpointHeaderProto.Builder header(Fingerprint fingerprint) {
    return CheckpointHeaderProto.newBuilder()
        .setVersion(VERSION)
        .addAllConfiguration(properties(fingerprint.configuration()))
        .addAllData(properties(fingerprint.data()));
  }

  private static List<PropertyProto> properties(Map<String, String> properties) {
    return properties.entrySet().stream()
        .map(p -> PropertyProto.newBuilder().setName(p.getKey()).setValue(p.getValue()).build())
        .toList();
  }

  private static EpochSumsProto sums(EpochSums sums) {
    return EpochSumsProto.newBuilder()
        .setSteps(sums.steps())
        .setImages(sums.images())
        .setLoss(sums.loss())
        .setCorrect(sums.correct())
        .setCodewordsChanged(sums.codewordsChanged())
        .setSeconds(sums.seconds())
        .build();
  }

  private static EpochProto epoch(EpochMetrics epoch) {
    EpochProto.Builder proto =
        EpochProto.newBuilder()
            .setStage(epoch.stage())
            .setEpoch(epoch.epoch())
            .setEpochs(epoch.epochs())
            .setStep(epoch.step())
            .setLoss(epoch.loss())
            .setAccuracy(epoch.accuracy())
            .setLearningRate(epoch.learningRate())
            .setCodewordsChanged(epoch.codewordsChanged())
            .setSeconds(epoch.seconds())
            .setImagesPerSecond(epoch.imagesPerSecond());
    epoch
        .validation()
        .ifPresent(
            validation ->
                proto.setValidation(
                    ValidationProto.newBuilder()
                        .setLoss(validation.loss())
                        .setAccuracy(validation.accuracy())));
    return proto.build();
  }

  private void writeVariable(String name, float[] values) throws IOException {
    int from = 0;
    do {
      int to = Math.min(values.length, from + PIECE);
      VariableProto.Builder piece = VariableProto.newBuilder().setName(name);
      for (int i = from; i < to; i++) {
        piece.addValues(values[i]);
      }
      write(CheckpointPartProto.newBuilder().setVariable(piece));
      from = to;
    } while (from < values.length);
  }

  private static CodebookProto codebook(String node, CodebookState state) {
    CodebookProto.Builder proto = CodebookProto.newBuilder().setNode(node);
    for (int codeword : state.codewords()) {
      proto.addCodewords(codeword);
    }
    state
        .floats()
        .forEach(
            (name, values) -> {
              FloatsOfNameProto.Builder floats = FloatsOfNameProto.newBuilder().setName(name);
              for (float value : values) {
                floats.addValues(value);
              }
              proto.addFloats(floats);
            });
    state
        .integers()
        .forEach(
            (name, values) -> {
              IntegersOfNameProto.Builder integers = IntegersOfNameProto.newBuilder().setName(name);
              for (int value : values) {
                integers.addValues(value);
              }
              proto.addIntegers(integers);
            });
    return proto.build();
  }
}
