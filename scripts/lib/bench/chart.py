"""A bar chart of latencies, as SVG without any library."""
from html import escape
from math import log10

WIDTH, LABELS, LINE, HEAD = 900, 330, 26, 34


def draw(rows):
    """p50 and p99 of each result that has them, on one logarithmic scale."""
    rows = [row for row in rows if row["p50Ms"] is not None]
    values = [row[name] for row in rows for name in ("p50Ms", "p99Ms") if row[name]]
    low = min(values, default=1) / 2
    high = max(values, default=10) * 1.2

    def length(value):
        return (WIDTH - LABELS - 90) * log10(value / low) / log10(high / low)

    height = HEAD + LINE * len(rows) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
        f' viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        '<text x="10" y="20" fill="#444">Milliseconds, logarithmic: '
        '<tspan fill="#2b6cb0">■</tspan> p50 <tspan fill="#dd6b20">■</tspan> p99</text>',
    ]
    for index, row in enumerate(rows):
        top = HEAD + LINE * index
        label = escape(f"{row['case']}: {row['subject']}")
        parts.append(f'<text x="{LABELS - 8}" y="{top + 15}" text-anchor="end">{label}</text>')
        for name, color, offset in (("p50Ms", "#2b6cb0", 2), ("p99Ms", "#dd6b20", 12)):
            value = row[name]
            if not value:
                continue
            width = length(value)
            parts.append(
                f'<rect x="{LABELS}" y="{top + offset}" width="{width:.1f}" height="9"'
                f' fill="{color}"/>'
                f'<text x="{LABELS + width + 4:.1f}" y="{top + offset + 9}" font-size="9"'
                f' fill="#444">{value:.3g}</text>'
            )
    return "\n".join(parts + ["</svg>", ""])
