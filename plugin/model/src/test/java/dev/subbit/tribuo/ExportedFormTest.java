package dev.subbit.tribuo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.SubBitSessions;
import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.evaluation.Place;
import dev.subbit.tribuo.export.OnnxExporter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.tribuo.Model;

/**
 * ONNX files that were exported before, by {@code model.saveONNXModel}: they run on today's
 * kernels, and give what the saved model of the same name gives. They stay as they are when the
 * exporter writes other graphs; those get files of their own. Those of version 1 differ from those
 * of version 0 in the function bodies.
 */
class ExportedFormTest {

  /** Float layers may be rounded in another order; all else agrees to the bit. */
  private static final float TOLERANCE = 1e-5f;

  private static final List<Place> PLACES = List.of(Place.BODIES, Place.KERNELS, Place.EMULATOR);

  static Stream<Arguments> files() {
    return Stream.of(
            "tiny-integer",
            "tiny-blocks",
            "tiny-binary",
            "tiny-pools",
            "tiny-network",
            "tiny-chain")
        .flatMap(name -> Stream.of(Arguments.of(name, 0), Arguments.of(name, 1)));
  }

  @ParameterizedTest
  @MethodSource("files")
  void runsFilesOfEveryVersion(String name, int version) throws IOException, OrtException {
    byte[] exported = stored(name + "-v" + version + ".onnx");
    try (InputStream saved = getClass().getResourceAsStream("/stored/" + name + "-v0.sbm");
        SubBitModel model = (SubBitModel) Model.deserializeFromStream(saved)) {
      PixelMap pixels = model.pixels();
      float[] features = pixels.featureRows(TinyModels.data().getData());
      byte[] today = model.exportONNXModel("test", 1).toByteArray();
      for (Place place : PLACES) {
        assertArrayEquals(
            scores(today, features, pixels, place),
            scores(exported, features, pixels, place),
            TOLERANCE,
            name + " on " + place.name());
      }
    }
  }

  private byte[] stored(String name) throws IOException {
    try (InputStream file = getClass().getResourceAsStream("/stored/" + name)) {
      return file.readAllBytes();
    }
  }

  private static float[] scores(byte[] onnx, float[] features, PixelMap pixels, Place place)
      throws OrtException {
    int width = pixels.positions().length;
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      place.executionBackend().configure(options, place.settings());
      try (OrtSession session = SubBitSessions.create(onnx, options);
          OnnxTensor input =
              OnnxTensor.createTensor(
                  OrtEnvironment.getEnvironment(),
                  FloatBuffer.wrap(features),
                  new long[] {features.length / width, width});
          OrtSession.Result result = session.run(Map.of(OnnxExporter.INPUT, input))) {
        FloatBuffer buffer = ((OnnxTensor) result.get(0)).getFloatBuffer();
        float[] scores = new float[buffer.remaining()];
        buffer.get(scores);
        assertEquals(features.length / width * TestModels.CLASSES, scores.length);
        return scores;
      }
    }
  }
}
