#!/usr/bin/env python3
"""Trains in several processes on this machine, over its loopback device, and compares them with one process.

    integration-tests/cluster/run.py                                     # 2 and 3 processes, and what one that is killed leaves
    integration-tests/cluster/run.py --accuracy --set trainer.network=resnet8 --set trainer.batchSize=48      # one, 2 and 3, over seeds

The first trains configs/fashion-mnist.xml with 2 and with 3 processes. Every process prints a digest of all its variables and codewords at
the end of every epoch; they must be the same in all. Then it kills one of two processes after the first epoch (SIGKILL): the other must
end with an error that names it. The same two commands must go on to the bits of the uncut training, and three commands must go on, too.
The second prints accuracies on the test images for every number of processes, with the same global batches.

Ends with 1 if anything is not so. Needs Linux and a build (./mvnw -DskipTests package); leaves what it made in
integration-tests/target/cluster.
"""

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "integration-tests" / "target" / "cluster"
DIGEST = re.compile(r"Epoch (\d+): all variables and codewords are equal in \d+ processes, SHA-256 (\w+)")
TIMEOUT_SECONDS = 120


def require(condition, text):
    if not condition:
        sys.exit(f"FAILED: {text}")
    print(f"ok: {text}", flush=True)


def free_addresses(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    return addresses


class Training:
    """One training, in one or more processes. The first of them writes NAME.sbm, NAME.json and NAME.jsonl."""

    def __init__(self, name, count, options):
        self.model, self.metrics, self.results = (WORK / f"{name}{ending}" for ending in (".sbm", ".jsonl", ".json"))
        self.metrics.unlink(missing_ok=True)
        self.logs = [WORK / f"{name}-{task}.log" for task in range(count)]
        self.addresses = free_addresses(count)
        # The digests are logged for who wants to see them, at a level that the command does not show otherwise.
        logging = WORK / "logging.properties"
        logging.write_text("dev.subbit.tribuo.training.internal.loop.level=INFO\n")
        environment = os.environ | {"SUBBIT_JAVA_OPTS": f"-Djava.util.logging.config.file={logging}"}
        self.processes = []
        for task in range(count):
            command = [ROOT / "subbit", "train", options.config, "--out", self.model, "--json", self.results]
            command += ["--metrics", self.metrics, "--quiet", "--set", "trainer.threads=1"]
            command += [part for setting in options.set for part in ("--set", setting)]
            if count > 1:
                command += ["--cluster", ",".join(self.addresses), "--task", str(task)]
                command += ["--cluster-timeout", str(TIMEOUT_SECONDS)]
            with self.logs[task].open("w") as log:
                self.processes.append(subprocess.Popen(list(map(str, command)), env=environment, stdout=log, stderr=log))

    def wait(self):
        return [process.wait() for process in self.processes]

    def digests(self, task):
        return dict(DIGEST.findall(self.logs[task].read_text()))

    def finish(self, text):
        """Waits until all end, and requires that all are well and hold the same bits after every epoch."""
        codes = self.wait()
        if any(codes):
            sys.exit(f"FAILED: {text}: exit codes {codes}\n" + "\n".join(log.read_text() for log in self.logs))
        if len(self.processes) > 1:
            seen = [self.digests(task) for task in range(len(self.processes))]
            require(
                all(one == seen[0] for one in seen) and set(map(int, seen[0])) == self.epochs(),
                f"{text}: the same bits in {len(seen)} processes after epochs {', '.join(seen[0])}: "
                + " ".join(digest[:8] for digest in seen[0].values()),
            )

    def epochs(self):
        """The epochs that this training made, after those that it went on from."""
        lines = map(json.loads, self.metrics.read_text().splitlines())
        return {line["epoch"] for line in lines if line["type"] == "epoch"}

    def accuracy(self):
        return json.loads(self.results.read_text())["accuracy"]


def bits(options):
    uncut = {}
    for count in (2, 3):
        start = time.time()
        uncut[count] = Training(f"uncut-{count}", count, options)
        uncut[count].finish(f"{count} processes")
        print(f"    accuracy {100 * uncut[count].accuracy():.2f} %, {time.time() - start:.0f} s", flush=True)

    cut = Training("cut", 2, options)
    while not (cut.digests(0) and cut.digests(1)):
        if any(process.poll() is not None for process in cut.processes):
            sys.exit(f"FAILED: it ended too early: {cut.logs[0].read_text()} {cut.logs[1].read_text()}")
        time.sleep(0.05)
    time.sleep(2)
    cut.processes[1].kill()
    killed = time.time()
    codes = cut.wait()
    text = cut.logs[0].read_text()
    require(
        codes == [1, -9] and f"Lost task 1 ({cut.addresses[1]})" in text,
        f"kill -9 of task 1: task 0 ended with 1 after {time.time() - killed:.1f} s and names it",
    )
    checkpoints = Path(f"{cut.model}.training")
    kept = WORK / "kept.training"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(checkpoints, kept)
    again = Training("cut", 2, options)
    again.finish("the same two commands go on")
    last = str(max(map(int, uncut[2].digests(0))))
    require(again.digests(0)[last] == uncut[2].digests(0)[last], "they end with the bits of the training that was not cut")
    shutil.copytree(kept, checkpoints)
    more = Training("cut", 3, options)
    more.finish("three commands go on, too")
    require("Resuming from" in more.logs[0].read_text(), "from the checkpoint that two left")
    print(f"    accuracy {100 * more.accuracy():.2f} %")


def accuracies(options):
    print("| processes | seeds | accuracy, % | lowest | highest |\n|---|---|---|---|---|")
    for count in options.processes:
        found = []
        for seed in options.seeds:
            training = Training(f"accuracy-{count}-{seed}", count, argparse.Namespace(
                config=options.config, set=[*options.set, f"trainer.seed={seed}"]))
            if any(training.wait()):
                sys.exit("FAILED: " + "\n".join(log.read_text() for log in training.logs))
            found.append(100 * training.accuracy())
        print(f"| {count} | {len(found)} | {statistics.mean(found):.2f} | {min(found):.2f} | {max(found):.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--config", default=ROOT / "configs" / "fashion-mnist.xml")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the configuration")
    parser.add_argument("--accuracy", action="store_true", help="compare accuracies over seeds")
    parser.add_argument("--processes", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    options = parser.parse_args()
    if not any(setting.startswith("trainer.batchSize=") for setting in options.set):
        options.set.append("trainer.batchSize=48")  # which 2 and 3 processes can share
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    if options.accuracy:
        accuracies(options)
    else:
        bits(options)


if __name__ == "__main__":
    main()
