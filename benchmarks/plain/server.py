"""A talking avatar as one writes it in an afternoon: OpenCV, ONNX Runtime and aiortc, a thread for each session.

It is what benchmarks/capacity compares Lipstream with. It serves the calls that `lipstream load` makes, so both are
measured by the same viewers:

    python3 -m venv plain && plain/bin/pip install -r benchmarks/plain/requirements.txt
    plain/bin/python benchmarks/plain/server.py --avatar avatars/ada --port 8090
    ./lipstream load --url http://localhost:8090 --pid $(pgrep -f plain/server.py) --sessions 4

Nothing is made slower than it need be: pictures and their tensors are prepared once for all sessions, the networks are
opened once and called from all threads with one thread each (faster on a few cores than the default), features come
for a whole sentence at a time, mouths are drawn ahead into a queue, and encoding runs outside the event loop, as
aiortc does it. While nothing is said the pictures are shown as they are, unless --always has mouths drawn then too, as
scripts do that render a whole sound. Nothing is shared or repeated between sessions beyond that: each one is drawn and
encoded as a stream of its own, silent or not.
"""

import argparse
import asyncio
import fractions
import io
import json
import logging
import queue
import threading
import time
import uuid
from pathlib import Path

import av
import cv2
import numpy as np
import onnxruntime
from aiohttp import web
from aiortc import AudioStreamTrack, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack

FPS = 25
SIDE, BORDER, CROP = 320, 4, 328
MASK = (5, 5, 315, 310)  # x1, y1, x2, y2 of what the generator does not get to see
RATE, HOP, FFT, BANDS, ROWS = 16000, 200, 800, 80, 16
AHEAD = 10  # frames that are drawn before they are due


def mel_bank():
    """80 triangles between 55 and 7600 Hz on Slaney's scale."""

    def to_mel(hz):
        return hz * 3 / 200 if hz < 1000 else 15 + np.log(hz / 1000) / (np.log(6.4) / 27)

    def to_hz(mel):
        return mel * 200 / 3 if mel < 15 else 1000 * np.exp((mel - 15) * np.log(6.4) / 27)

    edges = np.array([to_hz(m) for m in np.linspace(to_mel(55), to_mel(7600), BANDS + 2)])
    bins = np.arange(FFT // 2 + 1) * RATE / FFT
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))[:, None]


BANK = mel_bank().astype(np.float32)
WINDOW = np.hanning(FFT + 1)[:-1].astype(np.float32)


def mel(sound):
    """Rows of 80 normalised levels, 80 a second."""
    shaped = np.append(sound[:1], sound[1:] - 0.97 * sound[:-1])
    framed = np.lib.stride_tricks.sliding_window_view(np.pad(shaped, FFT // 2), FFT)[::HOP]
    spectrum = np.abs(np.fft.rfft(framed * WINDOW, axis=1)).astype(np.float32)
    level = 20 * np.log10(np.maximum(1e-5, spectrum @ BANK.T)) - 20
    return np.clip(8 * (level + 100) / 100 - 4, -4, 4)


class Avatar:
    """What all sessions share: pictures, their tensors and the networks."""

    def __init__(self, folder):
        eight = "generator.int8.onnx"  # what Lipstream runs on processors too
        generator = eight if (folder / "models" / eight).exists() else "generator.onnx"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        opened = [onnxruntime.InferenceSession(str(folder / "models" / name), options, providers=["CPUExecutionProvider"])
                  for name in ("audio_encoder.onnx", generator)]
        self.encoder, self.generator = opened
        self.silence = self.features(np.zeros(RATE, np.float32))[FPS // 2]
        self.pictures = [cv2.imread(str(file)) for file in sorted((folder / "frames").glob("*.jpg"))]
        self.rectangles = json.loads((folder / "rectangles.json").read_text())
        self.crops, self.tensors = [], []
        for picture, (x1, y1, x2, y2) in zip(self.pictures, self.rectangles):
            crop = cv2.resize(picture[y1:y2, x1:x2], (CROP, CROP), interpolation=cv2.INTER_CUBIC)
            face = crop[BORDER:-BORDER, BORDER:-BORDER]
            masked = face.copy()
            masked[MASK[1]:MASK[3], MASK[0]:MASK[2]] = 0
            planes = np.concatenate([face.transpose(2, 0, 1), masked.transpose(2, 0, 1)])
            self.crops.append(crop)
            self.tensors.append(planes[None].astype(np.float32) / 255)

    def index(self, number):
        """Forth and back, from the second picture on."""
        last = len(self.pictures) - 1
        t = (number + 1) % (2 * last)
        return t if t <= last else 2 * last - t

    def features(self, sound):
        """For each frame of a sentence the 32x16x16 numbers that the generator hears."""
        rows = mel(sound if len(sound) >= 3000 else np.pad(sound, (0, 3000 - len(sound))))
        count = int((len(rows) - ROWS) / 80.0 * FPS) + 2
        starts = [min(int(80 * (frame / FPS)), len(rows) - ROWS) for frame in range(count)]
        windows = np.stack([rows[start:start + ROWS].T for start in starts])[:, None].astype(np.float32)
        name = self.encoder.get_inputs()[0].name
        found = self.encoder.run(None, {name: windows})[0]
        padded = np.concatenate([found[:1], found, found[-1:]])
        padded = np.pad(padded, ((8, 7), (0, 0)))
        return [padded[i:i + 16].reshape(1, 32, 16, 16) for i in range(count + 2)]

    def draw(self, index, feature):
        """The avatar's picture with the mouth that belongs to a sound."""
        mouth = self.generator.run(None, {"input": self.tensors[index], "audio": feature})[0][0]
        crop = self.crops[index].copy()
        crop[BORDER:-BORDER, BORDER:-BORDER] = (mouth.transpose(1, 2, 0) * 255).astype(np.uint8)
        x1, y1, x2, y2 = self.rectangles[index]
        picture = self.pictures[index].copy()
        picture[y1:y2, x1:x2] = cv2.resize(crop, (x2 - x1, y2 - y1), interpolation=cv2.INTER_CUBIC)
        return picture


class Session:
    """Draws what is said on a thread of its own, ahead of the tracks that play it."""

    def __init__(self, avatar, always):
        self.avatar, self.always = avatar, always
        self.said = queue.Queue()
        self.drawn = queue.Queue(AHEAD)
        self.speaking = False
        self.ended = False
        self.number = 0  # of the next picture to be shown
        self.held = None
        self.late = self.shown = self.missing = 0
        self.connections = []
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        while not self.ended:
            if self.always and self.said.empty():
                picture = self.avatar.draw(self.avatar.index(self.number + self.drawn.qsize()), self.avatar.silence)
                self.drawn.put((picture, np.zeros(RATE // FPS, np.float32)))
                continue
            sound = self.said.get()
            if sound is None:
                return
            features = self.avatar.features(sound)
            first = self.number + AHEAD // 2
            chunk = RATE // FPS
            for i, feature in enumerate(features):
                picture = self.avatar.draw(self.avatar.index(first + i), feature)
                self.drawn.put((picture, np.pad(sound[i * chunk:(i + 1) * chunk], (0, max(0, chunk - len(sound[i * chunk:]))))))
                if self.ended:
                    return
            if not self.always:
                self.drawn.put(None)


class Video(VideoStreamTrack):
    """Pictures at 25 a second: drawn ones while the avatar speaks, else those of its loop."""

    def __init__(self, session, sound):
        super().__init__()
        self.session, self.sound, self.start = session, sound, None

    async def recv(self):
        session = self.session
        if self.start is None:
            self.start = time.monotonic() - session.number / FPS
        await asyncio.sleep(max(0, self.start + session.number / FPS - time.monotonic()))
        picture = session.avatar.pictures[session.avatar.index(session.number)]
        try:
            item = session.drawn.get_nowait()
            session.speaking = item is not None
            if item is not None:
                picture, samples = item
                session.held = picture
                session.shown += 1
                self.sound.append(samples)
        except queue.Empty:
            if session.speaking:  # the mouth is not there yet: hold the pose
                session.late += 1
                session.missing += 1
                picture = session.held
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts, frame.time_base = session.number * 90000 // FPS, fractions.Fraction(1, 90000)
        session.number += 1
        return frame


class Sound(AudioStreamTrack):
    """Packets of 20 ms: what the pictures' thread left here, else silence."""

    def __init__(self):
        super().__init__()
        self.waiting = np.zeros(0, np.float32)
        self.start, self.number = None, 0

    def append(self, samples):
        self.waiting = np.concatenate([self.waiting, samples])

    async def recv(self):
        size = RATE // 50
        if self.start is None:
            self.start = time.monotonic()
        await asyncio.sleep(max(0, self.start + self.number / 50 - time.monotonic()))
        chunk = np.zeros(size, np.int16)
        if len(self.waiting) >= size:
            chunk = (self.waiting[:size] * 32767).astype(np.int16)
            self.waiting = self.waiting[size:]
        frame = av.AudioFrame.from_ndarray(chunk[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self.number * size, fractions.Fraction(1, RATE)
        self.number += 1
        return frame


class Server:
    """The calls of Lipstream's interface that a load makes."""

    def __init__(self, avatar, always):
        self.avatar, self.always, self.sessions = avatar, always, {}

    async def avatars(self, request):
        return web.json_response([])

    async def create(self, request):
        name = uuid.uuid4().hex
        self.sessions[name] = Session(self.avatar, self.always)
        return web.json_response({"id": name}, status=201)

    async def watch(self, request):
        session = self.sessions[request.match_info["id"]]
        connection = RTCPeerConnection()
        session.connections.append(connection)
        sound = Sound()
        offer = (await request.text()).replace("a=setup:actpass", "a=setup:active")  # the viewer begins DTLS
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        connection.addTrack(sound)
        connection.addTrack(Video(session, sound))
        await connection.setLocalDescription(await connection.createAnswer())
        return web.Response(text=connection.localDescription.sdp, status=201, content_type="application/sdp")

    async def speak(self, request):
        sound = await asyncio.get_running_loop().run_in_executor(None, decoded, io.BytesIO(await request.read()))
        self.sessions[request.match_info["id"]].said.put(sound)
        return web.Response(status=204)

    async def get(self, request):
        session = self.sessions[request.match_info["id"]]
        return web.json_response({"statistics": {
            "mouthsDrawn": session.shown, "mouthsLate": session.late, "soundsMissing": session.missing}})

    async def delete(self, request):
        session = self.sessions.pop(request.match_info["id"])
        session.ended = True
        session.said.put(None)
        for connection in session.connections:
            await connection.close()
        return web.Response(status=204)


def decoded(file):
    """The sound of a file, 16 kHz mono."""
    resampler = av.AudioResampler("flt", "mono", RATE)
    with av.open(file) as opened:
        return np.concatenate([
            part.to_ndarray()[0] for frame in opened.decode(audio=0) for part in resampler.resample(frame)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--avatar", type=Path, default=Path("avatars/ada"))
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--always", action="store_true", help="draw mouths while nothing is said, too")
    parser.add_argument("--debug", action="store_true", help="show what aiortc does")
    options = parser.parse_args()
    if options.debug:
        logging.basicConfig(level=logging.DEBUG)
    cv2.setNumThreads(1)
    server = Server(Avatar(options.avatar), options.always)
    app = web.Application()
    app.add_routes([
        web.get("/v1/avatars", server.avatars),
        web.post("/v1/sessions", server.create),
        web.get("/v1/sessions/{id}", server.get),
        web.delete("/v1/sessions/{id}", server.delete),
        web.post("/v1/sessions/{id}/speak", server.speak),
        web.post("/v1/sessions/{id}/whep", server.watch),
    ])
    web.run_app(app, host="127.0.0.1", port=options.port, print=lambda text: print("ready" if "Running" in text else text, flush=True))


main()
