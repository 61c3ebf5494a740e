"""What the package needs: requirements.txt, with Paddle as an extra of its own.

``pip install mnist-helpers`` must not put the CPU's Paddle over one that is there under another
name (``paddlepaddle-gpu``, or that of AI Studio): who has none asks for ``mnist-helpers[paddle]``.
``mnist-helpers[elastic]`` has the package by which elastic training talks with etcd.
"""

from pathlib import Path

from setuptools import setup

text = Path(__file__).with_name("requirements.txt").read_text(encoding="utf-8")
lines = [line.split("#")[0].strip() for line in text.splitlines()]
paddle = [line for line in lines if line.startswith("paddlepaddle")]
setup(
    install_requires=[line for line in lines if line and line not in paddle],
    extras_require={"paddle": paddle, "elastic": ["etcd3>=0.12"]},
)
