package dev.subbit.tribuo.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import dev.subbit.tribuo.data.Inversion;
import dev.subbit.tribuo.data.PicturePreparation;
import dev.subbit.tribuo.network.ImageShape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What models say about themselves, as OPERATORS.md lists it. */
class ModelMetadataTest {

  private static final Map<String, String> LEAST =
      Map.of(
          "subbit.labels", "cat\ndog",
          "subbit.image.channels", "3",
          "subbit.image.height", "4",
          "subbit.image.width", "5");

  @Test
  void aModelOfSubbitSaysAllThatAPictureNeeds() {
    PicturePreparation preparation =
        new PicturePreparation(new ImageShape(1, 1, 3), 4, Inversion.AUTO);
    Map<String, String> expected = new LinkedHashMap<>();
    expected.put("subbit.labels", "ankle boot\nT-shirt/top");
    expected.put("subbit.image.channels", "1");
    expected.put("subbit.image.height", "1");
    expected.put("subbit.image.width", "3");
    expected.put("subbit.image.layout", "CHW");
    expected.put("subbit.image.range", "0 255");
    expected.put("subbit.image.shorter_side", "4");
    expected.put("subbit.image.invert", "auto");
    expected.put("subbit.output", "probabilities");
    List<String> labels = List.of("ankle boot", "T-shirt/top");
    assertEquals(expected, written(ModelMetadata.of(labels, preparation, new int[] {0, 1, 2})));

    expected.put("subbit.image.positions", "2 0");
    assertEquals(expected, written(ModelMetadata.of(labels, preparation, new int[] {2, 0})));
  }

  @Test
  void whatIsWrittenIsRead() {
    ModelMetadata metadata =
        new ModelMetadata(
            List.of("a\nb", "c\\nd", ""),
            new PicturePreparation(new ImageShape(3, 4, 5), 7, Inversion.ALWAYS),
            true,
            List.of(),
            0,
            1,
            List.of(0.485f, 0.456f, 0.406f),
            List.of(0.229f, 0.224f, 0.225f),
            true);
    ModelProto.Builder model = ModelProto.newBuilder();
    metadata.writeTo(model);
    assertEquals(metadata, ModelMetadata.of(model.build()));
  }

  @Test
  void fourNamesAreNeededAndTheRestHasDefaults() {
    ModelMetadata metadata = ModelMetadata.of(model(LEAST));
    assertEquals(List.of("cat", "dog"), metadata.labels());
    assertEquals(PicturePreparation.of(new ImageShape(3, 4, 5)), metadata.preparation());
    assertEquals(List.of(0f, 255f), List.of(metadata.low(), metadata.high()));
    for (String name : LEAST.keySet()) {
      Map<String, String> others = new LinkedHashMap<>(LEAST);
      others.remove(name);
      assertRefused(others, name);
    }
  }

  @Test
  void aValueThatCannotBeUnderstoodIsNamed() {
    assertRefused("subbit.image.height", "four");
    assertRefused("subbit.image.layout", "CWH");
    assertRefused("subbit.image.invert", "AUTO");
    assertRefused("subbit.image.range", "255");
    assertRefused("subbit.image.mean", "0.5 0.5");
    assertRefused("subbit.image.std", "0");
    assertRefused("subbit.image.positions", "60");
    assertRefused("subbit.output", "classes");
  }

  private static void assertRefused(String name, String value) {
    Map<String, String> values = new LinkedHashMap<>(LEAST);
    values.put(name, value);
    assertRefused(values, name);
  }

  private static void assertRefused(Map<String, String> values, String part) {
    IllegalArgumentException thrown =
        assertThrows(IllegalArgumentException.class, () -> ModelMetadata.of(model(values)), part);
    assertTrue(thrown.getMessage().contains(part), thrown.getMessage());
  }

  private static ModelProto model(Map<String, String> values) {
    ModelProto.Builder model = ModelProto.newBuilder();
    values.forEach(
        (name, value) ->
            model.addMetadataProps(
                StringStringEntryProto.newBuilder().setKey(name).setValue(value)));
    return model.build();
  }

  private static Map<String, String> written(ModelMetadata metadata) {
    ModelProto.Builder model = ModelProto.newBuilder();
    metadata.writeTo(model);
    return model.getMetadataPropsList().stream()
        .collect(
            Collectors.toMap(StringStringEntryProto::getKey, StringStringEntryProto::getValue));
  }
}
