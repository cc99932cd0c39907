"""The training step of a sub-bit network in PyTorch: the method of Wang et al. ("Sub-bit Neural Networks", ICCV 2021).

The counterpart of Subbit's own step in training_speed.py, which starts this file as a worker:

    torch_step.py FOLDER NETWORK REAL|BINARY FLOAT|SUB_BIT TAU BATCH THREADS

It reads from FOLDER the images, initial parameters and codebooks that Subbit's worker has left there (see TrainingStepWorker.java)
and prints "ready" and its settings. Then, for every line <n> on its input, it makes n steps and prints, on one line, the seconds
that they took and the loss of each.
"""

import sys
import time
from pathlib import Path

import numpy
import torch
from torch import nn
from torch.nn import functional

REFINE_INTERVAL = 25
MEMORY_THRESHOLD = 1e-3
CLAMP = 3.0
LEARNING_RATE = 1e-3
BETA2 = 0.999
EPSILON = 1e-8
CLASSES = 10
SIZE = 28


class NearestCodeword(torch.autograd.Function):
    """Maps latent kernels [out, in, 3, 3] to their nearest codewords; gradients go straight through to both."""

    @staticmethod
    def forward(ctx, latent, codebook):
        # All codewords have the same norm, so the nearest one has the largest inner product.
        index = (latent.view(-1, 9) @ codebook.t()).argmax(1)
        ctx.save_for_backward(latent, index)
        ctx.codewords = codebook.shape[0]
        return codebook[index].view_as(latent)

    @staticmethod
    def backward(ctx, gradient):
        latent, index = ctx.saved_tensors
        codebook_gradient = None
        if ctx.needs_input_grad[1]:
            codebook_gradient = gradient.new_zeros(ctx.codewords, 9).index_add_(0, index, gradient.reshape(-1, 9))
        return gradient * (latent.abs() <= 1), codebook_gradient


class Binarise(torch.autograd.Function):
    """x >= 0 ? 1 : -1, with the derivative of Bi-Real Net's quadratic, max(0, 2 - 2|x|)."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x >= 0, 1.0, -1.0)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * (2 - 2 * x.abs()).clamp_(min=0)


class Conv(nn.Module):
    def __init__(self, inputs, outputs, kernel=3, stride=1, binary=False, tau=0):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, kernel, kernel))
        self.stride, self.padding, self.binary, self.tau = stride, kernel // 2, binary, tau
        if tau:
            # A tap is the sign of p; while |p| is small, the tap keeps its value (the memory).
            self.register_buffer("codebook", torch.empty(1 << tau, 9))
            self.p = nn.Parameter(torch.empty(1 << tau, 9))

    def forward(self, x):
        weight = self.weight
        if self.tau:
            scale = weight.detach().abs().mean((1, 2, 3), keepdim=True)
            weight = NearestCodeword.apply(weight, self.codebook) * scale
        if self.binary:
            x = Binarise.apply(x)
        return functional.conv2d(x, weight, stride=self.stride, padding=self.padding)

    @torch.no_grad()
    def remember(self):
        """After an update of p, sets new taps where |p| is large enough, and replaces repeated codewords."""
        self.p.clamp_(-CLAMP, CLAMP)
        taps = torch.where(self.p.abs() >= MEMORY_THRESHOLD, torch.sign(self.p), self.codebook)
        powers = 2 ** torch.arange(9)
        numbers = ((taps > 0).long() * powers).sum(1).tolist()
        unused = [number for number in torch.randperm(512).tolist() if number not in set(numbers)]
        seen = set()
        for word, number in enumerate(numbers):
            if number in seen:
                taps[word] = ((unused.pop() >> torch.arange(9)) & 1) * 2.0 - 1
                self.p[word] = taps[word] * 0.1
            seen.add(number)
        self.codebook.copy_(taps)


class Shift(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.shift = nn.Parameter(torch.empty(channels))

    def forward(self, x):
        return x + self.shift.view(1, -1, 1, 1)


class RealBlock(nn.Module):
    def __init__(self, inputs, outputs, stride, tau):
        super().__init__()
        self.conv1 = Conv(inputs, outputs, stride=stride, tau=tau)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = Conv(outputs, outputs, tau=tau)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity()
        if inputs != outputs or stride != 1:
            self.shortcut = nn.Sequential()
            self.shortcut.add_module("conv", Conv(inputs, outputs, kernel=1, stride=stride))
            self.shortcut.add_module("bn", nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        return functional.relu(self.bn2(self.conv2(y)) + self.shortcut(x), inplace=True)


class BinaryBlock(nn.Module):
    """ReActNet's block, with a shortcut around each convolution."""

    def __init__(self, inputs, outputs, stride, tau):
        super().__init__()
        for half, channels, step in ((1, inputs, stride), (2, outputs, 1)):
            self.add_module(f"threshold{half}", Shift(channels))
            self.add_module(f"conv{half}", Conv(channels, outputs, stride=step, binary=True, tau=tau))
            self.add_module(f"bn{half}", nn.BatchNorm2d(outputs))
            self.add_module(f"before{half}", Shift(outputs))
            self.add_module(f"prelu{half}", nn.PReLU(outputs))
            self.add_module(f"after{half}", Shift(outputs))
        self.shortcut = nn.Identity()
        if inputs != outputs or stride != 1:
            self.shortcut = nn.Sequential()
            self.shortcut.add_module("pool", nn.AvgPool2d(2, ceil_mode=True, count_include_pad=False))
            self.shortcut.add_module("conv", Conv(inputs, outputs, kernel=1))
            self.shortcut.add_module("bn", nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn1(self.conv1(self.threshold1(x))) + self.shortcut(x)
        x = self.after1(self.prelu1(self.before1(y)))
        y = self.bn2(self.conv2(self.threshold2(x))) + x
        return self.after2(self.prelu2(self.before2(y)))


class ResNet(nn.Module):
    """The residual network for small images: three stages of 16, 32 and 64 channels, as Subbit's Networks builds it."""

    def __init__(self, depth, binary, tau):
        super().__init__()
        self.binary = binary
        self.stem = nn.Sequential()
        self.stem.add_module("conv", Conv(1, 16))
        self.stem.add_module("bn", nn.BatchNorm2d(16))
        block = BinaryBlock if binary else RealBlock
        inputs = 16
        for stage, outputs in enumerate((16, 32, 64), 1):
            blocks = nn.Sequential()
            for number in range((depth - 2) // 6):
                blocks.add_module(f"block{number}", block(inputs, outputs, 2 if stage > 1 and number == 0 else 1, tau))
                inputs = outputs
            self.add_module(f"stage{stage}", blocks)
        self.classifier = nn.Linear(inputs, CLASSES)

    def forward(self, pixels):
        x = self.stem(pixels * (2 / 255) - 1)
        if not self.binary:
            x = functional.relu(x, inplace=True)
        x = self.stage3(self.stage2(self.stage1(x)))
        return self.classifier(x.mean((2, 3)))


class Training:
    """A network with its optimisers. The codebooks are refined in every 25th step."""

    def __init__(self, network):
        self.network = network
        self.learnt = [module for module in network.modules() if isinstance(module, Conv) and module.tau]
        codebooks = [conv.p for conv in self.learnt]
        weights = [p for p in network.parameters() if all(p is not other for other in codebooks)]
        self.optimiser = torch.optim.Adam(weights, lr=LEARNING_RATE, betas=(0.9, BETA2), fused=True)
        self.refiner = torch.optim.Adam(codebooks, lr=LEARNING_RATE, fused=True) if codebooks else None
        self.steps = 0

    def step(self, pixels, classes):
        self.steps += 1
        refines = self.refiner is not None and self.steps % REFINE_INTERVAL == 0
        for conv in self.learnt:
            conv.codebook.requires_grad_(refines)
        self.optimiser.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(self.network(pixels), classes)
        loss.backward()
        # TensorFlow adds epsilon to the root of the uncorrected second moment, as the paper of Adam suggests for speed.
        for group in self.optimiser.param_groups:
            group["eps"] = EPSILON / (1 - BETA2**self.steps) ** 0.5
        self.optimiser.step()
        if refines:
            for conv in self.learnt:
                conv.p.grad, conv.codebook.grad = conv.codebook.grad, None
                conv.codebook.requires_grad_(False)
            self.refiner.step()
            for conv in self.learnt:
                conv.remember()
        return loss.item()


def load(folder, network):
    """Sets the parameters to Subbit's initial ones."""
    our_names = {"weight": "weight", "bias": "bias"}
    norm_names = {"weight": "gamma", "bias": "beta", "running_mean": "mean", "running_var": "variance"}
    with torch.no_grad():
        for prefix, module in network.named_modules():
            names = our_names
            if isinstance(module, nn.BatchNorm2d):
                names = norm_names
            elif isinstance(module, nn.PReLU):
                names = {"weight": "slope"}
            elif isinstance(module, Shift):
                names = {"shift": "shift"}
            for name, ours in names.items():
                tensor = getattr(module, name, None)
                if isinstance(tensor, torch.Tensor):
                    values = numpy.fromfile(folder / f"{prefix}.{ours}", numpy.float32)
                    tensor.copy_(torch.from_numpy(values).view_as(tensor))
            if isinstance(module, Conv) and module.tau:
                codebook = torch.from_numpy(numpy.fromfile(folder / f"{prefix}.codebook", numpy.float32)).view(-1, 9)
                module.codebook.copy_(codebook)
                module.p.copy_(codebook * 0.1)


def batches(folder, batch, memory_format):
    pixels = torch.from_numpy(numpy.fromfile(folder / "pixels", numpy.float32)).view(-1, 1, SIZE, SIZE)
    classes = torch.from_numpy(numpy.fromfile(folder / "classes", numpy.int32)).long()
    pixels = pixels.to(memory_format=memory_format)
    return list(zip(pixels.split(batch), classes.split(batch)))


def build(folder, depth, binary, tau, batch, memory_format):
    network = ResNet(depth, binary, tau)
    load(folder, network)
    return Training(network), batches(folder, batch, memory_format)


def seconds_a_step(arguments, memory_format):
    training, data = build(*arguments, memory_format)
    times = []
    for i in range(6):
        start = time.perf_counter()
        training.step(*data[i % len(data)])
        times.append(time.perf_counter() - start)
    return min(times[2:])


def main(folder, network, activations, weights, tau, batch, threads):
    torch.set_num_threads(int(threads))
    tau = int(tau) if weights == "SUB_BIT" else 0
    arguments = (Path(folder), int(network.removeprefix("resnet")), activations == "BINARY", tau, int(batch))
    layouts = {"NCHW": torch.contiguous_format, "channels_last": torch.channels_last}
    layout = min(layouts, key=lambda name: seconds_a_step(arguments, layouts[name]))
    training, data = build(*arguments, layouts[layout])
    print(f"ready PyTorch {torch.__version__}, {layout}", flush=True)
    done = 0
    for line in sys.stdin:
        losses = []
        start = time.perf_counter()
        for _ in range(int(line)):
            losses.append(training.step(*data[done % len(data)]))
            done += 1
        print(time.perf_counter() - start, *losses, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
