"""Speaks sentences with a Festival voice and writes NAME.wav and NAME.json for ``corpus --extra``.

    python -m lipstream_studio.festival_recordings --voice ked_diphone --count 200 --out work/ked

Festival runs as a separate program and prints where its phonemes end.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
from pathlib import Path

from lipstream_studio import features, mouth
from lipstream_studio.sentences import sentence

_SPEAK = """
(set! utt (SynthText "{text}"))
(utt.wave.resample utt 16000)
(utt.save.wave utt "{wav}" 'riff)
(utt.save.segs utt "{segments}")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--voice", required=True, help="as in (voice_NAME)")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=11)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    source = random.Random(args.seed)
    texts = [sentence(source).replace('"', "") for _ in range(args.count)]
    script = [f"(voice_{args.voice})"]
    for number, text in enumerate(texts):
        wav = args.out / f"{number:05d}.wav"
        script.append(_SPEAK.format(text=text, wav=wav, segments=wav.with_suffix(".segs")))
    path = args.out / "speak.scm"
    path.write_text("\n".join(script))
    subprocess.run(["festival", "-b", str(path)], check=True)
    for number, text in enumerate(texts):
        describe(args.out / f"{number:05d}.wav", text)


def describe(wav: Path, text: str) -> None:
    """Turns Festival's segment file (end, colour, phoneme after a "#" line) into the description."""
    _, listed = wav.with_suffix(".segs").read_text().split("#\n", 1)
    rows = [line.split() for line in listed.splitlines() if line.strip()]
    segments = [[row[2] if row[2] != "h#" else "pau", float(row[0])] for row in rows]
    for phoneme, _ in segments:
        mouth.viseme_names(phoneme)
    features.read_wav(wav)
    wav.with_suffix(".json").write_text(json.dumps({"text": text, "segments": segments}))


if __name__ == "__main__":
    main()
