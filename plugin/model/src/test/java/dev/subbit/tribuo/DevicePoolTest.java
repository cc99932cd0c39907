package dev.subbit.tribuo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.DevicePool.Session;
import dev.subbit.tribuo.DevicePool.Work;
import dev.subbit.tribuo.data.ImageExample;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.tribuo.Example;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;

@Timeout(60)
class DevicePoolTest {

  /** Images whose bytes count up from a number. */
  private static List<Example<Label>> images(int first, int count) {
    List<Example<Label>> images = new ArrayList<>();
    for (int i = first; i < first + count; i++) {
      images.add(new ImageExample(LabelFactory.UNKNOWN_LABEL, new byte[] {(byte) i}));
    }
    return images;
  }

  /** Labels every image with its byte. */
  private static List<Prediction<Label>> answer(List<Example<Label>> images) {
    return images.stream().map(DevicePoolTest::answer).toList();
  }

  private static Prediction<Label> answer(Example<Label> image) {
    int value = (int) image.iterator().next().getValue();
    return new Prediction<>(new Label("" + value), 1, image);
  }

  private static List<String> labels(List<Prediction<Label>> predictions) {
    return predictions.stream().map(p -> p.getOutput().getLabel()).toList();
  }

  private static List<String> counted(int count) {
    return images(0, count).stream().map(i -> answer(i).getOutput().getLabel()).toList();
  }

  private static Session session(Function<List<Example<Label>>, List<Prediction<Label>>> predict) {
    return new Session() {
      @Override
      public List<Prediction<Label>> predict(List<Example<Label>> images) {
        return predict.apply(images);
      }

      @Override
      public void close() {}
    };
  }

  private static DevicePool pool(Map<String, Session> sessions, String... names) {
    return new DevicePool(List.of(names), sessions::get);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(1, TimeUnit.MINUTES));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aDeviceThatIsFreeTakesWhatABusyOneWouldKeepWaiting() {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    Session slow =
        session(
            images -> {
              begun.countDown();
              await(release);
              return answer(images);
            });
    Session fast =
        session(
            images -> {
              await(begun);
              return answer(images);
            });
    try (DevicePool pool = pool(Map.of("slow", slow, "fast", fast), "slow", "fast")) {
      List<CompletableFuture<List<Prediction<Label>>>> results = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        results.add(pool.submit(images(i, 1)));
      }
      // All but the one that the slow device holds.
      while (results.stream().filter(CompletableFuture::isDone).count() < 9) {
        Thread.onSpinWait();
      }
      release.countDown();
      for (int i = 0; i < 10; i++) {
        assertEquals(List.of("" + i), labels(results.get(i).join()));
      }
      assertEquals(
          List.of(
              new Work("slow", 1, 1, Optional.empty()), new Work("fast", 9, 9, Optional.empty())),
          pool.work());
    }
  }

  @Test
  void aFailingDeviceLeavesItsWorkToTheOthers() {
    Session broken =
        session(
            images -> {
              throw new IllegalStateException("FPGA fault TIMEOUT: it hangs");
            });
    CountDownLatch failed = new CountDownLatch(1);
    Session breaking =
        session(
            images -> {
              try {
                return broken.predict(images);
              } finally {
                failed.countDown();
              }
            });
    Session waiting =
        session(
            images -> {
              await(failed);
              return answer(images);
            });
    try (DevicePool pool = pool(Map.of("bad", breaking, "good", waiting), "bad", "good")) {
      assertEquals(counted(200), labels(pool.predict(images(0, 200))));
      Work bad = pool.work().get(0);
      assertEquals(new Work("bad", 0, 0, Optional.of("FPGA fault TIMEOUT: it hangs")), bad);
      assertEquals(200, pool.work().get(1).images());
    }
  }

  @Test
  void imagesThatNoDeviceCanClassifyHarmNoDevice() {
    Session choosy =
        session(
            images -> {
              if (labels(answer(images)).contains("7")) {
                throw new IllegalStateException("not this one");
              }
              return answer(images);
            });
    try (DevicePool pool = pool(Map.of("a", choosy), "a", "a")) {
      IllegalStateException e =
          assertThrows(IllegalStateException.class, () -> pool.predict(images(0, 9)));
      assertTrue(e.getMessage().startsWith("No device can classify the images."), e.getMessage());
      assertTrue(e.getMessage().contains("a (2): not this one"), e.getMessage());
      assertEquals(List.of("8"), labels(pool.predict(images(8, 1))));
      assertTrue(pool.work().stream().allMatch(work -> work.failure().isEmpty()));
    }
  }

  @Test
  void wrongImagesAreTheCallersFault() {
    Session strict =
        session(
            images -> {
              throw new IllegalArgumentException("another size");
            });
    try (DevicePool pool = pool(Map.of("a", strict), "a")) {
      assertThrows(IllegalArgumentException.class, () -> pool.predict(images(0, 1)));
    }
  }

  @Test
  void closingEndsWhatWaits() {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    DevicePool pool =
        pool(
            Map.of(
                "a",
                session(
                    images -> {
                      begun.countDown();
                      await(release);
                      return answer(images);
                    })),
            "a");
    CompletableFuture<List<Prediction<Label>>> underWay = pool.submit(images(1, 1));
    CompletableFuture<List<Prediction<Label>>> waiting = pool.submit(images(2, 1));
    await(begun);
    Thread closing = new Thread(pool::close);
    closing.start();
    assertThrows(CompletionException.class, waiting::join);
    release.countDown();
    assertEquals(List.of("1"), labels(underWay.join()));
    assertThrows(IllegalStateException.class, () -> pool.submit(images(3, 1)));
  }

  @Test
  void aNameOfNoDeviceIsRefused() {
    try (SubBitModel model = TinyModels.integer();
        OnnxClassifier classifier = new OnnxClassifier(model.exportONNXModel("test", 1))) {
      List<String> names = List.of("emulator", "emulater");
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> DevicePool.ofFpgas(classifier, names));
      assertTrue(e.getMessage().contains("'emulater'"), e.getMessage());
    }
  }

  @Test
  void emulatorsGiveTheBitsOfOne() {
    Random random = new Random(5);
    List<Example<Label>> images = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      byte[] pixels = new byte[TinyModels.SHAPE.size()];
      random.nextBytes(pixels);
      images.add(new ImageExample(LabelFactory.UNKNOWN_LABEL, pixels));
    }
    try (SubBitModel model = TinyModels.integer();
        OnnxClassifier alone = new OnnxClassifier(model.exportONNXModel("test", 1));
        DevicePool pool = DevicePool.ofFpgas(alone, List.of("emulator", "emulator", "emulator"))) {
      List<Prediction<Label>> expected =
          alone.withBackend("fpga", Map.of("backend", "emulator")).predict(images);
      List<Prediction<Label>> found = pool.predict(images);
      for (int i = 0; i < images.size(); i++) {
        assertEquals(expected.get(i).getOutputScores(), found.get(i).getOutputScores());
      }
      assertEquals(50, pool.work().stream().mapToLong(Work::images).sum());
      assertEquals("emulator (3)", pool.work().get(2).name());
    }
  }
}
