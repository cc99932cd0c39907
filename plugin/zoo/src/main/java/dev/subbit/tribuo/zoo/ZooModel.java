package dev.subbit.tribuo.zoo;

import dev.subbit.tribuo.SubBitModel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import org.tribuo.Model;

/**
 * A trained model that comes with Subbit.
 *
 * @param name its name.
 * @param network name of its network.
 * @param images what it was trained and tested on.
 * @param activations what flows between its layers.
 * @param tau bits of a codebook index; a weight of a 3x3 kernel costs a ninth of it.
 * @param right how many test images it puts into the right class.
 * @param tested number of test images.
 * @param commands the commands that made it, with the full data set.
 */
public record ZooModel(
    String name,
    String network,
    String images,
    String activations,
    int tau,
    int right,
    int tested,
    List<String> commands) {

  // The commands are copied, so that the description stays as it is.
  public ZooModel {
    commands = List.copyOf(commands);
  }

  /**
   * The share of the test images that the model puts into the right class.
   *
   * @return 0 to 1.
   */
  public double accuracy() {
    return (double) right / tested;
  }

  /**
   * Loads the model.
   *
   * @return the model, of the caller's own.
   */
  public SubBitModel load() {
    try (InputStream stored = open()) {
      return (SubBitModel) Model.deserializeFromStream(stored);
    } catch (IOException e) {
      throw new UncheckedIOException("The zoo's model " + name + " cannot be read", e);
    }
  }

  /**
   * Opens the stored form, which {@code Model.deserializeFromStream} reads.
   *
   * @return its bytes; the caller closes the stream.
   */
  public InputStream open() {
    return ZooModel.class.getResourceAsStream(name + ".sbm");
  }
}
