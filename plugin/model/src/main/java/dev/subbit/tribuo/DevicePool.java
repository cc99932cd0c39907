package dev.subbit.tribuo;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import java.util.logging.Logger;
import org.tribuo.Example;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;

/**
 * One model on several devices, such as FPGA boards, behind one queue. Every device has a session
 * and a thread of its own and takes the request that has waited longest whenever it is free, so
 * that each works as much as it is fast, and requests are served in their order.
 *
 * <p>A request that a device fails is given to another one. If that one can do it, the first device
 * is taken out of the pool, with one warning, and the others do its work; if none can, it is the
 * request that fails, and the devices stay. The last device is never taken out.
 *
 * <p>Safe for use by many threads. Requests wait in memory: callers with any number of them keep
 * few under way, as {@link #predict} does.
 */
public final class DevicePool implements AutoCloseable {

  private static final Logger logger = Logger.getLogger(DevicePool.class.getName());

  /** Images of a request that {@link #predict} makes. */
  private static final int BATCH = 16;

  /** Requests that {@link #predict} keeps under way for every device. */
  private static final int AHEAD = 4;

  private final List<Device> devices = new ArrayList<>();

  // Guarded by this, as are the devices' fields.
  private final Deque<Request> queue = new ArrayDeque<>();
  private boolean closed;

  /** A classifier on a device, which the pool closes. */
  interface Session extends AutoCloseable {
    /** Classifies images, on one thread at a time. */
    List<Prediction<Label>> predict(List<Example<Label>> images);

    @Override
    void close();
  }

  /**
   * What a device has done.
   *
   * @param name its name.
   * @param requests requests that it served.
   * @param images images of these.
   * @param failure why it was taken out of the pool; empty while it is in it.
   */
  public record Work(String name, long requests, long images, Optional<String> failure) {}

  /** Images that wait for a device, or are with one. */
  private static final class Request {
    private final List<Example<Label>> images;
    private final CompletableFuture<List<Prediction<Label>>> result = new CompletableFuture<>();
    private final Map<Device, Throwable> failures = new LinkedHashMap<>();

    private Request(List<Example<Label>> images) {
      this.images = images;
    }
  }

  /** A session with its thread. */
  private final class Device {
    private final String name;
    private final Session session;
    private final Thread thread;
    private long requests;
    private long images;
    private String failure;

    private Device(String name, Session session) {
      this.name = name;
      this.session = session;
      this.thread = new Thread(this::serve, "device " + name);
      thread.setDaemon(true);
    }

    private void serve() {
      try (session) {
        for (Request request = take(this); request != null; request = take(this)) {
          try {
            List<Prediction<Label>> predictions = session.predict(request.images);
            served(this, request);
            request.result.complete(predictions);
          } catch (IllegalArgumentException e) {
            // The images are wrong, whatever the device.
            request.result.completeExceptionally(e);
          } catch (RuntimeException | Error e) {
            failed(this, request, e);
          }
        }
      }
    }
  }

  /**
   * Opens a pool of FPGA devices.
   *
   * @param model the model; it stays open, and the pool does not need it any more.
   * @param names the devices, as {@code ./subbit devices} lists them, such as {@code xdma:0} and
   *     {@code xdma:1}; {@code emulator} may stand there several times.
   * @return the pool, to be closed by the caller.
   * @throws IllegalArgumentException if there is no name, or one is of no device.
   * @throws IllegalStateException if devices cannot be used on this platform.
   */
  public static DevicePool ofFpgas(OnnxClassifier model, List<String> names) {
    return new DevicePool(
        names,
        name -> {
          // A device that fails shall say so: others are there to help.
          BackendChoice choice =
              new BackendChoice("fpga", Map.of("backend", name, "fallback", "none"));
          choice.requireKnown();
          OnnxClassifier own = model.withBackend(choice.name(), choice.settings());
          return new Session() {
            @Override
            public List<Prediction<Label>> predict(List<Example<Label>> images) {
              return own.predict(images);
            }

            @Override
            public void close() {
              own.close();
            }
          };
        });
  }

  /** Opens a pool of any sessions. */
  DevicePool(List<String> names, Function<String, Session> open) {
    if (names.isEmpty()) {
      throw new IllegalArgumentException("A pool needs at least one device");
    }
    Map<String, Integer> seen = new HashMap<>();
    for (String name : names) {
      int number = seen.merge(name, 1, Integer::sum);
      devices.add(new Device(number == 1 ? name : name + " (" + number + ")", open.apply(name)));
    }
    devices.forEach(device -> device.thread.start());
  }

  /**
   * Hands images to the next free device.
   *
   * @param images at least one image, which one device classifies in one go.
   * @return their predictions, in order. It fails with an {@link IllegalArgumentException} if an
   *     image does not fit the model, and with an {@link IllegalStateException} if no device can
   *     classify them or the pool is closed before one does.
   * @throws IllegalStateException if the pool is closed.
   */
  public synchronized CompletableFuture<List<Prediction<Label>>> submit(
      List<Example<Label>> images) {
    if (closed) {
      throw new IllegalStateException("The pool of devices is closed");
    }
    Request request = new Request(List.copyOf(images));
    queue.addLast(request);
    notifyAll();
    return request.result;
  }

  /**
   * Classifies any number of images on all devices.
   *
   * @param images the images.
   * @return their predictions, in order.
   * @throws IllegalArgumentException if an image does not fit the model.
   * @throws IllegalStateException if the pool is closed, or no device can classify an image.
   */
  public List<Prediction<Label>> predict(List<Example<Label>> images) {
    List<Prediction<Label>> predictions = new ArrayList<>();
    Deque<CompletableFuture<List<Prediction<Label>>>> underWay = new ArrayDeque<>();
    for (int start = 0; start < images.size(); start += BATCH) {
      if (underWay.size() == AHEAD * devices.size()) {
        predictions.addAll(result(underWay.removeFirst()));
      }
      underWay.addLast(submit(images.subList(start, Math.min(images.size(), start + BATCH))));
    }
    underWay.forEach(request -> predictions.addAll(result(request)));
    return predictions;
  }

  private static List<Prediction<Label>> result(CompletableFuture<List<Prediction<Label>>> future) {
    try {
      return future.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  /**
   * What the devices have done so far.
   *
   * @return the devices in their order, those that were taken out among them.
   */
  public synchronized List<Work> work() {
    return devices.stream()
        .map(d -> new Work(d.name, d.requests, d.images, Optional.ofNullable(d.failure)))
        .toList();
  }

  /** The oldest request that the device has not failed yet; null when it is to end. */
  private synchronized Request take(Device device) {
    try {
      while (!closed && device.failure == null) {
        for (Iterator<Request> waiting = queue.iterator(); waiting.hasNext(); ) {
          Request request = waiting.next();
          if (!request.failures.containsKey(device)) {
            waiting.remove();
            return request;
          }
        }
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return null;
  }

  /** Takes those out of the pool that failed what this device could do. */
  private synchronized void served(Device device, Request request) {
    device.requests++;
    device.images += request.images.size();
    // Two devices may have failed requests of one another: the first to serve one stays.
    if (device.failure != null || request.failures.isEmpty()) {
      return;
    }
    request.failures.forEach(
        (other, failure) -> {
          if (other.failure == null) {
            other.failure = String.valueOf(failure.getMessage());
            logger.warning(
                "Device " + other.name + " failed, others do its work: " + other.failure);
          }
        });
    giveUpHopeless();
    notifyAll();
  }

  /** Offers the request to the others, before any that came later. */
  private synchronized void failed(Device device, Request request, Throwable failure) {
    request.failures.put(device, failure);
    if (closed) {
      request.result.completeExceptionally(closedInTheMeantime());
      return;
    }
    queue.addFirst(request);
    giveUpHopeless();
    notifyAll();
  }

  /** Ends requests that every device in the pool has failed. */
  private void giveUpHopeless() {
    for (Iterator<Request> waiting = queue.iterator(); waiting.hasNext(); ) {
      Request request = waiting.next();
      if (devices.stream().allMatch(d -> d.failure != null || request.failures.containsKey(d))) {
        waiting.remove();
        request.result.completeExceptionally(noneCan(request));
      }
    }
  }

  private static IllegalStateException noneCan(Request request) {
    StringBuilder message = new StringBuilder("No device can classify the images.");
    request.failures.forEach(
        (device, failure) ->
            message.append(' ').append(device.name).append(": ").append(failure.getMessage()));
    return new IllegalStateException(
        message.toString(), request.failures.values().iterator().next());
  }

  private static IllegalStateException closedInTheMeantime() {
    return new IllegalStateException("The pool of devices was closed");
  }

  /** Ends requests that no device has begun, and waits for those under way. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      queue.forEach(request -> request.result.completeExceptionally(closedInTheMeantime()));
      queue.clear();
      notifyAll();
    }
    for (Device device : devices) {
      try {
        device.thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
