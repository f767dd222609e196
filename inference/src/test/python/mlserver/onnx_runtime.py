"""MLServer's way to a network that ONNX Runtime computes; the models' settings name the file."""

import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse, MetadataTensor


def metadata(tensors):
    return [MetadataTensor(name=t.name, datatype="FP32", shape=[-1] + t.shape[1:]) for t in tensors]


class OnnxModel(MLModel):
    async def load(self):
        self.network = onnxruntime.InferenceSession(self.settings.parameters.uri, providers=["CPUExecutionProvider"])
        self.inputs = metadata(self.network.get_inputs())
        self.outputs = metadata(self.network.get_outputs())
        return True

    async def predict(self, request):
        values = {tensor.name: NumpyCodec.decode_input(tensor) for tensor in request.inputs}
        results = self.network.run(None, values)
        return InferenceResponse(
            model_name=self.name,
            id=request.id,
            outputs=[NumpyCodec.encode_output(t.name, r) for t, r in zip(self.network.get_outputs(), results)],
        )
