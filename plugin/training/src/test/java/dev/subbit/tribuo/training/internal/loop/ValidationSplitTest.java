package dev.subbit.tribuo.training.internal.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.training.internal.random.RandomPlace;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.tribuo.Dataset;
import org.tribuo.Example;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;

class ValidationSplitTest {

  /** Images of four classes in turn. */
  private static final MutableDataset<Label> DATA = TestModels.dataset(new ImageShape(1, 3, 3), 42);

  private static ValidationSplit split(Dataset<Label> data, double share, long seed) {
    return ValidationSplit.draw(
        data, data.getFeatureIDMap(), data.getOutputIDInfo(), share, RandomPlace.of(seed));
  }

  private static List<Example<Label>> list(Dataset<Label> data) {
    List<Example<Label>> examples = new ArrayList<>();
    data.forEach(examples::add);
    return examples;
  }

  private static long count(Dataset<Label> data, int label) {
    return list(data).stream()
        .filter(e -> e.getOutput().getLabel().equals(Integer.toString(label)))
        .count();
  }

  @Test
  void everyImageIsInOnePart() {
    ValidationSplit split = split(DATA, 0.3, 1);
    Set<Example<Label>> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    seen.addAll(list(split.training()));
    seen.addAll(list(split.validation()));
    assertEquals(42, split.training().size() + split.validation().size());
    assertEquals(42, seen.size());
  }

  @Test
  void everyClassGivesItsShare() {
    // Classes 0 and 1 have 11 images, 2 and 3 have 10.
    ValidationSplit split = split(DATA, 0.25, 1);
    assertEquals(3, count(split.validation(), 0));
    assertEquals(3, count(split.validation(), 1));
    assertEquals(3, count(split.validation(), 2));
    assertEquals(3, count(split.validation(), 3));
  }

  @Test
  void everyClassKeepsAnImageToTrainOn() {
    ValidationSplit split = split(DATA, 0.99, 1);
    for (int label = 0; label < 4; label++) {
      assertEquals(1, count(split.training(), label));
    }
  }

  @Test
  void theSeedAloneDecides() {
    assertEquals(list(split(DATA, 0.3, 1).validation()), list(split(DATA, 0.3, 1).validation()));
    assertNotEquals(list(split(DATA, 0.3, 1).validation()), list(split(DATA, 0.3, 2).validation()));
  }

  @Test
  void aShareThatGivesNoImageIsRefused() {
    Exception e = assertThrows(IllegalArgumentException.class, () -> split(DATA, 0.01, 1));
    assertTrue(e.getMessage().contains("validationShare is 0.01"), e.getMessage());
  }
}
