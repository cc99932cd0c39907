package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Reads ONNX files whole: data that a model keeps in files beside it is brought in. What is read
 * may come from anyone; nothing outside the model's folder is opened.
 */
public final class OnnxFile {

  /** Protobuf's limit for one message, and so for one self-contained ONNX file. */
  public static final long MAX_BYTES = Integer.MAX_VALUE;

  private final Path file;
  private final Path folder;
  private long bytes;

  private OnnxFile(Path file) throws IOException {
    this.file = file;
    Path parent = file.toAbsolutePath().getParent();
    this.folder = parent.toRealPath();
    this.bytes = Files.size(file);
  }

  /**
   * Reads a model with all its data.
   *
   * @param file the ONNX file.
   * @return the model, with all its data inside.
   * @throws IOException if the file cannot be read, is not an ONNX model, names data that is
   *     missing, or if the model is larger than 2 GB with its data; the message says which and what
   *     to do.
   */
  public static ModelProto read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException("There is no file " + file);
    }
    OnnxFile reader = new OnnxFile(file);
    reader.requireSize();
    ModelProto model = reader.parse();
    if (!model.hasGraph() || model.getGraph().getNodeCount() == 0) {
      throw new IOException(file + " is not an ONNX model: it has no graph with nodes");
    }
    ModelProto.Builder builder = model.toBuilder();
    reader.bringIn(builder.getGraphBuilder());
    return builder.build();
  }

  /**
   * Whether a file holds all data of its model, so that a copy of it is a copy of the model.
   *
   * @param file an ONNX file that {@link #read} can read.
   * @return false if there is data in other files.
   * @throws IOException if it cannot be read.
   */
  public static boolean isWhole(Path file) throws IOException {
    OnnxFile reader = new OnnxFile(file);
    long own = reader.bytes;
    reader.bringIn(reader.parse().toBuilder().getGraphBuilder());
    return reader.bytes == own;
  }

  private ModelProto parse() throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 20)) {
      CodedInputStream coded = CodedInputStream.newInstance(in);
      coded.setSizeLimit(Integer.MAX_VALUE);
      return ModelProto.parseFrom(coded);
    } catch (InvalidProtocolBufferException e) {
      throw new IOException(file + " is not an ONNX model, or it is damaged: " + e.getMessage(), e);
    }
  }

  private void requireSize() throws IOException {
    if (bytes >= MAX_BYTES) {
      throw new IOException(
          String.format(
              "%s has %,d bytes with its data; models of 2 GB and more are not quantized, since one"
                  + " ONNX file cannot hold them. Split the model and quantize its parts.",
              file, bytes));
    }
  }

  private void bringIn(GraphProto.Builder graph) throws IOException {
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      if (isExternal(graph.getInitializer(i))) {
        graph.setInitializer(i, inside(graph.getInitializer(i)));
      }
    }
    for (int i = 0; i < graph.getNodeCount(); i++) {
      if (holdsTensors(graph.getNode(i))) {
        bringIn(graph.getNodeBuilder(i));
      }
    }
  }

  private static boolean holdsTensors(NodeProto node) {
    return node.getAttributeList().stream()
        .anyMatch(attribute -> attribute.hasT() || attribute.hasG());
  }

  private void bringIn(NodeProto.Builder node) throws IOException {
    for (AttributeProto.Builder attribute : node.getAttributeBuilderList()) {
      if (attribute.hasT() && isExternal(attribute.getT())) {
        attribute.setT(inside(attribute.getT()));
      }
      if (attribute.hasG()) {
        bringIn(attribute.getGBuilder());
      }
    }
  }

  private static boolean isExternal(TensorProto tensor) {
    return tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL;
  }

  private TensorProto inside(TensorProto tensor) throws IOException {
    Map<String, String> entries = new HashMap<>();
    for (StringStringEntryProto entry : tensor.getExternalDataList()) {
      entries.put(entry.getKey(), entry.getValue());
    }
    Path data = dataFile(tensor, entries.getOrDefault("location", ""));
    long size = Files.size(data);
    long offset = number(tensor, entries, "offset", 0);
    long length = number(tensor, entries, "length", size - offset);
    if (offset > size || length > size - offset) {
      throw new IOException(
          String.format(
              "%s: tensor '%s' lies at %,d to %,d of %s, which has %,d bytes; the file is not the"
                  + " one that belongs to the model, or it is damaged",
              file, tensor.getName(), offset, offset + length, data.getFileName(), size));
    }
    bytes += length;
    requireSize();
    byte[] values = new byte[(int) length];
    try (RandomAccessFile in = new RandomAccessFile(data.toFile(), "r")) {
      in.seek(offset);
      in.readFully(values);
    } catch (EOFException e) {
      throw new IOException(data + " became shorter while it was read", e);
    }
    return tensor.toBuilder()
        .clearExternalData()
        .clearDataLocation()
        .setRawData(ByteString.copyFrom(values))
        .build();
  }

  private Path dataFile(TensorProto tensor, String location) throws IOException {
    Path data = folder.resolve(location).normalize();
    if (location.isEmpty() || Path.of(location).isAbsolute() || !data.startsWith(folder)) {
      throw new IOException(
          String.format(
              "%s: tensor '%s' keeps its data in '%s'; only files in the model's folder are read",
              file, tensor.getName(), location));
    }
    if (!Files.isRegularFile(data)) {
      throw new IOException(
          String.format(
              "%s: tensor '%s' keeps its data in %s, which is missing; put it beside the model",
              file, tensor.getName(), data));
    }
    // A link could lead out of the folder all the same.
    if (!data.toRealPath().startsWith(folder)) {
      throw new IOException(
          String.format(
              "%s: tensor '%s' keeps its data in %s, a link out of the model's folder",
              file, tensor.getName(), data));
    }
    return data;
  }

  private long number(TensorProto tensor, Map<String, String> entries, String key, long otherwise)
      throws IOException {
    String text = entries.get(key);
    if (text == null) {
      return otherwise;
    }
    try {
      long value = Long.parseLong(text);
      if (value >= 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new IOException(
        String.format(
            "%s: tensor '%s' keeps its data at %s '%s', which is not a number of bytes",
            file, tensor.getName(), key, text));
  }
}
