package dev.subbit.tribuo.training.internal.engine.tensorflow;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.lang.reflect.Constructor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.tensorflow.Session;

/** Tells when TensorFlow-Java has a way of its own, so that {@link SessionTarget} can go. */
class SessionTargetTest {

  @Test
  void noPublicConstructorOfASessionTakesATarget() {
    for (Constructor<?> constructor : Session.class.getConstructors()) {
      assertFalse(
          Arrays.asList(constructor.getParameterTypes()).contains(String.class),
          "Take " + constructor + " in place of SessionTarget");
    }
  }

  @Test
  void noOtherMethodOfASessionTakesOneEither() {
    assertFalse(
        Arrays.stream(Session.class.getMethods())
            .anyMatch(method -> method.getName().toLowerCase().contains("target")),
        "Take it in place of SessionTarget");
  }
}
