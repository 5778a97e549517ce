import base64
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from matplotlib import image, pyplot

from aelib.page import plots
from aelib.page.plots._figure import svg_of
from aelib.page.plots._images import _limits
from aelib.page.plots._style import style


@pytest.fixture(autouse=True)
def _book_style() -> Iterator[None]:
    with pyplot.rc_context(style()):
        yield
        pyplot.close("all")


def test_importing_aelib_does_not_import_matplotlib() -> None:
    code = "import sys, aelib.page.plots; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _drawn(array: Any = None) -> np.ndarray:
    """Pixels of the one picture in the current figure."""
    del array
    (picture,) = pyplot.gca().images
    return np.asarray(picture.get_array())


def test_images_draws_every_pixel_in_its_place() -> None:
    array = np.arange(4 * 3 * 2).reshape(4, 3, 2)
    plots.images(array, columns=2, limits=(0, 23))
    board = _drawn()
    assert board.shape == (3 + 1 + 3, 2 + 1 + 2, 4)
    gray = np.round(board[..., 0] / 255 * 23)
    np.testing.assert_allclose(gray[:3, :2], array[0], atol=0.51)
    np.testing.assert_allclose(gray[4:, 3:], array[3], atol=0.51)
    assert (board[3, :, 3] == 0).all()  # gaps are transparent


def test_pictures_are_embedded_at_their_own_resolution() -> None:
    plots.images(np.eye(8)[None])
    found = re.search(r"data:image/png;base64,([^\"]*)", svg_of(pyplot.gcf()))
    assert found
    pixels = image.imread(io.BytesIO(base64.b64decode(found[1])))
    np.testing.assert_array_equal(pixels[..., 0], np.eye(8))


def test_rows_share_their_limits() -> None:
    plots.rows({"dim": np.full((2, 4, 4), 0.5), "bright": np.ones((2, 4, 4))}, limits=(0, 1))
    board = _drawn()
    assert abs(int(board[0, 0, 0]) - 127) <= 1
    assert board[-1, -1, 0] == 255
    assert [text.get_text() for text in pyplot.gca().texts] == ["dim", "bright"]


def test_color_pictures_and_grids() -> None:
    plots.images(np.ones((2, 4, 4, 3)), limits=(0, 1))
    assert (_drawn()[0, 0] == 255).all()
    pyplot.close("all")
    plots.images(np.zeros((2, 5, 4, 4)))
    assert _drawn().shape[:2] == (2 * 4 + 1, 5 * 4 + 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.images(np.zeros((4, 4))), "array: expected"),
        (lambda: plots.images(np.zeros((0, 4, 4))), "at least one picture"),
        (lambda: plots.images(np.full((1, 2, 2), np.nan)), r"finite values.*\(0, 0, 0\)"),
        (lambda: plots.images(np.zeros((2, 4, 4)), titles=["a"]), "titles: expected 2, got 1"),
        (lambda: plots.rows({"a": np.zeros((2, 4, 4)), "b": np.zeros((3, 4, 4))}), "one shape"),
        (lambda: plots.interval([1, 2], [[1, 2]]), "at least two seeds"),
        (lambda: plots.interval([1], [[1, 2], [1, 2]]), "shapes"),
        (lambda: plots.interval([1, 2], [[1, np.inf], [1, 2]]), r"finite.*\(0, 1\)"),
    ],
)
def test_bad_input(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_interval_is_the_mean_and_its_band() -> None:
    from aelib.page.claims import mean_interval

    y = np.random.default_rng(0).normal(size=(5, 3))
    plots.interval([1, 2, 3], y, label="five seeds")
    axes = pyplot.gca()
    mean, low, high = mean_interval(y[:, 1].tolist())
    assert axes.lines[0].get_ydata()[1] == pytest.approx(mean)
    corners = axes.collections[0].get_paths()[0].vertices
    at = corners[np.isclose(corners[:, 0], 2)][:, 1]
    assert (at.min(), at.max()) == (pytest.approx(low), pytest.approx(high))


def test_losses_have_a_unit_and_a_legend() -> None:
    plots.losses({"squared": [3, 2, 1], "absolute": np.ones((2, 3))})
    assert pyplot.gca().get_ylabel() == "loss (nats per example)"
    assert [t.get_text() for t in pyplot.gca().get_legend().get_texts()] == ["squared", "absolute"]


@pytest.mark.parametrize(
    ("values", "limits"),
    [
        ([0.2, 0.4], (0, 1)),
        (np.array([3, 9], np.uint8), (0, 255)),
        ([-1.0, 2.0], (-1, 2)),
        ([2, 16], (2, 16)),
    ],
)
def test_black_and_white_are_drawn_black_and_white(values, limits) -> None:
    assert _limits(np.reshape(values, (2, 1, 1))) == limits
