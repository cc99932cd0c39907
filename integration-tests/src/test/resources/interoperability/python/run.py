"""Runs ONNX models in ONNX Runtime for Python and in other tools, with nothing of Subbit installed but, where named, its
kernel library.

usage: run.py check MODEL
       run.py run MODEL TYPE SHAPE INPUT OUTPUT [LIBRARY]
       run.py speed MODEL TYPE SHAPE INPUT LIBRARY
       run.py all TOOL FOLDER

check: the ONNX checker, with types and shapes. run: one run; INPUT and OUTPUT are raw little-endian files, TYPE is
float32 or uint8, SHAPE like 1x24x12x12. speed: prints how many times faster the model runs with LIBRARY than without,
by the medians of alternating single-thread runs.

all: runs every model that FOLDER/cases.txt lists, one "NAME TYPE SHAPE INPUT" per line, in a tool: onnxruntime, openvino,
onnx (its ReferenceEvaluator), or what onnxslim or onnxsim makes of it in ONNX Runtime. NAME.onnx is the model; the first
output becomes NAME.TOOL.output, or the error NAME.TOOL.error. Prints the tool's version.
"""

import contextlib
import importlib.metadata
import io
import pathlib
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


def run_onnxruntime(model, values):
    opened = session(model if isinstance(model, bytes) else model.SerializeToString())
    return opened.run(None, {opened.get_inputs()[0].name: values})[0]


def run_openvino(model, values):
    import openvino

    core = openvino.Core()
    # Where the processor can, it would otherwise compute in 16 bits.
    core.set_property("CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return core.compile_model(core.read_model(model), "CPU")([values])[0]


def run_onnx(model, values):
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(onnx.load_from_string(model))
    return evaluator.run(None, {evaluator.input_names[0]: values})[0]


def run_onnxslim(model, values):
    import onnxslim

    return run_onnxruntime(onnxslim.slim(onnx.load_from_string(model)), values)


def run_onnxsim(model, values):
    import onnxsim

    return run_onnxruntime(onnxsim.simplify(onnx.load_from_string(model))[0], values)


def all_models(tool, folder):
    tools = {
        "onnxruntime": run_onnxruntime,
        "openvino": run_openvino,
        "onnx": run_onnx,
        "onnxslim": run_onnxslim,
        "onnxsim": run_onnxsim,
    }
    folder = pathlib.Path(folder)
    for line in (folder / "cases.txt").read_text().splitlines():
        name, element_type, shape, file = line.split()
        values = numpy.fromfile(folder / file, element_type).reshape([int(size) for size in shape.split("x")])
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                output = tools[tool]((folder / (name + ".onnx")).read_bytes(), values)
            numpy.ascontiguousarray(output).tofile(folder / (name + "." + tool + ".output"))
        except Exception as error:  # what a tool cannot do is a result
            (folder / (name + "." + tool + ".error")).write_text(str(error))
    print(importlib.metadata.version(tool))


{"check": check, "run": run, "speed": speed, "all": all_models}[sys.argv[1]](*sys.argv[2:])
