"""ONNX's own node tests of the operators that layers are: attributes, inputs and the output that ONNX says is right.

python3 scripts/references/onnx_operators.py > src/engine/reference-numbers/onnx-operators.json    with Debian 13's python3-onnx
python3 scripts/references/onnx_operators.py --whole    prints every entry of large outputs too

Inputs that come from numpy's normal numbers of seed 0, as most do, are written as their place in that sequence.
"""
import json
import sys

import numpy as np
import onnx
from onnx.backend.test.case.node import collect_testcases

OPERATORS = """Add AveragePool BatchNormalization Clip Concat Conv Dropout Elu Flatten Gelu Gemm GlobalAveragePool GlobalMaxPool
GroupNormalization HardSigmoid HardSwish InstanceNormalization LayerNormalization LeakyRelu LpPool MatMul MaxPool Mul Relu Selu Sigmoid Softplus Tanh""".split()

# Outputs up to this many values are recorded whole, of larger ones this many.
WHOLE, SAMPLES = 64, 48
WHOLE_OUTPUTS = "--whole" in sys.argv

np.random.seed(0)
NORMAL = np.random.randn(8192).astype(np.float32)


def short(values):
    """The shortest decimal numbers that are these in float32."""
    return [float(str(value)) for value in np.asarray(values, dtype=np.float32).ravel()]


def tensor(value):
    value = np.asarray(value)
    flat = value.ravel()
    if flat.size > 8:
        for start in np.flatnonzero(NORMAL[: NORMAL.size - flat.size] == flat[0]):
            if np.array_equal(NORMAL[start : start + flat.size], flat):
                return {"shape": list(value.shape), "normal": int(start)}
    return {"shape": list(value.shape), "values": short(flat)}


def output(value):
    flat = value.ravel()
    if WHOLE_OUTPUTS or flat.size <= WHOLE:
        return {"shape": list(value.shape), "values": short(flat)}
    places = [((2 * i + 1) * flat.size) // (2 * SAMPLES) for i in range(SAMPLES)]
    values = flat.astype(np.float64)
    return {
        "shape": list(value.shape),
        "sum": float(values.sum()),
        "norm": float(np.linalg.norm(values)),
        "samples": short(flat[places]),
    }


def attribute(value):
    value = onnx.helper.get_attribute_value(value)
    return value.decode() if isinstance(value, bytes) else list(value) if hasattr(value, "__len__") else value


def case(found):
    node = found.model.graph.node[0]
    inputs, outputs = found.data_sets[0]
    values = [np.asarray(value) for value in [*inputs, *outputs[:1]]]
    record = {"name": found.name.removeprefix("test_"), "operator": node.op_type}
    if any(value.dtype not in (np.float32, np.bool_) for value in values):
        return {**record, "leftOut": "not in float32"}
    if node.op_type in ("AveragePool", "MaxPool", "LpPool", "Conv") and values[0].ndim == 5:
        return {**record, "leftOut": "three spatial axes"}
    # Inputs by place: an optional one that is not given is null.
    given = iter(inputs)
    return {
        **record,
        "attributes": {each.name: attribute(each) for each in node.attribute},
        "inputs": [tensor(next(given)) if name else None for name in node.input],
        "output": output(values[len(inputs)]),
    }


if __name__ == "__main__":
    tests = [test for test in collect_testcases(None) if test.model is not None]
    cases = [case(test) for test in tests if len(test.model.graph.node) == 1 and test.model.graph.node[0].op_type in OPERATORS]
    length = max(each["normal"] + int(np.prod(each["shape"])) for one in cases for each in one.get("inputs", []) if each and "normal" in each)
    print("{")
    print(f'"onnx": "{onnx.__version__}", "operatorSet": {onnx.defs.onnx_opset_version()},')
    print(f'"normal": {json.dumps(short(NORMAL[:length]), separators=(",", ":"))},')
    print('"cases": [')
    print(",\n".join(json.dumps(each, separators=(",", ":")) for each in sorted(cases, key=lambda each: each["name"])))
    print("]}")
