"""Texts and fitted pictures look as they did when somebody last looked at them: `make contact-sheet` to look, `make golden` to keep."""

import pathlib
import sys

import pytest

import letters

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))

import fits  # noqa: E402
import golden  # noqa: E402
from cases import cases  # noqa: E402

ALIKE = 0.98
NAMES = list(cases())
FITS = [f"fit-{shape}-{way}-{ratio}" for ratio in fits.SIZES for shape in fits.SHAPES for way in fits.WAYS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("golden")


@pytest.fixture(scope="module")
def drawn(folder):
    return golden.drawn(folder)


def similarity(folder, drawn, name, reference):
    text, answer = drawn[name]
    return letters.similarity(folder, answer, letters.bands(text, answer), golden.reference(reference), golden.SCALE)


@pytest.mark.parametrize("name", NAMES)
def test_looks_as_it_did(folder, drawn, name):
    """seed D7, D16: each script has its letters, and each style its look."""
    assert drawn[name][1]["missing"] == 0
    assert similarity(folder, drawn, name, name) >= ALIKE


@pytest.mark.parametrize("one, other", [("script-greek", "script-hebrew"), ("style-story-9:16", "style-lifestyle-9:16"),
                                        ("caption-clean-words", "style-product_showcase-9:16")])
def test_another_text_does_not(folder, drawn, one, other):
    assert similarity(folder, drawn, one, other) < ALIKE


@pytest.fixture(scope="module")
def fitted(folder):
    return fits.made(folder)


@pytest.mark.parametrize("name", FITS)
def test_is_fitted_as_it_was(fitted, name):
    assert fits.similarity(fitted[name], golden.reference(name)) >= ALIKE


@pytest.mark.parametrize("one, other", [("cover", "contain"), ("cover", "cover-left"), ("contain", "blur")])
def test_another_way_to_fit_is_seen(fitted, one, other):
    assert fits.similarity(fitted[f"fit-wide-{one}-9:16"], golden.reference(f"fit-wide-{other}-9:16")) < ALIKE


def test_captions_and_logo_keep_off_the_text(drawn):
    for name, (_, answer) in drawn.items():
        text = answer.get("text")
        for image in [answer.get("logo"), *answer.get("captions", [])]:
            if text and image and "glow" not in name:
                assert not meet(text, image), f"{name}: {text} {image}"


def meet(a, b, cloud=48):
    """Whether letters do: a picture has a soft cloud around them, which may reach under others."""
    return (a["x"] + cloud < b["x"] + b["width"] and b["x"] + cloud < a["x"] + a["width"]
            and a["y"] + cloud < b["y"] + b["height"] and b["y"] + cloud < a["y"] + a["height"])


def test_no_reference_is_left_over():
    kept = {path.name for path in golden.HERE.glob("*.png")}
    assert kept == {golden.reference(name).name for name in NAMES + FITS}
