"""English sentences with natural rhythm for the synthetic voices, from templates and word lists.

    python -m lipstream_studio.sentences --count 420 > sentences.txt
"""

from __future__ import annotations

import argparse
import random
import re

_SLOTS = {
    "noun": """apple baby beach bell bird boat book bottle box bread bridge brother bubble camera candle
        captain car cat chair cheese child church city cloud club coffee cup daughter dinner doctor
        dog dollar door dream dress egg evening farm father finger fire fish floor flower forest
        friend game garden girl glass group hammer hat heart hill horse house idea island job
        journey judge juice key kitchen lake lamp language leaf letter library light list machine
        map market measure meeting message milk mirror money month moon morning mother mountain
        mouse museum music name night number office orange page paper parcel park party pebble
        people pepper phone piano picture pillow place plan plate pocket problem puzzle question
        rabbit rain report river road room rope ruby school screen shadow shape sheep shelf ship
        shirt shop shoulder silver sister sofa song soup spoon spring star station stone storm
        story street summer sun table teacher team thing thumb ticket tiger tool tooth tower town
        toy train treasure tree truth umbrella valley village vision voice wall watch water week
        whale wheel window winter woman wood world yard year zebra zoo""".split(),
    "adjective": """able amber awful beautiful big blue bold bright broad brown calm careful cheap
        clever cold common cool deep early easy empty famous fast final foggy fresh friendly funny
        gentle good grand great green happy heavy huge important jolly kind large late lazy light
        little lovely loud lucky main modern narrow new nice noisy odd old open perfect pink plain
        poor popular possible proud purple quick quiet ready red rich rough round royal sad safe
        sharp shiny short silent silver simple slow small smooth soft special strange strong sudden
        sweet tall thick thin tiny warm weak wide wild wise wonderful wrong yellow young""".split(),
    "verb": """add ask be begin believe borrow break bring build buy call carry catch change check choose
        clean climb close compare cook copy cover cut describe draw drive eat enjoy explain fetch
        fill find finish fix follow forget get give grab have hear help hide hold imagine improve
        join jump keep know learn leave lift like listen look love make measure meet miss move
        need offer open paint pass pay pick place plan play prepare pull push put reach read
        remember repair save say see sell send share show sing sit solve speak spell start stop
        study take teach tell think throw touch try use visit wait walk want wash watch wear win
        wipe work wrap write""".split(),
    "name": """Ada Amy Bob Beth Charles Chloe David Emma Fiona George Hannah Hugo Ivy Jack Jim Joy
        Karen Luke Maria Mark Maya Nina Oliver Pam Paul Peter Robin Sam Sophie Theo Tom Uma Victor
        Wendy Yolanda Zoe""".split(),
    "place": """Africa Berlin Boston Brazil Bombay Cairo Chicago China Dublin Europe Finland Geneva
        Japan Kenya London Madrid Mexico Moscow Norway Oxford Paris Poland Rome Spain Tokyo Turin
        Vienna Wales""".split(),
    "when": """today tomorrow tonight now soon later again next-week last-summer on-Monday on-Tuesday
        on-Wednesday on-Thursday on-Friday at-noon at-five every-morning in-May in-July in-September
        before-breakfast after-lunch""".split(),
    "number": """two three four five six seven eight nine ten eleven twelve thirteen twenty thirty forty
        fifty sixty ninety a-hundred a-thousand""".split(),
}  # fmt: skip

_TEMPLATES = """Hello {name}, how can I help you {when}?
Good morning, my name is {name}, and this is {name}.
The {adjective} {noun} is in the {adjective} {noun}.
Would you like to {verb} the {noun} {when}?
I think we should {verb} it, but {name} wants to {verb} the {noun}.
Please {verb} the {number} {noun}s, and then {verb} them again.
{name} and {name} will travel to {place} {when}.
What a {adjective} {noun}! I have never seen {number} of them before.
Well, maybe you could {verb} a {adjective} {noun} for me.
Press the {adjective} button and {verb} your {noun}.
We are open {when}, from {number} until {number} o'clock.
Thank you for calling. Your {noun} will be ready {when}.
If you {verb} the {noun}, the {noun} becomes {adjective} and {adjective}.
There were {number} {adjective} {noun}s under the {noun}.
My mother bought {number} {noun}s from a {adjective} shop in {place}.
Why did they {verb} both {noun}s, and who gave them the {noun}?
No problem at all, I can {verb} that for you {when}.
Sure! First {verb} the {noun}, then {verb} and {verb} the {noun}.
A {adjective} {noun} jumps over the {adjective} {noun}.
Oh, I see. You mean the {adjective} {noun} of {name}.
Peter Piper put a {noun} by the {adjective} {noun}.
She sells {adjective} {noun}s by the sea shore {when}.
Five fine {noun}s have very {adjective} {noun}s.
Let me check. The {noun} in {place} costs about {number} pounds.
You and I both know that the {noun} was a {adjective} measure.
Our {noun} moves through the {adjective} {noun} without any {noun}.
Yes. No. Maybe. Of course, {name}.
Bob, Pam and {name} may visit the {adjective} museum {when}.
The boy's toy made a {adjective} noise near the {noun}.
How about {number} or {number} {noun}s, would that be {adjective}?
{noun}, {noun}, {adjective} {noun}, {number}, {verb} {when}.
{adjective} {verb} {noun} {name} {number} {place}.""".splitlines()


def sentence(random_source: random.Random) -> str:
    text = random_source.choice(_TEMPLATES)
    for slot, words in _SLOTS.items():
        while "{" + slot + "}" in text:
            word = random_source.choice(words).replace("-", " ")
            text = text.replace("{" + slot + "}", word, 1)
    text = re.sub(r"(s|x|sh|ch)s\b", r"\1es", text)
    return text[0].upper() + text[1:]


def main() -> None:
    """Prints single sentences, one a line: MaryTTS wants one a call."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=420)
    parser.add_argument("--seed", type=int, default=77)
    args = parser.parse_args()
    source, printed = random.Random(args.seed), 0
    while printed < args.count:
        for part in re.split(r"(?<=[.!?])\s+", sentence(source)):
            if len(part) > 8 and printed < args.count:
                print(part)
                printed += 1


if __name__ == "__main__":
    main()
