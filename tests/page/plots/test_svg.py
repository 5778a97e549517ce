import re
from xml.etree import ElementTree

import pytest
from matplotlib import pyplot

from aelib.page import plots
from aelib.page.plots._figure import svg_of
from aelib.page.plots._style import VARIABLES, style


@pytest.fixture
def figure():
    with pyplot.rc_context(style()):
        fig, axes = pyplot.subplots()
        axes.plot([1, 2, 3], [1e-3, 2, 1], label="squared error")
        axes.imshow([[0, 1], [1, 0]], extent=(1, 2, 0, 1))
        axes.set(xlabel="code size", ylabel='loss < "nats" & more')
        axes.legend()
        yield fig
        pyplot.close(fig)


def test_same_figure_same_bytes(figure) -> None:
    assert svg_of(figure) == svg_of(figure)
    assert "<dc:date>" not in svg_of(figure)


def test_text_is_text_and_colors_are_variables(figure) -> None:
    html = plots.themed_svg(svg_of(figure), prefix="a", label="A curve")
    assert ">code size</text>" in html
    assert "var(--figure-ink,#3d4046)" in html
    assert "var(--figure-1,#2440b5)" in html
    for color in VARIABLES:  # none is left that would not follow the theme
        assert not re.search(rf"(?<!,){color}", html)


def test_raster_images_are_left_alone(figure) -> None:
    svg = svg_of(figure)
    image = re.search(r"data:image/png;base64,([^\"]*)", svg)
    assert image
    html = plots.themed_svg(svg, prefix="a", label="A curve")
    assert "".join(image[1].split()) in "".join(html.split())


def test_ids_are_unique_in_a_page_and_references_lead_somewhere(figure) -> None:
    svg = svg_of(figure)
    page = "".join(plots.themed_svg(svg, prefix=p, label="A curve") for p in ("a", "b"))
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    references = re.findall(r'(?:href="#|url\(#)([^")]*)', page)
    assert references
    assert set(references) <= set(ids)


def test_is_named_and_well_formed_and_does_not_style_the_page(figure) -> None:
    html = plots.themed_svg(svg_of(figure), prefix="a", label='A "curve" & <more>')
    root = ElementTree.fromstring(html)
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'A "curve" & <more>'
    assert "<style" not in html
    assert "<metadata" not in html


def test_relabeled_without_drawing_again(figure) -> None:
    svg = svg_of(figure)
    words = {"code size": "编码维数", 'loss < "nats" & more': "损失 <奈特>"}
    html = plots.themed_svg(svg, prefix="a", label="A curve", relabel=words)
    assert ">编码维数</text>" in html
    assert "损失 &lt;奈特&gt;" in html
    assert ">squared error</text>" in html


@pytest.mark.parametrize(("inches", "least"), [(4.4, 0), (4.5, 330), (8.8, 645)])
def test_letters_can_be_read_on_a_phone(inches: float, least: int) -> None:
    with pyplot.rc_context(style()):
        figure, ax = pyplot.subplots(figsize=(inches, 2))
        ax.set(xlabel="code size", xscale="log", xlim=(0.1, 10))  # powers have small exponents
        html = plots.themed_svg(svg_of(figure), prefix="a", label="A curve")
    pyplot.close(figure)
    assert [int(pixels) for pixels in re.findall(r"min-width:(\d+)px", html)] == [least] * (
        least > 0
    )


def test_bad_input(figure) -> None:
    with pytest.raises(ValueError, match="label: expected alternative text"):
        plots.themed_svg(svg_of(figure), prefix="a", label=" ")
    with pytest.raises(ValueError, match="svg: expected an SVG document"):
        plots.themed_svg("<p>", prefix="a", label="A curve")
    with pytest.raises(ValueError, match="svg: expected an SVG document, got <p>"):
        plots.themed_svg("<p/>", prefix="a", label="A curve")
