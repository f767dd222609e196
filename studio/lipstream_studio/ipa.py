"""International phonetic symbols, as espeak-ng writes them, in the names that ``mouth`` knows.

Mouths are coarse: a language's vowel is given to the English one that looks most like it, so that
one set of visemes serves every language.
"""

from __future__ import annotations

import unicodedata

from lipstream_studio import mouth

Segment = tuple[str, float]
SHORTEST_PAUSE_SECONDS = 0.04

_LOOKS_LIKE = {
    "iy": "i", "ih": "ɪ ɨ ɯ ᵻ", "eh": "e ɛ ɘ", "ae": "æ", "aa": "a ɑ", "ah": "ɐ ʌ", "ax": "ə ɤ ɞ",
    "er": "ɜ ɚ ɝ œ", "ao": "ɔ o ɒ", "uh": "ʊ ø ɵ", "uw": "u y ʉ ʏ",
    "p": "p", "b": "b", "m": "m", "f": "f ɸ", "v": "v ʋ β ⱱ", "w": "w ʍ ɥ",
    "th": "θ", "dh": "ð", "t": "t ʈ", "d": "d ɖ", "n": "n ɲ ɳ", "dx": "ɾ ɽ r", "l": "l ɭ ʎ ɫ ɬ ʟ",
    "s": "s", "z": "z", "sh": "ʃ ʂ ɕ", "zh": "ʒ ʐ ʑ", "r": "ɹ ɻ", "y": "j ʝ ç",
    "k": "k c q x χ", "g": "g ɡ ɟ ɣ ɢ ʁ ʀ ɰ", "ng": "ŋ ɴ", "hh": "h ɦ ħ ʔ ʕ",
}  # fmt: skip
_NAME_OF_SYMBOL = {
    symbol: name for name, symbols in _LOOKS_LIKE.items() for symbol in symbols.split()
}
_NAMES_OF_PAIR = {
    "aɪ": "ay", "aʊ": "aw", "eɪ": "ey", "oʊ": "ow", "əʊ": "ow", "ɔɪ": "oy", "tʃ": "ch", "dʒ": "jh",
}  # fmt: skip


def names(phoneme: str) -> list[str]:
    """The mouths of a phoneme in order, none for a stress mark or a pause."""
    letters = [
        letter
        for letter in unicodedata.normalize("NFD", phoneme)
        if letter in _NAME_OF_SYMBOL  # lengths, stresses, tones and diacritics leave the mouth alone
    ]
    if pair := _NAMES_OF_PAIR.get("".join(letters)):
        return [pair]
    return [_NAME_OF_SYMBOL[letter] for letter in letters]


def segments(phonemes: list[tuple[str, float]], pauses: frozenset[str]) -> list[Segment]:
    """(name, end seconds) from (phoneme, end seconds); what is neither mouth nor pause joins its
    predecessor, a phoneme of several mouths gives each the same time."""
    result, start = [("pau", 0.0)], 0.0
    for phoneme, end in phonemes:
        long_enough = end - start > SHORTEST_PAUSE_SECONDS
        shown = ["pau"] * long_enough if phoneme in pauses else names(phoneme)
        if not shown:
            result[-1] = (result[-1][0], end)
        for number, name in enumerate(shown, 1):
            result.append((name, start + (end - start) * number / len(shown)))
        start = end
    for name, _ in result:
        mouth.viseme_names(name)
    return result
