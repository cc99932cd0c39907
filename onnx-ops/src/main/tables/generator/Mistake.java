package generator;

/** What a person did wrong; the message says where. */
final class Mistake extends RuntimeException {
  static final long serialVersionUID = 1;

  Mistake(String message) {
    super(message);
  }
}
