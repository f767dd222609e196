"""Writes what benchmarks/capacity found into the tables of a page: capacity.py FOLDER PAGE.md"""

import json
import re
import sys
from pathlib import Path


def best(name, folder):
    """The result with the most sessions held, the first that was too many, and the number held."""
    file = folder / f"{name}.json"
    if not file.exists():
        return None
    report = json.loads(file.read_text())
    results = sorted(report["results"], key=lambda each: each["sessions"])
    held = [each for each in results if each["kept"]]
    broken = [each for each in results if not each["kept"]]
    return (held[-1] if held else None), (broken[0] if broken else None), report["mostSessions"]


def number(value, digits=0):
    return "-" if value is None else f"{value:.{digits}f}"


def late(result):
    mouths = result["mouthsDrawn"] + result["mouthsLate"]
    return 100 * result["mouthsLate"] / mouths if mouths else 0


def row(title, result, most):
    if result is None:
        return f"| {title} | {most} | | | | | | | | | |"
    cells = [
        title,
        f"**{most}**",
        number(result["speakers"], 1),
        f'{number(result["framesPerSecond"]["p1"])} / {number(result["framesPerSecond"]["p50"])}',
        number(late(result), 1),
        number(result["answerMillis"]["p95"]),
        " / ".join(number(result["latencyMillis"][p]) for p in ("p50", "p95", "p99")),
        number(result["skewMillis"]["p99"]),
        number(100 * result["serverCores"]),
        number(100 * result["toolCores"]),
        number((result["serverBytes"] or 0) / 2**20),
    ]
    return "| " + " | ".join(cells) + " |"


def table(names, folder):
    head = ["", "sessions held", "speakers, mean", "fps p1 / p50", "mouths late, %", "answer p95, ms",
            "frame latency p50 / p95 / p99, ms", "skew p99, ms", "server, % of a core", "tool, % of a core", "server, MB"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    notes = []
    for title, name in names:
        found = best(name, folder)
        if found is None:
            continue
        held, broken, most = found
        lines.append(row(title, held, most))
        if broken:
            why = f'{number(broken["framesPerSecond"]["p1"])} frames a second in the worst percent, {number(late(broken), 1)} % of mouths late'
            notes.append(f'* {title}: {broken["sessions"]} sessions were too many: {why}, server {number(100 * broken["serverCores"])} % '
                         f'and tool {number(100 * broken["toolCores"])} % of a core, machine {number(100 * broken["machineBusy"])} % busy.')
    return "\n".join(lines + [""] + notes)


def main():
    folder, page = Path(sys.argv[1]), Path(sys.argv[2])
    tables = {
        "lipstream": [(f"{size}, {duty} %", f"{avatar}-{duty}")
                      for avatar, size in (("ada-square", "512x512"), ("ada", "1280x720")) for duty in (20, 30, 50)],
        "plain": [(f"{who} {size}, 20 %", f"{prefix}{avatar}-20")
                  for avatar, size in (("ada-square", "512x512"), ("ada", "1280x720"))
                  for who, prefix in (("Lipstream", ""), ("plain", "plain-"))],
    }
    text = page.read_text()
    for name, rows in tables.items():
        text = re.sub(rf"(<!-- {name} -->\n).*?(<!-- end -->)", lambda found: found[1] + table(rows, folder) + "\n" + found[2],
                      text, flags=re.S)
    page.write_text(text)


main()
