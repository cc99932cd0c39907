package dev.subbit.cli.options;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonOptionTest {

  /**
   * Some figures.
   *
   * @param share a share.
   * @param ratios ratios.
   * @param inside figures inside.
   */
  private record Figures(double share, float[] ratios, List<Map<String, Double>> inside) {}

  @Test
  void numbersThatAreNotFiniteBecomeNullWhereverTheyStand(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("out.json");
    JsonOption.write(
        file,
        new Figures(
            Double.NaN,
            new float[] {1.5f, Float.POSITIVE_INFINITY},
            List.of(Map.of("loss", Double.NEGATIVE_INFINITY), Map.of("loss", 0.25))));
    JsonNode figures = new ObjectMapper().readTree(file.toFile());
    assertTrue(figures.get("share").isNull());
    assertEquals(1.5, figures.get("ratios").get(0).doubleValue());
    assertTrue(figures.get("ratios").get(1).isNull());
    assertTrue(figures.get("inside").get(0).get("loss").isNull());
    assertEquals(0.25, figures.get("inside").get(1).get("loss").doubleValue());
  }
}
