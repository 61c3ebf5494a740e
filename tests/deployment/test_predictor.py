"""Answers from an export: only for what the model was trained on, only from what is sound."""

import ctypes
import json
import shutil
import time
from pathlib import Path

import numpy as np
import paddle
import pytest

from mnist_helpers.deployment import export
from mnist_helpers.deployment.manifest import sha256
from mnist_helpers.deployment.predictor import AT_ONCE, ENGINES, Predictor, soonest
from mnist_helpers.errors import ExportError, ModelInputError, UnknownNameError
from tests.conftest import run_python


def images(*shape):
    return np.random.default_rng(6).random(shape or (4, 1, 28, 28), np.float32)


@pytest.fixture
def copied(exported, tmp_path):
    """A copy of the export, to be damaged."""
    return Path(shutil.copytree(exported[1], tmp_path / "copied"))


@pytest.fixture(scope="module", params=[*ENGINES, "load"])
def answer(request, exported):
    """Each way to ask an export."""
    if request.param == "load":
        model = export.load(exported[1])
        return lambda array: model(paddle.to_tensor(array)).numpy()
    return Predictor(exported[1], request.param)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (images() * 255, r"pixels from 0.* to 25.*; expected 0 \(paper\) to 1 \(ink\) .* / np"),
        (images() * 2 - 1, r"pixels from -0\.99.*\[-1, 1\]\? Then \(images \+ 1\) / 2"),
        (images() * 1e6, r"pixels from .*e\+05; expected 0 \(paper\) to 1 \(ink\)$"),
        (np.full((1, 1, 28, 28), np.nan, np.float32), "not finite"),
        (np.where(images() > 0.5, np.float32(np.inf), images()), "not finite"),
        ((images() * 255).astype(np.uint8), r"dtype uint8; expected float32 \(images / np.float32"),
        (images().astype(np.float64), r"dtype float64; expected float32 \(images.astype"),
        (images(28, 28), r"shape \[28, 28\]; expected \[n, 1, 28, 28\].*images\[None, None\]"),
        (images(5, 28, 28), r"shape \[5, 28, 28\].*images\[:, None\]"),
        (images(5, 28, 28, 1), r"the channel comes first: images.transpose\(0, 3, 1, 2\)"),
        (images(5, 784), r"images.reshape\(-1, 1, 28, 28\)"),
        (images(1, 1, 32, 32), r"shape \[1, 1, 32, 32\].*load_image"),
        (images(1, 3, 28, 28), r"shape \[1, 3, 28, 28\].*load_image"),
        (images(0, 1, 28, 28), "n at least 1"),
    ],
)  # fmt: skip
def test_what_it_was_not_trained_on_is_refused_with_a_hint(answer, given, named):
    with pytest.raises(ModelInputError, match=named):
        answer(given)


def test_a_tensor_is_not_an_array(exported):
    for engine in ENGINES:
        with pytest.raises(ModelInputError, match="expected a NumPy array, not a Tensor"):
            Predictor(exported[1], engine)(paddle.to_tensor(images()))


def test_pixels_may_be_rounded(answer):
    assert answer(np.full((2, 1, 28, 28), 1 + 2e-7, np.float32)).shape == (2, 10)
    assert answer(np.zeros((2, 1, 28, 28), np.float32)).shape == (2, 10)


@pytest.mark.parametrize("engine", ENGINES)
def test_any_number_of_images_in_any_layout(exported, engine):
    predictor = Predictor(exported[1], engine)
    many = images(AT_ONCE + 3, 1, 28, 28)
    together = predictor(many)
    assert np.allclose(together.sum(axis=1), 1, atol=1e-5)
    one_by_one = np.concatenate([predictor(many[i : i + 1]) for i in (0, 1, AT_ONCE, AT_ONCE + 2)])
    assert np.allclose(together[[0, 1, AT_ONCE, AT_ONCE + 2]], one_by_one, atol=1e-5)
    reversed_and_turned = many[::-1].transpose(0, 1, 3, 2)
    assert not reversed_and_turned.flags.c_contiguous
    same = np.array(reversed_and_turned, order="C")
    assert np.array_equal(predictor(reversed_and_turned), predictor(same))
    assert np.array_equal(predictor.digits(many), together.argmax(axis=1))
    kept = predictor(many[:1]).copy()  # what it gave is not overwritten by the next answer
    first = predictor(many[:1])
    predictor(many[5:6])
    assert np.array_equal(first, kept)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("threads", [1, 2, None])
def test_threads_do_not_change_the_answers(exported, engine, threads):
    expected = Predictor(exported[1], engine, threads=1)(images())
    assert np.allclose(
        Predictor(exported[1], engine, threads=threads)(images()), expected, atol=1e-5
    )


def test_wrong_wishes_are_named(exported):
    with pytest.raises(UnknownNameError, match="no engine 'tensorrt'; known: native, onnx"):
        Predictor(exported[1], "tensorrt")
    with pytest.raises(ExportError, match="run by the engine onnx, not native"):
        Predictor(exported[1] / "model.onnx", "native")
    with pytest.raises(ValueError, match="threads must be 1 or more"):
        Predictor(exported[1], threads=0)


def test_a_file_or_a_folder_names_its_engine(exported):
    folder = exported[1]
    assert Predictor(str(folder)).engine == "native"
    assert Predictor(folder / "model.onnx").engine == "onnx"
    for path, named in (
        (folder / "model.json", "a file; expected the folder of an export"),
        (folder / "other.onnx", "no such file"),
        (folder.parent / "nowhere", "not the folder of an export"),
        (folder.parent, "not the folder of an export"),
    ):
        with pytest.raises(ExportError, match=named) as error:
            Predictor(path)
        assert str(path) in str(error.value)


def change(folder, **facts):
    path = folder / "export.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **facts}))


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


NATIVE_ONLY = [
    (lambda folder: (folder / "model.json").unlink(), "no model.json in it; it is not complete"),
    (lambda folder: (folder / "model.pdiparams").unlink(), "no model.pdiparams in it"),
    (lambda folder: cut(folder / "model.pdiparams"), "model.pdiparams: damaged.*SHA-256"),
    (lambda folder: flip(folder / "model.json"), "model.json: damaged.*SHA-256"),
    (lambda folder: change(folder, versions={"paddle": "2.6.2"}), "exported by Paddle 2.6.2, and"),
    (lambda folder: change(folder, versions={}), "exported by Paddle of no version"),
]
ONNX_ONLY = [
    (lambda folder: (folder / "model.onnx").unlink(), "no model.onnx in it; it is not complete"),
    (lambda folder: flip(folder / "model.onnx"), "model.onnx: damaged.*SHA-256"),
    (lambda folder: (folder / "model.onnx").write_text("none"), "model.onnx: damaged.*SHA-256"),
    (lambda folder: change(folder, files={}), "exported without ONNX"),
]
BOTH = [
    (lambda folder: (folder / "export.json").unlink(), "no export.json in it; it is not complete"),
    (lambda folder: cut(folder / "export.json"), "export.json: damaged"),
    (lambda folder: (folder / "export.json").write_text("[]"), "export.json: damaged"),
    (lambda folder: (folder / "export.json").write_bytes(b"\xff"), "export.json: damaged"),
    (lambda folder: change(folder, files=None), "export.json: damaged"),
    (lambda folder: change(folder, format=2), "of format 2; this version reads format 1"),
    (lambda folder: change(folder, input={"range": [-1, 1]}), r"takes .*-1, 1.*gives .*\[0, 1\]"),
    (lambda folder: change(folder, output={"kind": "words"}), "gives .*words"),
]


@pytest.mark.parametrize(
    ("engine", "damage", "named"),
    [
        *(("native", *case) for case in NATIVE_ONLY + BOTH),
        *(("load", *case) for case in NATIVE_ONLY + BOTH),
        *(("onnx", *case) for case in ONNX_ONLY + BOTH),
    ],
)
def test_what_is_not_sound_is_refused_and_named(copied, engine, damage, named):
    damage(copied)
    with pytest.raises(ExportError, match=named) as error:
        export.load(copied) if engine == "load" else Predictor(copied, engine)
    assert str(copied) in str(error.value)


@pytest.mark.parametrize("case", range(len(NATIVE_ONLY)))
def test_onnx_needs_nothing_of_paddles(copied, case):
    NATIVE_ONLY[case][0](copied)
    assert Predictor(copied, "onnx")(images()).shape == (4, 10)


def test_files_that_no_engine_reads_are_named(copied):
    for name in ("model.onnx", "model.json"):
        (copied / name).write_text("{}")
    files = {file.name: sha256(file) for file in copied.iterdir()}
    change(copied, files=files)
    with pytest.raises(ExportError, match="not an ONNX model that onnxruntime"):
        Predictor(copied, "onnx")
    with pytest.raises(ExportError, match="Paddle cannot run it"):
        Predictor(copied, "native")
    with pytest.raises(ExportError, match="Paddle cannot load it"):
        export.load(copied)


def test_an_onnx_file_by_itself_does_not_say_what_it_takes(copied, tmp_path):
    alone = tmp_path / "alone.onnx"
    shutil.copy(copied / "model.onnx", alone)
    with pytest.raises(ExportError, match=r"no export\.json in it"):
        Predictor(alone)
    shutil.copy(alone, copied / "renamed.onnx")
    with pytest.raises(ExportError, match=r"renamed.onnx: not a file of this export; it has"):
        Predictor(copied / "renamed.onnx")


def test_an_export_of_paddle_2_is_told_apart(tmp_path):
    for name in ("model.pdmodel", "model.pdiparams", "model.pdiparams.info"):
        (tmp_path / name).write_bytes(b"")
    for ask in (Predictor, export.load):
        with pytest.raises(ExportError, match=r"exported by Paddle 2 \(.pdmodel\)"):
            ask(tmp_path)


@pytest.mark.parametrize(
    ("engine", "module", "package"),
    [("native", "paddle", "paddlepaddle"), ("onnx", "onnxruntime", "onnxruntime")],
)
def test_a_missing_package_is_named_with_what_installs_it(exported, engine, module, package):
    code = (
        "import sys, mnist_helpers.deployment.predictor as p\n"
        f"sys.modules[{module!r}] = None\n"
        f"try: p.Predictor({str(exported[1])!r}, {engine!r})\n"
        "except p.MissingPackageError as error: print(error)\n"
    )
    run = run_python(code)
    assert run.stdout == (
        f"the engine {engine} needs the package {package}. To have it: pip install {package}\n"
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_it_is_silent_and_onnx_imports_no_paddle(exported, engine):
    run = run_python(
        "import sys, numpy as np; from mnist_helpers.deployment.predictor import Predictor\n"
        f"predictor = Predictor({str(exported[1])!r}, {engine!r})\n"
        "print(predictor(np.zeros((3, 1, 28, 28), np.float32)).shape, 'paddle' in sys.modules)"
    )
    assert (run.stdout, run.stderr) == (f"(3, 10) {engine == 'native'}\n", "")


def sleeping(one, several):
    """A way that takes so many seconds for one picture, and for several."""

    def run(images):
        time.sleep(one if len(images) == 1 else several)
        run.asked.append(len(images))
        return np.zeros([len(images), 10], np.float32)

    run.asked = []
    return run


@pytest.mark.parametrize("engine", ENGINES)
def test_one_picture_and_several_each_get_the_way_that_is_quicker(monkeypatch, exported, engine):
    slow_to_begin, slow_to_compute = sleeping(0.02, 0), sleeping(0, 0.02)
    monkeypatch.setitem(ENGINES, engine, lambda *_: [slow_to_begin, slow_to_compute])
    predictor = Predictor(exported[1], engine)
    for way in (slow_to_begin, slow_to_compute):
        way.asked.clear()
    for n in (1, 2, AT_ONCE + 1, 1):
        predictor(images(n, 1, 28, 28))
    assert slow_to_compute.asked == [1, 1]
    assert slow_to_begin.asked == [2, AT_ONCE, 1]


def test_the_first_run_which_prepares_things_does_not_decide():
    calls = []

    def prepares(images):
        time.sleep(0.1 if not calls else 0)
        calls.append(len(images))

    steady = sleeping(0.01, 0.01)
    assert soonest([steady, prepares], images(1, 1, 28, 28)) is prepares


def mkl_threads():
    (library,) = Path(paddle.__file__).parent.glob("libs/libmklml_intel.so")
    return ctypes.CDLL(str(library)).MKL_Get_Max_Threads


def test_the_native_predictor_leaves_paddle_as_it_was(exported):
    """Its own code leaves one thread, and would leave what it frees to another."""
    flags = paddle.get_flags("FLAGS_eager_delete_tensor_gb")
    predictor = Predictor(exported[1], threads=1)
    assert paddle.get_flags("FLAGS_eager_delete_tensor_gb") == flags
    try:
        threads = mkl_threads()
    except (ValueError, OSError):
        pytest.skip("this Paddle has another library for its products")
    from paddle.base.core import set_num_threads

    from mnist_helpers.system.runtime import paddle_threads

    set_num_threads(paddle_threads())
    before = threads()
    predictor(images())
    assert threads() == before
