"""Pictures that are digits and pictures that are none, for training and measuring the detector of what is no digit.

Fonts come from this machine: those of matplotlib and Streamlit, of the system, and of `pip install font-amatic-sc
font-intuitive`, which look handwritten. The families in `TEST_FONTS` are never trained on, nor are the shapes of
`not_digits`.
"""

import importlib.util
import string
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.digits import Digits
from core.drawing.normalise import normalise_ink, to_digit
from core.drawing.strokes import smooth_curve
from core.errors import DrawingError
from core.evaluation.digit_check import LETTER, PART, SCRIBBLE, SEVERAL, SHAPE, SIGN
from core.network.numpy_network import Reader
from core.runs.store import SHIPPED, RunStore
from tests.benchmarks import not_digits

_SYSTEM_FONTS = Path("/usr/share/fonts")
_PACKAGES = ("matplotlib", "streamlit", "font_amatic_sc", "font_intuitive")
TEST_FONTS = ("Liberation", "KaTeX", "cm", "Source")
_NO_TEXT = ("STIXSiz", "STIXNonUni", "cmsy", "cmex", "cmmi", "LastResort", "MaterialSymbols", "KaTeX_Size", "KaTeX_AMS")
# Letters and signs that are digits in some hands are left out.
LATIN = "".join(sorted(set(string.ascii_letters) - set("BDGIJOQSZbgjloqsz")))
OTHER_SCRIPTS = (
    "ΓΔΛΞΠΣΦΨΩαγεηκλμπτφχψω"
    "АБГДЕЖИКЛМНПРТУФХЦШЩЮЯагджикмнптфхцшщюя"
    "ԱԲԳԴԵԷԸԹԽԾԿՀՂՃՄՆՇՊՋՌՍՎՏՐՓՔաբգդեզէթժխծկհձղճմնշպջռսվտրփք"
    "აბგდევთიკლმნპჟრსტუფქღყშჩცძწჭხჯჰ"
    "אבגדהחטכלמםמנעפצקרשת"
    "ءبتثجحخسشصضطظعغفقكلمنهي"
    "ⴰⴱⴳⴷⴹⴻⴼⴽⵀⵃⵄⵅⵇⵉⵊⵍⵎⵖⵙⵚⵛⵜⵟⵡⵢⵣⵥ"
)  # Greek, Cyrillic, Armenian, Georgian, Hebrew, Arabic, Tifinagh
SIGNS = '.:;?"*&@%=~^<>{}[]$€£¥§¶†‡©®∂∆∏∑√∞∫≈≠≤≥∀∃∅∈∩∪⊂⊃⊥∧∨⌘⌂♠♣♦♪♫☎☂☃☹☺☻⚐⚡⚓⚔⚖⚙⛏✂✈✉✍⌛⌨✿❄❁➰☯☮☢☣☠'
EMOTICONS = (":-)", ":)", ":D", ";-)", ":(", ":P", "<3", "^^", "o_o", ":/")
_GLYPH, _PAPER = 120, 360  # pixels
_LIKE_A_DIGIT = 0.9  # probability: a half of an 8 may be a 3
# Signs of the shapes that are only measured: no star, heart, arrow, house, sun, spiral, tick, plus, hash, square.
_MEASURED_ONLY = set("⌂☃")


@cache
def font_files(*, test: bool) -> list[Path]:
    """The font files of the measured families, or of all others."""
    folders = [_SYSTEM_FONTS]
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name)
        folders += map(Path, spec.submodule_search_locations or ()) if spec else []
    paths = sorted(
        {path.name: path for folder in folders for path in folder.rglob("*.*") if path.suffix in _SUFFIXES}.values()
    )
    texts = [path for path in paths if not path.name.startswith(_NO_TEXT)]
    return [path for path in texts if path.name.startswith(TEST_FONTS) == test]


_SUFFIXES = (".ttf", ".otf", ".woff2")


def text(words: str, path: Path, rng: np.random.Generator) -> np.ndarray | None:
    """Some characters in a font, slightly turned, as the network's input, uint8 (28, 28); None if it lacks them."""
    font = _font(path)
    if not all(draws(path, character) for character in words):
        return None
    paper = Image.new("L", (_PAPER, _PAPER))
    ImageDraw.Draw(paper).text((_PAPER / 2, _PAPER / 2), words, 255, font, anchor="mm")
    return _normalised(np.asarray(paper.rotate(rng.uniform(-8, 8), Image.Resampling.BILINEAR)))


@cache
def _font(path: Path) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, _GLYPH)


@cache
def draws(path: Path, character: str) -> bool:
    """Whether the font has a character: it draws a box for others, as for the last one of the private area."""
    font = _font(path)
    mask, missing = font.getmask(character), font.getmask("\uf8fe")
    return bool(character.strip()) and mask.size != (0, 0) and bytes(mask) != bytes(missing)


def letters(n: int, rng: np.random.Generator, *, test: bool = False) -> Iterator[np.ndarray]:
    """Latin letters, and those of other scripts for a third."""
    yield from _texts(n, rng, lambda: _one(LATIN if rng.random() < 0.67 else OTHER_SCRIPTS, rng), test=test)


def latin(n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Latin letters of the measured fonts."""
    yield from _texts(n, rng, lambda: _one(LATIN, rng), test=True)


def scripts(n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Letters of other scripts in the measured fonts: Greek, Cyrillic and Hebrew."""
    yield from _texts(n, rng, lambda: _one(OTHER_SCRIPTS, rng), test=True)


def signs(n: int, rng: np.random.Generator, *, test: bool = False) -> Iterator[np.ndarray]:
    """Punctuation, symbols and smileys."""
    usable = "".join(sorted(set(SIGNS) - _MEASURED_ONLY))
    yield from _texts(
        n, rng, lambda: _one(usable, rng) if rng.random() < 0.8 else str(rng.choice(EMOTICONS)), test=test
    )


def _one(characters: str, rng: np.random.Generator) -> str:
    return characters[int(rng.integers(len(characters)))]


def _texts(n: int, rng: np.random.Generator, choose: Callable[[], str], *, test: bool) -> Iterator[np.ndarray]:
    fonts, found = font_files(test=test), 0
    while found < n:
        image = text(choose(), fonts[int(rng.integers(len(fonts)))], rng)
        if image is not None:
            found += 1
            yield image


def shapes(n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Polygons of five to nine corners, and several lines, arcs and circles together, drawn by an unsteady hand."""
    for _ in range(n):
        yield _drawn(
            _polygon(rng) if rng.random() < 0.35 else [_primitive(rng) for _ in range(rng.integers(3, 7))], rng
        )


def scribbles(n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """A pen that wanders, swings to and fro, or runs in loops."""
    for _ in range(n):
        steps = int(rng.integers(14, 60))
        match int(rng.integers(3)):
            case 0:
                line = np.abs((np.cumsum(rng.normal(0, 0.35, (steps, 2)), 0) + 1) % 4 - 2)  # reflected at the edges
            case 1:
                along = np.linspace(0, rng.uniform(0.5, 2), steps)
                line = np.stack([along, np.where(np.arange(steps) % 2, 1, 0) * rng.uniform(0.4, 1, steps)], 1)
                line += rng.normal(0, 0.05, line.shape)
            case _:
                angle = np.linspace(0, rng.uniform(4, 12) * np.pi, 3 * steps)
                line = np.stack([np.cos(angle), np.sin(angle * rng.uniform(0.8, 1.2))], 1)
                line = line * rng.uniform(0.3, 1, (1, 2)) + np.outer(angle, rng.normal(0, 0.05, 2))
        yield _drawn([[(float(x), float(y)) for x, y in smooth_curve(line)]], rng)


def several(digits: Digits, n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Two digits side by side, sometimes three."""
    for _ in range(n):
        chosen = [_cropped(digits.images[at]) for at in rng.integers(len(digits), size=2 + (rng.random() < 0.15))]
        paper, left = np.zeros((48, 100), np.uint8), 4
        for ink in chosen:
            top = int(rng.integers(6, 14))
            place = paper[top : top + ink.shape[0], left : left + ink.shape[1]]
            np.maximum(place, ink, out=place)
            left += ink.shape[1] + int(rng.integers(-2, 9))
        yield _normalised(np.asarray(Image.fromarray(paper).resize((400, 192), Image.Resampling.BILINEAR)))


def parts(digits: Digits, n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """One half of a digit, cut along a random line, unless it looks like a digit itself."""
    found, network = 0, Reader.of(RunStore().get(SHIPPED))
    while found < n:
        ink = np.asarray(Image.fromarray(digits.images[int(rng.integers(len(digits)))]).resize((112, 112)))
        angle = rng.uniform(0, 2 * np.pi)
        y, x = np.indices(ink.shape) - 56
        kept = np.where(x * np.cos(angle) + y * np.sin(angle) > rng.uniform(-12, 12), ink, 0)
        image = _normalised(kept.astype(np.uint8))
        if (kept > 128).sum() > 250 and network.probabilities(image[None]).max() < _LIKE_A_DIGIT:
            found += 1
            yield image


def training(digits: Digits, each: int, rng: np.random.Generator) -> Digits:
    """Pictures that are no digits, with their kinds; pairs and parts are made of `digits`. each: of most kinds."""
    kinds = {
        LETTER: letters(2 * each, rng), SIGN: signs(each, rng), SHAPE: shapes(each, rng),
        SCRIBBLE: scribbles(each, rng), SEVERAL: several(digits, each, rng), PART: parts(digits, each, rng),
    }  # fmt: skip
    images = {kind: np.stack(list(found)) for kind, found in kinds.items()}
    labels = np.concatenate([np.full(len(found), kind, np.uint8) for kind, found in images.items()])
    return Digits(np.concatenate(list(images.values())), labels)


def _polygon(rng: np.random.Generator) -> not_digits.Lines:
    corners = int(rng.integers(5, 10))
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    reach = rng.uniform(0.3, 0.5, corners)
    points = [(float(0.5 + r * np.cos(a)), float(0.5 + r * np.sin(a))) for r, a in zip(reach, angles, strict=True)]
    return [[*points, points[0]]]


def _primitive(rng: np.random.Generator) -> list[tuple[float, float]]:
    """A line, an arc, a circle or a bent line somewhere in the unit square."""
    x, y, size = rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.8), rng.uniform(0.1, 0.5)
    angle = rng.uniform(0, 2 * np.pi)
    match int(rng.integers(4)):
        case 0:
            away = size * np.array([np.cos(angle), np.sin(angle)])
            return [(float(x - away[0]), float(y - away[1])), (float(x + away[0]), float(y + away[1]))]
        case 1:
            return _arc(x, y, size, angle, angle + rng.uniform(1, 4))
        case 2:
            return _arc(x, y, size * 0.6, 0, 2 * np.pi)
        case _:
            return [(float(a), float(b)) for a, b in rng.uniform(0, 1, (int(rng.integers(3, 6)), 2))]


def _arc(x: float, y: float, radius: float, start: float, end: float) -> list[tuple[float, float]]:
    return [(float(x + radius * np.cos(a)), float(y + radius * np.sin(a))) for a in np.linspace(start, end, 24)]


def _drawn(lines: not_digits.Lines, rng: np.random.Generator) -> np.ndarray:
    return to_digit(not_digits.drawn(lines, rng)).digit


def _normalised(grey: np.ndarray) -> np.ndarray:
    try:
        return normalise_ink(grey.astype(np.float32) / max(int(grey.max()), 1)).digit
    except DrawingError:
        return np.zeros((28, 28), np.uint8)


def _cropped(image: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero((image > 60).any(1)), np.flatnonzero((image > 60).any(0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else image
