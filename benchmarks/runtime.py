"""What the settings of ``mnist_helpers.system.runtime`` gain: Paddle with them, and as it comes."""

from __future__ import annotations

import platform
from pathlib import Path

from benchmarks.fresh import fresh

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


def tables():
    plain = fresh("-c", PROGRAM.format(first=""))
    ours = fresh("-c", PROGRAM.format(first="import mnist_helpers"))
    names = (
        "matrix product [20, 500] × [500, 19600]",
        "training step, conv net, batch of 100",
        "the same with `mnist_helpers.models.Conv2D`",
        "and in `mnist_helpers.models.InBlocks`",
    )
    plain += 2 * [plain[-1]]
    yield (
        "Paddle with the settings of `mnist_helpers.system.runtime`",
        ("what", "as it comes, ms", "with them, ms", "times as fast"),
        [
            (name, f"{a:.1f}", f"{b:.1f}", f"{a / b:.2f}")
            for name, a, b in zip(names, plain, ours, strict=True)
        ],
    )


def processor() -> str:
    """The processor's name, and how many of its cores this process may use."""
    from mnist_helpers.system.runtime import usable_cores

    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {usable_cores()} cores"
