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
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The temporary folder that a process unpacks its native libraries in.
 *
 * <p>It is removed when the process ends, except where that is impossible: Windows does not delete
 * a library that is loaded, and a process that is killed deletes nothing. So each process, before
 * it makes its own folder, sweeps away those that were left behind. A folder counts as left behind
 * if it can lock the file {@code lock} in it, which the process that made the folder holds locked
 * for as long as it lives.
 */
final class UnpackFolder {

  private static final String PREFIX = "subbit-";
  private static final String LOCK = "lock";

  /** Locks that hold until the process ends; closing a channel would release its lock. */
  private static final List<FileLock> HELD = new CopyOnWriteArrayList<>();

  private UnpackFolder() {}

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
    // Deleted in reverse order of registration: the libraries first, then the lock, then the
    // folder.
    folder.toFile().deleteOnExit();
    lock(folder, platform);
    return folder;
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
  private static void lock(Path folder, Platform platform) {
    Path unlocked = folder.resolve(LOCK + ".new");
    Path lock = folder.resolve(LOCK);
    try {
      FileChannel channel =
          FileChannel.open(unlocked, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      HELD.add(channel.lock());
      Files.move(unlocked, lock);
    } catch (IOException e) {
      // A file system without locks: nobody will sweep this folder.
      unlocked.toFile().deleteOnExit();
      return;
    }
    // On Windows the libraries stay, and the lock with them, by which the next process knows the
    // folder.
    if (!platform.isWindows()) {
      lock.toFile().deleteOnExit();
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
      try (FileChannel channel =
              FileChannel.open(lock, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
          FileLock taken = channel.tryLock()) {
        if (taken == null) {
          return;
        }
        for (Path library : librariesIn(folder)) {
          Files.deleteIfExists(library);
        }
      }
      Files.deleteIfExists(lock);
      Files.deleteIfExists(folder);
    } catch (IOException | OverlappingFileLockException e) {
      // In use, half made, swept by somebody else at this moment, or not ours after all: leave it.
      return;
    }
  }

  private static List<Path> librariesIn(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(
              file -> file.getFileName().toString().matches("(lib)?subbit_\\w+\\.(so|dll|dylib)"))
          .collect(Collectors.toList());
    }
  }
}
