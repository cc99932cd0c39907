package dev.subbit.tribuo.training.internal.engine.tensorflow;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.internal.c_api.TF_Graph;
import org.tensorflow.internal.c_api.TF_Session;
import org.tensorflow.internal.c_api.TF_SessionOptions;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.internal.c_api.global.tensorflow;
import org.tensorflow.proto.ConfigProto;

/**
 * Opens sessions that run on a TensorFlow server. TensorFlow-Java 1.1.0 can start a server but has
 * no way to say that a session shall use it, so this class, and no other, goes through the C API
 * and what is private in {@code Graph} and {@code Session}. A test fails as soon as a version has a
 * public way, which is to be used then.
 */
final class SessionTarget {

  private SessionTarget() {}

  /**
   * Opens a session.
   *
   * @param graph the graph; it must stay open for longer than the session.
   * @param target the server, {@code grpc://host:port}.
   * @param config of the session.
   * @return the session, to be closed by the caller.
   * @throws IllegalStateException if TensorFlow-Java is of a version without the private parts.
   */
  @SuppressWarnings("try") // The scope frees what is made within it and is not used by name.
  static Session open(Graph graph, String target, ConfigProto config) {
    try (PointerScope scope = new PointerScope()) {
      Field handle = Graph.class.getDeclaredField("nativeHandle");
      handle.setAccessible(true);
      Constructor<Session> constructor =
          Session.class.getDeclaredConstructor(Graph.class, TF_Session.class);
      constructor.setAccessible(true);
      TF_Status status = TF_Status.newStatus();
      TF_SessionOptions options = TF_SessionOptions.newSessionOptions();
      tensorflow.TF_SetTarget(options, target);
      BytePointer bytes = new BytePointer(config.toByteArray());
      tensorflow.TF_SetConfig(options, bytes, config.getSerializedSize(), status);
      status.throwExceptionIfNotOK();
      TF_Session session = TF_Session.newSession((TF_Graph) handle.get(graph), options, status);
      status.throwExceptionIfNotOK();
      // The scope would delete it.
      session.retainReference();
      return constructor.newInstance(graph, session);
    } catch (ReflectiveOperationException | InaccessibleObjectException e) {
      throw new IllegalStateException(
          "Training on several machines needs TensorFlow-Java 1.1.0 on the class path (not the"
              + " module path): "
              + e,
          e);
    }
  }
}
