package dev.subbit.onnx;

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
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/**
 * The temporary folder of a process: for the native libraries that it unpacks, and for its other
 * temporary files.
 *
 * <p>It is removed when the process ends, except where that is impossible: Windows does not delete
 * a library that is loaded, and a process that is killed deletes nothing. So each process, before
 * it makes its own folder, sweeps away those that were left behind. A folder counts as left behind
 * if it can lock the file {@code lock} in it, which the process that made the folder holds locked
 * for as long as it lives; or if it has no such file, and is older than the moment between making
 * one and locking it.
 */
final class ProcessFolder {

  private static final String PREFIX = "subbit-";
  private static final String LOCK = "lock";

  private static final String UNLOCKED = "lock.new";

  /** What files and folders begin with that are not libraries. */
  static final String TEMPORARY = "tmp-";

  private static final Duration MAKING = Duration.ofHours(1);

  /** Locks that hold until the process ends; closing a channel would release its lock. */
  private static final List<FileLock> HELD = new CopyOnWriteArrayList<>();

  private ProcessFolder() {}

  /**
   * Makes a folder that only the user may enter, and removes the abandoned ones beside it.
   *
   * @param parent folder to make it in.
   * @param platform what this process runs on.
   * @return the folder, valid until the process ends.
   */
  static Path create(Path parent, Platform platform) throws IOException {
    String prefix = ownPrefix();
    // Java makes such folders for the user alone (0700).
    Path folder = Files.createTempDirectory(parent, prefix);
    sweep(parent, prefix, Files.getOwner(folder));
    lock(folder);
    Thread removal = new Thread(() -> removeAtEnd(folder, platform), "subbit-temporary-files");
    Runtime.getRuntime().addShutdownHook(removal);
    return folder;
  }

  /**
   * Removes the folder when its process ends. On Windows the libraries stay, and the lock with
   * them, by which the next process knows the folder.
   */
  private static void removeAtEnd(Path folder, Platform platform) {
    try {
      removeContents(folder);
      if (!platform.isWindows()) {
        Files.deleteIfExists(folder.resolve(LOCK));
        Files.deleteIfExists(folder.resolve(UNLOCKED));
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      // A file is in use, or somebody removed the folder: the next process sweeps what is left.
      return;
    }
  }

  /**
   * What the names of this process's folders begin with, the same for every copy of this class in
   * it: where locks belong to processes (POSIX), opening the lock of another copy and closing it
   * again would release it. The number alone does not tell processes apart, since in a container it
   * is the same at every start.
   */
  private static String ownPrefix() {
    ProcessHandle process = ProcessHandle.current();
    long start = process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    return PREFIX + process.pid() + "-" + Long.toString(start, Character.MAX_RADIX) + "-";
  }

  /** Puts a file {@code lock} into the folder that is locked from the moment it is there. */
  private static void lock(Path folder) {
    Path unlocked = folder.resolve(UNLOCKED);
    try {
      FileChannel channel =
          FileChannel.open(unlocked, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      HELD.add(channel.lock());
      Files.move(unlocked, folder.resolve(LOCK));
    } catch (IOException e) {
      // A file system without locks: the file stays as it is, and nobody will sweep this folder.
      return;
    }
  }

  /**
   * Removes the folders in {@code parent} that ended processes left behind. Whatever cannot be
   * removed stays, which is not an error.
   *
   * @param parent where to look.
   * @param own prefix of the folders of this process, which are left alone.
   * @param user owner of the folders to remove; a folder of somebody else is left alone.
   */
  static void sweep(Path parent, String own, UserPrincipal user) {
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(parent, PREFIX + "*")) {
      for (Path folder : folders) {
        if (!folder.getFileName().toString().startsWith(own)) {
          removeIfAbandoned(folder, user);
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // The folders of others must not keep this process from its own.
      return;
    }
  }

  private static void removeIfAbandoned(Path folder, UserPrincipal user) {
    Path lock = folder.resolve(LOCK);
    try {
      if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
          || !Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).equals(user)) {
        return;
      }
      if (Files.notExists(lock, LinkOption.NOFOLLOW_LINKS)) {
        removeIfHalfMade(folder);
        return;
      }
      try (FileChannel channel =
              FileChannel.open(lock, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
          FileLock taken = channel.tryLock()) {
        if (taken == null) {
          return;
        }
        removeContents(folder);
      }
      Files.deleteIfExists(lock);
      Files.deleteIfExists(folder);
    } catch (IOException | OverlappingFileLockException e) {
      // In use, half made, swept by somebody else at this moment, or not ours after all: leave it.
      return;
    }
  }

  /** Removes an empty folder whose process was killed before it could lock it. */
  private static void removeIfHalfMade(Path folder) throws IOException {
    Instant made = Files.getLastModifiedTime(folder, LinkOption.NOFOLLOW_LINKS).toInstant();
    try (Stream<Path> files = Files.list(folder)) {
      if (files.findAny().isPresent() || made.isAfter(Instant.now().minus(MAKING))) {
        return;
      }
    }
    Files.deleteIfExists(folder);
  }

  /** Removes what processes put into their folders, and nothing else. */
  private static void removeContents(Path folder) throws IOException {
    List<Path> own;
    try (Stream<Path> files = Files.list(folder)) {
      own = files.filter(ProcessFolder::isOwn).toList();
    }
    for (Path file : own) {
      TemporaryFiles.remove(file);
    }
  }

  private static boolean isOwn(Path file) {
    String name = file.getFileName().toString();
    return name.startsWith(TEMPORARY) || name.matches("(lib)?subbit_\\w+\\.(so|dll|dylib)");
  }
}
