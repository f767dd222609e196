"""A client of lipstream compositing that needs nothing but grpcio and protobuf.

    compositing_client.py HOST:PORT AVATAR

It learns the messages from the server's reflection, so that no code is generated, sends two seconds of sound and checks
what comes back. Every check that passes is a line "ok: ...".
"""

import math
import struct
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

RATE_HZ = 16_000
FRAME_BYTES = 2 * RATE_HZ // 25


def reflection_messages(pool):
    """The two messages of the reflection service that are needed, with as many fields as are needed."""
    file = descriptor_pb2.FileDescriptorProto(name="reflection.proto", package="reflect", syntax="proto3")
    text = descriptor_pb2.FieldDescriptorProto.TYPE_STRING
    raw = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
    inner = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE
    one = descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
    many = descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED
    file.message_type.add(name="Request").field.add(name="symbol", number=4, type=text, label=one)
    file.message_type.add(name="Files").field.add(name="files", number=1, type=raw, label=many)
    file.message_type.add(name="Answer").field.add(
        name="found", number=4, type=inner, label=one, type_name=".reflect.Files"
    )
    pool.Add(file)
    names = ("reflect.Request", "reflect.Answer")
    return [message_factory.GetMessageClass(pool.FindMessageTypeByName(name)) for name in names]


def learn(channel, symbols):
    """A pool of everything that the server says of some symbols."""
    pool = descriptor_pool.DescriptorPool()
    request, answer = reflection_messages(pool)
    ask = channel.stream_stream(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        request_serializer=request.SerializeToString,
        response_deserializer=answer.FromString,
    )
    files = {}
    for reply in ask(iter([request(symbol=symbol) for symbol in symbols])):
        for raw in reply.found.files:
            file = descriptor_pb2.FileDescriptorProto.FromString(raw)
            files[file.name] = file
    added = set()

    def add(name):
        if name not in added:
            added.add(name)
            for needed in files[name].dependency:
                add(needed)
            pool.Add(files[name])

    for name in files:
        add(name)
    return lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


def check(holds, what):
    if not holds:
        sys.exit(f"failed: {what}")
    print(f"ok: {what}")


def tone(seconds):
    samples = (0.4 * math.sin(2 * math.pi * (180 + i // 400 % 80) * i / RATE_HZ) for i in range(int(seconds * RATE_HZ)))
    return [round(32767 * sample) for sample in samples]


def stream(channel, message, avatar):
    request, response = message("lipstream.v1.CompositeRequest"), message("lipstream.v1.CompositeResponse")
    composite = channel.stream_stream(
        "/lipstream.v1.Compositing/Composite",
        request_serializer=request.SerializeToString,
        response_deserializer=response.FromString,
    )
    samples = tone(2)
    sound = struct.pack(f"<{len(samples)}h", *samples)

    def talk():
        yield request(open={"avatar": avatar, "output": "JPEG", "quality": 75, "session": "python"})
        for at in range(0, len(sound), 3200):
            yield request(sound=sound[at : at + 3200])

    opened, frames, heard, ended = None, [], b"", None
    for answer in composite(talk()):
        kind = answer.WhichOneof("message")
        if kind == "opened":
            opened = answer.opened
        elif kind == "frame":
            frames.append(answer.frame)
            heard += answer.frame.sound
        elif kind == "utterance_ended":
            ended = answer.utterance_ended.frames
    check(opened is not None and opened.frames_per_second == 25, "a stream is opened")
    check(len(frames) == 50 and ended == 50, "two seconds are fifty frames")
    check([frame.index for frame in frames] == list(range(50)), "none is lost or twice")
    check(all(frame.picture[:2] == b"\xff\xd8" for frame in frames), "each is a JPEG")
    check(heard == sound, "the sound under them is what was sent")
    check(any(frame.mouth == 1 for frame in frames), "mouths are drawn")


def batches(channel, message, avatar):
    request, response = (message(f"compositing.CompositeBatch{kind}") for kind in ("Request", "Response"))
    infer = channel.unary_unary(
        "/compositing.CompositingService/InferBatchComposite",
        request_serializer=request.SerializeToString,
        response_deserializer=response.FromString,
    )
    samples = [sample / 32768 for sample in tone(3)]
    for start in (0, 24):
        sound = samples[start * 640 : (start + 24) * 640]
        raw = struct.pack(f"<{len(sound)}f", *sound)
        answer = infer(
            request(model_id=avatar, batch_size=24, start_frame_idx=start, raw_audio=raw, sample_rate=RATE_HZ)
        )
        check(answer.success and len(answer.composited_frames) == 24, f"a batch from frame {start} is answered")
        check(answer.composited_frames[0][:2] == b"\xff\xd8", "with JPEGs")
    refused = infer(request(model_id="nobody", batch_size=1, raw_audio=b"\0\0\0\0"))
    check(not refused.success and "nobody" in refused.error, "an unknown avatar is refused with a text")


def main():
    address, avatar = sys.argv[1:]
    with grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", 64 << 20)]) as channel:
        message = learn(channel, ["lipstream.v1.Compositing", "compositing.CompositingService"])
        stream(channel, message, avatar)
        batches(channel, message, avatar)


main()
