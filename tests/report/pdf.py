"""What stands in a PDF that Chromium printed: its pages, their size, and the characters on them."""

import re
import zlib


def streams(pdf):
    """Every compressed part, as it was."""
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            yield zlib.decompress(found.group(1))
        except zlib.error:
            continue


def characters(pdf):
    """Every character that a font of the PDF draws: each font holds the glyphs that are used, and what they mean."""
    found = set()
    for text in streams(pdf):
        for body in re.findall(rb"beginbfchar(.*?)endbfchar", text, re.DOTALL):
            found.update(decoded(word) for word in re.findall(rb"<\w+>\s*<(\w+)>", body))
        for body in re.findall(rb"beginbfrange(.*?)endbfrange", text, re.DOTALL):
            for first, last, start in re.findall(rb"<(\w+)>\s*<(\w+)>\s*<(\w+)>", body):
                size = int(last, 16) - int(first, 16)
                found.update(chr(ord(decoded(start)) + at) for at in range(size + 1))
    return set("".join(found))


def decoded(word):
    """The text of a mapping's hexadecimal UTF-16."""
    return bytes.fromhex(word.decode()).decode("utf-16-be")


def page_sizes(pdf):
    """Width and height of each page, in points."""
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    return [(float(width), float(height)) for width, height in boxes]
