"""The page of a comparison, written out."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .view import LANGUAGES, page

# Names stay in their own language on the English page, and are read out in it.
HAN = re.compile(r"[\u3400-\u9fff]")
# What a user wrote is escaped wherever it stands; a name that the template has and the view has not is an error.
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.tests["has_han"] = HAN.search


def comparison_page(summary: Mapping[str, Any]) -> str:
    """One HTML page, whole in itself, that shows a comparison's summary (`comparison_summary`) in both languages."""
    pages = [page(summary, language) for language in LANGUAGES]
    return TEMPLATES.get_template("comparison.html").render(pages=pages)
