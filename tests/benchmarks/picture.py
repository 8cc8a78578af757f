"""Draws the rates of all servers as bars in an SVG file: one group for each benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from .report import Section

REFERENCE = "InspIRCd"
"""The server whose rate is 1 in every group."""

COLOURS = {
    "socketchat": "#2f6fde",
    "before": "#9db9ef",
    "InspIRCd": "#8a8f98",
    "ngIRCd": "#b9bdc4",
    "floor": "#d9a441",
    "original": "#c0524a",
}
"""Readable on light and dark pages alike; text has a colour of its own in each."""

WIDTH, LABELS, FIGURES = 720, 250, 60
"""Width of the picture, of the titles at the left, and of the figures behind the bars."""

BAR, GAP, TOP = 12, 14, 34

_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#24292f}"
    "@media(prefers-color-scheme:dark){text{fill:#d6d9dd}}"
    ".title{font-weight:600}.axis{stroke:#8a8f98;stroke-dasharray:2 3}"
)


def draw(sections: Sequence[Section], file: Path) -> None:
    """Write the picture of the sections that have rates of the reference, or raise OSError."""
    drawn = [section for section in sections if section.rates.get(REFERENCE)]
    names = [name for name in COLOURS if any(name in section.rates for section in drawn)]
    most = max((max(_ratios(section).values()) for section in drawn), default=1.0)
    scale = (WIDTH - LABELS - FIGURES) / most
    parts, y = _legend(names), TOP
    for section in drawn:
        title = section.title.partition(": ")[2]
        parts.append(_text(0, y + BAR, title, "title"))
        for name, value in _ratios(section).items():
            width = max(1.0, value * scale)
            parts += [
                f'<rect x="{LABELS}" y="{y}" width="{width:.1f}" height="{BAR - 2}" fill="{COLOURS[name]}"/>',
                _text(LABELS + width + 5, y + BAR - 3, f"{value:.2f}"),
            ]
            y += BAR
        y += GAP
    one = LABELS + scale
    parts.append(f'<line class="axis" x1="{one:.1f}" y1="{TOP - 6}" x2="{one:.1f}" y2="{y - GAP}"/>')
    parts.append(_text(0, y + 8, f"Deliveries per second in relation to {REFERENCE}; the longer, the faster."))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 16}" role="img">'
    lines = [head, f"<title>{escape(_alternative(drawn))}</title>", f"<style>{_STYLE}</style>", *parts, "</svg>"]
    file.write_text("\n".join(lines) + "\n")


def _ratios(section: Section) -> dict[str, float]:
    reference = section.rates[REFERENCE]
    return {name: section.rates[name] / reference for name in COLOURS if name in section.rates}


def _legend(names: Sequence[str]) -> list[str]:
    parts, x = [], 0
    for name in names:
        parts += [f'<rect x="{x}" y="4" width="10" height="10" fill="{COLOURS[name]}"/>', _text(x + 15, 13, name)]
        x += 32 + 7 * len(name)
    return parts


def _alternative(sections: Sequence[Section]) -> str:
    """Say in words what the picture shows, for whoever cannot see it."""
    return " ".join(
        f"{section.title.partition(': ')[2]}: {_ratios(section)['socketchat']:.2f} times {REFERENCE}."
        for section in sections
        if "socketchat" in section.rates
    )


def _text(x: float, y: float, text: str, style: str = "") -> str:
    kind = f' class="{style}"' if style else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{kind}>{escape(text)}</text>'
