package dev.subbit.cli.options;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Looks up the names that an option gives in a fixed list. */
public final class NamedChoice {

  private NamedChoice() {}

  /**
   * Finds things by their names, in any case.
   *
   * @param <T> kind of thing.
   * @param command the command that has the option.
   * @param option the option.
   * @param names what the user gave, or null for all.
   * @param all the things that there are.
   * @param name gives the name of one.
   * @return the things in the order of their names.
   * @throws ParameterException if a name is not one of theirs; the message lists those that are.
   */
  public static <T> List<T> of(
      CommandLine command,
      String option,
      List<String> names,
      List<T> all,
      Function<T, String> name) {
    if (names == null) {
      return all;
    }
    List<T> chosen = new ArrayList<>();
    for (String wanted : names) {
      Optional<T> found =
          all.stream().filter(one -> name.apply(one).equalsIgnoreCase(wanted)).findFirst();
      chosen.add(
          found.orElseThrow(
              () ->
                  new ParameterException(
                      command,
                      option
                          + ": there is no '"
                          + wanted
                          + "', there are "
                          + all.stream().map(name).collect(Collectors.joining(", ")))));
    }
    return chosen;
  }
}
