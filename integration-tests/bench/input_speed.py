#!/usr/bin/env python3
"""Compares the input pipeline of a training with PyTorch's DataLoader: a folder of JPEGs, decoded, cropped, scaled and put into batches.

    ./mvnw -DskipTests package                                # once
    python3 -m venv /tmp/torch && /tmp/torch/bin/pip install -r integration-tests/bench/requirements.txt
    /tmp/torch/bin/python integration-tests/bench/input_speed.py --json input-speed.json

training_speed.py --input calls it after its own comparison.

Both sides take a random part of each picture (at least 0.08 of its area), scale it bilinearly to the side of the images, mirror half
of them, and give batches of bytes, with as many loaders as there are threads. "JDK decoder" decodes the same files with the same
number of threads and does nothing else. It decodes whole files by ImageIO.read; Subbit's pipeline leaves out the rows below the part
that it takes, and has the decoder write red, green and blue in this order, which saves time. The sides take turns, so that other load
on the machine affects them equally. The pictures are generated: smooth colours with some noise, as JPEG of quality 90. Processor
time includes that of PyTorch's loaders, which are processes of their own.
"""

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
from pathlib import Path

from training_speed import Side, java_command

try:
    import numpy
    import torch
    from PIL import Image
except ImportError as missing:
    sys.exit(f"{missing}. Install what this benchmark needs: {sys.executable} -m pip install -r {Path(__file__).parent / 'requirements.txt'}")

WORKER = "dev.subbit.integration.InputPipelineWorker"
PICTURES = 512
# Batches of a turn, and those before it that are not counted: they were made ready while the other sides had their turns.
TURN = 12
READY = 6
MIN_AREA = 0.08
MAX_ASPECT = 4 / 3


def write_pictures(folder, side):
    numbers = numpy.random.default_rng(1)
    for number in range(PICTURES):
        coarse = numbers.integers(0, 256, (8, 8, 3), numpy.uint8)
        smooth = numpy.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)).astype(int)
        noisy = (smooth + numbers.normal(0, 6, smooth.shape)).clip(0, 255).astype(numpy.uint8)
        target = folder / str(number % 2)
        target.mkdir(exist_ok=True)
        Image.fromarray(noisy).save(target / f"{number}.jpg", quality=90)


class Pictures(torch.utils.data.Dataset):
    def __init__(self, folder, side):
        self.files = sorted(folder.glob("*/*.jpg"))
        self.side = side

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        picture = Image.open(self.files[index]).convert("RGB")
        width, height = picture.size
        area = width * height * random.uniform(MIN_AREA, 1)
        aspect = MAX_ASPECT ** random.uniform(-1, 1)
        w, h = min(width, (area * aspect) ** 0.5), min(height, (area / aspect) ** 0.5)
        left, top = random.uniform(0, width - w), random.uniform(0, height - h)
        image = picture.resize((self.side, self.side), Image.Resampling.BILINEAR, box=(left, top, left + w, top + h))
        if random.random() < 0.5:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        pixels = torch.from_numpy(numpy.array(image)).permute(2, 0, 1).contiguous()
        return pixels, int(self.files[index].parent.name)


def endless(loader):
    while True:
        yield from loader


def work(folder, side, batch, threads):
    """PyTorch's side, in a process of its own: makes <n> batches for every line <n> of its input."""
    import time

    torch.set_num_threads(1)
    loader = torch.utils.data.DataLoader(
        Pictures(Path(folder), int(side)), int(batch), shuffle=True, num_workers=int(threads), drop_last=True, persistent_workers=True
    )
    batches = endless(loader)
    print(f"ready PyTorch {torch.__version__}", flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        for _ in range(int(line)):
            next(batches)
        print(time.perf_counter() - start, flush=True)


def compare(picture=256, side=224, batch=64, threads=2, rounds=5):
    """Prints the table of the three sides, and returns what it is made of."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_pictures(folder, picture)
        java, environment = java_command(WORKER)
        case = [str(folder), str(side), str(batch), str(threads)]
        sides = {
            "Subbit": Side([*java, *case, "batches"], environment),
            "PyTorch": Side([sys.executable, __file__, "--worker", *case], os.environ),
            "JDK decoder": Side([*java, *case, "decode"], environment),
        }
        for worker in sides.values():
            worker.steps(TURN)
        for _ in range(rounds):
            for worker in sides.values():
                worker.steps(READY)
                wall, processor, _ = worker.steps(TURN)
                worker.wall.append(TURN * batch / wall)
                worker.cpu.append(TURN * batch / processor)
        for worker in sides.values():
            worker.close()
    print("| input pipeline | images/s | Subbit's ratio to it | images per processor second | Subbit's ratio to it |")
    print("|---|---|---|---|---|")
    for name, worker in sides.items():
        columns = [
            f"{statistics.median(theirs):.0f} ({min(theirs):.0f} to {max(theirs):.0f}) "
            f"| {statistics.median(our / their for our, their in zip(ours, theirs)):.2f}"
            for ours, theirs in ((sides["Subbit"].wall, worker.wall), (sides["Subbit"].cpu, worker.cpu))
        ]
        print(f"| {name} | {' | '.join(columns)} |", flush=True)
    return {
        "picture": picture,
        "side": side,
        "batch": batch,
        "threads": threads,
        "sides": [
            {"side": name, "imagesPerSecond": worker.wall, "imagesPerProcessorSecond": worker.cpu}
            for name, worker in sides.items()
        ],
    }


def main():
    if sys.argv[1:2] == ["--worker"]:
        work(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--picture", type=int, default=256, help="side of the JPEG files")
    parser.add_argument("--side", type=int, default=224, help="side of the images")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = compare(options.picture, options.side, options.batch, options.threads, options.rounds)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
