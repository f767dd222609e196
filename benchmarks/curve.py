"""Draws what EngineThroughput printed as curves over the batch, one for each number of sessions: curve.py < TABLE > FILE.svg"""

import sys

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 760, 360, 64, 40, 48
COLOURS = ["#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#08519c", "#8c510a", "#bf812d"]


def table(lines):
    """Frames for each second of the workers' processor time, by sessions and batch."""
    curves = {}
    for line in lines:
        cells = line.split()
        if len(cells) == 10 and cells[0].isdigit():
            curves.setdefault(int(cells[1]), {})[int(cells[0])] = float(cells[8])
    return curves


def main():
    curves = table(sys.stdin)
    batches = sorted({batch for curve in curves.values() for batch in curve})
    most = 1.15 * max(value for curve in curves.values() for value in curve.values())
    right, base = WIDTH - 130, HEIGHT - BOTTOM
    x = {batch: LEFT + (right - LEFT) * i / (len(batches) - 1) for i, batch in enumerate(batches)}

    def y(value):
        return base - (base - TOP) * value / most

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
           f'<text x="{LEFT}" y="22" font-size="14" fill="#222">Frames a second of processor time, by largest batch</text>']
    for level in range(0, int(most), 20):
        out.append(f'<line x1="{LEFT}" x2="{right}" y1="{y(level):.1f}" y2="{y(level):.1f}" stroke="#e3e6ea"/>'
                   f'<text x="{LEFT - 8}" y="{y(level) + 4:.1f}" text-anchor="end" fill="#666">{level}</text>')
    for batch in batches:
        out.append(f'<text x="{x[batch]:.1f}" y="{base + 20}" text-anchor="middle" fill="#666">{batch}</text>')
    for i, (sessions, curve) in enumerate(sorted(curves.items())):
        colour = COLOURS[i % len(COLOURS)]
        points = " ".join(f"{x[batch]:.1f},{y(value):.1f}" for batch, value in sorted(curve.items()))
        name = "1 session" if sessions == 1 else f"{sessions} sessions"
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
                   f'<rect x="{right + 16}" y="{TOP + 20 * i}" width="14" height="4" fill="{colour}"/>'
                   f'<text x="{right + 36}" y="{TOP + 20 * i + 6}" fill="#444">{name}</text>')
    print("\n".join([*out, "</svg>"]))


main()
