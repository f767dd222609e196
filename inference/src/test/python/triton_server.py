"""Triton with a network that ONNX Runtime computes: NETWORK_FILE GRPC_PORT HTTP_PORT METRICS_PORT. Ends with its parent."""

import os
import sys
import time

import numpy
import onnxruntime
from pytriton.decorators import batch
from pytriton.model_config import ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

file, grpc_port, http_port, metrics_port = sys.argv[1:]
network = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])


def tensors(nodes):
    return [Tensor(name=node.name, dtype=numpy.float32, shape=tuple(node.shape[1:])) for node in nodes]


@batch
def infer(**values):
    return network.run(None, values)


config = TritonConfig(
    grpc_address="127.0.0.1",
    grpc_port=int(grpc_port),
    http_address="127.0.0.1",
    http_port=int(http_port),
    metrics_port=int(metrics_port),
)
parent = os.getppid()
with Triton(config=config) as triton:
    triton.bind(
        "tiny", infer, tensors(network.get_inputs()), tensors(network.get_outputs()), config=ModelConfig(max_batch_size=8)
    )
    triton.run()
    while os.getppid() == parent:
        time.sleep(0.2)
