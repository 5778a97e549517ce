"""Each explorable is moved by mouse, keys and touch in a real browser, and computes as JAX does.

A file ``aelib/page/explorables/js/NAME.js`` has a sample beside this file, ``samples/NAME.py``:
``DATA`` to show it with, ``STATES`` to put it in, and ``numbers(data, **state)``, the same by JAX.
"""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from aelib.page import _embed, explorables
from tests.page.browser import Visit, document

SCRIPTS = Path(explorables.__file__).parent / "js"
NAMES = sorted(path.stem for path in SCRIPTS.glob("*.js"))
STILL = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 40"><path d="M0 0L80 40"/></svg>'
ROOT = "probe.explorable()"
CONTROLS = ".aelib-live :is(input, [role=slider])"
SLOW = 50.0  # milliseconds: a longer frame is seen as a jerk


def sample(name: str) -> Any:
    try:
        return importlib.import_module(f"tests.page.explorables.samples.{name}")
    except ModuleNotFoundError:
        pytest.fail(f"{name}.js has no sample: write tests/page/explorables/samples/{name}.py")


def markup(name: str, data: Any) -> str:
    shown: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_embed.Output, "show", lambda output: shown.append(output.html))
        explorables.show(
            name, data=data, still=STILL, title="A title", caption="A caption.", alt="A line"
        )
    return shown[0]


@pytest.fixture(scope="module", params=NAMES)
def name(request: Any) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def path(name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp(name) / "page.html"
    file.write_text(document(markup(name, sample(name).DATA)), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def desk(browser: Any, path: Path) -> Iterator[Visit]:
    with Visit(browser, path) as visit:
        yield visit


@pytest.fixture(scope="module")
def phone(browser: Any, path: Path) -> Iterator[Visit]:
    size = {"width": 360, "height": 740}
    with Visit(browser, path, viewport=size, has_touch=True, is_mobile=True) as visit:
        yield visit


def state(visit: Visit) -> Any:
    return visit.page.evaluate(f"{ROOT}.state()")


def reset(visit: Visit, start: Any) -> None:
    visit.page.evaluate("values => probe.set(values)", start)


def test_it_runs_without_a_complaint_or_a_request(desk: Visit) -> None:
    assert desk.page.evaluate(f"{ROOT} !== undefined"), desk.complaints
    assert desk.complaints == []
    assert desk.outside() == []
    assert desk.page.locator(".aelib-still").is_hidden()
    assert desk.page.locator(".aelib-say").inner_text().strip()


def test_numbers_are_those_of_jax(name: str, desk: Visit) -> None:
    given = sample(name)
    start = state(desk)
    assert len(given.STATES) >= 3
    for change in given.STATES:
        reset(desk, {**start, **change})
        now = state(desk)
        assert {key: now[key] for key in change} == pytest.approx(change)
        found = desk.page.evaluate("probe.numbers()")
        with jax.enable_x64(True):
            expected = given.numbers(given.DATA, **now)
            assert set(found) == set(expected)
            for key, value in expected.items():
                np.testing.assert_allclose(found[key], value, rtol=1e-4, atol=1e-4, err_msg=key)
    reset(desk, start)


def controls(visit: Visit) -> list[Any]:
    found = visit.page.locator(CONTROLS).all()
    assert found, "nothing to move"
    return found


def kind(control: Any) -> str:
    return str(control.get_attribute("type") or "handle")


def named(control: Any) -> list[str]:
    return str(control.get_attribute("data-parameter")).split()


def another(control: Any) -> bool:
    """Whether pressing it would choose what is chosen already."""
    return kind(control) == "radio" and control.is_checked()


def drag(visit: Visit, control: Any, touch: bool) -> None:
    """Press in the middle of a control and move: to the right and up, or to the left and down."""
    control.scroll_into_view_if_needed()
    box = control.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    if kind(control) in ("radio", "checkbox"):
        visit.page.touchscreen.tap(x, y) if touch else visit.page.mouse.click(x, y)
        return
    far = 0.3 * box["width"] if kind(control) == "range" else 30
    parent = visit.page.evaluate("window.innerWidth")
    sign = 1 if x + far < parent - 20 else -1
    steps = [
        (x + sign * far * i / 8, y - sign * far * i / 8 * (kind(control) != "range"))
        for i in range(9)
    ]
    if not touch:
        visit.page.mouse.move(x, y)
        visit.page.mouse.down()
        for at in steps[1:]:
            visit.page.mouse.move(*at)
        visit.page.mouse.up()
        return
    if kind(control) == "range":
        visit.page.touchscreen.tap(*steps[-1])
        return
    client = visit.context.new_cdp_session(visit.page)

    def send(event: str, points: list[Any]) -> None:
        at = [{"x": px, "y": py} for px, py in points]
        client.send("Input.dispatchTouchEvent", {"type": event, "touchPoints": at})

    send("touchStart", steps[:1])
    for at in steps[1:]:
        send("touchMove", [at])
    send("touchEnd", [])


def moves(visit: Visit, act: Any) -> None:
    start = state(visit)
    for control in controls(visit):
        if another(control):
            continue
        reset(visit, start)
        act(control)
        visit.page.evaluate("new Promise(requestAnimationFrame)")
        now = state(visit)
        changed = [key for key in named(control) if now[key] != start[key]]
        assert changed, f"{kind(control)} of {named(control)} moves nothing"
        assert {key for key in now if now[key] != start[key]} <= set(named(control))
    reset(visit, start)


def test_mouse_moves_it(desk: Visit) -> None:
    moves(desk, lambda control: drag(desk, control, touch=False))


def test_touch_moves_it(phone: Visit) -> None:
    moves(phone, lambda control: drag(phone, control, touch=True))


KEYS = {"radio": "Space", "checkbox": "Space"}


def test_keys_move_it(desk: Visit) -> None:
    def press(control: Any) -> None:
        control.focus()
        key = KEYS.get(kind(control), "ArrowRight")
        before = state(desk)
        desk.page.keyboard.press(key)
        if state(desk) == before:  # it was at its end
            desk.page.keyboard.press("ArrowLeft")

    moves(desk, press)


def test_it_is_told_what_changed(desk: Visit) -> None:
    start = state(desk)
    control = controls(desk)[-1]
    control.focus()
    desk.page.keyboard.press("ArrowLeft")
    desk.page.wait_for_function(
        "document.querySelector('.aelib-live [role=status]').textContent.length > 0", timeout=3000
    )
    reset(desk, start)


def test_a_frame_is_short(desk: Visit) -> None:
    times = []
    for _ in range(3):  # other programs may have the processor for a while
        desk.page.evaluate(f"{ROOT}.slowest = 0")
        for control in controls(desk):
            if kind(control) not in ("radio", "checkbox"):
                drag(desk, control, touch=False)
        times.append(desk.page.evaluate(f"{ROOT}.slowest"))
        if times[-1] < SLOW:
            break
    assert 0 < min(times) < SLOW


def test_a_phone_has_room_for_it(phone: Visit) -> None:
    assert phone.overflow() <= 0
    assert phone.complaints == []
    sizes = phone.page.evaluate("probe.letters()")
    assert min(sizes, default=11) >= 11
    assert phone.page.evaluate("probe.cut()") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_left_out(browser: Any, path: Path, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with Visit(browser, path) as visit:
        if scheme == "dark":
            visit.page.evaluate(
                "document.documentElement.setAttribute('theme', 'dark');"
                "document.body.style.background = '#121212'; document.body.style.color = '#ddd'"
            )
        visit.page.wait_for_function(f"{ROOT} !== undefined")
        found = Axe().run(visit.page).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def test_print_and_a_page_without_scripts_show_the_still(browser: Any, path: Path) -> None:
    with Visit(browser, path) as visit:
        visit.page.wait_for_function(f"{ROOT} !== undefined")
        visit.page.emulate_media(media="print")
        assert visit.page.locator(".aelib-still svg").is_visible()
        assert visit.page.locator(".aelib-live").is_hidden()
    with Visit(browser, path, java_script_enabled=False) as visit:
        assert visit.page.locator(".aelib-still svg").is_visible()
        assert visit.page.locator(".aelib-live").is_hidden()


def test_a_page_may_run_everything_twice(browser: Any, name: str, tmp_path: Path) -> None:
    """As a notebook does, where each output brings the runtime along."""
    page = tmp_path / "twice.html"
    page.write_text(document(markup(name, sample(name).DATA) * 2), encoding="utf-8")
    with Visit(browser, page) as visit:
        script = "probe.all('.aelib-live').map(live => live.querySelectorAll('.aelib-say').length)"
        assert visit.page.evaluate(script) == [1, 1]
        assert visit.complaints == []
