"""Writes the encoder's weights as an ONNX graph, for the yardstick alone: export.py model.safetensors out.onnx."""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

LAYERS, HEADS, HEAD, WIDTH = 6, 12, 32, 384


class Graph:
    """Nodes and constants, each under a name of its own."""

    def __init__(self, weights):
        self.weights, self.nodes, self.constants = weights, [], {}

    def constant(self, name, value):
        self.constants.setdefault(name, numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def op(self, kind, *inputs, **attributes):
        out = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], name=f"n{len(self.nodes)}", **attributes))
        return out

    def linear(self, x, name):
        product = self.op("MatMul", x, self.constant(f"{name}.weight", self.weights[f"{name}.weight"].T))
        return self.op("Add", product, self.constant(f"{name}.bias", self.weights[f"{name}.bias"]))

    def norm(self, x, name):
        scale = self.constant(f"{name}.weight", self.weights[f"{name}.weight"])
        bias = self.constant(f"{name}.bias", self.weights[f"{name}.bias"])
        return self.op("LayerNormalization", x, scale, bias, axis=-1, epsilon=1e-12)


def embeddings(g):
    w, prefix = g.weights, "embeddings."
    ints = lambda name, *values: g.constant(name, np.array(values, np.int64))
    length = g.op("Slice", g.op("Shape", "input_ids"), ints("one", 1), ints("two", 2), ints("zero", 0))
    words = g.op("Gather", g.constant("words", w[f"{prefix}word_embeddings.weight"]), "input_ids")
    places = g.constant("places", w[f"{prefix}position_embeddings.weight"])
    place = g.op("Slice", places, "zero", length, "zero")
    kind = g.constant("kind", w[f"{prefix}token_type_embeddings.weight"][0])
    return g.norm(g.op("Add", g.op("Add", words, kind), place), f"{prefix}LayerNorm")


def layer(g, x, mask, number):
    name = f"encoder.layer.{number}."
    split = g.constant("split", np.array([0, 0, HEADS, HEAD], np.int64))
    q, k, v = (g.op("Reshape", g.linear(x, f"{name}attention.self.{part}"), split) for part in ("query", "key", "value"))
    q, k, v = g.op("Transpose", q, perm=[0, 2, 1, 3]), g.op("Transpose", k, perm=[0, 2, 3, 1]), g.op("Transpose", v, perm=[0, 2, 1, 3])
    scores = g.op("Mul", g.op("MatMul", q, k), g.constant("scale", np.float32(HEAD**-0.5)))
    mixed = g.op("MatMul", g.op("Softmax", g.op("Add", scores, mask), axis=-1), v)
    joined = g.constant("joined", np.array([0, 0, WIDTH], np.int64))
    mixed = g.op("Reshape", g.op("Transpose", mixed, perm=[0, 2, 1, 3]), joined)
    x = g.norm(g.op("Add", x, g.linear(mixed, f"{name}attention.output.dense")), f"{name}attention.output.LayerNorm")
    inner = g.linear(x, f"{name}intermediate.dense")
    erf = g.op("Erf", g.op("Mul", inner, g.constant("root", np.float32(2**-0.5))))
    inner = g.op("Mul", g.op("Mul", inner, g.op("Add", erf, "full")), g.constant("half", np.float32(0.5)))
    return g.norm(g.op("Add", x, g.linear(inner, f"{name}output.dense")), f"{name}output.LayerNorm")


def main():
    g = Graph(load_file(sys.argv[1]))
    g.constant("full", np.float32(1))
    mask = g.op("Unsqueeze", g.op("Cast", "attention_mask", to=TensorProto.FLOAT), g.constant("axes", np.array([1, 2], np.int64)))
    mask = g.op("Mul", g.op("Sub", "full", mask), g.constant("never", np.float32(-1e9)))
    x = embeddings(g)
    for number in range(LAYERS):
        x = layer(g, x, mask, number)
    g.nodes.append(helper.make_node("Identity", [x], ["last_hidden_state"]))
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in ("input_ids", "attention_mask")]
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "tokens", WIDTH])
    graph = helper.make_graph(g.nodes, "encoder", inputs, [output], list(g.constants.values()))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, sys.argv[2])


if __name__ == "__main__":
    main()
