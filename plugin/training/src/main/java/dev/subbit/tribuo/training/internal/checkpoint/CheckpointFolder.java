package dev.subbit.tribuo.training.internal.checkpoint;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * The folder in which one training keeps its last checkpoint.
 *
 * <p>A checkpoint is written into a temporary file, forced to the disk, and then moved over the one
 * before. Whenever the process or the machine stops, and whether or not writing succeeds, the
 * folder holds one complete checkpoint: the new one or the one before. The folder is locked while
 * it is open, so that two processes cannot train in it. Not for use by many threads.
 */
public final class CheckpointFolder implements AutoCloseable {

  /** The name of the file with the checkpoint. */
  public static final String FILE = "training.checkpoint";

  private static final String TEMPORARY = FILE + ".part";
  private static final String LOCK = FILE + ".lock";

  private final Path folder;
  private final Opening opening;
  private final FileChannel lockFile;

  /** A file being written. */
  interface Target extends WritableByteChannel {
    /** Waits until everything that was written is on the disk. */
    void force() throws IOException;
  }

  /** Creates a file, or empties it. */
  @FunctionalInterface
  interface Opening {
    Target open(Path file) throws IOException;
  }

  private CheckpointFolder(Path folder, Opening opening, FileChannel lockFile) {
    this.folder = folder;
    this.opening = opening;
    this.lockFile = lockFile;
  }

  /**
   * Opens a folder, and creates it if it does not exist.
   *
   * @param folder the folder.
   * @return the folder, to be closed by the caller.
   * @throws IOException if it cannot be made or written to, or another training has it open.
   */
  public static CheckpointFolder open(Path folder) throws IOException {
    return open(folder, CheckpointFolder::openFile);
  }

  static CheckpointFolder open(Path folder, Opening opening) throws IOException {
    Path absolute = folder.toAbsolutePath();
    FileChannel lockFile;
    try {
      Files.createDirectories(absolute);
      lockFile =
          FileChannel.open(
              absolute.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new IOException("Cannot keep checkpoints in " + folder + ": " + e, e);
    }
    if (!lock(lockFile)) {
      lockFile.close();
      throw new IOException(
          "Another training keeps its checkpoints in " + folder + "; choose another folder");
    }
    return new CheckpointFolder(absolute, opening, lockFile);
  }

  /** The system releases the lock when the process ends, however it ends. */
  private static boolean lock(FileChannel file) throws IOException {
    try {
      FileLock lock = file.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  private static Target openFile(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    return new Target() {
      @Override
      public int write(ByteBuffer bytes) throws IOException {
        return channel.write(bytes);
      }

      @Override
      public void force() throws IOException {
        channel.force(true);
      }

      @Override
      public boolean isOpen() {
        return channel.isOpen();
      }

      @Override
      public void close() throws IOException {
        channel.close();
      }
    };
  }

  /**
   * The file with the checkpoint.
   *
   * @return its path, whether or not it exists.
   */
  public Path file() {
    return folder.resolve(FILE);
  }

  /**
   * Reads the checkpoint.
   *
   * @return the last one that was written, or empty if there is none.
   * @throws IOException if it cannot be read, is damaged or of another version; the message names
   *     the file and says what to do.
   */
  public Optional<Checkpoint> read() throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file()))) {
      return Optional.of(CheckpointReader.read(in));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new IOException(
          "Cannot go on from the checkpoint "
              + file()
              + ": "
              + e.getMessage()
              + ". Delete it to train from the beginning",
          e);
    }
  }

  /**
   * Writes a checkpoint in place of the one before. If it fails, the one before stays.
   *
   * @param checkpoint the checkpoint.
   * @throws IOException if writing fails.
   */
  public void write(Checkpoint checkpoint) throws IOException {
    Path temporary = folder.resolve(TEMPORARY);
    try {
      try (Target target = opening.open(temporary);
          OutputStream out = new BufferedOutputStream(Channels.newOutputStream(target), 1 << 16)) {
        CheckpointWriter.write(checkpoint, out);
        out.flush();
        target.force();
      }
      Files.move(
          temporary, file(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      forceFolder();
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** Makes the move survive a power failure, where the system can force folders to the disk. */
  private void forceFolder() {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Not every system can. The checkpoint itself is on the disk; after a power failure the name
      // may still be that of the one before, which is whole too.
    }
  }

  /**
   * Removes the checkpoint, if there is one.
   *
   * @throws IOException if it cannot be removed.
   */
  public void delete() throws IOException {
    Files.deleteIfExists(file());
  }

  /** Releases the folder for other trainings. */
  @Override
  public void close() throws IOException {
    lockFile.close();
  }
}
