"""The contact sheet: one HTML file with everything in it, so that it can be sent."""
import base64
import html

STYLE = """
:root { color-scheme: light dark; --ink: #1c1b19; --soft: #6d6a64; --paper: #f6f4f0; --card: #ffffff;
        --line: #e2ded6; --accent: #b4532a; }
@media (prefers-color-scheme: dark) { :root { --ink: #f0ede7; --soft: #a39f97; --paper: #181715;
        --card: #22211e; --line: #35332f; --accent: #e08a5f; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 3rem clamp(1rem, 4vw, 4rem); background: var(--paper); color: var(--ink);
       font: 16px/1.45 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 76rem; margin: 0 auto; }
header { display: flex; flex-wrap: wrap; gap: 1rem 3rem; align-items: flex-end; justify-content: space-between;
         margin-bottom: 2.2rem; }
h1 { margin: 0; font-size: 2.1rem; font-weight: 650; letter-spacing: -.02em; }
header p { margin: .3rem 0 0; color: var(--soft); }
dl { display: flex; gap: 2.4rem; margin: 0; }
dl div { display: flex; flex-direction: column-reverse; }
dt { color: var(--soft); font-size: .85rem; }
dd { margin: 0; font-size: 1.5rem; font-weight: 620; font-variant-numeric: tabular-nums; }
dd.saving { color: var(--accent); }
.sheet { display: grid; gap: 1.4rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 34rem), 1fr)); }
article { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1.2rem; }
article h2 { margin: 0; font-size: 1.05rem; font-weight: 620; overflow-wrap: anywhere; }
.facts { margin: .1rem 0 1rem; color: var(--soft); font-size: .9rem; font-variant-numeric: tabular-nums; }
.prints { display: flex; gap: 1rem; align-items: flex-start; }
figure { margin: 0; min-width: 0; }
figure img { display: block; max-width: 100%; height: auto; border-radius: 6px; outline: 1px solid var(--line);
             outline-offset: -1px; }
figcaption { margin-top: .45rem; white-space: nowrap; color: var(--soft); font-size: .8rem; font-variant-numeric: tabular-nums; }
figcaption b { color: var(--ink); font-weight: 600; }
.error { margin: 0; padding: .8rem 1rem; border-left: 4px solid var(--accent); overflow-wrap: anywhere; }
footer { margin-top: 2rem; color: var(--soft); font-size: .85rem; }
"""


def size(count):
    return f"{count / 1e6:.2f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"


def figure(thumbnail):
    data = base64.b64encode(thumbnail["image"]).decode()
    caption = (f"<b>{html.escape(thumbnail['preset'])}</b> {thumbnail['width']} × {thumbnail['height']}"
               f"<br>{html.escape(thumbnail['format'])}, {size(thumbnail['bytes'])}")
    # Shares the row by width, so that all prints of a picture stand at one scale.
    return (f'<figure style="flex: 0 1 {thumbnail["width"]}px"><img width="{thumbnail["width"]}" '
            f'height="{thumbnail["height"]}" alt="{html.escape(thumbnail["preset"])}" '
            f'src="data:image/{html.escape(thumbnail["format"])};base64,{data}">'
            f"<figcaption>{caption}</figcaption></figure>")


def article(row):
    made = sum(t["bytes"] for t in row["thumbnails"])
    facts = f"{size(row['source_bytes'])} source"
    if row["thumbnails"]:
        facts += f" · {size(made)} in {len(row['thumbnails'])} thumbnails · {row['ms']:.0f} ms"
    prints = "".join(figure(t) for t in row["thumbnails"])
    error = f'<p class="error">{html.escape(row["error"])}</p>' if "error" in row else ""
    return (f"<article><h2>{html.escape(row['name'])}</h2><p class=\"facts\">{facts}</p>{error}"
            f'<div class="prints">{prints}</div></article>')


def page(rows, footer):
    """`rows`: name, source_bytes, ms, thumbnails with their image, perhaps error. `footer` says what was measured."""
    done = [row for row in rows if row["thumbnails"]]
    source = sum(row["source_bytes"] for row in done)
    made = sum(t["bytes"] for row in done for t in row["thumbnails"])
    saving = f"{100 * (1 - made / source):.1f} %" if source else "-"
    numbers = [("pictures", str(len(rows)), ""), ("as uploaded", size(source), ""),
               ("as thumbnails", size(made), ""), ("less to send", saving, "saving")]
    totals = "".join(f'<div><dt>{name}</dt><dd class="{kind}">{value}</dd></div>' for name, value, kind in numbers)
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>miniatura: contact sheet</title><style>{STYLE}</style>
<main><header><div><h1>Contact sheet</h1><p>Made by miniatura, one S3 event a picture.</p></div>
<dl>{totals}</dl></header>
<div class="sheet">{"".join(article(row) for row in rows)}</div>
<footer>{html.escape(footer)}</footer></main></html>
"""
