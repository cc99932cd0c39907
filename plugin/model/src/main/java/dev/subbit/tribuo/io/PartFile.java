package dev.subbit.tribuo.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A temporary file that becomes another one. It is locked while it is written; a process that is
 * killed leaves it behind, and the next one that writes the same file removes it.
 */
final class PartFile implements AutoCloseable {

  private static final String ENDING = ".part";

  /** So that no name becomes longer than file systems allow. */
  private static final int MOST_NAME = 40;

  /** A younger file may be one that its process is about to lock. */
  private static final Duration SETTLED = Duration.ofMinutes(1);

  private static final Set<Path> OPEN = ConcurrentHashMap.newKeySet();
  private static final AtomicLong COUNT = new AtomicLong();

  static {
    try {
      // For a process that is asked to end while it writes.
      Runtime.getRuntime().addShutdownHook(new Thread(() -> OPEN.forEach(PartFile::delete)));
    } catch (IllegalStateException e) {
      // It is ending already; what it leaves behind is removed by the next one.
    }
  }

  private final Path path;
  private final FileChannel channel;

  private PartFile(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /**
   * Creates an empty file beside another one, and removes those left behind there.
   *
   * @param target what it is to become.
   * @param attributes what it is created with.
   * @return the file; closing it deletes it where it was not moved.
   */
  static PartFile beside(Path target, FileAttribute<?>... attributes) throws IOException {
    String name = target.getFileName().toString();
    String prefix = "." + name.substring(0, Math.min(MOST_NAME, name.length())) + ".";
    String own = prefix + process() + "-";
    sweep(target.getParent(), prefix, own);
    Path path = target.resolveSibling(own + COUNT.incrementAndGet() + ENDING);
    OPEN.add(path);
    try {
      FileChannel channel =
          FileChannel.open(
              path, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), attributes);
      lock(channel);
      return new PartFile(path, channel);
    } catch (IOException e) {
      OPEN.remove(path);
      throw e;
    }
  }

  Path path() {
    return path;
  }

  FileChannel channel() {
    return channel;
  }

  /** The number alone does not tell processes apart: in a container it is often the same. */
  private static String process() {
    ProcessHandle process = ProcessHandle.current();
    long start = process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    return process.pid() + "-" + Long.toString(start, Character.MAX_RADIX);
  }

  private static void lock(FileChannel channel) {
    try {
      channel.tryLock();
    } catch (IOException e) {
      // A file system without locks: then nobody can sweep there, either.
      return;
    }
  }

  private static void sweep(Path folder, String prefix, String own) {
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(folder, file -> isPart(file, prefix, own))) {
      files.forEach(PartFile::removeIfAbandoned);
    } catch (IOException | DirectoryIteratorException e) {
      // What others left behind must not keep this process from writing.
      return;
    }
  }

  private static boolean isPart(Path file, String prefix, String own) {
    String name = file.getFileName().toString();
    return name.startsWith(prefix)
        && name.substring(prefix.length()).matches("\\d+-[0-9a-z]+-\\d+\\" + ENDING)
        && !name.startsWith(own);
  }

  private static void removeIfAbandoned(Path file) {
    try {
      Instant modified = Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toInstant();
      if (modified.isAfter(Instant.now().minus(SETTLED))) {
        return;
      }
      try (FileChannel channel =
              FileChannel.open(file, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
          FileLock lock = channel.tryLock()) {
        if (lock != null) {
          Files.delete(file);
        }
      }
    } catch (IOException | OverlappingFileLockException e) {
      // In use, or somebody else's.
      return;
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // Then the next process that writes here removes it.
      return;
    }
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      delete(path);
      OPEN.remove(path);
    }
  }
}
