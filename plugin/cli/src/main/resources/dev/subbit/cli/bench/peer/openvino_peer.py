"""OpenVINO's side of `./subbit bench`: loads models, and runs them when it is asked to.

    openvino_peer.py PACKAGES

PACKAGES is the folder with the Python packages. The first line on standard output is {"version": text}; then each request on standard
input, one JSON object per line, gets one line in answer:

    {"load": n, "model": file, "threads": t, "inputs": {name: file}}   {}                  loads an ONNX model as number n
    {"run": n, "runs": r, "clock": "wall" or "processor"}              {"seconds": s}      runs it r times; s is the time of all runs
    {"outputs": n, "folder": folder}                                   {"files": [file]}   runs it once and writes its outputs

A request that fails is answered by {"error": text}. The end of standard input ends the process.
"""

import gc
import json
import os
import sys
import time

sys.path.insert(0, sys.argv[1])

import numpy  # noqa: E402
import openvino  # noqa: E402

CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}


class Peer:
    """The models that are loaded, by number."""

    def __init__(self):
        self.core = openvino.Core()
        self.models = {}

    def load(self, number, model, threads, inputs):
        graph = self.core.read_model(model)
        graph.reshape({port: [1 if size.is_dynamic else size.get_length() for size in port.partial_shape] for port in graph.inputs})
        compiled = self.core.compile_model(
            graph,
            "CPU",
            {
                "PERFORMANCE_HINT": "LATENCY",
                "NUM_STREAMS": 1,
                "INFERENCE_NUM_THREADS": threads,
                # The process may only use the processors that the other sides use; the system places its threads on them.
                "ENABLE_CPU_PINNING": False,
                # Floats are 32 bits wide on every side: some processors would be given 16.
                "INFERENCE_PRECISION_HINT": "f32",
            },
        )
        request = compiled.create_infer_request()
        for port in compiled.inputs:
            values = numpy.fromfile(inputs[port.any_name], dtype=port.element_type.to_dtype()).reshape(port.shape)
            request.set_tensor(port, openvino.Tensor(values, shared_memory=False))
        request.infer()
        self.models[number] = request
        return {}

    def run(self, number, runs, clock):
        infer = self.models[number].infer
        read = CLOCKS[clock]
        start = read()
        for _ in range(runs):
            infer()
        return {"seconds": read() - start}

    def outputs(self, number, folder):
        request = self.models[number]
        request.infer()
        files = []
        for port in request.model_outputs:
            files.append(os.path.join(folder, f"{number}-{len(files)}.output"))
            request.get_tensor(port).data.tofile(files[-1])
        return {"files": files}

    def answer(self, request):
        for name, method in (("load", self.load), ("run", self.run), ("outputs", self.outputs)):
            if name in request:
                return method(request.pop(name), **request)
        raise ValueError(f"an unknown request: {request}")


def main():
    # Whatever a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    gc.disable()
    peer = Peer()
    print(json.dumps({"version": "OpenVINO " + openvino.__version__.split("-")[0]}), file=answers, flush=True)
    for line in sys.stdin:
        try:
            answer = peer.answer(json.loads(line))
        except Exception as error:  # pylint: disable=broad-exception-caught  # whatever it is, the other side must hear of it
            answer = {"error": f"{type(error).__name__}: {error}".replace("\n", " ")}
        print(json.dumps(answer), file=answers, flush=True)


main()
