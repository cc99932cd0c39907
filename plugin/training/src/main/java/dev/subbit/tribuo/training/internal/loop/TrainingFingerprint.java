package dev.subbit.tribuo.training.internal.loop;

import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.ListProvenance;
import com.oracle.labs.mlrg.olcut.provenance.MapProvenance;
import com.oracle.labs.mlrg.olcut.provenance.PrimitiveProvenance;
import com.oracle.labs.mlrg.olcut.provenance.Provenance;
import com.oracle.labs.mlrg.olcut.provenance.primitives.HashProvenance;
import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.io.Sha256;
import dev.subbit.tribuo.training.internal.checkpoint.Fingerprint;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.tribuo.Dataset;
import org.tribuo.Example;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.classification.Label;
import org.tribuo.provenance.TrainerProvenance;

/** Makes the fingerprint of a training from the trainer's configuration and the dataset. */
public final class TrainingFingerprint {

  /** Fields of the trainer that do not influence what it computes. */
  private static final Set<String> SILENT = Set.of("checkpointFolder", "checkpointSeconds");

  /**
   * Largest number of images whose pixels are read, so that large datasets need not be read twice.
   */
  private static final int SAMPLES = 1000;

  private TrainingFingerprint() {}

  /**
   * Makes a fingerprint. Of the data it takes the number of images, all labels and weights in their
   * order, and the pixels of 1,000 images spread evenly.
   *
   * @param trainer the trainer's provenance.
   * @param examples the training images.
   * @param pixelMap where their features lie.
   * @param labels the ids of their labels.
   * @return the fingerprint.
   */
  public static Fingerprint of(
      TrainerProvenance trainer,
      Dataset<Label> examples,
      PixelMap pixelMap,
      ImmutableOutputInfo<Label> labels) {
    Map<String, String> configuration = new TreeMap<>();
    trainer
        .getConfiguredParameters()
        .forEach(
            (field, value) -> {
              if (!SILENT.contains(field)) {
                configuration.put(field, text(value));
              }
            });
    configuration.put(
        "invocation count",
        text(trainer.getInstanceValues().get(TrainerProvenance.TRAIN_INVOCATION_COUNT)));
    Set<String> classes = new TreeSet<>();
    labels.getDomain().forEach(label -> classes.add(label.getLabel()));
    return new Fingerprint(
        configuration,
        Map.of(
            "number of images", Integer.toString(examples.size()),
            "classes", classes.toString(),
            "digest of labels and pixels", digest(examples, pixelMap)));
  }

  private static String text(Provenance value) {
    if (value instanceof PrimitiveProvenance<?> primitive) {
      return String.valueOf(primitive.getValue());
    }
    if (value instanceof ConfiguredObjectProvenance component) {
      Map<String, String> fields = new TreeMap<>();
      component.getConfiguredParameters().forEach((field, v) -> fields.put(field, text(v)));
      // Such as that of a teacher's file, which another one of the same name may have replaced.
      component
          .getInstanceValues()
          .forEach(
              (name, found) -> {
                if (found instanceof HashProvenance hash) {
                  fields.put(name, hash.getValue());
                }
              });
      return component.getClassName() + fields;
    }
    if (value instanceof ListProvenance<?> list) {
      return list.getList().stream().map(TrainingFingerprint::text).toList().toString();
    }
    if (value instanceof MapProvenance<?> map) {
      Map<String, String> entries = new TreeMap<>();
      map.getMap().forEach((name, v) -> entries.put(name, text(v)));
      return entries.toString();
    }
    return String.valueOf(value);
  }

  private static String digest(Dataset<Label> examples, PixelMap pixelMap) {
    MessageDigest digest = Sha256.start();
    for (Example<Label> example : examples) {
      digest.update(example.getOutput().getLabel().getBytes(StandardCharsets.UTF_8));
      digest.update((byte) 0);
      if (example.getWeight() != 1) {
        digest.update(Float.toString(example.getWeight()).getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
      }
    }
    float[] pixels = new float[pixelMap.shape().size()];
    ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(pixels.length, Float.BYTES));
    int samples = Math.min(SAMPLES, examples.size());
    for (int i = 0; i < samples; i++) {
      pixelMap.fill(examples.getExample((int) ((long) i * examples.size() / samples)), pixels, 0);
      bytes.clear();
      bytes.asFloatBuffer().put(pixels);
      digest.update(bytes);
    }
    return HexFormat.of().formatHex(digest.digest(), 0, 8);
  }
}
