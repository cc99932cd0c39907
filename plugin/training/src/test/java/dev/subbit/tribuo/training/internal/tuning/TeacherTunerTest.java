package dev.subbit.tribuo.training.internal.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.oracle.labs.mlrg.olcut.config.PropertyException;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.TestModels.Mode;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.quantizer.SubBitQuantizer;
import dev.subbit.tribuo.stored.NetworkCodec;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;

/** The quantizer finds this module's tuner as a Java service. */
class TeacherTunerTest {

  private static final ImageShape SHAPE = new ImageShape(1, 12, 12);

  private final MutableDataset<Label> data = TestModels.dataset(SHAPE, 24);

  private SubBitModel model(Mode mode) {
    return TestModels.model(TestModels.network(mode, "resnet8", SHAPE), data);
  }

  private static SubBitQuantizer tuner() {
    return SubBitQuantizer.of(4, 1, 24, 1, Optional.empty()).withThreads(1);
  }

  @Test
  void tunesWithTheFloatModelForATeacher() {
    try (SubBitModel model = model(Mode.FLOAT);
        SubBitModel tuned = tuner().quantize(model, data);
        SubBitModel again = tuner().quantize(model, data)) {
      assertEquals(
          TestModels.network(Mode.SUB_BIT, "resnet8", SHAPE).network(), tuned.network().network());
      assertEquals(NetworkCodec.encode(tuned.network()), NetworkCodec.encode(again.network()));
    }
  }

  @Test
  void labelsCountWhereTheTeacherDoesNotCountForAll() {
    try (SubBitModel model = model(Mode.FLOAT);
        SubBitModel taught = tuner().quantize(model, data);
        SubBitModel labelled = tuner().withTeacherShare(0.5).quantize(model, data)) {
      assertNotEquals(
          NetworkCodec.encode(taught.network()), NetworkCodec.encode(labelled.network()));
    }
    assertThrows(PropertyException.class, () -> tuner().withTeacherShare(1.5));
  }
}
