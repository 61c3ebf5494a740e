import os
import platform
import random
from pathlib import Path

import numpy as np
import paddle
import pytest

from mnist_helpers.system import runtime
from tests.conftest import run_python

ENVIRONMENT = {"OMP_NUM_THREADS": None, "MKL_DEBUG_CPU_TYPE": None}
SHOW = "import os; print(os.environ.get('OMP_NUM_THREADS'), os.environ.get('MKL_DEBUG_CPU_TYPE'))"


def test_importing_a_helper_sets_threads_before_paddle():
    run = run_python(f"import mnist_helpers.data; import paddle; {SHOW}", **ENVIRONMENT)
    amd = ("7" if runtime.has_avx512() else "5") if runtime.is_amd() else "None"
    assert run.stdout.split() == [str(runtime.usable_cores()), amd]


@pytest.mark.parametrize(
    ("cpuinfo", "amd", "avx512"),
    [
        (
            "vendor_id : AuthenticAMD\nflags : avx2 avx512f avx512cd avx512dq avx512bw avx512vl",
            1,
            1,
        ),
        ("vendor_id : AuthenticAMD\nflags : avx2 avx512f avx512cd avx512dq avx512bw", 1, 0),
        ("vendor_id : AuthenticAMD\nflags : avx2 fma", 1, 0),
        ("vendor_id : GenuineIntel\nflags : avx2 fma", 0, 0),
        (None, "AuthenticAMD" in platform.processor(), 0),
    ],
)
def test_what_the_processor_is(monkeypatch, tmp_path, cpuinfo, amd, avx512):
    monkeypatch.setattr(runtime, "CPUINFO", tmp_path / "cpuinfo")
    if cpuinfo is not None:
        (tmp_path / "cpuinfo").write_text(cpuinfo)
    assert (runtime.is_amd(), runtime.has_avx512()) == (amd, avx512)


def test_the_users_own_variables_win():
    run = run_python(
        f"import mnist_helpers; import paddle; {SHOW}", OMP_NUM_THREADS="3", MKL_DEBUG_CPU_TYPE="4"
    )
    assert run.stdout.split() == ["3", "4"]


def test_threads_follow_the_affinity_of_the_process():
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("no CPU affinity on this system")
    core = min(os.sched_getaffinity(0))
    code = f"import os; os.sched_setaffinity(0, {{{core}}}); import mnist_helpers; {SHOW}"
    assert run_python(code, **ENVIRONMENT).stdout.split()[0] == "1"


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({"cpu.max": "150000 100000\n"}, 1.5),
        ({"cpu.max": "max 100000\n"}, None),
        ({"cpu/cpu.cfs_quota_us": "400000", "cpu/cpu.cfs_period_us": "100000"}, 4.0),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ({"cpu.max": "nonsense"}, None),
        ({}, None),
    ],
)
def test_container_quota(tmp_path, files, quota):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert runtime._cgroup_quota(tmp_path) == quota


@pytest.mark.parametrize(
    ("variable", "threads"),
    [("3", 3), ("4,2", 4), (" 2 ", 2), ("0", 1), ("many", 1), (None, 1)],
)
def test_the_threads_that_paddle_has(monkeypatch, variable, threads):
    monkeypatch.delenv("OMP_NUM_THREADS")
    if variable is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", variable)
    assert runtime.paddle_threads() == threads


def test_paddles_import_says_nothing_and_a_failing_one_says_why():
    run = run_python("import mnist_helpers, paddle", OMP_NUM_THREADS="2")
    assert (run.returncode, run.stderr) == (0, "")
    run = run_python("import mnist_helpers, sys; sys.modules['paddle.base'] = None; import paddle")
    assert run.returncode != 0
    assert "paddle.base" in run.stderr


def test_importing_paddle_first_is_warned_of():
    run = run_python("import paddle; import mnist_helpers")
    assert "import mnist_helpers first" in run.stderr
    run = run_python("import mnist_helpers; import paddle; mnist_helpers.configure()")
    assert "import mnist_helpers first" not in run.stderr


def test_importing_the_package_imports_nothing_heavy():
    run = run_python(
        "import sys, mnist_helpers; print([m for m in ('numpy', 'PIL', 'paddle', 'matplotlib',"
        " 'sklearn') if m in sys.modules])"
    )
    assert run.stdout.strip() == "[]"
    run = run_python("import sys; import mnist_helpers.data; print('paddle' in sys.modules)")
    assert run.stdout.strip() == "False"


def test_best_device_is_one_that_paddle_takes():
    name = runtime.best_device()
    assert paddle.set_device(name) is not None
    assert paddle.get_device().split(":")[0] == name.split(":")[0]


def test_one_seed_repeats_every_generator():
    def draw():
        return random.random(), np.random.rand(), paddle.rand([3]).tolist()  # noqa: NPY002

    runtime.seed_everything(7)
    first = draw()
    runtime.seed_everything(7)
    assert draw() == first
    runtime.seed_everything(8)
    assert draw() != first


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "7", None, True])
def test_bad_seeds_are_named(seed):
    with pytest.raises(ValueError, match="seed must be an integer"):
        runtime.seed_everything(seed)


@pytest.mark.parametrize(
    ("variables", "device"),
    [
        ({}, "gpu:0"),
        ({"FLAGS_selected_gpus": "3"}, "gpu:3"),  # one of several processes
        ({"FLAGS_selected_gpus": "0,1"}, "gpu:0"),  # one process, given all
        ({"FLAGS_selected_gpus": "3", "PADDLE_DISTRI_BACKEND": "gloo"}, "cpu"),
    ],
)
def test_a_process_takes_the_device_that_the_launcher_gave_it(monkeypatch, variables, device):
    import paddle

    monkeypatch.setattr(paddle, "is_compiled_with_cuda", lambda: True)
    monkeypatch.setattr(paddle.device.cuda, "device_count", lambda: 4)
    for name in ("FLAGS_selected_gpus", "PADDLE_DISTRI_BACKEND"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert runtime.best_device() == device


FAULTS = """
import resource
import mnist_helpers
import numpy as np

def step():
    arrays = [np.ones(2_000_000, np.float32) for _ in range(4)]  # 8 MB each

step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_memory_that_is_freed_is_kept_for_the_next_step():
    if not runtime.keep_memory():
        pytest.skip("not glibc")
    kept = int(run_python(FAULTS).stdout)
    given_back = int(run_python(FAULTS, MNIST_KEEP_MEMORY="0").stdout)
    assert kept < 1000  # pages touched for the first time; a step touches 7,800
    assert given_back > 10 * kept


READ_ONLY = """
import os
os.access = lambda *_: False  # root may write everywhere
before = os.environ["HOME"]
import mnist_helpers
from pathlib import Path
from mnist_helpers.data.sources import find_source
print(Path.home() == Path(before), Path.home())
print(sorted(p.name for p in (Path.home() / ".cache/paddle/dataset/mnist").glob("*")))
"""


def test_where_the_home_is_read_only_the_process_has_one_of_its_own(tmp_path):
    digits = tmp_path / ".cache" / "paddle" / "dataset" / "mnist"
    digits.mkdir(parents=True)
    (digits / "a-file").touch()
    first, second = run_python(READ_ONLY, HOME=str(tmp_path)).stdout.splitlines()
    same, own = first.split()
    assert same == "False"
    assert not Path(own).exists()  # it went with the process
    assert second == "['a-file']"
    assert (digits / "a-file").exists()
    writable = run_python("import mnist_helpers, os; print(os.environ['HOME'])", HOME=str(tmp_path))
    assert writable.stdout == f"{tmp_path}\n"
