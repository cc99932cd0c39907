package dev.subbit.tribuo.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.PredictingProgram;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.quantizer.SubBitQuantizer;
import dev.subbit.tribuo.training.recipe.Augmentation;
import dev.subbit.tribuo.training.teacher.SubBitTeacher;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;

/**
 * A model says how it was trained and quantized, in provenance objects of many classes. All of them
 * have to load where only subbit-model is on the class path.
 */
class ModelAloneTest {

  private static final List<String> ABSENT =
      List.of("plugin/training", "plugin/quantizer", "subbit-training", "tensorflow");

  @TempDir private Path folder;

  @Test
  void aModelWithATeacherAndAQuantizerLoadsWithoutTheirModules() throws Exception {
    MutableDataset<Label> data = new MutableDataset<>(StripedImages.source(folder, 32, 1));
    Path teacher = folder.resolve("teacher.sbm");
    try (SubBitModel model = trainer().weights(Weights.FLOAT).build().train(data)) {
      model.serializeToFile(teacher);
    }
    SubBitTrainer taught =
        trainer()
            .augmentation(Augmentation.none().withErasing(0.5, 0.1, 0.2))
            .teacher(new SubBitTeacher(teacher), 0.5, 2)
            .build();
    Path file = folder.resolve("model.sbm");
    try (SubBitModel model = new QuantizingTrainer(taught, new SubBitQuantizer()).train(data)) {
      model.serializeToFile(file);
    }

    String output = predictElsewhere(file);
    assertTrue(output.contains("predicted 32"), output);
    assertTrue(output.contains("teacher.sbm"), "the provenance is whole: " + output);
  }

  private static SubBitTrainerBuilder trainer() {
    return SubBitTrainer.builder(StripedImages.SHAPE)
        .network("resnet8")
        .batchSize(8)
        .epochs(1)
        .threads(1);
  }

  private String predictElsewhere(Path model) throws Exception {
    String classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> ABSENT.stream().noneMatch(entry.replace('\\', '/')::contains))
            .collect(Collectors.joining(File.pathSeparator));
    assertFalse(classPath.contains("quantizer"), classPath);
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classPath,
                PredictingProgram.class.getName(),
                folder.toString(),
                model.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }
}
