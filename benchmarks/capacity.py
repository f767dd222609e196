"""Writes what benchmarks/capacity found into the tables of a page: capacity.py FOLDER AVATAR PAGE.md"""

import datetime
import json
import os
import re
import shutil
import sys
from pathlib import Path

SHORT = 15  # seconds of a measurement below which the worst percent is a matter of luck
OTHERS = 0.15  # cores that neither server nor tool used: from here on the machine was not theirs alone


class Found:
    """What a search found: the most that was held, and the least that was not."""

    def __init__(self, file):
        report = json.loads(file.read_text())
        results = sorted(report["results"], key=lambda each: each["sessions"])
        self.most = report["mostSessions"]
        self.results = results
        self.held = next((each for each in reversed(results) if each["kept"] and each["sessions"] == self.most), None)
        self.broken = next((each for each in results if not each["kept"] and each["sessions"] > self.most), None)
        self.chart = file.parent.parent / f"{file.stem}.svg"
        self.when = datetime.datetime.fromtimestamp(file.stat().st_mtime, datetime.timezone.utc)

    def others(self):
        """Cores that something else used, in the mean of all measurements."""
        cores = os.cpu_count()
        each = [r["machineBusy"] * cores - r["serverCores"] - r["toolCores"] for r in self.results]
        return sum(each) / len(each)


def number(value, digits=0):
    return "-" if value is None else f"{value:.{digits}f}"


def late(result):
    mouths = result["mouthsDrawn"] + result["mouthsLate"]
    return 100 * result["mouthsLate"] / mouths if mouths else 0


COLUMNS = [
    ("speaking at once, mean", lambda r: number(r["speakers"], 1)),
    ("frames a second, p1 / p50", lambda r: f'{number(r["framesPerSecond"]["p1"])} / {number(r["framesPerSecond"]["p50"])}'),
    ("mouths late, %", lambda r: number(late(r), 2)),
    ("first picture p95, ms", lambda r: number(r["firstPictureMillis"]["p95"])),
    ("frame latency p50 / p95 / p99, ms", lambda r: " / ".join(number(r["latencyMillis"][p]) for p in ("p50", "p95", "p99"))),
    ("skew p99, ms", lambda r: number(r["skewMillis"]["p99"])),
    ("underruns", lambda r: number(r["underruns"])),
    ("server, % of a core (a session)", lambda r: f'{number(100 * r["serverCores"])} ({number(100 * r["serverCores"] / r["held"], 1)})'),
    ("load tool, % of a core", lambda r: number(100 * r["toolCores"])),
    ("server, MB (a session)", lambda r: f'{number(r["serverBytes"] / 2**20)} ({number(r["grownBytes"] / 2**20 / r["held"], 1)})'),
]


def table(rows):
    lines = ["| | sessions held | " + " | ".join(name for name, _ in COLUMNS) + " |", "|" + "---|" * (len(COLUMNS) + 2)]
    notes = []
    for title, found in rows:
        cells = [cell(found.held) if found.held else "" for _, cell in COLUMNS]
        lines.append(f"| {title} | **{found.most}** | " + " | ".join(cells) + " |")
        if found.broken:
            r = found.broken
            notes.append(
                f'* {title}: {r["sessions"]} sessions were too many: {number(r["framesPerSecond"]["p1"])} frames a second in the '
                f'worst percent, {number(late(r), 1)} % of mouths late, server {number(100 * r["serverCores"])} % and load tool '
                f'{number(100 * r["toolCores"])} % of a core, machine {number(100 * r["machineBusy"])} % busy.')
    return "\n".join(lines + [""] + notes)


def machine():
    names = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return f"{os.cpu_count()} cores of {names[0]}" if names else f"{os.cpu_count()} cores"


def told(rows):
    """When and where, and whether anything else ran."""
    when = max(found.when for _, found in rows)
    others = max(found.others() for _, found in rows)
    seconds = min(r["durationSeconds"] for _, found in rows for r in found.results)
    text = f"Measured on {when:%Y-%m-%d}, {number(seconds)} s for each number of sessions: {machine()}, server and load tool together."
    if seconds < SHORT:
        text += " **A short run, to be repeated.**"
    if others > OTHERS:
        text += f" **Other programs used {number(100 * others)} % of a core meanwhile: these are too low.**"
    return text


def main():
    folder, avatar, page = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])

    def read(*names):
        rows = [(title, folder / f"{name}.json") for title, name in names]
        return [(title, Found(file)) for title, file in rows if file.exists()]

    ours = read(*[(f"{duty} %, in turn", f"{avatar}-even-{duty}") for duty in (20, 30, 50)],
                ("20 %, at random", f"{avatar}-random-20"))
    beside = read(("Lipstream", f"{avatar}-even-20"), ("plain pipeline", f"always-{avatar}-even-20"),
                  ("the same, drawing nothing in silence", f"plain-{avatar}-even-20"))
    parts = {}
    if ours:
        for title, found in ours[:1]:
            if found.chart.exists():
                shutil.copy(found.chart, page.parent / "pictures" / "capacity.svg")
        parts["lipstream"] = told(ours) + "\n\n" + table(ours)
    if len(beside) > 1:
        ratios = [number(beside[0][1].most / max(1, found.most), 1) for _, found in beside[1:]]
        parts["plain"] = table(beside) + f"\n\nLipstream holds {' and '.join(ratios)} times as many."
    text = page.read_text()
    for name, part in parts.items():
        text = re.sub(rf"(<!-- {name} -->\n).*?(<!-- end -->)", lambda found: found[1] + part + "\n" + found[2], text, flags=re.S)
    page.write_text(text)


main()
