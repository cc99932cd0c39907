#!/usr/bin/env python3
"""Compares the speed of Subbit's training step with that of the same step in PyTorch, and with Subbit's own float step.

    ./mvnw -DskipTests package                                # once
    python3 -m venv /tmp/torch && /tmp/torch/bin/pip install -r integration-tests/bench/requirements.txt
    /tmp/torch/bin/python integration-tests/bench/training_speed.py --json training-speed.json
    /tmp/torch/bin/python integration-tests/bench/training_speed.py --input --json training-speed.json     # and input_speed.py after it

Both sides start from the same weights and codebooks and see the same batches of Fashion-MNIST. A first check on
two images ensures that they compute the same step: the losses of the first steps have to agree, and with them the gradients and
updates in between. Then all sides of a case take turns, so that other load on the machine affects them equally. A turn is 25 steps,
one of which refines the codebooks. Every side runs in its own process, since TensorFlow sets its number of threads once per process.
"images/s" uses wall-clock time; "images/cpu-s" uses the processor time of the process, and is more stable on a busy machine.
"""

import argparse
import gzip
import itertools
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOUSE = HERE.parent.parent
DATA = HERE.parent / "data" / "fashion-mnist"
WORKER = "dev.subbit.integration.TrainingStepWorker"
IMAGES = 1024
TURN = 25
WARM_UP = 5
# The check makes few steps on few images, because signs make the step discontinuous: of the 4 million activations of 32 images in
# resnet20, a handful lie within rounding of 0, fall on different sides in different arithmetic (also between PyTorch's memory
# layouts), and change the loss by a hundredth. With 2 images often none do, and the losses agree to 7 digits. So a few pairs of
# images are tried until they agree; steps that are not the same agree on none.
CHECKED_IMAGES = 2
CHECKED_STEPS = 3
CHECKED_PAIRS = 10
LOSS_TOLERANCE = 1e-5

try:
    import numpy
    import torch
except ImportError as missing:
    sys.exit(f"{missing}. Install what this benchmark needs: {sys.executable} -m pip install -r {HERE / 'requirements.txt'}")


class Side:
    """A worker process that makes training steps on request."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.settings = self._answer().removeprefix("ready").strip()
        self.wall, self.cpu = [], []

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.process.args[0]} ended: {self.process.stderr.read()[-2000:]}")
        return line

    def steps(self, count):
        """Makes `count` steps; returns wall-clock seconds, processor seconds and losses."""
        before = self._processor_time()
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        seconds, *losses = map(float, self._answer().split())
        return seconds, self._processor_time() - before, losses

    def turn(self, batch):
        wall, cpu, _ = self.steps(TURN)
        self.wall.append(TURN * batch / wall)
        self.cpu.append(TURN * batch / cpu)

    def _processor_time(self):
        """Seconds of the process and of those it has started, as PyTorch's loaders are."""
        own = self.process.pid
        children = Path(f"/proc/{own}/task/{own}/children").read_text().split()
        ticks = 0
        for process in [own, *children]:
            fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def write_images(folder, seed):
    pixels = gzip.open(DATA / "train-images-idx3-ubyte.gz").read(16 + IMAGES * 784)[16:]
    classes = gzip.open(DATA / "train-labels-idx1-ubyte.gz").read(8 + IMAGES)[8:]
    order = numpy.random.default_rng(seed).permutation(IMAGES)
    numpy.frombuffer(pixels, numpy.uint8).reshape(IMAGES, -1)[order].astype("<f4").tofile(folder / "pixels")
    numpy.frombuffer(classes, numpy.uint8)[order].astype("<i4").tofile(folder / "classes")


def java_command(worker=WORKER):
    dependencies = HOUSE / "plugin" / "cli" / "target" / "dependencies.txt"
    classes = [HERE.parent / "target" / "test-classes", HOUSE / "plugin" / "cli" / "target" / "classes"]
    if not dependencies.exists() or not (classes[0] / (worker.replace(".", "/") + ".class")).exists():
        sys.exit("Build Subbit first: ./mvnw -DskipTests package")
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if "JAVA_HOME" in os.environ else shutil.which("java")
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"}
    environment["CLASSPATH"] = os.pathsep.join([*map(str, classes), dependencies.read_text().strip()])
    return [str(java), "-Xmx1g", worker], environment


def start_subbit(folder, *case, seed=1):
    folder.mkdir(parents=True)
    write_images(folder, seed)
    java, environment = java_command()
    return Side([*java, str(folder), *map(str, case)], environment)


def start(folder, *case, seed=1):
    """Starts Subbit's worker and then PyTorch's, which reads the files that Subbit's has written to the folder."""
    ours = start_subbit(folder, *case, seed=seed)
    environment = os.environ | {"OMP_NUM_THREADS": str(case[-1])}
    return ours, Side([sys.executable, str(HERE / "torch_step.py"), str(folder), *map(str, case)], environment)


def check_same_step(folder, network, tau, activations, weights, threads):
    """Returns the losses of the first steps of both sides, and exits unless they agree."""
    for seed in range(1, CHECKED_PAIRS + 1):
        sides = start(
            folder / str(seed), network, activations, weights, tau, CHECKED_IMAGES, threads, seed=seed
        )
        losses = [side.steps(CHECKED_STEPS)[2] for side in sides]
        for side in sides:
            side.close()
        if all(abs(our - their) <= LOSS_TOLERANCE * abs(their) for our, their in zip(*losses)):
            return losses
    sys.exit(f"Not the same step: {activations} {weights}, losses of the last pair of images {losses[0]} here and {losses[1]} in PyTorch")


def measure(network, tau, activations, batch, threads, rounds):
    sides = {}
    losses = {}
    with tempfile.TemporaryDirectory() as temporary:
        for weights in ("SUB_BIT", "FLOAT"):
            losses[weights] = check_same_step(
                Path(temporary, f"{weights}-check"), network, tau, activations, weights, threads
            )
        sides["Subbit", "SUB_BIT"], sides["PyTorch", "SUB_BIT"] = start(
            Path(temporary, "SUB_BIT"), network, activations, "SUB_BIT", tau, batch, threads
        )
        sides["Subbit", "FLOAT"] = start_subbit(
            Path(temporary, "FLOAT"), network, activations, "FLOAT", tau, batch, threads
        )
        for side in sides.values():
            side.steps(WARM_UP)
        for _ in range(rounds):
            for side in sides.values():
                side.turn(batch)
        for side in sides.values():
            side.close()
    return sides, losses


def ratio(sides, attribute, one, other):
    """The median over the rounds of one side's speed divided by the other's in the same round."""
    return statistics.median(a / b for a, b in zip(getattr(sides[one], attribute), getattr(sides[other], attribute)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", default="resnet20")
    parser.add_argument("--tau", type=int, default=5)
    parser.add_argument("--activations", nargs="+", default=["REAL", "BINARY"], choices=["REAL", "BINARY"])
    parser.add_argument("--batch", nargs="+", type=int, default=[32, 128])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--input", action="store_true", help="also compare the input pipelines, as input_speed.py does by default")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    print(f"{options.network}, tau = {options.tau}, Python {platform.python_version()}, PyTorch {torch.__version__}\n")
    print("| activations | batch | threads | Subbit images/s | PyTorch images/s | ratio | Subbit float images/s | ratio "
          "| by processor time: to PyTorch | to float | PyTorch's layout |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    cases = []
    for activations, batch, threads in itertools.product(options.activations, options.batch, options.threads):
        sides, losses = measure(options.network, options.tau, activations, batch, threads, options.rounds)
        ours, theirs, plain = ("Subbit", "SUB_BIT"), ("PyTorch", "SUB_BIT"), ("Subbit", "FLOAT")

        def spread(side):
            wall = sides[side].wall
            return f"{statistics.median(wall):.0f} ({min(wall):.0f} to {max(wall):.0f})"

        print(
            f"| {activations.lower()} | {batch} | {threads} | {spread(ours)} | {spread(theirs)} "
            f"| **{ratio(sides, 'wall', ours, theirs):.2f}** | {spread(plain)} | **{ratio(sides, 'wall', ours, plain):.2f}** "
            f"| {ratio(sides, 'cpu', ours, theirs):.2f} | {ratio(sides, 'cpu', ours, plain):.2f} "
            f"| {sides[theirs].settings.split(', ')[-1]} |",
            flush=True,
        )
        cases.append(
            {
                "activations": activations,
                "batch": batch,
                "threads": threads,
                "ratioToPyTorch": ratio(sides, "wall", ours, theirs),
                "ratioToFloat": ratio(sides, "wall", ours, plain),
                "sides": [
                    {
                        "side": name,
                        "weights": weights,
                        "settings": side.settings,
                        "imagesPerSecond": side.wall,
                        "imagesPerProcessorSecond": side.cpu,
                        "checkedLosses": losses[weights][0 if name == "Subbit" else 1],
                    }
                    for (name, weights), side in sides.items()
                ],
            }
        )
    result = {"network": options.network, "tau": options.tau, "pyTorch": torch.__version__, "cases": cases}
    if options.input:
        import input_speed

        print()
        result["input"] = input_speed.compare()
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
