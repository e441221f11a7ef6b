"""The same lstm in ONNX Runtime: samples for some seconds, prints characters per second.

    python onnx_side.py sample MODEL WINDOW SECONDS THREADS

One run of the graph makes one step: a row of the identity matrix per character, a node LSTM per
layer, the output. NumPy draws the characters. WINDOW is ignored.
"""

import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from side import TEMPERATURE, ModelFile, measure_speed, read_model

GATES = (0, 3, 1, 2)  # ONNX has i, o, f, g where PyTorch has i, f, g, o
SAMPLING_STEPS = 100  # between two looks at the clock


def make_graph(file: ModelFile) -> onnx.ModelProto:
    """Return one step: from ids (1, B), h and c (1, B, H) to logits (B, V) and the next h and c."""
    B, describe = file.streams, helper.make_tensor_value_info
    inputs = [describe("ids", TensorProto.INT64, [1, B])]
    outputs = [describe("logits", TensorProto.FLOAT, [B, file.V])]
    nodes = [helper.make_node("Gather", ["identity", "ids"], ["x"])]
    x = "x"
    for n in range(file.layers):
        before, after = [f"h{n}", f"c{n}"], [f"next_h{n}", f"next_c{n}"]
        inputs += [describe(name, TensorProto.FLOAT, [1, B, file.H]) for name in before]
        outputs += [describe(name, TensorProto.FLOAT, [1, B, file.H]) for name in after]
        arguments = [x, f"W{n}", f"R{n}", f"b{n}", "", *before]
        nodes.append(helper.make_node("LSTM", arguments, ["", *after], hidden_size=file.H))
        x = after[0]
    nodes.append(helper.make_node("Squeeze", [x, "axis"], ["top"]))
    nodes.append(helper.make_node("Gemm", ["top", "out.W", "out.b"], ["logits"], transB=1))
    constants = [numpy_helper.from_array(each, name) for name, each in make_constants(file).items()]
    graph = helper.make_graph(nodes, "step", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def make_constants(file: ModelFile) -> dict[str, npt.NDArray[Any]]:
    """Return the weights, with the gates in ONNX's order."""
    weights = file.weights
    constants = {
        "identity": np.eye(file.V, dtype=np.float32), "axis": np.array([0]),
        "out.W": weights["out.weight"], "out.b": weights["out.bias"],
    }  # fmt: skip
    for n in range(file.layers):
        W, R, b_W, b_R = (
            np.concatenate([np.split(weights[f"rnn.{name}_l{n}"], 4)[gate] for gate in GATES])
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        own = {f"W{n}": W[None], f"R{n}": R[None], f"b{n}": np.concatenate([b_W, b_R])[None]}
        constants.update(own)
    return constants


class Stepper:
    """A session with two sets of arrays for the state, which are input and output in turns."""

    def __init__(self, file: ModelFile, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(
            make_graph(file).SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self.ids = make_zeros(1, file.streams, dtype=np.int64)
        self.logits = make_zeros(file.streams, file.V)
        inputs, outputs = self.session.get_inputs()[1:], self.session.get_outputs()[1:]
        states = [[make_zeros(1, file.streams, file.H) for _ in inputs] for _ in range(2)]
        self.bindings = []
        for before, after in (states, states[::-1]):
            binding = self.session.io_binding()
            binding.bind_ortvalue_input("ids", self.ids)
            binding.bind_ortvalue_output("logits", self.logits)
            for node, value in zip(inputs, before, strict=True):
                binding.bind_ortvalue_input(node.name, value)
            for node, value in zip(outputs, after, strict=True):
                binding.bind_ortvalue_output(node.name, value)
            self.bindings.append(binding)

    def __call__(self, ids: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the logits (B, V) of what follows ids (1, B); valid until the next call."""
        self.ids.update_inplace(ids)
        self.session.run_with_iobinding(self.bindings[0])
        self.bindings.reverse()
        return self.logits.numpy()


def make_zeros(*shape: int, dtype: npt.DTypeLike = np.float32) -> onnxruntime.OrtValue:
    """Return zeros as a value that has its own memory."""
    return onnxruntime.OrtValue.ortvalue_from_numpy(np.zeros(shape, dtype))


def measure_sampling(stepper: Stepper, file: ModelFile, seconds: float) -> float:
    """Return characters per second of B samples."""
    rng, ids = np.random.default_rng(0), np.zeros((1, file.streams), np.int64)
    scale = np.float32(1 / TEMPERATURE)

    def step() -> None:
        nonlocal ids
        # The largest of logits with added Gumbel noise is a draw from their softmax.
        noise = rng.gumbel(size=(SAMPLING_STEPS, file.streams, file.V)).astype(np.float32)
        for row in noise:
            ids = (stepper(ids) * scale + row).argmax(axis=1)[None]

    return measure_speed(SAMPLING_STEPS * file.streams, step, seconds)


def main() -> None:
    """Measure as the command line says."""
    what, path, _, seconds, threads = sys.argv[1:]
    assert what == "sample"
    file = read_model(path)
    stepper = Stepper(file, int(threads))
    file.check_logits(np.stack([stepper(ids[None]).copy() for ids in file.ids]))
    print(measure_sampling(stepper, file, float(seconds)))


if __name__ == "__main__":
    main()
