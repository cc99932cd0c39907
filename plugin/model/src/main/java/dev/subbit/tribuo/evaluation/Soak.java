package dev.subbit.tribuo.evaluation;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.SubBitSessions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Runs a model for a long time, on several places by many threads at once, and compares the bits of
 * every output with those of one image alone. The threads share a session per place, and now and
 * then open one of their own. For use by one thread.
 */
public final class Soak implements AutoCloseable {

  private static final int MOST_IN_A_BATCH = 8;

  /** Of so many runs one has a session of its own. */
  private static final int RUNS_PER_SESSION = 200;

  private final byte[] model;
  private final float[][] images;
  private final List<Runner> runners = new ArrayList<>();

  /**
   * What was run at one place.
   *
   * @param place its name.
   * @param runs number of runs.
   * @param images number of images in all of them.
   * @param sessions number of sessions that were opened.
   * @param differing number of images with an output of other bits than when it ran alone.
   */
  public record Result(String place, long runs, long images, long sessions, long differing) {}

  /** Receives how long the runs have been going on. */
  @FunctionalInterface
  public interface Watch {
    /**
     * Called about once a second, on the thread that called {@link Soak#run}.
     *
     * @param elapsed time since the first run began.
     */
    void at(Duration elapsed);
  }

  /** One place, with its shared session and what every image alone gives there. */
  private static final class Runner {
    final Place place;
    final OrtSession shared;
    final float[][] expected;
    final AtomicLong runs = new AtomicLong();
    final AtomicLong images = new AtomicLong();
    final AtomicLong sessions = new AtomicLong(1);
    final AtomicLong differing = new AtomicLong();

    Runner(Place place, OrtSession shared, float[][] expected) {
      this.place = place;
      this.shared = shared;
      this.expected = expected;
    }

    Result result() {
      return new Result(place.name(), runs.get(), images.get(), sessions.get(), differing.get());
    }
  }

  /**
   * Opens the model at all places and runs each image alone there.
   *
   * @param model the bytes of an ONNX file as Subbit exports it; may come from anyone.
   * @param images rows of its input, at least one.
   * @param places where to run it.
   * @throws IllegalStateException if a place refuses the model or fails.
   */
  public Soak(byte[] model, float[][] images, List<Place> places) {
    this.model = model.clone();
    this.images = Arrays.stream(images).map(float[]::clone).toArray(float[][]::new);
    for (Place place : places) {
      try {
        OrtSession session = open(place);
        float[][] expected = new float[images.length][];
        for (int i = 0; i < images.length; i++) {
          expected[i] = BackendRun.runBatch(session, new float[][] {this.images[i]})[0];
        }
        runners.add(new Runner(place, session, expected));
      } catch (OrtException e) {
        close();
        throw place.failure(e);
      }
    }
  }

  /**
   * The largest difference between outputs at one place and those at the first.
   *
   * @param place number of the place.
   * @return the difference; 0 if all bits are equal, not a number if an output is.
   */
  public double differenceFromFirst(int place) {
    float[][] first = runners.get(0).expected;
    float[][] here = runners.get(place).expected;
    if (Arrays.deepEquals(first, here)) {
      return 0;
    }
    double largest = Double.MIN_VALUE;
    for (int i = 0; i < first.length; i++) {
      for (int c = 0; c < first[i].length; c++) {
        largest = Math.max(largest, Math.abs((double) first[i][c] - here[i][c]));
      }
    }
    return largest;
  }

  /**
   * Runs the model.
   *
   * @param threads number of threads, at least 1.
   * @param duration for how long; every thread makes at least one run.
   * @param watch receives the time.
   * @return one result per place, in their order.
   * @throws IllegalStateException if a run fails; the message says where.
   * @throws InterruptedException if the calling thread is interrupted.
   */
  public List<Result> run(int threads, Duration duration, Watch watch) throws InterruptedException {
    long start = System.nanoTime();
    AtomicReference<RuntimeException> failure = new AtomicReference<>();
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      int number = i;
      Thread worker =
          new Thread(() -> work(number, start + duration.toNanos(), failure), "soak-" + i);
      worker.setDaemon(true);
      worker.start();
      workers.add(worker);
    }
    for (Thread worker : workers) {
      while (worker.isAlive()) {
        worker.join(1_000);
        // What devices count is of no use here, and would stay in memory.
        runners.forEach(runner -> runner.place.executionBackend().drainTimings());
        watch.at(Duration.ofNanos(System.nanoTime() - start));
      }
    }
    if (failure.get() != null) {
      throw failure.get();
    }
    return runners.stream().map(Runner::result).toList();
  }

  private void work(int number, long end, AtomicReference<RuntimeException> failure) {
    SplittableRandom random = new SplittableRandom(number);
    int run = number;
    do {
      Runner runner = runners.get(run++ % runners.size());
      try {
        if (random.nextInt(RUNS_PER_SESSION) == 0) {
          try (OrtSession own = open(runner.place)) {
            runner.sessions.incrementAndGet();
            compare(runner, own, random);
          }
        } else {
          compare(runner, runner.shared, random);
        }
      } catch (OrtException e) {
        failure.compareAndSet(null, runner.place.failure(e));
      } catch (RuntimeException e) {
        failure.compareAndSet(null, e);
      }
    } while (System.nanoTime() < end && failure.get() == null);
  }

  private void compare(Runner runner, OrtSession session, SplittableRandom random)
      throws OrtException {
    int count = 1 + random.nextInt(Math.min(MOST_IN_A_BATCH, images.length));
    int first = random.nextInt(images.length - count + 1);
    float[][] outputs =
        BackendRun.runBatch(session, Arrays.copyOfRange(images, first, first + count));
    for (int i = 0; i < count; i++) {
      if (!Arrays.equals(outputs[i], runner.expected[first + i])) {
        runner.differing.incrementAndGet();
      }
    }
    runner.runs.incrementAndGet();
    runner.images.addAndGet(count);
  }

  private OrtSession open(Place place) throws OrtException {
    try (OrtSession.SessionOptions options = place.sessionOptions()) {
      options.setIntraOpNumThreads(1);
      return SubBitSessions.create(model, options);
    }
  }

  /** Closes the shared sessions. */
  @Override
  public void close() {
    for (Runner runner : runners) {
      try {
        runner.shared.close();
      } catch (OrtException e) {
        throw runner.place.failure(e);
      }
    }
    runners.clear();
  }
}
