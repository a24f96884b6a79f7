"""How long from a key or a pointer to the paint of the picture that answers it, in ms.

The clock is the page's own. It starts when the event arrives, before any handler of the page has
seen it, and is read in the second animation frame after a DOM change, when the change has been
painted. If the picture changes several times, the last one counts: a picture is there when it
stands still. Only changes of the picture itself count, not those of the slider beside it.
"""

import math
import statistics

RECORDER = """
window.cnnvizPainted = (container, picture, events, quiet, patience) => {
    const isPicture = node => node instanceof Element
        && (node.closest(picture) !== null || node.querySelector(picture) !== null);
    const element = node => node instanceof Element ? node : node.parentElement;
    let start = null, painted = null, frames = 0, timer = null, answer;

    const done = () => {
        observer.disconnect();
        for (const name of events) window.removeEventListener(name, begin, true);
        answer(painted === null ? null : painted - start);
    };
    const wait = ms => { clearTimeout(timer); timer = setTimeout(done, ms); };
    const begin = () => { start ??= performance.now(); };
    const observer = new MutationObserver(records => {
        if (start === null) return;
        const seen = records.some(record =>
            element(record.target).closest(picture) !== null
            || Array.from(record.addedNodes).some(isPicture));
        if (!seen) return;
        const frame = ++frames;
        requestAnimationFrame(() => requestAnimationFrame(() => {
            painted = performance.now();
            if (frame === frames) wait(quiet);
        }));
    });

    for (const name of events) window.addEventListener(name, begin, true);
    observer.observe(container,
        { subtree: true, childList: true, attributes: true, characterData: true });
    wait(patience);
    window.cnnvizAnswer = new Promise(resolve => { answer = resolve; });
};
"""

QUIET, PATIENCE = 200, 5000  # ms without a further change; ms to wait for the first one


def after_key(handle, key: str, container, picture: str) -> float:
    """Ms from `key`, pressed on the slider `handle`, until `picture` in `container` is painted.

    `handle` and `container` are Playwright locators: an ipywidgets `.noUi-handle`, an
    `<input type="range">`, or anything else that takes keys. `picture` is a CSS selector.
    """
    handle.focus()
    _bring_into_view(container.locator(picture))
    return _measure(container, picture, ["keydown"], lambda: handle.page.keyboard.press(key))


def after_hover(target, container, picture: str) -> float:
    """Ms from the pointer's arrival at `target` until `picture` in `container` is painted.

    Before each measurement the pointer rests in the corner of the window.
    """
    page = target.page
    page.mouse.move(0, 0)
    _bring_into_view(target)
    box = target.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    # A pointer's first event in a new place is `pointerover`; `mousemove` comes last.
    events = ["pointerover", "pointermove", "mousemove"]
    return _measure(container, picture, events, lambda: page.mouse.move(x, y))


def summary(times) -> dict:
    """n, least, median and 95th percentile (the smallest time that 95 of 100 do not exceed)."""
    ranked = sorted(times)
    return {
        "n": len(ranked),
        "min": ranked[0],
        "median": statistics.median(ranked),
        "p95": ranked[math.ceil(0.95 * len(ranked)) - 1],
    }


def _bring_into_view(locator) -> None:
    """What is out of view is not painted, and would seem fast."""
    locator.evaluate("element => element.scrollIntoView({ block: 'center' })")
    locator.page.wait_for_timeout(100)


def _measure(container, picture, events, act) -> float:
    container.page.evaluate(f"() => {{ {RECORDER} }}")
    container.evaluate(
        "(element, options) => { cnnvizPainted(element, ...options) }",
        [picture, events, QUIET, PATIENCE],
    )
    act()
    ms = container.page.evaluate("cnnvizAnswer")
    if ms is None:
        raise RuntimeError(f"No {picture} changed within {PATIENCE} ms of {events[0]}.")
    return ms
