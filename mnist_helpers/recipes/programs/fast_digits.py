"""Reads 99 of 100 handwritten digits after seconds of training on one core.

Needs this file, paddlepaddle and numpy. Paddle downloads MNIST, unless
``--folder`` names a folder with its files (.gz).
"""

import argparse
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core
if os.path.exists("/proc/cpuinfo"):  # Linux
    with open("/proc/cpuinfo") as file:
        if "AuthenticAMD" in file.read():  # quick products, in Paddle's MKL
            os.environ.setdefault("MKL_DEBUG_CPU_TYPE", "5")

import numpy as np
import paddle
import paddle.nn.functional as F
from numpy.lib.stride_tricks import sliding_window_view
from paddle import nn

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--folder")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--epochs", type=int, default=1)
args = parser.parse_args()
paddle.set_device("cpu")
paddle.seed(args.seed)
rng = np.random.default_rng(args.seed)
batch, rate, smoothing = 50, 0.01, 0.1

# ---- the digits: of each, all 5 × 5 windows of 24 × 24 pixels ----
files = {}
if args.folder:
    files["image_path"] = args.folder + "/train-images-idx3-ubyte.gz"
    files["label_path"] = args.folder + "/train-labels-idx1-ubyte.gz"
mnist = paddle.vision.datasets.MNIST(**files)
labels = np.array(mnist.labels).reshape(-1)
images = np.array(mnist.images, "uint8").reshape(-1, 28, 28)
windows = sliding_window_view(images, (24, 24), axis=(1, 2))
n = len(images) * 5 // 6  # the rest, 10,000 of 60,000, is for validation


def tensor(few):  # bytes [b, 24, 24] → floats [b, 576, 1], 0 to 1
    return paddle.to_tensor(few.reshape([len(few), -1, 1]) / np.float32(255))


# ---- the network: three convolutions as matrix products ----
class Convolution(nn.Layer):  # [b, side², inputs] → [b, places, outputs]
    def __init__(self, side, inputs, outputs, kernel, stride):
        super().__init__()
        grid = np.arange(side**2).reshape(side, side)
        seen = sliding_window_view(grid, (kernel, kernel))[::stride, ::stride]
        self.places = paddle.to_tensor(seen.reshape(-1))
        self.product = nn.Linear(kernel**2 * inputs, outputs, bias_attr=False)
        self.norm = nn.BatchNorm1D(outputs)

    def forward(self, x):
        patches = paddle.index_select(x, self.places, axis=1)
        y = self.product(patches.reshape([-1, len(self.product.weight)]))
        return F.relu(self.norm(y)).reshape([len(x), -1, y.shape[1]])


model = nn.Sequential(
    Convolution(24, 1, 32, kernel=6, stride=2),  # → 10 × 10 places
    Convolution(10, 32, 48, kernel=2, stride=2),  # → 5 × 5
    Convolution(5, 48, 64, kernel=3, stride=1),  # → 3 × 3
    nn.Flatten(),
    nn.Linear(9 * 64, 10),
)

# ---- the training ----
steps = args.epochs * -(-n // batch)  # rounded up
rates = paddle.optimizer.lr.OneCycleLR(rate, steps)
adam = paddle.optimizer.Adam(rates, beta2=0.99, parameters=model.parameters())
start = time.perf_counter()
for _ in range(args.epochs):
    for few in np.split(rng.permutation(n), range(batch, n, batch)):
        down, right = rng.integers(1, 4, [2, len(few)])  # 2: the middle
        x, y = tensor(windows[few, down, right]), paddle.to_tensor(labels[few])
        loss = F.cross_entropy(model(x), y, label_smoothing=smoothing)
        loss.backward()
        adam.step()
        adam.clear_grad()
        rates.step()
print(f"{time.perf_counter() - start:.1f} seconds of training")

# ---- the judgement ----
model.eval()
with paddle.no_grad():
    parts = np.split(windows[n:, 2, 2], range(500, len(labels) - n, 500))
    answers = [model(tensor(part)).numpy().argmax(1) for part in parts]
right = np.concatenate(answers) == labels[n:]
print(f"accuracy on validation: {right.mean():.4f}")
