"""The comparison as one SVG, readable on a light and on a dark page: bars, and the floor's line."""

from __future__ import annotations

from html import escape

from benchmarks.gas.report import OURS, Results

PANELS = (
    ("mint, new owner", "mint to a new owner"),
    ("batch of 100, each", "batch of 100, each token"),
    ("batch of 100, each then moved", "that batch, each token then moved once"),
    ("transfer, existing receiver", "transferFrom, to a holder of others"),
)
WIDTH, LABEL, FIGURE = 470, 175, 62
ROW, BAR, TOP = 19, 12, 34
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .bar { fill: #9aa4af }
  .ours { fill: #0969da }
  .floor { stroke: #cf222e; stroke-dasharray: 4 3 }
  .note { fill: #cf222e }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .bar { fill: #6e7681 }
    .ours { fill: #58a6ff }
    .floor { stroke: #ff7b72 }
    .note { fill: #ff7b72 }
  }
"""


def _panel(results: Results, use: str, title: str, x: int, y: int) -> list[str]:
    contracts = {
        name: contract["gas"][use]
        for name, contract in results["contracts"].items()
        if use in contract["gas"]
    }
    scale = (WIDTH - LABEL - FIGURE - 20) / max(contracts.values())
    zero = x + LABEL
    least = results["floor"].get(use, {"each": 0})["each"]
    floor = zero + least * scale
    lines = [f'<text class="title" x="{zero}" y="{y + 18}">{escape(title)}</text>']
    for number, (name, gas) in enumerate(contracts.items()):
        top = y + TOP + number * ROW
        base = top + BAR - 2
        kind, weight = ("bar ours", ' class="title"') if name == OURS else ("bar", "")
        figure = zero + gas * scale + 5
        if gas < least and figure + FIGURE > floor:
            figure = max(figure, floor + 5)  # the line would cross it
        lines += [
            f'<text{weight} x="{zero - 8}" y="{base}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="{kind}" x="{zero}" y="{top}" width="{gas * scale:.1f}" height="{BAR}"/>',
            f'<text{weight} x="{figure:.1f}" y="{base}">{gas:,}</text>',
        ]
    if least:
        bottom = y + TOP + len(contracts) * ROW
        lines.append(
            f'<line class="floor" x1="{floor:.1f}" x2="{floor:.1f}" '
            f'y1="{y + TOP - 4}" y2="{bottom}"/>'
        )
    return lines


def draw(results: Results) -> str:
    """The whole picture."""
    count = len(results["contracts"])
    height = TOP + count * ROW + 16
    body = []
    for number, (use, title) in enumerate(PANELS):
        body += _panel(results, use, title, number % 2 * WIDTH, number // 2 * height)
    body.append(
        f'<text class="note" x="{LABEL}" y="{2 * height + 12}">dashed: the least that the EVM '
        "charges for a holder, a digest, a balance, a count and a log</text>"
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {2 * height + 24}" '
        'role="img"><title>Gas of ProfilePicture beside other ERC-721 contracts</title>'
    )
    return "\n".join([head, f"<style>{STYLE}</style>", *body, "</svg>", ""])
