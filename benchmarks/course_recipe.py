"""The course's recipe, written anew, with Paddle as it comes and nothing of this project.

Two 5×5 convolutions of 20 channels, Adam, batches of 100; the digits come from a JSON file of
numbers, and are put together into batches one by one. A program for ``benchmarks.recipes``:
``python course_recipe.py mnist.json.gz STEPS`` prints as JSON the seconds of each of so many steps;
with ``train EPOCHS SEED`` in place of STEPS it trains until 99 % of the validation digits are
read right, for so many epochs at most.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
import time
from collections.abc import Iterator

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle import nn


class Net(nn.Layer):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2D(1, 20, 5, padding=2)
        self.pool1 = nn.MaxPool2D(2, 2)
        self.conv2 = nn.Conv2D(20, 20, 5, padding=2)
        self.pool2 = nn.MaxPool2D(2, 2)
        self.fc = nn.Linear(980, 10)

    def forward(self, x):
        x = self.pool1(F.relu(self.conv1(x)))
        x = self.pool2(F.relu(self.conv2(x)))
        return self.fc(paddle.flatten(x, 1))


def course_generator(images, labels, batch_size) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Image by image into a list, the list into an array; each image is converted when drawn."""
    positions = list(range(len(images)))
    random.shuffle(positions)
    image_list, label_list = [], []
    for position in positions:
        image_list.append(np.reshape(images[position], [1, 28, 28]).astype("float32"))
        label_list.append(np.reshape(labels[position], [1]).astype("int64"))
        if len(image_list) == batch_size:
            yield np.array(image_list), np.array(label_list)
            image_list, label_list = [], []
    if image_list:
        yield np.array(image_list), np.array(label_list)


def steps(net, adam, digits) -> Iterator[float]:
    """The seconds of each training step of one epoch."""
    before = time.perf_counter()
    for images, labels in course_generator(*digits, 100):
        loss = F.cross_entropy(net(paddle.to_tensor(images)), paddle.to_tensor(labels))
        loss.item()
        loss.backward()
        adam.step()
        adam.clear_grad()
        now = time.perf_counter()
        yield now - before
        before = now


@paddle.no_grad()
def accuracy(net, digits) -> float:
    right = 0
    for images, labels in course_generator(*digits, 500):
        answers = net(paddle.to_tensor(images)).numpy().argmax(1)
        right += int((answers == labels[:, 0]).sum())
    return right / len(digits[1])


def main(path: str, what: str, most: int = 0, seed: int = 0) -> dict:
    with gzip.open(path) as file:
        train, valid, _ = json.load(file)
    random.seed(seed)
    paddle.seed(seed)
    net = Net()
    adam = paddle.optimizer.Adam(learning_rate=0.001, parameters=net.parameters())
    if what != "train":
        seconds = [s for s, _ in zip(steps(net, adam, train), range(int(what)), strict=False)]
        return {"steps": seconds}
    seconds, epochs = 0.0, []
    while len(epochs) < most and (not epochs or epochs[-1] < 0.99):
        seconds += sum(steps(net, adam, train))
        epochs.append(accuracy(net, valid))
    return {"seconds": seconds, "accuracies": epochs}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:3], *map(int, sys.argv[3:]))))
