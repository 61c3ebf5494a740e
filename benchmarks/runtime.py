"""What the settings of ``mnist_helpers.system.runtime`` gain: Paddle with them, and as it comes."""

from __future__ import annotations

import platform
from pathlib import Path

from benchmarks.fresh import fresh
from benchmarks.words import in_threads
from mnist_helpers.system.runtime import MKL_ON_AMD, THREADS, has_avx512, is_amd, usable_cores

# The book's networks in small: a matrix product, and a training step of the course's conv net
PROGRAM = """
import json, sys, time, warnings
{first}
warnings.simplefilter("ignore")
import paddle
from paddle import nn

def best(f, calls):
    f(), f()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(calls):
            f()
        times.append((time.perf_counter() - start) / calls)
    return 1e3 * min(times)

paddle.seed(0)
a, b = paddle.randn([20, 500]), paddle.randn([500, 19600])
x, y = paddle.randn([100, 1, 28, 28]), paddle.randint(0, 10, [100, 1])

def training_step(Conv2D, sequential=nn.Sequential):
    net = sequential(
        Conv2D(1, 20, 5, padding=2), nn.ReLU(), nn.MaxPool2D(2),
        Conv2D(20, 20, 5, padding=2), nn.ReLU(), nn.MaxPool2D(2),
        nn.Flatten(), nn.Linear(980, 10))
    optimizer = paddle.optimizer.Adam(1e-3, parameters=net.parameters())

    def step():
        nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
        optimizer.clear_grad()

    return step

times = [best(lambda: paddle.matmul(a, b).numpy(), 20), best(training_step(nn.Conv2D), 8)]
if "mnist_helpers" in sys.modules:
    from mnist_helpers.models import Conv2D, InBlocks
    times.append(best(training_step(Conv2D), 8))
    times.append(best(training_step(Conv2D, lambda *layers: InBlocks(28, *layers)), 8))
print(json.dumps(times))
"""
AS_IT_COMES = "as it comes, 1 thread"
ROUNDS = 3  # in turn; the best of each counts


def tables():
    """Where the processor is AMD's, also what MKL's quick path alone gains.

    On Intel's processors MKL takes that path by itself.
    """
    ways = {AS_IT_COMES: ("", {})}
    if is_amd():
        ways["MKL's variable alone"] = ("", {MKL_ON_AMD: "7" if has_avx512() else "5"})
    cores = usable_cores()
    for threads in sorted({1, cores}):
        ways[_all_settings(threads)] = ("import mnist_helpers", {THREADS: str(threads)})
    found = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, (first, settings) in ways.items():
            found[way].append(fresh("-c", PROGRAM.format(first=first), **settings))
    best = {way: [min(times) for times in zip(*runs, strict=True)] for way, runs in found.items()}
    base = best[AS_IT_COMES]  # Paddle's own layers are what ours are compared with
    rows = []
    for i, name in enumerate(
        ("matrix product", "training step", "… with `Conv2D`", "… with `InBlocks`")
    ):
        cells = [f"{times[i]:.1f}" if i < len(times) else "" for times in best.values()]
        ours = best[_all_settings(cores)][i]
        rows.append((name, *cells, f"{base[min(i, 1)] / ours:.2f}"))
    yield (
        "the settings of `mnist_helpers.system.runtime`, and with them this book's convolutions, "
        "in ms",
        ("what", *ways, "times as fast"),
        rows,
    )


def _all_settings(threads: int) -> str:
    return f"all settings, {in_threads(threads)}"


def processor() -> str:
    """The processor's name, and how many of its cores this process may use."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {usable_cores()} cores"
