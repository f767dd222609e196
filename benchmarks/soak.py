"""Draws the numbers of benchmarks/soak as an SVG and says how far they grew: soak.py FILE.csv FILE.svg"""

import csv
import sys

WIDTH, HEIGHT, LEFT, PANEL, GAP = 760, 560, 74, 96, 34


def panel(rows, key, title, top):
    times = [float(row["seconds"]) / 60 for row in rows]
    values = [float(row[key]) for row in rows]
    most = max(values) * 1.1 or 1
    last = max(times) or 1
    points = " ".join(
        f"{LEFT + (WIDTH - LEFT - 16) * t / last:.1f},{top + PANEL - PANEL * v / most:.1f}" for t, v in zip(times, values))
    base = top + PANEL
    return (f'<text x="{LEFT}" y="{top - 8}" class="t">{title}</text>'
            f'<rect x="{LEFT}" y="{top}" width="{WIDTH - LEFT - 16}" height="{PANEL}" class="f"/>'
            f'<text x="{LEFT - 8}" y="{top + 10}" class="n">{most:.0f}</text><text x="{LEFT - 8}" y="{base}" class="n">0</text>'
            f'<polyline points="{points}"/>')


def growth(rows, key):
    """The mean of the last fifth against that of the second fifth: the first one warms up."""
    values = [float(row[key]) for row in rows]
    fifth = max(1, len(values) // 5)
    early, late = values[fifth:2 * fifth] or values, values[-fifth:]
    return sum(early) / len(early), sum(late) / len(late)


def main(source, target):
    with open(source, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    panels = [("heap_mb", "Java heap in use, MB"), ("rss_mb", "resident memory, MB"), ("threads", "threads"),
              ("file_descriptors", "file descriptors")]
    body = "".join(panel(rows, key, title, 30 + i * (PANEL + GAP)) for i, (key, title) in enumerate(panels))
    minutes = float(rows[-1]["seconds"]) / 60
    with open(target, "w", encoding="utf-8") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">'
                   '<style>.t{font-size:14px;fill:#222}.n{font-size:11px;fill:#666;text-anchor:end}'
                   '.f{fill:#f6f7f9;stroke:#d5d9e0}polyline{fill:none;stroke:#1d5fa8;stroke-width:1.6}</style>'
                   f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>{body}'
                   f'<text x="{WIDTH - 16}" y="{HEIGHT - 8}" class="n">{minutes:.1f} minutes</text></svg>\n')
    for key, title in panels:
        early, late = growth(rows, key)
        print(f"{title:24} second fifth {early:8.1f}   last fifth {late:8.1f}   {100 * (late / early - 1):+.1f} %")


main(*sys.argv[1:])
