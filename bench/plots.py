"""Plots of what was measured, as SVG: the numbers of the tables, for the eye."""
import html
import math

OURS, THEIRS, THIRD, GREY, GOAL = "#1f6fb4", "#e08214", "#b2abd2", "#666666", "#2a9d4a"
FONT = 'font-family="sans-serif" font-size="12"'


class Drawing:
    def __init__(self, width, height, title):
        self.width, self.height = width, height
        self.parts = []
        self.text(width / 2, 20, title, anchor="middle", weight="bold")

    def rectangle(self, x, y, width, height, colour):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" fill="{colour}"/>')

    def line(self, x1, y1, x2, y2, colour=GREY, width=1.0, dashes=""):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
                          f'stroke-width="{width}"' + (f' stroke-dasharray="{dashes}"' if dashes else "") + "/>")

    def curve(self, points, colour):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        self.parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in points]

    def text(self, x, y, words, anchor="start", colour="#222222", weight="normal"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-weight="{weight}" {FONT}>'
                          f"{html.escape(str(words))}</text>")

    def legend(self, x, y, entries):
        for name, colour in entries:
            self.rectangle(x, y - 9, 14, 10, colour)
            self.text(x + 19, y, name)
            x += 40 + 7 * len(name)

    def svg(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
                f'viewBox="0 0 {self.width} {self.height}">\n<rect width="100%" height="100%" fill="#ffffff"/>\n'
                + "\n".join(self.parts) + "\n</svg>\n")


def ticks(low, high, wanted=5):
    """Round numbers from low to high."""
    step = 10 ** math.floor(math.log10((high - low) / wanted))
    step = next(step * factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= wanted)
    first = math.ceil(low / step - 1e-9)
    return [(first + i) * step for i in range(int((high - first * step) / step + 1e-9) + 1)]


def ratio_bars(title, rows):
    """Rows of (label, median, least, most, goal or None): horizontal bars of ours / theirs; shorter is better."""
    left, right, top, step = 300, 90, 40, 30
    drawing = Drawing(860, top + step * len(rows) + 40, title)
    high = 1.05 * max(1.0, *(most for _, _, _, most, _ in rows))
    bottom = top + step * len(rows)

    def at(value):
        return left + (drawing.width - left - right) * value / high

    for tick in ticks(0, high):
        drawing.line(at(tick), top, at(tick), bottom, "#dddddd")
        drawing.text(at(tick), bottom + 16, f"{tick:g}", anchor="middle", colour=GREY)
    for number, (label, middle, least, most, goal) in enumerate(rows):
        y = top + step * number
        drawing.text(left - 8, y + 19, label, anchor="end")
        drawing.rectangle(left, y + 6, at(middle) - left, 18, OURS)
        drawing.line(at(least), y + 15, at(most), y + 15, "#0b3d66", 2)
        if goal is not None:
            drawing.line(at(goal), y + 2, at(goal), y + 28, GOAL, 3)
        drawing.text(at(most) + 6, y + 19, f"{middle:.2f}")
    drawing.line(at(1), top - 4, at(1), bottom, "#000000", 1.5)
    drawing.legend(left, bottom + 34, [("ours / theirs, thin: least to most", OURS), ("goal", GOAL), ("1: as much as theirs", "#000000")])
    return drawing.svg()


def grouped_bars(title, groups, names, unit):
    """Groups of (label, values), a value a name; upright bars side by side."""
    top, bottom, left = 60, 300, 60
    drawing = Drawing(160 * len(groups) + left + 40, bottom + 40, title)
    colours = [OURS, THEIRS, THIRD]
    high = 1.1 * max(max(values) for _, values in groups)

    def at(value):
        return bottom - (bottom - top) * value / high

    for tick in ticks(0, high):
        drawing.line(left, at(tick), drawing.width - 20, at(tick), "#dddddd")
        drawing.text(left - 6, at(tick) + 4, f"{tick:g}", anchor="end", colour=GREY)
    drawing.text(8, top - 8, unit, colour=GREY)
    for number, (label, values) in enumerate(groups):
        x = left + 160 * number + 16
        for value, colour in zip(values, colours):
            drawing.rectangle(x, at(value), 38, bottom - at(value), colour)
            drawing.text(x + 19, at(value) - 4, f"{value:.0f}", anchor="middle")
            x += 42
        drawing.text(left + 160 * number + 78, bottom + 18, label, anchor="middle")
    drawing.legend(left, 42, list(zip(names, colours)))
    return drawing.svg()


def small_multiples(title, rows, names):
    """Rows of (row's label, [(panel's label, x labels, [values of each name])]): a curve a name in each panel."""
    panel_width, panel_height, left, top = 280, 200, 20, 60
    drawing = Drawing(left + 20 + panel_width * max(len(panels) for _, panels in rows), top + panel_height * len(rows) + 6, title)
    colours = [OURS, THEIRS]
    drawing.legend(left + 40, 42, list(zip(names, colours)))
    for down, (row, panels) in enumerate(rows):
        for across, (label, x_labels, curves) in enumerate(panels):
            x0, y0 = left + panel_width * across + 46, top + panel_height * down + 26
            width, height = panel_width - 62, panel_height - 66
            values = [value for curve in curves for value in curve]
            low, high = min(values), max(values)
            low, high = (low, high) if high > low else (low - 1, high + 1)
            low, high = low - 0.08 * (high - low), high + 0.08 * (high - low)

            def y_at(value, low=low, high=high, y0=y0, height=height):
                return y0 + height * (1 - (value - low) / (high - low))

            drawing.text(x0 - 40, y0 - 8, f"{row}: {label}")
            for tick in ticks(low, high):
                drawing.line(x0, y_at(tick), x0 + width, y_at(tick), "#dddddd")
                drawing.text(x0 - 4, y_at(tick) + 4, f"{tick:.4g}", anchor="end", colour=GREY)
            xs = [x0 + width * (i + 0.5) / len(x_labels) for i in range(len(x_labels))]
            for number, (x, name) in enumerate(zip(xs, x_labels)):
                if number % 2 == 0:  # all of them would touch
                    drawing.text(x, y0 + height + 16, name, anchor="middle", colour=GREY)
            for curve, colour in reversed(list(zip(curves, colours))):  # ours on top
                drawing.curve([(x, y_at(value)) for x, value in zip(xs, curve)], colour)
    return drawing.svg()
