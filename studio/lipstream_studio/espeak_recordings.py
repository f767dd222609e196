"""Speaks sentences with espeak-ng and writes NAME.wav and NAME.json for ``corpus --extra``.

    python -m lipstream_studio.espeak_recordings --count 720 --out work/espeak

English by many of its variants (sizes of head, ways of voicing), and other languages from
``languages``. espeak-ng reports each phoneme and when it begins.
"""

from __future__ import annotations

import argparse
import ctypes
import ctypes.util
import json
import random
from pathlib import Path

import numpy as np

from lipstream_studio import features, ipa, languages
from lipstream_studio.resampling import to_serving_rate
from lipstream_studio.sentences import sentence

VARIANTS = (
    "m1 m2 m3 m4 m5 m6 m7 m8 f1 f2 f3 f4 f5 Alex Alicia Andrea Annie Denis Gene Hugo Lee Linda "
    "Mario Michael Mike Storm Tweaky adam anika aunty benjamin caleb david edward grandpa john "
    "klatt klatt4 michel norbert paul pedro quincy rob shelby steph travis victor"
).split()
ENGLISH = ("en-us", "en", "en-gb-x-rp", "en-us", "en-gb-scotland")

_SYNCHRONOUS = 2
_PHONEME_EVENTS, _PHONEMES_IN_IPA = 1, 2
_UTF8 = 1
_RATE, _PITCH, _RANGE = 1, 3, 4
_EVENT_END, _EVENT_PHONEME = 0, 7
_PAUSE = "_"
# espeak-ng reports a phoneme this much after it is heard.
_REPORT_DELAY_SECONDS = 0.018


class _Name(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Name),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Espeak:
    """The installed espeak-ng; one a process."""

    def __init__(self) -> None:
        name = ctypes.util.find_library("espeak-ng")
        if not name:
            raise RuntimeError("libespeak-ng not found; install espeak-ng")
        self._library = ctypes.CDLL(name)
        options = _PHONEME_EVENTS | _PHONEMES_IN_IPA
        self._rate_hz = self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, options)
        self._samples: list[np.ndarray] = []
        self._starts: list[tuple[str, float]] = []
        self._callback = _Callback(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(
        self, text: str, voice: str, words_a_minute: int = 160, pitch: int = 50, pitch_range: int = 50
    ) -> tuple[np.ndarray, list[ipa.Segment]]:
        """Samples at 16 kHz and the mouths' names with their ends."""
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice!r}; see espeak-ng --voices")
        for parameter, value in ((_RATE, words_a_minute), (_PITCH, pitch), (_RANGE, pitch_range)):
            self._library.espeak_SetParameter(parameter, value, 0)
        self._samples, self._starts = [], []
        data = text.encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, 1, 0, _UTF8, None, None)
        samples = np.concatenate(self._samples).astype(np.float32) / 32768
        duration = len(samples) / self._rate_hz
        ends = [start for _, start in self._starts[1:]] + [duration]
        phonemes = [("_", self._starts[0][1])] + [
            (name, max(end, start)) for (name, start), end in zip(self._starts, ends)
        ]
        segments = ipa.segments(phonemes, frozenset({_PAUSE}))
        return to_serving_rate(samples, self._rate_hz), segments

    def _receive(self, samples, count, events) -> int:
        if count > 0 and samples:
            self._samples.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while events[index].type != _EVENT_END:
            event = events[index]
            if event.type == _EVENT_PHONEME:
                name = event.id.string.decode("utf-8", "ignore").strip("ˈˌ")
                start = max(event.audio_position_ms / 1000 - _REPORT_DELAY_SECONDS, 0.0)
                self._starts.append((_PAUSE if name.startswith("_") or not name else name, start))
            index += 1
        return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=720, help="a half of them English")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=21)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    source, speaker = random.Random(args.seed), Espeak()
    for number in range(args.count):
        variant = VARIANTS[number // 2 % len(VARIANTS)]
        if number % 2:
            language, text = source.choice(ENGLISH), sentence(source)
        else:
            language = languages.TRAINING[number // 2 % len(languages.TRAINING)]
            text = languages.phrase(language, source)
        samples, segments = speaker.speak(
            text,
            f"{language}+{variant}",
            source.randint(120, 205),
            source.randint(25, 75),
            source.randint(25, 80),
        )
        path = args.out / f"{number:05d}.wav"
        features.write_wav(path, samples)
        described = {"text": text, "voice": f"{language}+{variant}", "segments": segments}
        path.with_suffix(".json").write_text(json.dumps(described))


if __name__ == "__main__":
    main()
