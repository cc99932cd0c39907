#!/usr/bin/env python3
"""Draws the learning curves of trainings from their metrics, one JSON object a line, as `./subbit train --metrics` writes them.

    python3 integration-tests/bench/learning_curves.py docs/curves/*.jsonl --out docs/pictures/learning-curves.svg

A curve is named after its file. It shows the accuracy on the training images, changed at random as they are, by epoch: the mean over the
epoch's steps, so that it lags behind the network of the epoch's end.
"""

import argparse
import html
import json
from pathlib import Path

WIDTH, HEIGHT = 840, 360
LEFT, RIGHT, TOP, BOTTOM = 60, 210, 30, 50
COLOURS = ("#2563eb", "#0f766e", "#ea7317", "#b91c1c", "#7c3aed", "#666b73", "#a16207", "#be185d")
GRID_LINES = 6


def curve(file):
    """The accuracies of all epochs of a training, in percent."""
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [100 * line["accuracy"] for line in lines if line["type"] == "epoch"]


def text(x, y, content, anchor="start", colour="#1c1e21"):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}">{html.escape(content)}</text>'


def picture(curves):
    low = min(min(values) for values in curves.values())
    high = max(max(values) for values in curves.values())
    epochs = max(map(len, curves.values()))

    def x(epoch):
        return LEFT + (WIDTH - LEFT - RIGHT) * (epoch - 1) / max(1, epochs - 1)

    def y(value):
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / max(1e-9, high - low)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="system-ui, sans-serif" font-size="14">',
        '<rect width="100%" height="100%" rx="10" fill="#fbfbf9"/>',
    ]
    for i in range(GRID_LINES):
        value = low + (high - low) * i / (GRID_LINES - 1)
        parts.append(f'<path d="M{LEFT} {y(value):.1f}H{WIDTH - RIGHT}" stroke="#dfe3ea"/>')
        parts.append(text(LEFT - 8, y(value) + 5, f"{value:.0f} %", "end", "#666b73"))
    for epoch in range(1, epochs + 1):
        parts.append(text(x(epoch), HEIGHT - BOTTOM + 20, str(epoch), "middle", "#666b73"))
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "epoch", "middle", "#666b73"))
    # The legend from the best to the worst, as the curves end.
    for place, (name, values) in enumerate(sorted(curves.items(), key=lambda item: -item[1][-1])):
        colour = COLOURS[place % len(COLOURS)]
        points = " ".join(f"{x(i + 1):.1f},{y(value):.1f}" for i, value in enumerate(values))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(text(WIDTH - RIGHT + 16, TOP + 20 + 24 * place, f"{name}  {values[-1]:.1f} %", colour=colour))
    return "\n".join([*parts, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.write_text(picture({file.stem: curve(file) for file in arguments.files}))


if __name__ == "__main__":
    main()
