package dev.subbit.cli.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.Configurable;
import dev.subbit.cli.terminal.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigFileTest {

  /** A component with a field of each kind. */
  public static final class Thing implements Configurable {
    @Config Path own;
    @Config Path shared;
    @Config int[] shape = {};
    @Config List<String> names = List.of();
    @Config Thread.State state = Thread.State.NEW;
  }

  @TempDir Path folder;

  private Thing thing(String property, Map<String, String> settings) throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("thing.xml"),
            """
            <config>
              <property name="data" value="pictures"/>
              <component name="thing" type="%s">
                <property name="own" value="a/b"/>
                <property name="shared" value="${data}/train"/>
                %s
              </component>
            </config>
            """
                .formatted(Thing.class.getName(), property));
    try (ConfigFile config = new ConfigFile(file, settings)) {
      return config.component("thing", Thing.class, "thing", "--thing");
    }
  }

  @Test
  void pathsAreRelativeToTheFile() throws IOException {
    Thing thing = thing("", Map.of());
    assertEquals(folder.resolve("a/b"), thing.own);
    assertEquals(folder.resolve("pictures/train"), thing.shared);
  }

  @Test
  void pathsOfSettingsAreRelativeToTheWorkingFolder() throws IOException {
    Thing thing = thing("", Map.of("thing.own", "c", "data", "photos"));
    assertEquals(Path.of("c").toAbsolutePath(), thing.own);
    assertEquals(Path.of("photos/train").toAbsolutePath(), thing.shared);
  }

  @Test
  void settingsTakeLists() throws IOException {
    Thing thing = thing("", Map.of("thing.shape", "3,32,32", "thing.names", "a,b c"));
    assertArrayEquals(new int[] {3, 32, 32}, thing.shape);
    assertEquals(List.of("a", "b c"), thing.names);
    assertEquals(List.of(), thing("", Map.of("thing.names", "")).names);
  }

  @Test
  void unknownPropertiesGetTheListOfKnownOnes() {
    String known = "Thing has no property 'sharpe'; it has: names, own, shape, shared, state.";
    String inFile =
        assertThrows(
                UserError.class, () -> thing("<property name=\"sharpe\" value=\"1\"/>", Map.of()))
            .getMessage();
    assertTrue(inFile.endsWith("component 'thing': " + known), inFile);
    String inSetting =
        assertThrows(UserError.class, () -> thing("", Map.of("thing.sharpe", "1"))).getMessage();
    assertTrue(inSetting.endsWith("component 'thing': " + known), inSetting);
  }

  @Test
  void unknownValuesGetTheListOfKnownOnes() {
    String message =
        assertThrows(UserError.class, () -> thing("", Map.of("thing.state", "OLD"))).getMessage();
    assertTrue(message.contains("OLD"), message);
    assertTrue(
        message.endsWith("allowed: [NEW, RUNNABLE, BLOCKED, WAITING, TIMED_WAITING, TERMINATED]"),
        message);
  }

  @Test
  void documentTypesAreRefusedAndNothingThatTheyNameIsRead() throws IOException {
    Path secret = Files.writeString(folder.resolve("secret.txt"), "classified");
    Path file =
        Files.writeString(
            folder.resolve("entity.xml"),
            "<!DOCTYPE config [<!ENTITY all SYSTEM \"%s\">]>\n<config>&all;</config>"
                .formatted(secret.toUri()));
    UserError e = assertThrows(UserError.class, () -> new ConfigFile(file, Map.of()));
    assertTrue(e.getMessage().startsWith(file + ", line 1: "), e.getMessage());
    assertTrue(e.getMessage().contains("may have no <!DOCTYPE"), e.getMessage());

    Path outer =
        Files.writeString(
            folder.resolve("outer.xml"),
            "<config><file name=\"inner\" value=\"entity.xml\"/></config>");
    e = assertThrows(UserError.class, () -> new ConfigFile(outer, Map.of()));
    assertTrue(e.getMessage().startsWith(file + ", line 1: "), e.getMessage());
  }

  @Test
  void whatIsNoXmlIsNamedWithItsLine() throws IOException {
    Path file = Files.writeString(folder.resolve("cut.xml"), "<config>\n<component name=");
    UserError e = assertThrows(UserError.class, () -> new ConfigFile(file, Map.of()));
    assertTrue(e.getMessage().contains("cut.xml is not an OLCUT configuration: line 2: "), "" + e);
  }

  @Test
  void circlesOfFilesAreRefused() throws IOException {
    Path one =
        Files.writeString(
            folder.resolve("one.xml"), "<config><file name=\"a\" value=\"two.xml\"/></config>");
    Files.writeString(
        folder.resolve("two.xml"), "<config><file name=\"b\" value=\"one.xml\"/></config>");
    UserError e = assertThrows(UserError.class, () -> new ConfigFile(one, Map.of()));
    assertTrue(e.getMessage().contains("one.xml is included more than once"), e.getMessage());
  }
}
