"""The card: complete, escaped, and its pictures are pictures."""

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from aelib import data
from aelib.data._png import png

VOID = {"img", "br", "meta"}


class Balanced(HTMLParser):
    """Raises where tags do not nest."""

    def __init__(self):
        super().__init__()
        self.open = []
        self.images = []

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.images.append(dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parse(html):
    parser = Balanced()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser


@pytest.mark.parametrize("shape", [(3, 5), (4, 2, 3)])
def test_png_is_read_back(shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    with Image.open(io.BytesIO(png(pixels))) as image:
        assert np.array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("digits", {}),
        ("coffee", {}),
        ("brick", {"patch_size": 32}),
        ("randhie", {}),
        ("docstrings", {}),
    ],
)
def test_cards_are_whole_and_small(name, options):
    dataset = data.load(name, **options)
    html = dataset._repr_html_()
    parser = parse(html)
    for text in (dataset.name, dataset.units, dataset.license):
        assert text.split("'")[0] in html
    assert len(html) < 200_000
    assert bool(parser.images) == (len(dataset.shape) > 1)
    for image in parser.images:
        assert f"of {name}" in image["alt"]
        with Image.open(io.BytesIO(base64.b64decode(image["src"].split(",")[1]))) as picture:
            assert picture.size[0] <= int(image["width"])
    assert dataset._repr_html_() == html


def test_first_of_each_class_are_shown():
    alts = [image["alt"] for image in parse(data.load("digits")._repr_html_()).images]
    assert [alt[-1] for alt in alts] == list("012345678901")


def test_odd_data_have_a_card():
    x = np.array([[np.nan, -3.0], [2.0, 5.0], [0.0, 0.0]])
    dataset = data.Dataset(
        "<b>", x, units="a < b & c", source="s", license="l", labels=np.array([0, 1, 1])
    )
    html = dataset._repr_html_()
    parse(html)
    assert "&lt;b&gt;" in html
    assert "a &lt; b &amp; c" in html
    assert "-3 to 5" in html
    assert "16.7% missing" in html
    assert "0 (1), 1 (2)" in html
    parse(dataset[[]]._repr_html_())
    parse(dataset[[0]]._repr_html_())
    assert "none: too few examples" in dataset[[0]]._repr_html_()


def test_images_beyond_the_unit_interval_are_scaled():
    x = np.linspace(-1, 3, 32).reshape(2, 16)
    dataset = data.Dataset("a", x, shape=(4, 4), units="u", source="s", license="l")
    html = dataset._repr_html_()
    source = re.search(r"base64,([^\"]*)", html)
    with Image.open(io.BytesIO(base64.b64decode(source[1]))) as image:
        assert np.asarray(image)[0, 0] == 0


def test_repr_is_one_line():
    assert repr(data.load("digits")) == (
        "Dataset('digits': 1,797 examples of 8 × 8, float32, 10 classes)"
    )
