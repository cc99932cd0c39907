package dev.subbit.tribuo.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oracle.labs.mlrg.olcut.config.PropertyException;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.TinyModels;
import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.settings.Selection;
import dev.subbit.tribuo.training.teacher.OnnxTeacher;
import dev.subbit.tribuo.training.teacher.SubBitTeacher;
import dev.subbit.tribuo.training.teacher.Teacher;
import dev.subbit.tribuo.training.teacher.TeacherSession;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.MutableDataset;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;
import org.tribuo.test.Helpers;

class TeacherTest {

  @TempDir static Path folder;

  private static final MutableDataset<Label> data = TinyModels.data();
  private static Path saved;
  private static Path onnx;

  @BeforeAll
  static void saveModel() throws Exception {
    saved = folder.resolve("teacher.sbm");
    onnx = folder.resolve("teacher.onnx");
    try (SubBitModel model = TinyModels.binary()) {
      model.serializeToFile(saved);
      model.saveONNXModel("test", 1, onnx);
    }
  }

  private static Teacher onnxTeacher(Path path) {
    return new OnnxTeacher(
        path, new double[] {1}, new double[] {0}, OnnxTeacher.Output.PROBABILITIES);
  }

  @Test
  void teachersGiveWhatTheirModelsPredict() {
    for (Teacher teacher : List.of(new SubBitTeacher(saved), onnxTeacher(onnx))) {
      try (SubBitModel model = TinyModels.binary();
          TeacherSession session = teacher.open(TinyModels.SHAPE, data.getOutputIDInfo(), 1)) {
        float[] pixels = new float[data.size() * TinyModels.SHAPE.size()];
        PixelMap map = new PixelMap(data.getFeatureIDMap(), TinyModels.SHAPE);
        for (int i = 0; i < data.size(); i++) {
          map.fill(data.getExample(i), pixels, i * TinyModels.SHAPE.size());
        }
        float[] logits = session.logits(pixels, data.size());
        int classes = data.getOutputIDInfo().size();
        for (int i = 0; i < data.size(); i++) {
          double sum = 0;
          for (int c = 0; c < classes; c++) {
            sum += Math.exp(logits[i * classes + c]);
          }
          Prediction<Label> prediction = model.predict(data.getExample(i));
          for (int c = 0; c < classes; c++) {
            Label label = data.getOutputIDInfo().getOutput(c);
            assertEquals(
                prediction.getOutputScores().get(label.getLabel()).getScore(),
                Math.exp(logits[i * classes + c]) / sum,
                1e-5);
          }
        }
      }
    }
  }

  @Test
  void refusesTeachersThatDoNotFit() {
    assertTrue(
        assertThrows(PropertyException.class, () -> new SubBitTeacher(folder.resolve("none")))
            .getMessage()
            .contains("modelPath"));
    assertRefused("is for images of", new SubBitTeacher(saved), new ImageShape(1, 7, 7));
    assertRefused("which an image of 1x7x7", onnxTeacher(onnx), new ImageShape(1, 7, 7));
    assertRefused("is not a saved model", new SubBitTeacher(onnx), TinyModels.SHAPE);
    assertRefused("cannot be loaded", onnxTeacher(saved), TinyModels.SHAPE);
    MutableDataset<Label> others =
        new MutableDataset<>(dev.subbit.tribuo.data.StripedImages.source(folder, 6, 1));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                new SubBitTeacher(saved)
                    .open(TinyModels.SHAPE, others.getOutputIDInfo(), 1)
                    .close());
    assertTrue(e.getMessage().contains("does not know the class"), e.getMessage());
  }

  private static void assertRefused(String part, Teacher teacher, ImageShape shape) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> teacher.open(shape, data.getOutputIDInfo(), 1).close());
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  private static SubBitTrainerBuilder student() {
    return SubBitTrainer.builder(TinyModels.SHAPE)
        .network("resnet8")
        .tau(3)
        .batchSize(4)
        .epochs(3)
        .threads(1);
  }

  @Test
  void aTeacherIsPartOfTheConfigurationAndChangesTheModel() {
    SubBitTrainer taught = student().teacher(new SubBitTeacher(saved), 0.5, 2).build();
    Helpers.testProvenanceMarshalling(taught.getProvenance());
    Helpers.testConfigurableRoundtrip(taught);
    try (SubBitModel one = taught.train(data);
        SubBitModel alone = student().build().train(data)) {
      assertNotEquals(
          List.of(alone.network().floats().get("classifier/bias")[0]),
          List.of(one.network().floats().get("classifier/bias")[0]));
      Helpers.testProvenanceMarshalling(one.getProvenance());
    }
  }

  @Test
  void twoStagesAreOneTrainingAndGiveTheSameBitsAgain() {
    List<List<Double>> losses = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      List<Double> run = new ArrayList<>();
      SubBitTrainer trainer =
          student()
              .floatEpochs(2)
              .selection(Selection.PERMUTATION)
              .weights(Weights.SUB_BIT)
              .build();
      trainer.addListener(metrics -> run.add(metrics.loss()));
      trainer.train(data).close();
      losses.add(run);
    }
    assertEquals(5, losses.get(0).size());
    assertEquals(losses.get(0), losses.get(1));
  }
}
