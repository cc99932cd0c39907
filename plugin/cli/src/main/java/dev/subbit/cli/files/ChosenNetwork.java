package dev.subbit.cli.files;

import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.network.NetworkDescription;
import dev.subbit.tribuo.network.Networks;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The network that an option chooses.
 *
 * @param description the network.
 * @param file the configuration that describes it; empty for a named network.
 */
public record ChosenNetwork(NetworkDescription description, Optional<Path> file) {

  /** The names of the networks that need no file, for the help text. */
  public static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Networks.names().iterator();
    }
  }

  /**
   * Finds the network.
   *
   * @param choice the name of a network, or a configuration ({@code .xml}) that describes one.
   * @return the network.
   * @throws UserError if there is no network of this name, or the file does not describe exactly
   *     one; the message names the layer that is wrong.
   */
  public static ChosenNetwork of(String choice) {
    if (choice.toLowerCase(Locale.ROOT).endsWith(".xml")) {
      Path file = Path.of(choice);
      try (ConfigFile config = new ConfigFile(file, Map.of())) {
        NetworkDescription description =
            config.component(null, NetworkDescription.class, "network", "leaving only");
        return new ChosenNetwork(description, Optional.of(file));
      }
    }
    if (!Networks.names().contains(choice)) {
      throw new UserError(
          "There is no network '"
              + choice
              + "'; --network is a configuration (.xml) that describes one, or one of: "
              + String.join(", ", Networks.names())
              + ".");
    }
    return new ChosenNetwork(Networks.description(choice), Optional.empty());
  }
}
