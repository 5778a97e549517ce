"""The book's colors can be told apart by readers with any kind of color vision, on any page."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from aelib.page.claims.drawing import STYLE
from aelib.page.plots import INK, PALETTE, color
from aelib.page.plots._style import COLORS, DARK

CSS = (Path(__file__).parents[3] / "book" / "_static" / "book.css").read_text(encoding="utf-8")

# Machado, Oliveira, Fernandes (2009), severity 1.0, for linear RGB.
VISION = {
    "trichromacy": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                   [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                     [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                   [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
# Björn Ottosson, "A perceptual color space for image processing" (2020).
LMS = np.array([[0.4122214708, 0.5363325363, 0.0514459929],
                [0.2119034982, 0.6806995451, 0.1073969566],
                [0.0883024619, 0.2817188376, 0.6299787005]])  # fmt: skip
LAB = np.array([[0.2104542553, 0.7936177850, -0.0040720468],
                [1.9779984951, -2.4285922050, 0.4505937099],
                [0.0259040371, 0.7827717662, -0.8086757660]])  # fmt: skip


def linear(color: str) -> np.ndarray:
    value = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    low, high = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b))
    return (high + 0.05) / (low + 0.05)


def themes() -> dict[str, dict[str, str]]:
    blocks = re.findall(r'html\[data-theme="(\w+)"\] \{([^}]*--figure[^}]*)\}', CSS)
    return {name: dict(re.findall(r"--([\w-]+): (#\w{6});", body)) for name, body in blocks}


def test_the_stylesheet_has_both_themes() -> None:
    assert set(themes()) == {"light", "dark"}
    light = themes()["light"]
    assert tuple(light[f"figure-{index}"] for index in range(1, 7)) == PALETTE
    dark = themes()["dark"]  # and for notebooks
    assert {name: dark[f"figure-{name}"] for name in DARK} == DARK


def test_each_name_has_a_color() -> None:
    for name in COLORS:
        assert color(name) in {*PALETTE, INK}
    with pytest.raises(ValueError, match="'gausian'"):
        color("gausian")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_contrast_with_the_page(theme: str) -> None:
    page = {"light": "#ffffff", "dark": "#121212"}[theme]  # the theme's two backgrounds
    colors = themes()[theme]
    for index in range(1, 7):  # graphics: WCAG 2.2, 1.4.11
        assert contrast(colors[f"figure-{index}"], page) >= 3
    assert contrast(colors["figure-ink"], page) >= 4.5  # text: WCAG 2.2, 1.4.3


@pytest.mark.parametrize(
    ("selector", "page"), [(":root", "#ffffff"), ('html[data-theme="dark"]', "#121212")]
)
def test_contrast_of_cards_with_the_page(selector: str, page: str) -> None:
    block = re.search(re.escape(selector) + r"[^{]*\{([^}]*)\}", STYLE)
    assert block
    colors = dict(re.findall(r"--claim-([\w-]+): (#\w{6});", block[1]))
    words = {"ink", "soft", "holds", "holds-if", "does-not-hold", "open", "context"}
    assert words <= set(colors)
    for name in words:
        assert contrast(colors[name], page) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("vision", list(VISION))
def test_colors_differ(theme: str, vision: str) -> None:
    matrix = np.asarray(VISION[vision])
    colors = [themes()[theme][f"figure-{index}"] for index in range(1, 7)]
    seen = [LAB @ np.cbrt(LMS @ np.clip(matrix @ linear(c), 0, 1)) for c in colors]
    nearest = min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2))
    # Okabe and Ito's first six reach 0.076 by this measure; a difference that is just seen, 0.02.
    assert nearest > 0.1
