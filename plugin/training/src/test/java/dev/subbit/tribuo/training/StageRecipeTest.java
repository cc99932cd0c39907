package dev.subbit.tribuo.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oracle.labs.mlrg.olcut.config.ConfigurationManager;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.ProvenanceUtil;
import com.oracle.labs.mlrg.olcut.provenance.impl.ConfiguredObjectProvenanceImpl;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.StripedImages;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.protos.TrainedNetworkProto;
import dev.subbit.tribuo.settings.Optimiser;
import dev.subbit.tribuo.settings.Schedule;
import dev.subbit.tribuo.stored.NetworkCodec;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.StepMetrics;
import dev.subbit.tribuo.training.metrics.TrainingListener;
import dev.subbit.tribuo.training.metrics.TrainingStart;
import dev.subbit.tribuo.training.metrics.TrainingStoppedException;
import dev.subbit.tribuo.training.teacher.Teacher;
import dev.subbit.tribuo.training.teacher.TeacherSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;
import org.tribuo.test.Helpers;

/** Trainings whose stages have recipes of their own. */
class StageRecipeTest {

  @TempDir private Path folder;
  private MutableDataset<Label> images;

  @BeforeEach
  void drawImages() {
    images = new MutableDataset<>(StripedImages.source(folder, 48, 1));
  }

  private static SubBitTrainerBuilder builder() {
    return SubBitTrainer.builder(StripedImages.SHAPE)
        .network("resnet8")
        .activations(Activations.BINARY)
        .tau(3)
        .epochs(2)
        .batchSize(12)
        .threads(1);
  }

  private TrainedNetworkProto train(SubBitTrainer trainer) {
    try (SubBitModel model = trainer.train(images)) {
      return NetworkCodec.encode(model.network());
    }
  }

  /** One epoch of 4 steps, then one of 8, with another recipe in everything that can differ. */
  private static SubBitTrainerBuilder twoStages() {
    return builder()
        .weightDecay(1e-3)
        .stages(
            StageRecipe.builder().weights(Weights.FLOAT).epochs(1).build(),
            StageRecipe.builder()
                .epochs(1)
                .batchSize(6)
                .learningRate(0.002)
                .schedule(Schedule.COSINE)
                .optimiser(Optimiser.SGD)
                .momentum(0.5)
                .weightDecay(0)
                .labelSmoothing(0.1)
                .gradientClip(2)
                .build());
  }

  /** Records rates and stages; stops a training at a step. */
  private static final class Steps implements TrainingListener {
    private final List<Double> rates = new ArrayList<>();
    private final List<Integer> stages = new ArrayList<>();
    private TrainingStart start;
    private final SubBitTrainer trainer;
    private final int stopAt;

    Steps(SubBitTrainer trainer, int stopAt) {
      this.trainer = trainer;
      this.stopAt = stopAt;
      trainer.addListener(this);
    }

    @Override
    public void started(TrainingStart started) {
      start = started;
    }

    @Override
    public void epochFinished(EpochMetrics metrics) {}

    @Override
    public void stepFinished(StepMetrics metrics) {
      rates.add(metrics.learningRate());
      stages.add(metrics.stage());
      if (metrics.step() == stopAt) {
        trainer.stop();
      }
    }
  }

  @Test
  void stagesThatSayWhatTheShortFormSaysGiveTheSameBits() {
    SubBitTrainer stages =
        builder()
            .stages(
                StageRecipe.builder().weights(Weights.FLOAT).epochs(1).build(),
                StageRecipe.builder().build())
            .build();
    assertEquals(train(builder().floatEpochs(1).build()), train(stages));
  }

  @Test
  void everyStageHasItsRecipe() {
    SubBitTrainer trainer = twoStages().build();
    Steps steps = new Steps(trainer, 0);
    train(trainer);
    assertEquals(List.of(1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2), steps.stages);
    assertEquals(12, steps.start.steps());
    assertEquals(List.of("float weights", "sub-bit weights"), steps.start.stages());
    for (int i = 0; i < 4; i++) {
      assertEquals(0.01 * (1 - i / 4.0), steps.rates.get(i), 1e-7);
    }
    for (int i = 0; i < 8; i++) {
      assertEquals(0.001 * (1 + Math.cos(Math.PI * i / 8)), steps.rates.get(4 + i), 1e-7);
    }
  }

  @Test
  void warmUpAndRestartsAreCountedInEpochs() {
    SubBitTrainer trainer =
        builder().epochs(3).warmupEpochs(0.5).restarts(1).learningRate(1e-3).build();
    Steps steps = new Steps(trainer, 0);
    train(trainer);
    double[] wanted = {1 / 3.0, 2 / 3.0, 1, 0.8, 0.6, 0.4, 0.2, 1, 0.8, 0.6, 0.4, 0.2};
    for (int i = 0; i < wanted.length; i++) {
      assertEquals(1e-3 * wanted[i], steps.rates.get(i), 1e-8, "step " + i);
    }
  }

  @Test
  void aTrainingWithStagesResumesWithTheSameBits() {
    TrainedNetworkProto wanted = train(twoStages().build());
    for (int stopAt : new int[] {2, 4, 7}) {
      SubBitTrainer trainer = twoStages().checkpointFolder(folder.resolve("run")).build();
      new Steps(trainer, stopAt);
      assertThrows(TrainingStoppedException.class, () -> trainer.train(images));
    }
    assertEquals(wanted, train(twoStages().checkpointFolder(folder.resolve("run")).build()));

    SubBitTrainer other =
        builder()
            .stages(StageRecipe.builder().epochs(3).build())
            .checkpointFolder(folder.resolve("run"))
            .build();
    Exception e = assertThrows(IllegalStateException.class, () -> other.train(images));
    assertTrue(e.getMessage().contains("stages was"), e.getMessage());
  }

  @Test
  void theLastStageMakesTheModel() {
    SubBitTrainer trainer =
        builder()
            .weights(Weights.FLOAT)
            .stages(
                StageRecipe.builder().epochs(1).build(),
                StageRecipe.builder().epochs(1).weights(Weights.SUB_BIT).tau(9).build(),
                StageRecipe.builder().epochs(2).weights(Weights.SUB_BIT).tau(2).build())
            .integerEpochs(1)
            .build();
    Steps steps = new Steps(trainer, 0);
    try (SubBitModel model = trainer.train(images)) {
      assertEquals("resnet8-tau2", model.getName());
      assertTrue(model.network().integers().isPresent());
      assertTrue(model.network().packed().values().stream().allMatch(p -> p.codebook().tau() == 2));
    }
    assertEquals(
        List.of("float weights", "binary weights", "sub-bit weights", "integers"),
        steps.start.stages());
  }

  @Test
  void aStageMayHaveATeacherOfItsOwnOrNone() {
    CountingTeacher common = new CountingTeacher();
    CountingTeacher own = new CountingTeacher();
    train(
        builder()
            .teacher(common, 0.5, 2)
            .stages(
                StageRecipe.builder().epochs(1).weights(Weights.FLOAT).build(),
                StageRecipe.builder().epochs(1).teacher(null, 0, 1).build(),
                StageRecipe.builder().epochs(1).teacher(own, 1, 1).build(),
                StageRecipe.builder().epochs(1).build())
            .build());
    assertEquals(List.of(1, 8, 1), List.of(common.opened, common.steps, common.closed));
    assertEquals(List.of(1, 4, 1), List.of(own.opened, own.steps, own.closed));
  }

  private static final class CountingTeacher implements Teacher {
    private int opened;
    private int steps;
    private int closed;

    @Override
    public TeacherSession open(ImageShape shape, ImmutableOutputInfo<Label> labels, int threads) {
      opened++;
      return new TeacherSession() {
        @Override
        public float[] logits(float[] pixels, int count) {
          steps++;
          return new float[count * labels.size()];
        }

        @Override
        public void close() {
          closed++;
        }
      };
    }

    @Override
    public ConfiguredObjectProvenance getProvenance() {
      return new ConfiguredObjectProvenanceImpl(this, "Teacher");
    }
  }

  private SubBitTrainer configured(String first, String trainer) throws IOException {
    Path file = folder.resolve("stages.xml");
    String stage = "type=\"dev.subbit.tribuo.training.StageRecipe\"";
    Files.writeString(
        file,
        "<config><component name=\"first\" "
            + stage
            + ">"
            + first
            + "</component><component name=\"second\" inherit=\"first\">"
            + "<property name=\"weights\" value=\"SUB_BIT\"/></component>"
            + "<component name=\"trainer\" type=\"dev.subbit.tribuo.training.SubBitTrainer\">"
            + "<property name=\"network\" value=\"resnet8\"/>"
            + "<property name=\"batchSize\" value=\"12\"/><property name=\"threads\" value=\"1\"/>"
            + "<propertylist name=\"imageShape\"><item>1</item><item>12</item><item>12</item>"
            + "</propertylist><propertylist name=\"stages\"><item>first</item><item>second</item>"
            + "</propertylist>"
            + trainer
            + "</component></config>");
    try (ConfigurationManager manager = new ConfigurationManager(file.toString())) {
      return (SubBitTrainer) manager.lookup("trainer");
    }
  }

  private static String property(String name, Object value) {
    return "<property name=\"" + name + "\" value=\"" + value + "\"/>";
  }

  @Test
  void stagesAreComponentsAndSurviveTheProvenance() throws IOException {
    SubBitTrainer trainer =
        configured(property("weights", "FLOAT") + property("epochs", 1), property("tau", 4));
    Helpers.testConfigurableRoundtrip(trainer);
    Helpers.testProvenanceMarshalling(trainer.getProvenance());
    try (SubBitModel model = trainer.train(images)) {
      ConfigurationManager manager = new ConfigurationManager();
      manager.addConfiguration(ProvenanceUtil.extractConfiguration(model.getProvenance()));
      SubBitTrainer rebuilt = manager.lookupAll(SubBitTrainer.class).get(0);
      assertEquals(trainer.toString(), rebuilt.toString());
      assertEquals(NetworkCodec.encode(model.network()), train(rebuilt));
    }
    Helpers.testProvenanceMarshalling(StageRecipe.builder().epochs(3).build().getProvenance());
  }

  @Test
  void refusesWhatIsNotAllowed() {
    assertRefused("epochs is 0", property("epochs", 0), "");
    assertRefused("tau is 10", property("tau", 10), "");
    assertRefused("batchSize is 1", property("batchSize", 1), "");
    assertRefused("learningRate is 0.0", property("learningRate", 0), "");
    assertRefused("less than epochs, 1", property("epochs", 1) + property("warmupEpochs", 1), "");
    assertRefused(
        "behind the warm-up, 1.5",
        property("epochs", 2) + property("warmupEpochs", 0.5) + property("restarts", 2),
        "");
    assertRefused("0 where there are stages", "", property("floatEpochs", 1));
    assertRefused("integerEpochs is 1", property("epochs", 1), property("integerEpochs", 1));
    SubBitTrainer large =
        builder().stages(StageRecipe.builder().batchSize(49).build(), new StageRecipe()).build();
    String message =
        assertThrows(IllegalArgumentException.class, () -> large.train(images)).getMessage();
    assertTrue(message.contains("batchSize is 49"), message);
  }

  private void assertRefused(String part, String first, String trainer) {
    PropertyException e = assertThrows(PropertyException.class, () -> configured(first, trainer));
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    assertTrue(cause.getMessage().contains(part), cause.getMessage());
  }
}
