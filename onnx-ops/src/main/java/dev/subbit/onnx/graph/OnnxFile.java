package dev.subbit.onnx.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * An ONNX file, read whole: data that a model keeps in files beside it is brought in, wherever in
 * the model it is named. What is read may come from anyone; nothing outside the model's folder is
 * opened.
 */
public final class OnnxFile {

  /** Protobuf's limit for one message, and so for one self-contained ONNX file. */
  public static final long MAX_BYTES = Integer.MAX_VALUE;

  private final Path file;
  private final ModelProto model;
  private final long own;
  private long bytes;

  /**
   * Reads a model with all its data.
   *
   * @param file the ONNX file.
   * @throws IOException if the file cannot be read, is not an ONNX model, names data that is
   *     missing or of another size than its tensor, or if the model is larger than 2 GB with its
   *     data; the message says which and what to do.
   */
  public OnnxFile(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException("There is no file " + file);
    }
    this.file = file;
    this.own = Files.size(file);
    take(own);
    ModelProto parsed = parse();
    if (!parsed.hasGraph() || parsed.getGraph().getNodeCount() == 0) {
      throw new IOException(file + " is not an ONNX model: it has no graph with nodes");
    }
    ExternalData data = new ExternalData(file);
    this.model =
        ModelTensors.map(
            parsed,
            (tensor, place) ->
                ExternalData.isOutside(tensor) ? data.inside(tensor, place, this::take) : tensor);
  }

  /**
   * Reads a model with all its data.
   *
   * @param file the ONNX file.
   * @return the model, with all its data inside.
   * @throws IOException as the constructor does.
   */
  public static ModelProto read(Path file) throws IOException {
    return new OnnxFile(file).model();
  }

  /**
   * The model.
   *
   * @return the model, with all its data inside.
   */
  public ModelProto model() {
    return model;
  }

  /**
   * What the model takes on the disk.
   *
   * @return bytes of the file, and of the data that its tensors keep in others.
   */
  public long bytes() {
    return bytes;
  }

  /**
   * Whether the file holds all data of its model, so that a copy of it is a copy of the model.
   *
   * @return false if some tensor keeps its data in another file.
   */
  public boolean isWhole() {
    return bytes == own;
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

  private void take(long more) throws IOException {
    bytes += more;
    if (bytes >= MAX_BYTES) {
      throw new IOException(
          String.format(
              "%s has %,d bytes with its data; models of 2 GB and more are not read, since one ONNX"
                  + " file cannot hold them. Split the model.",
              file, bytes));
    }
  }
}
