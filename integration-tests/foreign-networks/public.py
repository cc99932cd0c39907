#!/usr/bin/env python3
"""Public models beside ONNX Runtime's own static quantization to 8 bits.

    python3 -m venv venv && venv/bin/pip install onnxruntime==1.32.0 onnx==1.23.2 sympy pillow==12.2.0
    venv/bin/python public.py samples KIND OUT.npy COUNT SEED [PICTURES]
    venv/bin/python public.py network OUT.onnx WIDTH
    venv/bin/python public.py int8 FLOAT.onnx SAMPLES.npy OUT.onnx [7]
    venv/bin/python public.py compare FLOAT.onnx SAMPLES.npy OTHER.onnx...

KIND says what the samples are: detector (crops of 320 x 320, for NudeNet), pnet, rnet, onet (crops of 48 x 48, 24 x 24
and 48 x 48, for MTCNN), page and line (drawn text, for PP-OCR's detection and recognition). Crops are cut from the PNG and JPEG files in
PICTURES, such as skimage/data of PyPI's scikit-image. Samples of another SEED are others of the same kind.

network writes a ResNet-18 of random weights, whose first stage has WIDTH channels, for measuring memory and time: 48
make 25 MB.

int8 with 7 makes weights of 7 bits, with which ONNX Runtime's sums do not saturate on x86 processors without VNNI.

compare prints, for each file, its bytes, for each output the signal-to-noise ratio (centred: variance between samples
over the mean squared error) and the share of rows whose largest value is at the same place, and the processor time of
one run over that of the float model: medians of runs that take turns, on one thread, in plain ONNX Runtime.
"""
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort

WORDS = "the of and to in is that for it as was with be by on not he this are or his from at which but have an had they"
ROUNDS = 15
BATCH = 8


def crops(rng, folder, size):
    from PIL import Image
    files = sorted(p for p in Path(folder).iterdir() if p.suffix in (".png", ".jpg"))
    pictures = [Image.open(file).convert("RGB") for file in files]
    pictures = [p for p in pictures if min(p.size) >= 200]
    while True:
        picture = pictures[rng.integers(len(pictures))]
        side = int(rng.integers(min(size, min(picture.size)), min(picture.size) + 1))
        left = int(rng.integers(picture.width - side + 1))
        top = int(rng.integers(picture.height - side + 1))
        yield np.asarray(
            picture.crop((left, top, left + side, top + side)).resize((size, size)), np.float32)


def texts(rng, height, width, lines):
    from PIL import Image, ImageDraw, ImageFont
    words = WORDS.split()
    while True:
        paper, ink = int(rng.integers(170, 256)), int(rng.integers(0, 90))
        picture = Image.new("RGB", (width, height), (paper,) * 3)
        draw = ImageDraw.Draw(picture)
        row = height // lines
        for i in range(lines):
            font = ImageFont.load_default(int(row * rng.uniform(0.5, 0.75)))
            text = " ".join(words[rng.integers(len(words))] for _ in range(12))
            place = (int(rng.integers(0, 12)), i * row + int(rng.integers(0, max(1, row // 6))))
            draw.text(place, text, fill=(ink,) * 3, font=font)
        noise = rng.normal(0, 6, (height, width, 1))
        yield np.clip(np.asarray(picture, np.float32) + noise, 0, 255).astype(np.float32)


def samples(kind, out, count, seed, pictures=None):
    rng = np.random.default_rng(seed)
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    source, prepare = {
        "detector": (lambda: crops(rng, pictures, 320), lambda p: (p / 255).transpose(2, 0, 1)),
        "pnet": (lambda: crops(rng, pictures, 48), lambda p: (p - 127.5) / 128),
        "rnet": (lambda: crops(rng, pictures, 24), lambda p: (p - 127.5) / 128),
        "onet": (lambda: crops(rng, pictures, 48), lambda p: (p - 127.5) / 128),
        "page": (lambda: texts(rng, 192, 192, 6), lambda p: ((p / 255 - mean) / std).transpose(2, 0, 1)),
        "line": (lambda: texts(rng, 48, 320, 1), lambda p: (p / 127.5 - 1).transpose(2, 0, 1)),
    }[kind]
    found = source()
    np.save(out, np.stack([prepare(next(found)) for _ in range(count)]).astype(np.float32))


def network(out, width):
    """3x3 convolutions with residual connections, on pictures of 224 x 224."""
    from onnx import TensorProto, helper, numpy_helper, save
    rng = np.random.default_rng(1)
    nodes, weights = [], []

    def node(kind, *reads, **attributes):
        name = f"{kind}_{len(nodes)}"
        nodes.append(helper.make_node(kind, list(reads), [name], name=name, **attributes))
        return name

    def conv(x, channels_in, channels_out, kernel, stride):
        size = np.sqrt(2 / (channels_in * kernel * kernel))
        numbers = rng.normal(0, size, (channels_out, channels_in, kernel, kernel))
        weights.append(numpy_helper.from_array(numbers.astype(np.float32), f"w{len(weights)}"))
        return node("Conv", x, weights[-1].name, strides=[stride] * 2, pads=[kernel // 2] * 4)

    x = node("MaxPool", node("Relu", conv("x", 3, width, 7, 2)),
             kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    channels = width
    for stage in range(4):
        for block in range(2):
            stride = 2 if stage > 0 and block == 0 else 1
            wide = width << stage
            y = conv(node("Relu", conv(x, channels, wide, 3, stride)), wide, wide, 3, 1)
            x = node("Relu", node("Add", y, x if stride == 1 else conv(x, channels, wide, 1, 2)))
            channels = wide
    y = node("Flatten", node("GlobalAveragePool", x))
    graph = helper.make_graph(
        nodes, "resnet",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 224, 224])],
        [helper.make_tensor_value_info(y, TensorProto.FLOAT, ["n", channels])], weights)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), out)


def session(path):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def int8(model, inputs, out, bits="8"):
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        def __init__(self, name):
            # The samples that subbit holds out are not looked at here either.
            x = np.load(inputs)
            held = max(len(x) // 5, min(50, len(x) - 50))
            out = {(2 * i + 1) * len(x) // (2 * held) for i in range(held)}
            self.feeds = iter([{name: x[i][None]} for i in range(len(x)) if i not in out])

        def get_next(self):
            return next(self.feeds, None)

    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.onnx"
        graph = onnx.load(model)
        if graph.opset_import[0].version < 13:
            graph = onnx.version_converter.convert_version(graph, 13)
        onnx.save(graph, ready)
        quant_pre_process(str(ready), str(ready), skip_symbolic_shape=True)
        quantize_static(
            str(ready), out, Reader(session(model).get_inputs()[0].name), quant_format=QuantFormat.QDQ,
            per_channel=True, reduce_range=bits == "7", activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8)


def run_all(run, name, x):
    parts = [run.run(None, {name: x[i:i + BATCH]}) for i in range(0, len(x), BATCH)]
    return [np.concatenate(output) for output in zip(*parts)]


def decibels(wanted, given):
    # Rows that other tools would call channels last or first do not matter: each value has a mean of its own.
    noise = np.mean((wanted - given) ** 2)
    return 10 * np.log10(np.mean(wanted.var(axis=0)) / noise) if noise > 0 else np.inf


def same_place(wanted, given):
    axis = 1 if wanted.ndim == 3 and wanted.shape[1] < wanted.shape[2] else -1
    return np.mean(wanted.argmax(axis) == given.argmax(axis))


def compare(model, inputs, others):
    x = np.load(inputs)
    first = session(model)
    name = first.get_inputs()[0].name
    wanted = run_all(first, name, x)
    outputs = [output.name for output in first.get_outputs()]
    print(f"{model}: {Path(model).stat().st_size:,} bytes")
    for other in others:
        second = session(other)
        given = run_all(second, name, x)
        times = [[], []]
        one = {name: x[:1]}
        for _ in range(ROUNDS):
            for i, run in enumerate((first, second)):
                start = time.process_time()
                run.run(None, one)
                times[i].append(time.process_time() - start)
        print(f"{other}: {Path(other).stat().st_size:,} bytes, "
              f"{np.median(times[1]) / np.median(times[0]):.2f} times the float model's processor time")
        for output, w, g in zip(outputs, wanted, given):
            print(f"  {output}: {decibels(w, g):.1f} dB, {100 * same_place(w, g):.1f} % at the same place")


def main():
    command, *rest = sys.argv[1:]
    if command == "samples":
        samples(rest[0], rest[1], int(rest[2]), int(rest[3]), *rest[4:])
    elif command == "network":
        network(rest[0], int(rest[1]))
    elif command == "int8":
        int8(*rest)
    else:
        compare(rest[0], rest[1], rest[2:])


main()
