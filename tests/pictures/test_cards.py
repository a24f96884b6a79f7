"""The meetings as cards: the same cards in three orders, and only by input do the weights run backwards."""

import json

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from cnnviz import explore_meetings
from cnnviz.derivations import symbol_array
from cnnviz.functional import conv2d, conv2d_input, conv2d_weight
from cnnviz.functional.geometry import DoesNotFit, Geometry
from cnnviz.functional.samples import sample_gradient, sample_input, sample_kernel
from cnnviz.functional.table import convolution_table, unpadded_cells
from cnnviz.pictures.small_example.cards import SORTINGS, meetings_as_cards
from cnnviz.scene.svg import svg
from cnnviz.symbols import NOTATIONS, number

RESULTS = ("output", "kernel_gradient", "input_gradient")


def example(sort, **more):
    g = np.array([[2.0, -1.0], [4.0, 3.0]])
    return meetings_as_cards(sample_input(3, 3), sample_kernel(2, 2), g, sort=sort, **more)


def rows_of(scene):
    """What stands on the cards of each row, from left to right."""
    cards, size = scene["cards"], scene["sums"].size
    lit = (scene.lit("sums", row).get("cards", ()) for row in range(size))
    return [[cards.texts[c] for c in sorted(row, key=cards.corner)] for row in lit]


def test_the_sixteen_meetings_sorted_three_ways():
    forward, to_kernel, to_input = map(rows_of, map(example, SORTINGS))
    assert forward[1] == ["k_11·a_12", "k_12·a_13", "k_21·a_22", "k_22·a_23"]
    assert to_kernel[1] == ["g_11·a_12", "g_12·a_13", "g_21·a_22", "g_22·a_23"]
    assert to_input[4] == ["g_11·k_22", "g_12·k_21", "g_21·k_12", "g_22·k_11"]
    assert [len(row) for row in to_input] == [1, 2, 1, 2, 4, 2, 1, 2, 1]
    assert {len(row) for row in forward + to_kernel} == {4}


def test_only_by_input_a_lamp_is_out():
    for sort in SORTINGS:
        lamps = example(sort).lamps
        assert all(lamp.holds for lamp in lamps) == (sort != "by input")
    assert [lamp.words for lamp in example("by input").lamps] == [
        "along a row the outputs run forwards",
        "along a row the weights run backwards",
        "along a row the inputs are the same",
    ]


@st.composite
def layers(draw):
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    stride, padding, dilation = (draw(st.integers(low, 2)) for low in (1, 0, 1))
    size = tuple(draw(st.integers(max(1, dilation * (k - 1) + 1 - 2 * padding), 5)) for k in kernel)
    return size, kernel, (stride, padding, dilation)


@given(layers(), st.sampled_from(sorted(NOTATIONS)))
def test_rows_add_up_to_their_results_and_the_cards_keep_their_meeting(layer, document):
    size, kernel, how = layer
    x, k = sample_input(*size), sample_kernel(*kernel)
    g = sample_gradient(*Geometry.of(size, kernel, *how).output_size)
    letters = {"notation": NOTATIONS[document]}
    geometry = Geometry.of(size, kernel, *how)
    if (unpadded_cells(geometry)[convolution_table(geometry)["input"]] < 0).all():
        with pytest.raises(DoesNotFit, match="padding alone"):
            meetings_as_cards(x, k, g, *how)
        return
    scenes = [meetings_as_cards(x, k, g, *how, sort=sort, **letters) for sort in SORTINGS]
    results = (
        conv2d(x, k, None, *how),
        conv2d_weight(x, kernel, g, *how),
        conv2d_input(size, k, g, *how),
    )
    assert len({scene["cards"].names for scene in scenes}) == 1
    for scene, name, values in zip(scenes, RESULTS, results, strict=True):
        cards = scene["cards"]
        products = [float(text.replace("−", "-")) for text in cards.numbers]
        for cell, value in enumerate(values.ravel()):
            row = scene.lit(name, cell).get("cards", ())
            assert sum(products[card] for card in row) == value
            corners = [cards.corner(card) for card in row]
            assert len({y for _, y in corners}) <= 1 and len({*corners}) == len(corners)
        runs = scene.lamps[1].words
        assert runs.endswith(("backwards", "stand alone", "the same")) or name != "input_gradient"
        assert not runs.endswith("backwards") or name == "input_gradient"
        assert scene[name].numbers == tuple(map(number, values.ravel().tolist()))


@pytest.mark.parametrize("document", sorted(NOTATIONS))
def test_every_sum_is_what_calculus_gives(document):
    letters = NOTATIONS[document]
    how = {"stride": 2, "padding": 1}
    xs, ks = symbol_array(letters.input, (4, 4)), symbol_array(letters.kernel, (3, 3))
    hs = conv2d(xs, ks, **how)
    gs = [
        sympy.Symbol(f"∂{letters.scalar}/∂{h}")
        for h in symbol_array(letters.output, (2, 2)).ravel()
    ]
    scalar = sum(h * g for h, g in zip(hs.ravel(), gs, strict=True))
    wanted = {
        "by output": hs.ravel(),
        "by weight": [sympy.diff(scalar, weight) for weight in ks.ravel()],
        "by input": [sympy.diff(scalar, cell) for cell in xs.ravel()],
    }
    x, k, g = sample_input(4, 4), sample_kernel(3, 3), sample_gradient(2, 2)
    for (sort, sums), name in zip(wanted.items(), RESULTS, strict=True):
        scene = meetings_as_cards(x, k, g, **how, sort=sort, notation=letters)
        for cell, one in enumerate(sums):
            _, terms = scene.terms(name, cell)
            made = sum(sympy.prod([sympy.Symbol(f) for f in term]) for term in terms)
            assert sympy.expand(made - one) == 0


def test_a_card_says_what_meets_and_where_its_product_goes():
    assert example("by input").sentence("cards", 3) == (
        "h₁₁ reads a₂₂ with the weight k₂₂. This card adds g₁₁·k₂₂ to ∂F/∂a₂₂."
    )
    assert example("by input").sentence("sums", 4) == (
        "∂F/∂a₂₂ is the sum of its row: 4 cards. Along it the weights run backwards, from k₂₂ to k₁₁."
    )
    lit = example("by input").lit("cards", 3)
    assert lit["input_gradient"] == (4,) and lit["kernel"] == (3,) and lit["upstream"] == (0,)
    assert [grid.name for grid in example("by weight").grids[:3]] == [
        "input", "kernel_gradient", "upstream",
    ]  # fmt: skip


def test_padding_has_no_cards_and_a_cell_that_is_never_read_has_an_empty_row():
    padded = explore_meetings(padding=1).scene
    assert [value for value, _ in padded.counters] == ["36", "28"]  # of 16 windows with 4 weights
    strided = explore_meetings(sort="by input", stride=2).scene
    assert strided.sentence("input_gradient", 8) == "∂F/∂a₃₃ is 0: its row has no card."
    assert strided["input_gradient"].numbers[8] == "0"


def test_a_pinned_card_stays_lit_while_the_cards_are_sorted():
    explorer = explore_meetings()
    explorer.pin("cards", 3)
    before = explorer.scene["cards"].corner(3)
    explorer.move(sort="by input")
    assert explorer.scene.focus == ("cards", 3)
    assert explorer.scene["cards"].names[3] == "h_11·k_22·a_22"
    assert explorer.scene["cards"].corner(3) != before
    assert svg(explorer.scene).count('class="tile"') >= 16
    assert "  g_11·k_22  g_12·k_21  g_21·k_12  g_22·k_11" in str(explorer.scene).splitlines()


def test_numbers_typed_into_the_maps_reach_the_cards():
    explorer = explore_meetings(show="numbers", sort="by weight")
    assert explorer.scene["cards"].numbers[0] == "2" and not explorer.scene["cards"].editable
    explorer.type("upstream", 0, "5")
    assert explorer.data["upstream"][0, 0] == 5 and explorer.scene["cards"].numbers[0] == "5"


def test_the_browser_gets_plain_numbers_and_the_picture_keeps_its_size():
    sizes = set()
    for sort in SORTINGS:
        explorer = explore_meetings(sort=sort)
        for control in ("input_size", "kernel_size", "stride", "padding"):
            for value in explorer.controls[control].options:
                explorer.move(**{control: value})
                scene = explorer.scene
                sizes.add(scene.extent)
                json.dumps(scene.view())
                wide, high = scene.extent
                cards = scene["cards"]
                for cell in range(cards.size):
                    x, y = cards.corner(cell)
                    assert x >= 380 and x + cards.place.width <= wide
                    assert y >= 46 and y + cards.place.height <= high
    assert len(sizes) == 1
