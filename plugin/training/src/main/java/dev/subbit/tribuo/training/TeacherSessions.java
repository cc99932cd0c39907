package dev.subbit.tribuo.training;

import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.training.teacher.Teacher;
import dev.subbit.tribuo.training.teacher.TeacherSession;
import java.util.IdentityHashMap;
import java.util.Map;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.classification.Label;

/** The open teachers of one training; stages that have a teacher in common share its session. */
final class TeacherSessions implements AutoCloseable {

  private final ImageShape shape;
  private final ImmutableOutputInfo<Label> labels;
  private final int threads;
  private final Map<Teacher, TeacherSession> open = new IdentityHashMap<>();

  /**
   * Starts with no teacher open.
   *
   * @param shape the shape of the images.
   * @param labels the labels of the training.
   * @param threads threads for each teacher.
   */
  TeacherSessions(ImageShape shape, ImmutableOutputInfo<Label> labels, int threads) {
    this.shape = shape;
    this.labels = labels;
    this.threads = threads;
  }

  /**
   * The session of a teacher, which stays open until this is closed.
   *
   * @throws IllegalArgumentException if the teacher is not for such images or labels.
   */
  TeacherSession open(Teacher teacher) {
    return open.computeIfAbsent(teacher, closed -> closed.open(shape, labels, threads));
  }

  @Override
  public void close() {
    open.values().forEach(TeacherSession::close);
  }
}
