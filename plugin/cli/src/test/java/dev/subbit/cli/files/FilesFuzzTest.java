package dev.subbit.cli.files;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.code_intelligence.jazzer.mutation.annotation.NotNull;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.onnx.ReaderContract;
import dev.subbit.tribuo.TinyModels;
import dev.subbit.tribuo.data.ImageSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Files that the command line is given, of any content. */
@Timeout(60)
class FilesFuzzTest {

  private static final ReaderContract FILE = ReaderContract.of(UserError.class);

  @TempDir static Path folder;

  static Stream<byte[]> models() {
    return Stream.of(TinyModels.integer(), TinyModels.network())
        .map(model -> model.serialize().toByteArray());
  }

  @MethodSource("models")
  @FuzzTest
  void modelsAreLoaded(byte[] content) throws IOException {
    Path file = Files.write(folder.resolve("m.sbm"), content);
    FILE.read(content.length, () -> ModelFile.load(file));
  }

  private static final String CONFIGURATION =
      """
      <config>
        <property name="data" value="pictures"/>
        <component name="thing" type="%s">
          <property name="own" value="a/b"/>
          <property name="shared" value="${data}/train"/>
          <property name="state" value="RUNNABLE"/>
          <propertylist name="shape"><item>3</item><item>32</item></propertylist>
          <propertylist name="names"><item>a</item></propertylist>
        </component>
        <component name="images" type="dev.subbit.tribuo.data.IdxImageSource">
          <property name="imagesPath" value="${data}/images"/>
          <property name="labelsPath" value="labels"/>
          <property name="limit" value="7"/>
        </component>
      </config>
      """
          .formatted(ConfigFileTest.Thing.class.getName());

  static Stream<Arguments> configurations() {
    return Stream.of(
        Arguments.of(CONFIGURATION, "thing.names", "x,y"),
        Arguments.of("<config><file name=\"more\" value=\"config.xml\"/></config>", "data", "a"));
  }

  /** A configuration with a setting from the command line. */
  @MethodSource("configurations")
  @FuzzTest
  void configurationsAreRead(
      @NotNull String content, @NotNull String setting, @NotNull String value) throws IOException {
    Path file = Files.writeString(folder.resolve("config.xml"), content);
    FILE.read(
        content.length() + value.length(),
        () -> {
          try (ConfigFile config = new ConfigFile(file, Map.of(setting, value))) {
            config.component("thing", ConfigFileTest.Thing.class, "thing", "--thing");
            return config.component(null, ImageSource.class, "source", "--source");
          }
        });
  }
}
