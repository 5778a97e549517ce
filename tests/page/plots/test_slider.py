import re
from typing import Any

import pytest
from matplotlib import pyplot

from aelib.page import plots
from aelib.page.plots._slider import Slider


def _frame(k: int) -> None:
    _, axes = pyplot.subplots()
    axes.plot([0, k])


def _slider(**change: Any) -> Slider:
    arguments: dict[str, Any] = {
        "frames": _frame,
        "label": "Code size",
        "alt": "A line",
        "values": [1, 2, 4],
    }
    arguments |= change
    return plots.slider(arguments.pop("frames"), **arguments)


def test_first_frame_is_shown_without_a_script() -> None:
    html = _slider().html
    frames = re.findall(r'<div class="aelib-frame"( hidden)?>', html)
    assert frames == ["", " hidden", " hidden"]
    assert "<script" not in html
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "")


def test_start_and_texts_for_each_frame() -> None:
    html = _slider(start=2, alt=["flat", "steeper", 'steep "as" can be']).html
    assert re.findall(r'<div class="aelib-frame"( hidden)?>', html) == [" hidden", " hidden", ""]
    assert 'value="2"' in html
    assert re.findall(r'aria-label="([^"]*)"', html)[:2] == ["flat", "steeper"]
    assert 'aria-valuetext="4"' in html


def test_ids_are_unique_within_and_between_sliders() -> None:
    html = _slider().html + _slider(values=[3, 5]).html
    ids = re.findall(r'\bid="([^"]*)"', html)
    assert len(ids) == len(set(ids))


def test_leaves_no_figure_open_and_takes_figures() -> None:
    figures = [pyplot.subplots()[0] for _ in range(3)]
    assert _slider(frames=figures).html.count("<svg") == 3
    _slider()
    assert not pyplot.get_fignums()


def test_same_bytes_every_time() -> None:
    assert _slider().html == _slider().html


def test_follows_the_page() -> None:
    html = _slider().html
    # A declaration of the page's own variable here would hide the page's value from the frames.
    assert "--figure-ink:" not in html
    assert html.count("var(--figure-ink,var(--jp-content-font-color1,#3d4046))") == 1
    declared = set(re.findall(r"(--f\d+):", html))
    assert set(re.findall(r"var\((--f\d+)\)", html)) <= declared


def test_is_shown_as_html() -> None:
    slider = _slider()
    assert slider._repr_mimebundle_()["text/html"] == slider.html


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": [1]}, "at least two"),
        ({"alt": ["a", "b"]}, "3, 3 and 2"),
        ({"start": 3}, "start: expected an index below 3"),
        ({"label": ""}, "label: expected words"),
        ({"alt": " "}, "alt: expected words"),
        ({"max_kilobytes": 1}, "at most 1 kB"),
        ({"frames": lambda _: None}, "expected a new figure"),
    ],
)
def test_bad_input(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _slider(**change)
    pyplot.close("all")
