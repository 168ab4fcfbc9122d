"""What both ways of the demo share: names in the bucket, and the table that is printed."""
import os

SOURCE_BUCKET, DESTINATION_BUCKET = "photos", "thumbnails"
NAME_MAX = 40  # characters of a name in the table


def object_keys(photos):
    """A key for each picture: its name, made unique; what is no UTF-8 in a name becomes '?'."""
    keys = []
    for photo in photos:
        name = os.fsencode(photo.name).decode("utf-8", "replace").replace("\ufffd", "?")
        stem, dot, suffix = name.rpartition(".")
        key, count = "uploads/" + name, 1
        while key in keys:
            count += 1
            key = f"uploads/{stem}-{count}.{suffix}" if dot else f"uploads/{name}-{count}"
        keys.append(key)
    return keys


def human(size):
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.1f} kB"


def print_table(rows):
    lines = [("picture", "source", "thumbnails", "bytes", "ms")]
    for row in rows:
        name = row["name"] if len(row["name"]) <= NAME_MAX else row["name"][:NAME_MAX - 1] + "…"
        made = ", ".join(f"{t['preset']} {t['width']}x{t['height']} {t['format']}" for t in row["thumbnails"])
        size = human(sum(t["bytes"] for t in row["thumbnails"])) if row["thumbnails"] else "-"
        lines.append((name, human(row["source_bytes"]), made or "none", size, f"{row['ms']:.0f}"))
    widths = [max(len(cell) for cell in column) for column in zip(*lines)]
    for i, (name, source, made, size, took) in enumerate(lines):
        print(f"{name:{widths[0]}}  {source:>{widths[1]}}  {made:{widths[2]}}  {size:>{widths[3]}}  {took:>{widths[4]}}")
        if i > 0 and "error" in rows[i - 1]:
            print("  " + rows[i - 1]["error"])
