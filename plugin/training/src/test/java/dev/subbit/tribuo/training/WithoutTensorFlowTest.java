package dev.subbit.tribuo.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.onnx.NativeLibrary;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.network.RandomNetworks;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.MutableDataset;

class WithoutTensorFlowTest {

  @TempDir private Path folder;

  @Test
  void predictsAndSaysWhatTrainingNeeds() throws Exception {
    String output = predictAndTrainWithout("tensorflow");
    assertTrue(output.contains("predicted 32"), output);
    assertTrue(output.contains("add org.tensorflow:tensorflow-core-api:1.1.0"), output);
  }

  @Test
  void namesTheLibraryOfThePlatformIfOnlyThatIsMissing() throws Exception {
    String output = predictAndTrainWithout("tensorflow-core-native-1.1.0-");
    assertTrue(output.contains("predicted 32"), output);
    assertTrue(
        output.contains(
            "TensorFlow's library for "
                + NativeLibrary.platform()
                + " is not on the class path: add org.tensorflow:tensorflow-core-native:1.1.0:"),
        output);
  }

  /** Runs {@link WithoutTensorFlow} without the jars whose names hold a text. */
  private String predictAndTrainWithout(String absent) throws Exception {
    Path file = folder.resolve("model.sbm");
    try (SubBitModel model =
        TestModels.model(
            RandomNetworks.weigh(
                Networks.build(
                    "resnet8",
                    StripedImages.SHAPE,
                    StripedImages.CLASSES,
                    Weights.SUB_BIT,
                    Activations.REAL),
                3,
                1),
            new MutableDataset<>(StripedImages.source(folder, 32, 1)))) {
      model.serializeToFile(file);
    }
    String classpath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !entry.contains(absent))
            .collect(Collectors.joining(File.pathSeparator));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classpath,
                WithoutTensorFlow.class.getName(),
                folder.toString(),
                file.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }
}
