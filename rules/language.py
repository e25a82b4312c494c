"""Sentences in the two languages that kaohe speaks, and the nearest known name."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple


class Text(NamedTuple):
    """The same words in Chinese and in English."""

    zh: str
    en: str

    def format(self, **values: object) -> "Text":
        """Fill in both sentences; a value that is a `Text` gives each language its own words."""
        return Text(
            self.zh.format(**{name: value.zh if isinstance(value, Text) else value for name, value in values.items()}),
            self.en.format(**{name: value.en if isinstance(value, Text) else value for name, value in values.items()}),
        )

    def as_data(self) -> dict[str, str]:
        """`{"zh": …, "en": …}`."""
        return {"zh": self.zh, "en": self.en}


def same(words: object) -> Text:
    """Words that need no translation: a name, a number."""
    return Text(str(words), str(words))


def joined(texts: Iterable[Text], zh: str, en: str) -> Text:
    """Texts one after the other, with each language's own separator."""
    parts = tuple(texts)
    return Text(zh.join(part.zh for part in parts), en.join(part.en for part in parts))


def visible(text: str) -> str:
    """The text with every character that does not print (controls, halves of surrogate pairs) as its escape."""
    if text.isprintable():
        return text
    return "".join([each if each.isprintable() else f"\\u{ord(each):04x}" for each in text])


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like `name`, or None when none is near."""
    close = get_close_matches(name[:200], sorted(known), n=1, cutoff=0.6)
    return close[0] if close else None
