package dev.subbit.tribuo.io;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes a file completely or not at all: into a temporary file beside it, which is forced to the
 * disk and then moved into its place.
 *
 * <p>A symbolic link stays, and the file that it leads to is written. A file that is there already
 * keeps its permissions, and its owner where the system allows that. Whatever is not a regular file
 * (a device, a pipe, a standard stream under its name) cannot be replaced and is written through.
 */
public final class AtomicFile {

  /** More links than this lead in a circle. */
  private static final int MOST_LINKS = 40;

  private static final Pattern DESCRIPTOR =
      Pattern.compile("(?:/dev|/proc/(?:self|thread-self|(\\d+)))/fd/(\\d+)");

  private static final int BUFFER = 1 << 16;

  private AtomicFile() {}

  /** Writes the content of a file. */
  @FunctionalInterface
  public interface Content {
    /**
     * Writes the content to a stream.
     *
     * @param out where to; left open.
     * @throws IOException if writing fails.
     */
    void writeTo(OutputStream out) throws IOException;
  }

  /**
   * Writes a file. Where one is there already, it is replaced; if writing fails, it stays as it
   * was.
   *
   * @param path the file; its folder must exist.
   * @param content what goes into it.
   * @throws IOException if writing fails.
   */
  public static void write(Path path, Content content) throws IOException {
    Path target = target(path);
    Matcher descriptor = DESCRIPTOR.matcher(target.toString());
    if (descriptor.matches()) {
      writeToDescriptor(target, descriptor, content);
    } else if (Files.exists(target) && !Files.isRegularFile(target)) {
      writeThrough(target, content, StandardOpenOption.WRITE);
    } else {
      replace(target, content);
    }
  }

  /**
   * Fails if a file can be seen not to be writable, so that long work is not lost at its end.
   * Nothing is opened or changed.
   *
   * @param path the file to be written later.
   * @throws IOException if its folder is missing or not writable, it is a folder itself, or it is
   *     protected; the message says which and what to do.
   */
  public static void requireWritable(Path path) throws IOException {
    Path target = target(path);
    if (DESCRIPTOR.matcher(target.toString()).matches()) {
      return;
    }
    Path folder = target.getParent();
    if (folder == null || Files.isDirectory(target)) {
      throw new IOException("it is a folder. Name a file.");
    }
    if (!Files.isDirectory(folder)) {
      throw new IOException("there is no folder " + folder + ". Create it first.");
    }
    boolean exists = Files.exists(target);
    if (exists && !Files.isWritable(target)) {
      throw new IOException("it is protected against writing. Choose another file.");
    }
    boolean replaced = !exists || Files.isRegularFile(target);
    if (replaced && !Files.isWritable(folder)) {
      throw new IOException("its folder is not writable. Choose another one.");
    }
  }

  /** Where a path leads, links followed; it need not exist. */
  private static Path target(Path path) throws IOException {
    Path target = path.toAbsolutePath();
    for (int i = 0; i < MOST_LINKS; i++) {
      boolean descriptor = DESCRIPTOR.matcher(target.toString()).matches();
      if (descriptor || !Files.isSymbolicLink(target)) {
        return target;
      }
      target = target.resolveSibling(Files.readSymbolicLink(target)).normalize();
    }
    throw new FileSystemException(path.toString(), null, "its links lead in a circle");
  }

  /**
   * Writes to an open file of this process. Replacing the file that a descriptor leads to would
   * lose what else is written to it.
   */
  private static void writeToDescriptor(Path path, Matcher descriptor, Content content)
      throws IOException {
    String process = descriptor.group(1);
    boolean own = process == null || process.equals("" + ProcessHandle.current().pid());
    FileDescriptor standard =
        switch (own ? descriptor.group(2) : "") {
          case "1" -> FileDescriptor.out;
          case "2" -> FileDescriptor.err;
          default -> null;
        };
    if (standard == null) {
      writeThrough(path, content, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
      return;
    }
    // Not closed: it is the process's own.
    OutputStream out = new BufferedOutputStream(new FileOutputStream(standard), BUFFER);
    content.writeTo(out);
    out.flush();
  }

  private static void writeThrough(Path target, Content content, OpenOption... options)
      throws IOException {
    try (OutputStream out =
        new BufferedOutputStream(Files.newOutputStream(target, options), BUFFER)) {
      content.writeTo(out);
    }
  }

  private static void replace(Path target, Content content) throws IOException {
    PosixFileAttributes before = attributes(target);
    if (before != null && !Files.isWritable(target)) {
      throw new FileSystemException(target.toString(), null, "it is protected against writing");
    }
    try (PartFile part = PartFile.beside(target, creation(before))) {
      if (before != null) {
        keep(before, part.path());
      }
      OutputStream out = new BufferedOutputStream(Channels.newOutputStream(part.channel()), BUFFER);
      content.writeTo(out);
      out.flush();
      part.channel().force(true);
      // Moved while it is open and so locked: nobody sweeps it away in between.
      move(part.path(), target);
      forceFolder(target.getParent());
    }
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Makes the move survive a power failure, where the system can force folders to the disk. */
  private static void forceFolder(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Not every system can. The content is on the disk; after a power failure the name may still
      // be that of the file before.
      return;
    }
  }

  /** Of a file that is there, on a system that has permissions; null otherwise. */
  private static PosixFileAttributes attributes(Path file) throws IOException {
    PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
    return view == null || !Files.exists(file) ? null : view.readAttributes();
  }

  /** A file that only some may read must not be readable by others for a moment, either. */
  private static FileAttribute<?>[] creation(PosixFileAttributes before) {
    return before == null
        ? new FileAttribute<?>[0]
        : new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(before.permissions())};
  }

  private static void keep(PosixFileAttributes before, Path file) throws IOException {
    PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
    try {
      if (!view.readAttributes().owner().equals(before.owner())) {
        view.setOwner(before.owner());
      }
      if (!view.readAttributes().group().equals(before.group())) {
        view.setGroup(before.group());
      }
    } catch (IOException e) {
      // Only an administrator may give files away; then the file is the writer's, as a new one is.
    }
    Set<PosixFilePermission> permissions = before.permissions();
    if (!view.readAttributes().permissions().equals(permissions)) {
      view.setPermissions(permissions);
    }
  }
}
