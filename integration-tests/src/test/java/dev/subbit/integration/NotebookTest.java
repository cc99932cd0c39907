package dev.subbit.integration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The notebook among the examples, executed by JJava as its reader does. The outputs in the file
 * are what comes out; {@code -Dsubbit.writeNotebook=true} writes them anew.
 */
class NotebookTest {

  private static final Path HOME = Path.of("").toAbsolutePath().getParent();
  private static final Path NOTEBOOK = Path.of("examples", "notebook", "clothes.ipynb");
  private static final Path PICTURE = Path.of("docs", "pictures", "boot.jpg");
  private static final Path SCRIPT =
      Path.of("src", "test", "resources", "interoperability", "python", "notebook.py");

  @TempDir Path folder;

  @Test
  void everyCellGivesWhatTheFileShows() throws Exception {
    for (Path file : List.of(NOTEBOOK, PICTURE)) {
      Files.createDirectories(folder.resolve(file).getParent());
      Files.copy(HOME.resolve(file), folder.resolve(file));
    }
    Path executed = folder.resolve("executed.ipynb");
    String java = Path.of(System.getProperty("java.home"), "bin").toString();
    ForeignRuntime.python()
        .runScript(
            folder,
            Map.of(
                "JJAVA_CLASSPATH",
                System.getProperty("java.class.path"),
                "PATH",
                java + File.pathSeparator + System.getenv("PATH")),
            SCRIPT.toAbsolutePath(),
            folder.resolve(NOTEBOOK),
            executed);
    if (Boolean.getBoolean("subbit.writeNotebook")) {
      Files.copy(executed, HOME.resolve(NOTEBOOK), StandardCopyOption.REPLACE_EXISTING);
    }
    List<JsonNode> shown = outputs(HOME.resolve(NOTEBOOK));
    List<JsonNode> actual = outputs(executed);
    assertTrue(actual.size() > 3, actual.toString());
    assertEquals(shown.size(), actual.size(), "run with -Dsubbit.writeNotebook=true");
    for (int i = 0; i < actual.size(); i++) {
      assertEquals(shown.get(i).get("text/plain"), actual.get(i).get("text/plain"));
      if (actual.get(i).has("image/png")) {
        assertArrayEquals(pixels(shown.get(i)), pixels(actual.get(i)));
      }
    }
    assertTrue(Files.size(folder.resolve("examples/notebook/clothes.onnx")) > 0, "exported");
  }

  private static List<JsonNode> outputs(Path notebook) throws IOException {
    List<JsonNode> outputs = new ArrayList<>();
    for (JsonNode cell : new ObjectMapper().readTree(notebook.toFile()).get("cells")) {
      for (JsonNode output : cell.path("outputs")) {
        assertEquals("execute_result", output.get("output_type").asText(), output.toString());
        outputs.add(output.get("data"));
      }
    }
    return outputs;
  }

  /** Not the bytes of the files: every Java compresses them in its own way. */
  private static int[] pixels(JsonNode data) throws IOException {
    byte[] png = java.util.Base64.getMimeDecoder().decode(data.get("image/png").asText());
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
    return image.getRaster().getPixels(0, 0, image.getWidth(), image.getHeight(), (int[]) null);
  }
}
