package dev.subbit.tribuo.quantizer;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OnnxJavaType;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/**
 * Reads the text of a page with PaddleOCR's models: one marks the pixels of text, of which
 * connected ones make a line; the other reads a line, one character or none a step.
 */
final class PageReader {

  private static final float MARKED = 0.3f;
  private static final int LEAST_PIXELS = 20;
  private static final double UNCLIP = 1.6;
  private static final int LINE_HEIGHT = 48;
  private static final float[] MEAN = {0.485f, 0.456f, 0.406f};
  private static final float[] DEVIATION = {0.229f, 0.224f, 0.225f};

  /** A line of text on a page. */
  record Box(int left, int top, int right, int bottom) {}

  private PageReader() {}

  /** The input of the model that finds lines. */
  static Feed pageFeed(BufferedImage page) {
    int width = page.getWidth() / 32 * 32;
    int height = page.getHeight() / 32 * 32;
    float[] grey = resized(page.getRaster(), new Box(0, 0, width, height), width, height);
    return feed(grey, width, height, MEAN, DEVIATION);
  }

  /** The input of the model that reads lines. */
  static Feed lineFeed(BufferedImage page, Box box) {
    int width = Math.max(1, LINE_HEIGHT * (box.right() - box.left()) / (box.bottom() - box.top()));
    float[] grey = resized(page.getRaster(), box, width, LINE_HEIGHT);
    float[] half = {0.5f, 0.5f, 0.5f};
    return feed(grey, width, LINE_HEIGHT, half, half);
  }

  private static Feed feed(float[] grey, int width, int height, float[] mean, float[] deviation) {
    ByteBuffer data =
        ByteBuffer.allocateDirect(3 * grey.length * Float.BYTES).order(ByteOrder.nativeOrder());
    for (int c = 0; c < 3; c++) {
      for (float value : grey) {
        data.putFloat((value / 255 - mean[c]) / deviation[c]);
      }
    }
    long[] shape = {1, 3, height, width};
    return new Feed(Map.of("x", new Feed.Tensor(OnnxJavaType.FLOAT, shape, data.rewind())));
  }

  private static float[] resized(Raster raster, Box box, int width, int height) {
    float[] values = new float[width * height];
    for (int y = 0; y < height; y++) {
      double sourceY = box.top() + (y + 0.5) * (box.bottom() - box.top()) / height - 0.5;
      for (int x = 0; x < width; x++) {
        double sourceX = box.left() + (x + 0.5) * (box.right() - box.left()) / width - 0.5;
        values[y * width + x] = (float) between(raster, sourceX, sourceY);
      }
    }
    return values;
  }

  private static double between(Raster raster, double x, double y) {
    int left = (int) Math.floor(x);
    int top = (int) Math.floor(y);
    double right = x - left;
    double down = y - top;
    return (1 - down) * ((1 - right) * at(raster, left, top) + right * at(raster, left + 1, top))
        + down * ((1 - right) * at(raster, left, top + 1) + right * at(raster, left + 1, top + 1));
  }

  private static int at(Raster raster, int x, int y) {
    return raster.getSample(
        Math.max(0, Math.min(raster.getWidth() - 1, x)),
        Math.max(0, Math.min(raster.getHeight() - 1, y)),
        0);
  }

  /** The lines of a page, from the top. */
  static List<Box> lines(GraphSession finder, BufferedImage page) {
    FloatArray map = finder.run(pageFeed(page)).values().iterator().next();
    int height = (int) map.shape()[2];
    int width = (int) map.shape()[3];
    boolean[] seen = new boolean[width * height];
    List<Box> boxes = new ArrayList<>();
    for (int start = 0; start < seen.length; start++) {
      if (!seen[start] && map.values()[start] > MARKED) {
        Box box = connected(map.values(), width, height, start, seen);
        if (box != null) {
          boxes.add(box);
        }
      }
    }
    boxes.sort(Comparator.comparingInt(Box::top));
    return boxes;
  }

  private static Box connected(float[] map, int width, int height, int start, boolean[] seen) {
    int left = width;
    int top = height;
    int right = 0;
    int bottom = 0;
    int pixels = 0;
    Deque<Integer> open = new ArrayDeque<>(List.of(start));
    seen[start] = true;
    while (!open.isEmpty()) {
      int at = open.remove();
      int x = at % width;
      int y = at / width;
      pixels++;
      left = Math.min(left, x);
      top = Math.min(top, y);
      right = Math.max(right, x + 1);
      bottom = Math.max(bottom, y + 1);
      int[] neighbours = {x > 0 ? at - 1 : at, x + 1 < width ? at + 1 : at, at - width, at + width};
      for (int next : neighbours) {
        if (next >= 0 && next < map.length && !seen[next] && map[next] > MARKED) {
          seen[next] = true;
          open.add(next);
        }
      }
    }
    if (pixels < LEAST_PIXELS) {
      return null;
    }
    // The model marks the core of a line only.
    int w = right - left;
    int h = bottom - top;
    int more = (int) Math.round(UNCLIP * w * h / (2.0 * (w + h)));
    return new Box(
        Math.max(0, left - more),
        Math.max(0, top - more),
        Math.min(width, right + more),
        Math.min(height, bottom + more));
  }

  /** Reads a page: one text a line, from the top. */
  static List<String> read(
      ModelProto finderModel, ModelProto readerModel, List<String> characters, BufferedImage page) {
    List<String> text = new ArrayList<>();
    try (GraphSession finder = new GraphSession(finderModel);
        GraphSession reader = new GraphSession(readerModel)) {
      for (Box box : lines(finder, page)) {
        FloatArray scores = reader.run(lineFeed(page, box)).values().iterator().next();
        text.add(decode(scores, characters));
      }
    }
    return text;
  }

  /** Connectionist temporal classification, greedily: repeats are one, class 0 is no character. */
  private static String decode(FloatArray scores, List<String> characters) {
    int classes = (int) scores.shape()[2];
    StringBuilder text = new StringBuilder();
    int last = 0;
    for (int first = 0; first < scores.values().length; first += classes) {
      int best = 0;
      for (int c = 1; c < classes; c++) {
        if (scores.values()[first + c] > scores.values()[first + best]) {
          best = c;
        }
      }
      if (best != 0 && best != last) {
        text.append(best <= characters.size() ? characters.get(best - 1) : " ");
      }
      last = best;
    }
    return text.toString();
  }
}
