package dev.subbit.tribuo.training.internal.batches;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Reads batches of images one after the other, and loads the next ones in the background while the
 * caller works on the last. Never more than {@value #AHEAD} are loaded ahead; their memory is used
 * again and again. Used by one thread.
 */
public final class BatchReader implements AutoCloseable {

  /** Batches loaded ahead: one to be taken while the other is being loaded. */
  private static final int AHEAD = 2;

  /** Parts of a batch for each thread, so that slow images do not keep one thread waiting. */
  private static final int PARTS_PER_LOADER = 4;

  /** Seconds that closing waits for images being loaded, since a file system can hang. */
  private static final int CLOSE_SECONDS = 10;

  private final ImageBatches batches;
  private final BatchSlice slice;
  private final int loaders;
  private final ExecutorService pool;
  private final Queue<Loading> loading = new ArrayDeque<>();
  private int epoch;
  private int nextBatch;
  private int[] order;
  private ImageBatch given;
  private volatile boolean closed;

  /** A batch being loaded. */
  private record Loading(ImageBatch batch, List<Future<?>> parts) {}

  BatchReader(ImageBatches batches, int epoch, int batch, BatchSlice slice, int loaders) {
    this.batches = batches;
    this.slice = slice;
    this.epoch = epoch;
    this.nextBatch = batch;
    this.order = batches.order(epoch);
    this.loaders = loaders;
    this.pool =
        Executors.newFixedThreadPool(
            loaders,
            task -> {
              Thread thread = new Thread(task, "subbit-image-loader");
              thread.setDaemon(true);
              return thread;
            });
    for (int i = 0; i < AHEAD; i++) {
      startNext(null);
    }
  }

  /** Starts to load the batch that follows, into the arrays of an earlier one where they fit. */
  private void startNext(ImageBatch used) {
    if (nextBatch == batches.count()) {
      epoch++;
      nextBatch = 0;
      order = batches.order(epoch);
    }
    int whole = batches.size(nextBatch);
    int size = slice.size(whole);
    ImageBatch batch = used != null && used.classes().length == size ? used : newBatch(size);
    int first = nextBatch * batches.batchSize() + slice.begin(whole);
    int part = Math.max(1, size / (loaders * PARTS_PER_LOADER));
    List<Future<?>> parts = new ArrayList<>();
    for (int from = 0; from < size; from += part) {
      int begin = from;
      int end = Math.min(size, from + part);
      int[] images = order;
      int current = epoch;
      parts.add(
          pool.submit(
              () -> {
                for (int i = begin; i < end && !closed; i++) {
                  batches.load(current, images[first + i], batch, i);
                }
              }));
    }
    loading.add(new Loading(batch, parts));
    nextBatch++;
  }

  private ImageBatch newBatch(int size) {
    int values = size * batches.imageSize();
    return new ImageBatch(
        batches.areBytes() ? Pixels.of(new byte[values]) : Pixels.of(new float[values]),
        new int[size],
        new float[size]);
  }

  /**
   * The next batch. Waits until it is loaded.
   *
   * @return the batch; its arrays may be used until the next call.
   * @throws RuntimeException if an image cannot be loaded, as its example threw it; the reader is
   *     closed then.
   * @throws IllegalStateException if the reader is closed, or this thread was interrupted.
   */
  public ImageBatch next() {
    if (closed) {
      throw new IllegalStateException("This reader of batches is closed");
    }
    Loading next = loading.remove();
    // The arrays of the previous batch may be reused from here on.
    startNext(given);
    try {
      for (Future<?> part : next.parts()) {
        part.get();
      }
    } catch (ExecutionException e) {
      close();
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) e.getCause();
    } catch (InterruptedException | CancellationException e) {
      close();
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      throw new IllegalStateException("Interrupted while waiting for images to load", e);
    }
    given = next.batch();
    return given;
  }

  /** Stops loading; waits for the images that are being loaded. */
  @Override
  public void close() {
    closed = true;
    pool.shutdownNow();
    try {
      pool.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
