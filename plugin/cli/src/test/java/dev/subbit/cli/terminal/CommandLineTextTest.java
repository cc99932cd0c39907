package dev.subbit.cli.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class CommandLineTextTest {

  @Test
  void aShellReadsTheArgumentsBack() {
    assertEquals(
        "./subbit train 'my config.xml' --set 'a.b=it'\\''s' --out modèle.sbm ''",
        CommandLineText.of(
            List.of("train", "my config.xml", "--set", "a.b=it's", "--out", "modèle.sbm", "")));
  }
}
