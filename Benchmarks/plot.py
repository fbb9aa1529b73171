"""Line plots as hand-written SVG, in the manner of Documentation/flow.svg.

They have a ground of their own, so that they can be read on dark pages, too.
"""

from __future__ import annotations

import dataclasses
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 50, 50
INK = "#555"
# Far apart in hue and in lightness, so that they differ in grey, too.
COLOURS = ("#1a73e8", "#e37400", "#137333", "#a50e0e")


@dataclasses.dataclass
class Curve:
    """Values by place."""

    name: str
    points: dict[int, float]


@dataclasses.dataclass
class Plot:
    """Curves over places at even distances, since those are powers of two or nearly so; values begin at zero."""

    title: str
    places: str
    unit: str
    curves: list[Curve]

    def svg(self) -> str:
        places = sorted({place for curve in self.curves for place in curve.points})
        top = ceiling(max(value for curve in self.curves for value in curve.points.values()))

        def x(place: int) -> float:
            step = (WIDTH - LEFT - RIGHT) / max(1, len(places))
            return LEFT + step * (places.index(place) + 0.5)

        def y(value: float) -> float:
            return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top

        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="sans-serif" font-size="12">',
            f"<title>{escape(self.title)}</title>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            f'<text x="{LEFT}" y="22" font-size="14">{escape(self.title)}</text>',
        ]
        for step in range(5):
            value = top * step / 4
            parts.append(
                f'<line x1="{LEFT}" y1="{y(value):.1f}" x2="{WIDTH - RIGHT}" y2="{y(value):.1f}" stroke="#ddd"/>'
                f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end" fill="{INK}">{value:g}</text>'
            )
        for place in places:
            parts.append(
                f'<text x="{x(place):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle" fill="{INK}">{place}</text>'
            )
        parts.append(
            f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 12}" text-anchor="middle" fill="{INK}">'
            f"{escape(self.places)}</text>"
            f'<text x="16" y="{(TOP + HEIGHT - BOTTOM) / 2:.0f}" text-anchor="middle" fill="{INK}" '
            f'transform="rotate(-90 16 {(TOP + HEIGHT - BOTTOM) / 2:.0f})">{escape(self.unit)}</text>'
        )
        right = WIDTH - RIGHT
        for curve, colour in reversed(list(zip(self.curves, COLOURS))):
            path = " ".join(f"{x(place):.1f},{y(value):.1f}" for place, value in sorted(curve.points.items()))
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
            parts += [
                f'<circle cx="{x(place):.1f}" cy="{y(value):.1f}" r="3.5" fill="{colour}"/>'
                for place, value in curve.points.items()
            ]
            parts.append(f'<text x="{right}" y="40" text-anchor="end" fill="{colour}">● {escape(curve.name)}</text>')
            right -= 30 + 7 * len(curve.name)
        return "\n".join([*parts, "</svg>"]) + "\n"


def ceiling(value: float) -> float:
    """The next of 1, 2, 4, 6, 8 and 10 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= value * 0.999)
