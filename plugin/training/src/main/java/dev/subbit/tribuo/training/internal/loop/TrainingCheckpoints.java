package dev.subbit.tribuo.training.internal.loop;

import dev.subbit.tribuo.training.internal.checkpoint.Checkpoint;
import dev.subbit.tribuo.training.internal.checkpoint.CheckpointFolder;
import dev.subbit.tribuo.training.internal.checkpoint.Fingerprint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.logging.Logger;

/**
 * The checkpoints of one training: decides when one is written, and checks which one may be resumed
 * from.
 */
public final class TrainingCheckpoints implements AutoCloseable {

  private static final Logger logger = Logger.getLogger(TrainingCheckpoints.class.getName());

  // Null where the training keeps none.
  private final CheckpointFolder folder;
  private final Fingerprint fingerprint;
  private final double seconds;
  private long lastNanos = System.nanoTime();
  private boolean failing;

  private TrainingCheckpoints(CheckpointFolder folder, double seconds, Fingerprint fingerprint) {
    this.folder = folder;
    this.seconds = seconds;
    this.fingerprint = fingerprint;
  }

  /**
   * The checkpoints of a training that keeps none.
   *
   * @return checkpoints that are never due.
   */
  public static TrainingCheckpoints none() {
    return new TrainingCheckpoints(null, 0, null);
  }

  /**
   * The checkpoints of a training that keeps none here, and goes on from those of another process.
   *
   * @param fingerprint the configuration and data that the training computes from.
   * @return checkpoints that are never due.
   */
  public static TrainingCheckpoints elsewhere(Fingerprint fingerprint) {
    return new TrainingCheckpoints(null, 0, fingerprint);
  }

  /**
   * Opens the folder of a training.
   *
   * @param folder the folder, created if it does not exist.
   * @param seconds time between two checkpoints.
   * @param fingerprint the configuration and data that the training computes from.
   * @return its checkpoints, to be closed by the caller.
   * @throws IllegalStateException if the folder cannot be used.
   */
  public static TrainingCheckpoints in(Path folder, double seconds, Fingerprint fingerprint) {
    try {
      return new TrainingCheckpoints(CheckpointFolder.open(folder), seconds, fingerprint);
    } catch (IOException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  /**
   * The checkpoint to go on from.
   *
   * @throws IllegalStateException if there is one that cannot be read or is that of a training with
   *     another configuration or other data; the message names the differences.
   */
  Optional<Checkpoint> read() {
    if (folder == null) {
      return Optional.empty();
    }
    Optional<Checkpoint> checkpoint;
    try {
      checkpoint = folder.read();
    } catch (IOException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
    checkpoint.ifPresent(
        found -> {
          List<String> differences = found.fingerprint().differences(fingerprint);
          if (!differences.isEmpty()) {
            throw new IllegalStateException(
                "The checkpoint "
                    + folder.file()
                    + " is that of another training: "
                    + String.join("; ", differences)
                    + ". Choose another checkpointFolder, or delete the file to train from the"
                    + " beginning");
          }
        });
    return checkpoint;
  }

  Fingerprint fingerprint() {
    return fingerprint;
  }

  /** Whether the training keeps checkpoints. */
  boolean areKept() {
    return folder != null;
  }

  /** Whether it is time for another checkpoint. */
  boolean isDue() {
    return folder != null && (System.nanoTime() - lastNanos) / 1e9 >= seconds;
  }

  /**
   * Writes a checkpoint. Where that fails, the training continues with one warning, and the
   * previous checkpoint stays.
   *
   * @return the file; empty if writing failed.
   */
  Optional<Path> write(Checkpoint checkpoint) {
    try {
      folder.write(checkpoint);
      failing = false;
      return Optional.of(folder.file());
    } catch (IOException e) {
      if (!failing) {
        logger.warning(
            "Cannot write the checkpoint "
                + folder.file()
                + ": "
                + e
                + ". Training continues and tries again; until then the previous checkpoint stays");
      }
      failing = true;
      return Optional.empty();
    } finally {
      lastNanos = System.nanoTime();
    }
  }

  /** The file of the checkpoint; empty where this process keeps none. */
  Optional<Path> file() {
    return Optional.ofNullable(folder).map(CheckpointFolder::file);
  }

  @Override
  public void close() {
    if (folder != null) {
      try {
        folder.close();
      } catch (IOException e) {
        logger.warning("Cannot release the folder of " + folder.file() + ": " + e);
      }
    }
  }
}
