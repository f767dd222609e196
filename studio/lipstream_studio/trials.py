"""The sounds that an avatar is evaluated on, with what its mouth should do meanwhile.

None of these texts is a template of ``sentences``, none of the sounds has a seed that was trained on.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lipstream_studio import alignment, corpus, features, languages, mouth, soundscapes
from lipstream_studio.espeak_recordings import Espeak

TEXTS = (
    "Above all, remember to back up both computers before moving them upstairs.",
    "We believe the new museum will open to visitors at the beginning of July.",
    "Who knew that cooking good food for twenty people could be such a smooth process?",
    "Please leave these three green leaves between the sheets of the evening paper.",
    "Every Wednesday we would wander through the quiet woods and wave to the swans.",
    "My father bought a large jar of dark marmalade at the farmers' market.",
    "Five brave divers found a very valuable vase far below the surface.",
    "Popular apps help people compare prices, but many of them sell personal data.",
)
FLITE_VOICES = corpus.TRAINING_VOICES
# Those whose words are known so well that the alignment fits.
PROMPTS = {
    "cannot-complete-as-dialed": "Your call cannot be completed as dialed.",
    "conf-invalid": "That is not a valid conference number. Please try again.",
    "conf-onlyperson": "You are currently the only person in this conference.",
    "conf-waitforleader": "The conference will begin when the leader arrives.",
    "demo-thanks": "Goodbye. Thank you for trying out the Asterisk open source P B X.",
    "pbx-invalid": "I'm sorry, that's not a valid extension. Please try again.",
    "ss-noservice": "The number you have dialed is not in service. Please check the number and try again.",
    "transfer": "Please hold while I try that extension.",
    "tt-weasels": "Weasels have eaten our phone system.",
    "vm-nobodyavail": "Nobody is available to take your call at the moment.",
    "vm-pls-try-again": "Please try again.",
    "vm-rec-name": "After the tone say your name and then press the pound key.",
}
PROMPTS_PACKAGE = "asterisk-core-sounds-en-g722"
GAP_SECONDS = 0.7
SAMPLES_A_FRAME = features.SAMPLE_RATE_HZ // features.FRAMES_PER_SECOND
QUIET_SECONDS = 2.4
QUIET_SEED = 20_001
# Peaks of the sounds that are not speech; clicks are as loud as a voice, hum is not.
QUIET_PEAK = 0.25


@dataclass(frozen=True)
class Trial:
    """One utterance with its phonemes, or a sound without speech."""

    name: str
    samples: np.ndarray
    segments: list[tuple[str, float]]

    @property
    def seconds(self) -> float:
        return len(self.samples) / features.SAMPLE_RATE_HZ


@dataclass(frozen=True)
class Track:
    """Trials behind each other in one sound, each beginning with a video frame."""

    trials: list[Trial]
    first_frames: list[int]
    samples: np.ndarray


def track(trials: list[Trial]) -> Track:
    parts, firsts, position = [], [], 0
    gap = int(GAP_SECONDS * features.SAMPLE_RATE_HZ)
    for trial in trials:
        position += gap
        position += -position % SAMPLES_A_FRAME
        firsts.append(position // SAMPLES_A_FRAME)
        parts.append((position, trial.samples))
        position += len(trial.samples)
    end = position + gap
    samples = np.zeros(end + -end % SAMPLES_A_FRAME, np.float32)
    for start, sound in parts:
        samples[start : start + len(sound)] = sound
    return Track(trials, firsts, samples)


def truth(trial: Trial, frame_count: int) -> np.ndarray:
    """Mouths that the phonemes ask for, a frame each: [frame_count, 10]."""
    ended = [*trial.segments, ("pau", frame_count / features.FRAMES_PER_SECOND + 1)]
    return mouth.frames(ended, frame_count / features.FRAMES_PER_SECOND + 0.02)[:frame_count]


def training_voices() -> list[Trial]:
    """(a) Other texts by voices that were trained on."""
    made = [
        _utterance(corpus.speak(text, FLITE_VOICES[n % 3], None)) for n, text in enumerate(TEXTS[:6])
    ]
    speaker = Espeak()
    for text in TEXTS[6:]:
        samples, segments = speaker.speak(text, "en-us+m3")
        made.append(Trial("en-us+m3", samples, segments))
    return made


def unseen_voice() -> list[Trial]:
    """(b) A voice that was not trained on."""
    return [_utterance(corpus.speak(text, corpus.HELD_OUT_VOICE, None)) for text in TEXTS]


def people(folder: Path) -> list[Trial]:
    """(c) Recordings of a person, from Debian; downloaded to ``folder``, which nobody publishes."""
    sounds = folder / "usr/share/asterisk/sounds/en_US_f_Allison"
    if not sounds.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", PROMPTS_PACKAGE], cwd=folder, check=True, capture_output=True)
        package = next(folder.glob(f"{PROMPTS_PACKAGE}_*.deb"))
        subprocess.run(["dpkg", "-x", str(package), str(folder)], check=True)
    made = []
    for name, text in PROMPTS.items():
        samples = _g722(sounds / f"{name}.g722")
        made.append(Trial(name, samples, alignment.aligned(samples, text)[0]))
    return made


def mary(folder: Path, java: str, libraries: Path) -> list[Trial]:
    """(d) The voice that is built into Lipstream, saying what it was not trained on."""
    folder.mkdir(parents=True, exist_ok=True)
    sentences = folder / "sentences.txt"
    sentences.write_text("\n".join(TEXTS) + "\n")
    program = Path(__file__).resolve().parents[1] / "mary" / "MaryRecordings.java"
    # Ours come first, as when Lipstream runs: it replaces a class of MaryTTS.
    jars = ":".join(str(path) for path in sorted(libraries.glob("*.jar")))
    command = [java, "-cp", jars, str(program), str(sentences), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    made = []
    for path in sorted(folder.glob("*.json")):
        segments = [(name, end) for name, end in json.loads(path.read_text())["segments"]]
        made.append(Trial("cmu-slt-hsmm", features.read_wav(path.with_suffix(".wav")), segments))
    return made


def other_languages() -> list[Trial]:
    speaker = Espeak()
    return [Trial(name, *speaker.speak(text, name, 140)) for name, text in languages.SHOWN.items()]


def quiet() -> list[Trial]:
    """One of every kind of sound that is not speech."""
    random = np.random.default_rng(QUIET_SEED)
    count = int(QUIET_SECONDS * features.SAMPLE_RATE_HZ)
    return [
        Trial(kind, soundscapes.make(kind, count, random, QUIET_PEAK).astype(np.float32), [])
        for kind in soundscapes.KINDS
    ]


def _utterance(spoken: corpus.Utterance) -> Trial:
    return Trial(spoken.voice, spoken.samples, spoken.segments)


def _g722(path: Path) -> np.ndarray:
    command = ["ffmpeg", "-loglevel", "error", "-f", "g722", "-i", str(path), "-f", "s16le", "-ac", "1"]
    done = subprocess.run([*command, "-ar", "16000", "-"], capture_output=True, check=True, env=os.environ)
    return (np.frombuffer(done.stdout, "<i2") / 32768).astype(np.float32)
