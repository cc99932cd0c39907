#!/usr/bin/env python3
"""Makes float networks with another framework, PaddlePaddle, and exports them as ONNX.

    python3 -m venv venv && venv/bin/pip install paddlepaddle==3.3.1 paddle2onnx==2.1.0 onnx==1.17.0 packaging onnxruntime==1.32.0
    venv/bin/python make.py resnet    FASHION_MNIST_FOLDER OUT_FOLDER [EPOCHS [IMAGES]]
    venv/bin/python make.py mobilenet FASHION_MNIST_FOLDER OUT_FOLDER [EPOCHS [IMAGES]]
    venv/bin/python make.py upscaler  FASHION_MNIST_FOLDER OUT_FOLDER [EPOCHS [IMAGES]]
    venv/bin/python make.py accuracy  FASHION_MNIST_FOLDER FILE.onnx...

EPOCHS is 4 unless given, and IMAGES, how many of the training images are used, all of them.
accuracy prints what share of the test images each file puts into the right class, in ONNX Runtime.
The folder has the four files of MNIST's layout. Classifiers take pixels divided by 255. The
upscaler takes pictures of 14 x 14, the means of 2 x 2 pixels, and gives 28 x 28; its inputs are
written beside it (upscaler.npy), test images that it was not trained on.
"""
import gzip
import sys
from pathlib import Path

import numpy as np
import paddle
from paddle import nn


def images(folder, part):
    data = gzip.open(Path(folder) / f"{part}-images-idx3-ubyte.gz").read()
    return np.frombuffer(data, np.uint8, offset=16).reshape(-1, 1, 28, 28)


def labels(folder, part):
    data = gzip.open(Path(folder) / f"{part}-labels-idx1-ubyte.gz").read()
    return np.frombuffer(data, np.uint8, offset=8).astype(np.int64)


def conv(channels_in, channels_out, kernel, stride=1, groups=1):
    return nn.Sequential(
        nn.Conv2D(channels_in, channels_out, kernel, stride, kernel // 2, groups=groups,
                  bias_attr=False),
        nn.BatchNorm2D(channels_out))


class Block(nn.Layer):
    """A residual block of two 3x3 convolutions."""

    def __init__(self, channels_in, channels_out, stride):
        super().__init__()
        self.first = conv(channels_in, channels_out, 3, stride)
        self.second = conv(channels_out, channels_out, 3)
        self.shortcut = conv(channels_in, channels_out, 1, stride) \
            if stride > 1 or channels_in != channels_out else nn.Identity()
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.second(self.relu(self.first(x))) + self.shortcut(x))


class FusedBottleneck(nn.Layer):
    """The fused block of later MobileNets: 3x3, squeeze and excitation, 1x1."""

    def __init__(self, channels_in, channels_out, stride):
        super().__init__()
        wide = 2 * channels_in
        self.widen = conv(channels_in, wide, 3, stride)
        self.squeeze = nn.Sequential(
            nn.AdaptiveAvgPool2D(1), nn.Conv2D(wide, wide // 4, 1), nn.ReLU(),
            nn.Conv2D(wide // 4, wide, 1), nn.Hardsigmoid())
        self.narrow = conv(wide, channels_out, 1)
        self.swish = nn.Hardswish()
        self.adds = stride == 1 and channels_in == channels_out

    def forward(self, x):
        y = self.swish(self.widen(x))
        y = self.narrow(y * self.squeeze(y))
        return x + y if self.adds else y


class Separable(nn.Layer):
    """Depthwise 3x3 and 1x1."""

    def __init__(self, channels_in, channels_out, stride):
        super().__init__()
        self.all = nn.Sequential(
            conv(channels_in, channels_in, 3, stride, channels_in), nn.ReLU6(),
            conv(channels_in, channels_out, 1), nn.ReLU6())

    def forward(self, x):
        return self.all(x)


def resnet():
    return nn.Sequential(
        conv(1, 32, 3), nn.ReLU(), nn.MaxPool2D(3, 2, 1),
        Block(32, 32, 1), Block(32, 64, 2), Block(64, 128, 2),
        nn.AdaptiveAvgPool2D(1), nn.Flatten(), nn.Linear(128, 10))


def mobilenet():
    return nn.Sequential(
        conv(1, 24, 3, 2), nn.Hardswish(),
        FusedBottleneck(24, 24, 1), FusedBottleneck(24, 48, 2), FusedBottleneck(48, 48, 1),
        Separable(48, 96, 2),
        nn.AdaptiveAvgPool2D(1), nn.Flatten(), nn.Dropout(0.1), nn.Linear(96, 10))


class Upscaler(nn.Layer):
    """Learns what is missing in a picture whose pixels are repeated."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2D(1, 32, 3, padding=1), nn.LeakyReLU(0.1))
        self.body = nn.Sequential(*[
            nn.Sequential(nn.Conv2D(32, 32, 3, padding=1), nn.LeakyReLU(0.1)) for _ in range(4)])
        self.last = nn.Conv2D(32, 4, 3, padding=1)
        self.larger = nn.PixelShuffle(2)

    def forward(self, x):
        y = self.first(x)
        return self.larger(self.last(y + self.body(y)) + x)


def train(network, pairs, loss, epochs, batch=128, rate=2e-3):
    x, y = pairs
    steps = epochs * (len(x) // batch)
    schedule = paddle.optimizer.lr.CosineAnnealingDecay(rate, steps)
    adam = paddle.optimizer.AdamW(schedule, parameters=network.parameters(), weight_decay=1e-3)
    rng = np.random.default_rng(1)
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        total = 0.0
        for at in range(0, len(x) - batch + 1, batch):
            places = order[at:at + batch]
            error = loss(network(paddle.to_tensor(x[places])), paddle.to_tensor(y[places]))
            error.backward()
            adam.step()
            adam.clear_grad()
            schedule.step()
            total += float(error)
        print(f"epoch {epoch + 1}: loss {total * batch / len(x):.5f}", flush=True)


def accuracy(folder, files):
    import onnxruntime
    x = images(folder, "t10k").astype(np.float32) / 255
    y = labels(folder, "t10k")
    for file in files:
        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        right = sum(
            int((session.run(None, {name: x[i:i + 500]})[0].argmax(1) == y[i:i + 500]).sum())
            for i in range(0, len(x), 500))
        size = Path(file).stat().st_size
        print(f"{file}: {100 * right / len(x):.2f} % of {len(x):,} test images, {size:,} bytes")


def main():
    if sys.argv[1] == "accuracy":
        accuracy(sys.argv[2], sys.argv[3:])
        return
    kind, folder, out = sys.argv[1:4]
    epochs = int(sys.argv[4]) if len(sys.argv) > 4 else 4
    count = int(sys.argv[5]) if len(sys.argv) > 5 else None
    paddle.seed(1)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    x = images(folder, "train")[:count].astype(np.float32) / 255
    if kind == "upscaler":
        network = Upscaler()
        small = lambda p: p.reshape(-1, 1, 14, 2, 14, 2).mean((3, 5))
        train(network, (small(x), x), nn.functional.mse_loss, epochs)
        test = images(folder, "t10k")[:1000].astype(np.float32) / 255
        np.save(out / "upscaler.npy", small(test))
        shape = [None, 1, 14, 14]
    else:
        network = {"resnet": resnet, "mobilenet": mobilenet}[kind]()
        train(network, (x, labels(folder, "train")[:count]), nn.functional.cross_entropy, epochs)
        shape = [None, 1, 28, 28]
    network.eval()
    paddle.onnx.export(network, str(out / kind), input_spec=[
        paddle.static.InputSpec(shape, "float32", "x")], opset_version=13)


main()
