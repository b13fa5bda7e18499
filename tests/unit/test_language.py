"""Plain English: no wording that was replaced comes back, in code, documents or scripts for the browser."""

import io
import re
import tokenize
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.plain_english import REPLACED, Wording, find

PYTHON = sorted(path for folder in ("core", "digit_lab", "pages", "tests") for path in (ROOT / folder).rglob("*.py"))
PYTHON.remove(ROOT / "tests" / "plain_english.py")  # it lists what must not come back
BROWSER = sorted(path for ending in ("js", "css") for path in (ROOT / "pages").rglob(f"*.{ending}"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
RELEASED = "## 0.1.0"  # what stands below this heading of the changelog was published in its own words
MAX_WORDS = 48  # in a sentence of the documents; more must be read twice


def prose(path: Path) -> str:
    """What people read in a module: its strings and comments."""
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
    kinds = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
    return "\n".join(token.string for token in tokens if token.type in kinds)


def document(path: Path) -> str:
    text = path.read_text("utf-8")
    return text.partition(RELEASED)[0] if path.name == "CHANGELOG.md" else text


def sentences(text: str) -> list[str]:
    """The sentences of a document's paragraphs; tables, headings and code are left out."""
    text = re.sub(r"```.*?```", "", text, flags=re.S)
    parts = re.split(r"\n\s*\n|\n(?=\* |- |\d+\. )", text)  # paragraphs and items of lists
    paragraphs = [part for part in parts if not part.lstrip().startswith(("|", "#", "!", "<"))]
    plain = [re.sub(r"\]\([^)]*\)|[*`\[]", "", re.sub(r"\s+", " ", part)) for part in paragraphs]
    return [sentence for part in plain for sentence in re.split(r"(?<=[.:;!?])\s+", part)]


@pytest.mark.parametrize("wording", REPLACED, ids=lambda wording: wording.example)
def test_each_replaced_wording_is_caught(wording: Wording):
    assert find(wording.example)
    assert not re.search(wording.pattern, wording.plain, re.IGNORECASE)


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_strings_and_comments_are_plain_english(path: Path):
    assert not find(prose(path))


@pytest.mark.parametrize("path", BROWSER, ids=lambda path: str(path.relative_to(ROOT)))
def test_scripts_for_the_browser_are_plain_english(path: Path):
    assert not find(path.read_text("utf-8"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_documents_are_plain_english(path: Path):
    assert not find(document(path))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_no_sentence_of_a_document_is_too_long(path: Path):
    assert not [sentence for sentence in sentences(document(path)) if len(sentence.split()) > MAX_WORDS]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_percents_are_written_one_way(path: Path):
    assert not re.findall(r"\d ?[  ]%", document(path))
