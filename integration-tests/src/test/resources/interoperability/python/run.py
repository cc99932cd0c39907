"""Runs ONNX models in ONNX Runtime for Python, with nothing of Subbit installed but, where named, its kernel library.

usage: run.py check MODEL
       run.py run MODEL TYPE SHAPE INPUT OUTPUT [LIBRARY]
       run.py speed MODEL TYPE SHAPE INPUT LIBRARY

check: the ONNX checker, with types and shapes. run: one run; INPUT and OUTPUT are raw little-endian files, TYPE is
float32 or uint8, SHAPE like 1x24x12x12. speed: prints how many times faster the model runs with LIBRARY than without,
by the medians of alternating single-thread runs.
"""

import statistics
import sys
import time

import numpy
import onnx
import onnxruntime


def session(model, library=None):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    if library is not None:
        options.register_custom_ops_library(library)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def feed(opened, element_type, shape, file):
    values = numpy.fromfile(file, element_type).reshape([int(size) for size in shape.split("x")])
    return {opened.get_inputs()[0].name: values}


def check(model):
    onnx.checker.check_model(model, full_check=True)


def run(model, element_type, shape, file, output, library=None):
    opened = session(model, library)
    opened.run(None, feed(opened, element_type, shape, file))[0].tofile(output)


def speed(model, element_type, shape, file, library):
    sessions = [session(model), session(model, library)]
    values = feed(sessions[0], element_type, shape, file)
    times = [[], []]
    for _ in range(15):
        for opened, taken in zip(sessions, times):
            start = time.perf_counter()
            opened.run(None, values)
            taken.append(time.perf_counter() - start)
    print(statistics.median(times[0]) / statistics.median(times[1]))


{"check": check, "run": run, "speed": speed}[sys.argv[1]](*sys.argv[2:])
