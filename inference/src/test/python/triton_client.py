"""Uses a Lipstream inference server as Triton's own client does: HOST:PORT MODEL NETWORK_FILE, where a model
called "broken" is there too. Says what it checked; ends with an exception at the first thing that is wrong."""

import sys
import threading

import numpy as np
import onnxruntime
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException


def refused(code, *words):
    class Expect:
        def __enter__(self):
            return self

        def __exit__(self, kind, error, trace):
            assert kind is InferenceServerException, f"expected {code}, got {error!r}"
            text = f"{error.status()} {error.message()}"
            assert code in text, f"expected {code}, got {text}"
            for word in words:
                assert word in text, f"expected {word!r} in {text}"
            return True

    return Expect()


def check(what, condition):
    assert condition, what
    print("ok:", what, flush=True)


address, model, file = sys.argv[1:]
network = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
random = np.random.default_rng(11)
client = triton.InferenceServerClient(address)

check("live", client.is_server_live())
check("ready", client.is_server_ready())
server = client.get_server_metadata(as_json=True)
check("server metadata", server["name"] == "lipstream" and "model_repository" in server["extensions"])

index = {entry.name: entry.state for entry in client.get_model_repository_index().models}
check("index", index[model] == "UNAVAILABLE" and "broken" in index)
check("not ready before it is loaded", not client.is_model_ready(model))
client.load_model(model)
check("load", client.is_model_ready(model) and client.is_model_ready(model, "1"))
client.load_model(model)
check("load again", client.is_model_ready(model))
client.unload_model(model)
check("unload", not client.is_model_ready(model))

metadata = client.get_model_metadata(model)
check(
    "metadata",
    [(t.name, t.datatype, list(t.shape)) for t in metadata.inputs]
    == [(t.name, "FP32", [-1] + t.shape[1:]) for t in network.get_inputs()],
)
config = client.get_model_config(model).config
check("config", config.max_batch_size > 0 and list(config.input[0].dims) == network.get_inputs()[0].shape[1:])


def arrays(rows, dtype=np.float32):
    return {t.name: random.random([rows] + t.shape[1:], np.float32).astype(dtype) for t in network.get_inputs()}


def tensors(values, datatype="FP32"):
    inputs = []
    for name, value in values.items():
        tensor = triton.InferInput(name, list(value.shape), datatype)
        tensor.set_data_from_numpy(value)
        inputs.append(tensor)
    return inputs


output = network.get_outputs()[0].name
for rows in (1, 3, 16):
    values = arrays(rows)
    expected = network.run(None, values)[0]
    result = client.infer(model, tensors(values), request_id=f"call-{rows}", parameters={"note": "kept"})
    difference = np.abs(result.as_numpy(output) - expected).max()
    response = result.get_response()
    check(f"infer {rows} rows as ONNX Runtime does, within {difference:.1e}", difference < 1e-4)
    check("id and parameters come back", response.id == f"call-{rows}" and response.parameters["note"].string_param == "kept")

values = arrays(2, np.float16)
expected = network.run(None, {name: value.astype(np.float32) for name, value in values.items()})[0]
wanted = triton.InferRequestedOutput(output)
result = client.infer(model, tensors(values, "FP16"), outputs=[wanted]).as_numpy(output)
check("FP16 in", np.abs(result - expected).max() < 1e-3)

failures = []


def hammer(seed):
    try:
        own = triton.InferenceServerClient(address)
        values = arrays(1 + seed % 3)
        expected = network.run(None, values)[0]
        for _ in range(5):
            answer = own.infer(model, tensors(values), priority=seed % 4, timeout=60_000_000).as_numpy(output)
            assert np.abs(answer - expected).max() < 1e-4, "an answer of somebody else"
        own.close()
    except BaseException as failure:
        failures.append(failure)


threads = [threading.Thread(target=hammer, args=(seed,)) for seed in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
check(f"8 clients at once: {failures}", not failures)

done = threading.Semaphore(0)
answers = []
for _ in range(8):
    client.async_infer(model, tensors(arrays(1)), lambda result, error: (answers.append(error), done.release()))
for _ in range(8):
    done.acquire()
check("8 calls of one client at once", answers == [None] * 8)

statistics = client.get_inference_statistics(model).model_stats[0]
check(
    f"statistics: {statistics.inference_count} rows in {statistics.execution_count} runs",
    statistics.inference_count >= 20 and statistics.execution_count <= statistics.inference_count,
)

first = network.get_inputs()[0]
with refused("NOT_FOUND", "nobody"):
    client.infer("nobody", tensors(arrays(1)))
with refused("NOT_FOUND", "2"):
    client.infer(model, tensors(arrays(1)), model_version="2")
with refused("INVALID_ARGUMENT", first.name, "INT64", "FP32"):
    wrong = dict(arrays(1))
    bad = triton.InferInput(first.name, list(wrong[first.name].shape), "INT64")
    bad.set_data_from_numpy(wrong[first.name].astype(np.int64))
    client.infer(model, [bad] + tensors(wrong)[1:])
with refused("INVALID_ARGUMENT", first.name, str(first.shape[-1])):
    wrong = dict(arrays(1))
    wrong[first.name] = wrong[first.name][..., :-1].copy()
    client.infer(model, tensors(wrong))
with refused("INVALID_ARGUMENT", "missing"):
    client.infer(model, [])
with refused("DEADLINE_EXCEEDED"):
    client.infer(model, tensors(arrays(16)), timeout=1)
with refused("FAILED_PRECONDITION", "broken"):
    client.load_model("broken")
with refused("INVALID_ARGUMENT", "config"):
    client.load_model(model, config="{}")
check("errors", client.is_server_live() and client.infer(model, tensors(arrays(1))).as_numpy(output) is not None)
print("all passed")
