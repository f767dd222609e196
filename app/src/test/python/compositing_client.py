"""A client of lipstream compositing, of code that protoc made of the published files.

    compositing_client.py HOST:PORT AVATAR

It asks for every kind of picture, cuts a stream off, sends batches, and manages models. Every check that passes is a line
"ok: ...".
"""

import math
import struct
import sys
import threading

import grpc
from compositing.compositing_service_pb2 import CompositeBatchRequest
from compositing.compositing_service_pb2_grpc import CompositingServiceStub
from inference import inference_service_pb2 as models
from lipstream.v1 import compositing_pb2 as messages
from lipstream.v1.compositing_pb2_grpc import CompositingStub

RATE_HZ = 16_000
SAMPLES_PER_FRAME = RATE_HZ // 25
FRAMES_AHEAD = 12


def check(holds, what):
    if not holds:
        sys.exit(f"failed: {what}")
    print(f"ok: {what}")


def tone(seconds):
    samples = (0.4 * math.sin(2 * math.pi * (180 + i // 400 % 80) * i / RATE_HZ) for i in range(int(seconds * RATE_HZ)))
    return [round(32767 * sample) for sample in samples]


def talk(sound, **opening):
    yield messages.CompositeRequest(open=messages.OpenComposite(session="python", **opening))
    for at in range(0, len(sound), 3200):
        yield messages.CompositeRequest(sound=sound[at : at + 3200])


def looks_right(picture, output, opened):
    size = opened.width_px * opened.height_px
    return {
        messages.JPEG: picture[:2] == b"\xff\xd8" and picture[-2:] == b"\xff\xd9",
        messages.PNG: picture[:8] == b"\x89PNG\r\n\x1a\n",
        messages.I420: len(picture) == size * 3 // 2,
        messages.H264: picture[:3] == b"\0\0\1" or picture[:4] == b"\0\0\0\1",
    }[output]


def stream(compositing, avatar):
    samples = tone(2)
    sound = struct.pack(f"<{len(samples)}h", *samples)
    for name, output in messages.Output.items():
        opened, frames, ended = None, [], None
        for answer in compositing.Composite(talk(sound, avatar=avatar, output=output)):
            kind = answer.WhichOneof("message")
            if kind == "opened":
                opened = answer.opened
            elif kind == "frame":
                frames.append(answer.frame)
            elif kind == "utterance_ended":
                ended = answer.utterance_ended.frames
        check(opened is not None and opened.frames_per_second == 25, f"{name}: a stream is opened")
        check(len(frames) == 50 and ended == 50, f"{name}: two seconds are fifty frames")
        check([frame.index for frame in frames] == list(range(50)), f"{name}: none is lost or twice")
        check(all(looks_right(frame.picture, output, opened) for frame in frames), f"{name}: pictures are what they should be")
        check(b"".join(frame.sound for frame in frames) == sound, f"{name}: the sound under them is what was sent")
        drawn = [frame for frame in frames if frame.mouth == messages.CompositeFrame.DRAWN]
        check(drawn and all(frame.inference_wait_us and frame.paste_us for frame in drawn), f"{name}: times of drawn frames are told")


def ahead(compositing, avatar):
    samples = tone(1)
    sound = struct.pack(f"<{len(samples)}h", *samples)
    enough = threading.Event()

    def keep_open():
        yield from talk(sound, avatar=avatar, look_ahead_ms=120)
        enough.wait()

    call = compositing.Composite(keep_open())
    check(next(call).opened.look_ahead_ms == 120, "a stream says how far it hears ahead")
    numbers = [next(call).frame.index for _ in range(21)]
    enough.set()
    check(numbers[-1] == 20 and sum(1 for _ in call) == 5, "with 120 ms of it, 21 of 25 frames come before the sound is complete")


def cut_off(compositing, avatar):
    over = threading.Event()

    def keep_open():
        yield from talk(b"", avatar=avatar, pace=messages.REAL_TIME, idle_frames=True)
        over.wait()

    call = compositing.Composite(keep_open())
    numbers = [next(call).frame.index for _ in range(6)]
    call.cancel()
    over.set()
    check(numbers[1:] == [0, 1, 2, 3, 4], "an avatar at rest is shown until the call is cancelled")


def batches(service, avatar):
    samples = [sample / 32768 for sample in tone(3)]

    def batch(start, count, first, last, session):
        sound = samples[first * SAMPLES_PER_FRAME : last * SAMPLES_PER_FRAME]
        return service.InferBatchComposite(
            CompositeBatchRequest(
                model_id=avatar,
                batch_size=count,
                start_frame_idx=start,
                raw_audio=struct.pack(f"<{len(sound)}f", *sound),
                sample_rate=RATE_HZ,
            ),
            metadata=[("lipstream-session", session)],
        )

    whole = batch(0, 48, 0, 48 + FRAMES_AHEAD, "whole")
    check(whole.success and len(whole.composited_frames) == 48, "a batch is answered")
    check(all(frame[:2] == b"\xff\xd8" for frame in whole.composited_frames), "with JPEGs")
    check(whole.total_time_ms >= whole.inference_time_ms + whole.composite_time_ms > 0, "and with what it took")
    ahead = 24 + FRAMES_AHEAD
    parts = [batch(0, 24, 0, ahead, "parts"), batch(24, 24, ahead, ahead + 24, "parts")]
    frames = [frame for part in parts for frame in part.composited_frames]
    check(len(frames) == 48, "so are two of half its length")
    far = [abs(len(one) - len(other)) > 200 for one, other in zip(frames, whole.composited_frames)]
    check(not any(far), "whose pictures are as those of the one")
    refused = service.InferBatchComposite(CompositeBatchRequest(model_id="nobody", batch_size=1, raw_audio=b"\0\0\0\0"))
    check(not refused.success and "nobody" in refused.error, "an unknown avatar is refused with a text")


def manage(service, avatar):
    check(service.Health(models.HealthRequest()).healthy, "the server is healthy")
    listed = [model.model_id for model in service.ListModels(models.ListModelsRequest()).models]
    check(avatar in listed, "the avatar is listed")
    check(service.LoadModel(models.LoadModelRequest(model_id=avatar)).success, "it is loaded")
    stats = service.GetModelStats(models.GetModelStatsRequest(model_id=avatar))
    check(avatar in str(stats), "its figures are told")
    check(service.UnloadModel(models.UnloadModelRequest(model_id=avatar)).success, "and it is freed")


def main():
    address, avatar = sys.argv[1:]
    with grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", 64 << 20)]) as channel:
        compositing, service = CompositingStub(channel), CompositingServiceStub(channel)
        stream(compositing, avatar)
        ahead(compositing, avatar)
        cut_off(compositing, avatar)
        batches(service, avatar)
        manage(service, avatar)


main()
