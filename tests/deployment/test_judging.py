"""An answer or none: each reason by a picture that has it, and never one for a plain digit."""

import re

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnist_helpers.data import from_picture, load
from mnist_helpers.data.mnist_form import to_mnist_form
from mnist_helpers.data.pictures.handwriting import glyph
from mnist_helpers.data.pictures.rubbish import rubbish
from mnist_helpers.deployment import Predictor, Verdict, doorkeeper, judge, like_a_digit
from mnist_helpers.deployment.judging import LEAST, LIKENESS
from tests.conftest import EXPORTED_FOR


def drawn(*strokes):
    picture = Image.new("L", (140, 140), 230)
    for stroke in strokes:
        ImageDraw.Draw(picture).line(stroke, fill=30, width=9, joint="curve")
    if len(strokes) == 1:
        return from_picture(picture)
    ink = (230 - np.asarray(picture, np.float32)) / 200
    return to_mnist_form(ink)[None, None]  # all of it: `from_picture` takes what stands out


SEVEN = [(45, 25), (95, 25), (60, 115)]
ONE = [(40, 25), (40, 115)]
ANOTHER = [(65, 25), (65, 115)]
SAWTOOTH = [(20, 110), (35, 30), (50, 110), (65, 30), (80, 110), (95, 30), (110, 110)]


def scores(digit, probability=0.99):
    """Of one picture, with that probability for one digit and the rest for the next one."""
    probabilities = np.full((1, 10), 1e-9, np.float32)
    probabilities[0, [digit, (digit + 1) % 10]] = probability, 1 - probability
    return np.log(probabilities)


def test_a_digit_of_which_the_model_is_sure_is_an_answer():
    (verdict,) = judge(drawn(SEVEN), scores(7))
    assert verdict == Verdict("digit", 7, verdict.probability)
    assert verdict.digit == 7
    assert verdict.probability == pytest.approx(0.99, abs=1e-4)


@pytest.mark.parametrize(
    ("strokes", "probability", "what", "reason"),
    [
        ([SEVEN], 0.55, "doubtful", r"^7 \(0\.55\) or 8 \(0\.45\); an answer has 0\.60 to 1"),
        ([SAWTOOTH], 0.99, "no digit", r"looks like none \(0\.\d\d; a digit has 0\.\d\d to 1"),
        ([ONE, ANOTHER], 0.99, "more than one", "^2 digits.*cut the picture to one"),
        ([SAWTOOTH], 0.55, "no digit", "looks like none"),
    ],
)
def test_the_reason_for_no_answer_is_told(strokes, probability, what, reason):
    (verdict,) = judge(drawn(*strokes), scores(7, probability))
    assert verdict.what == what
    assert verdict.digit is None
    assert verdict.likeliest == 7  # which whoever asks may have all the same
    assert re.search(reason, verdict.reason), verdict.reason


def test_what_was_counted_on_the_whole_picture_counts():
    (verdict,) = judge(drawn(SEVEN), scores(7), [5])
    assert (verdict.what, verdict.digit) == ("more than one", None)
    assert verdict.reason.startswith("5 digits")


def test_no_ink_is_no_digit():
    (verdict,) = judge(np.zeros((1, 1, 28, 28), np.float32), scores(1))
    assert (verdict.what, verdict.reason) == ("no digit", "there is no ink")


def test_limits_can_be_given():
    picture = drawn(SEVEN)
    assert judge(picture, scores(7, 0.8), least=0.9)[0].what == "doubtful"
    assert judge(picture, scores(7, 0.55), least=0.5)[0].digit == 7
    assert judge(drawn(SAWTOOTH), scores(7), likeness=0)[0].digit == 7
    assert 0.5 < LEAST < 0.9


@pytest.mark.parametrize(("number", "digit"), [(7.2, 7), (np.nan, None)])
def test_a_regression_is_judged_without_a_probability(number, digit):
    (verdict,) = judge(drawn(SEVEN), np.array([[number]], np.float32))
    assert verdict.probability is None
    assert verdict.digit == digit
    assert bool(verdict.reason) == (digit is None)


@pytest.mark.parametrize("engine", EXPORTED_FOR)
def test_a_predictor_judges_as_many_as_it_is_given(exported, engine):
    predictor = Predictor(exported[1], engine)
    images = np.concatenate([drawn(SEVEN), drawn(SAWTOOTH), drawn(ONE, ANOTHER)])
    verdicts = predictor.judge(images)
    assert [v.what for v in verdicts][1:] == ["no digit", "more than one"]
    for verdict, probabilities in zip(verdicts, predictor(images), strict=True):
        assert verdict.likeliest == probabilities.argmax()
        assert verdict.probability == pytest.approx(probabilities.max(), abs=1e-5)


def test_the_doorkeeper_lets_digits_in_and_keeps_rubbish_out():
    """Of kinds that it has not learned from: its figures are in book/bench/refusing.json."""
    digits = load("test", quiet=True)[:200].images
    found = [from_picture(Image.fromarray(255 - image)) for image in digits]
    assert (like_a_digit(np.concatenate(found)) >= LIKENESS).mean() > 0.97
    for kind, most in (("letters", 0.45), ("symbols", 0.4), ("scribbles", 0.25)):
        pictures = [from_picture(Image.fromarray(p)) for p in rubbish(kind, 60, "exam", 5, digits)]
        assert (like_a_digit(np.concatenate(pictures)) >= LIKENESS).mean() < most, kind
    printed = [from_picture(Image.fromarray(255 - np.uint8(255 * glyph("DejaVuSans", str(d)))))
               for d in range(10)]  # fmt: skip
    assert (like_a_digit(np.concatenate(printed)) >= LIKENESS).all()


def test_its_file_is_small():
    assert doorkeeper.WEIGHTS.stat().st_size < 60_000
