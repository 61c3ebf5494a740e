"""Matplotlib's SVG, made a third as long: notebooks carry it."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping
from itertools import groupby
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from PIL import Image

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
GROUP, HREF = f"{{{SVG}}}g", f"{{{XLINK}}}href"
LONG = re.compile(r"(?:scale|matrix)\([^)]*\)|\d+\.\d{3,}")  # of factors, all digits count
EMBEDDED = "data:image/png;base64,"


def smaller(svg: str, attributes: Mapping[str, str]) -> str:
    """The same picture, without what no reader sees.

    Parameters
    ----------
    svg : str
        As Matplotlib writes it.
    attributes : mapping of str to str
        What its root is to have besides.

    Returns
    -------
    str
        One element, without an XML declaration.
    """
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    root = ElementTree.fromstring(svg)  # without comments
    root.remove(root[0])  # Matplotlib's style sheet, which would hold for a whole page:
    root.attrib.update({"stroke-linejoin": "round", "stroke-linecap": "butt"})
    for element in root.iter():
        _shorten(element)
    _gather(root)
    root.attrib.update(attributes)
    return ElementTree.tostring(root, encoding="unicode")


def _shorten(element: Element) -> None:
    """Two decimals, no spaces between tags, no names of groups, small pictures."""
    attributes = element.attrib
    element.tail = ""
    if not (element.text or "").strip():
        element.text = ""
    if element.tag == GROUP:
        attributes.pop("id", None)
    for name in {"d", "x", "y", "transform", "style"} & set(attributes):
        attributes[name] = LONG.sub(_rounded, attributes[name])
    if "d" in attributes:
        attributes["d"] = re.sub(r"\s*([A-Za-z])\s*", r"\1", attributes["d"])
    if "style" in attributes:
        attributes["style"] = re.sub(r"([:;])\s+", r"\1", attributes["style"])
    if attributes.get(HREF, "").startswith(EMBEDDED):
        attributes[HREF] = EMBEDDED + _small_png(attributes[HREF][len(EMBEDDED) :])


def _rounded(found: re.Match[str]) -> str:
    return found[0] if found[0].endswith(")") else f"{float(found[0]):.2f}".rstrip("0").rstrip(".")


def _small_png(encoded: str) -> str:
    """Without the transparency that is not there; grey, if it is grey."""
    content = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as picture:
        colours = picture.convert("RGB")
        grey = colours.convert("L")
        is_grey = grey.convert("RGB").tobytes() == colours.tobytes()
        (grey if is_grey else colours).save(content, "PNG", optimize=True)
    return base64.b64encode(content.getvalue()).decode()


def _gather(parent: Element) -> None:
    """Groups that say nothing are opened; neighbours of one style share a group that has it."""
    children: list[Element] = []
    for child in parent:
        _gather(child)
        plain = child.tag == GROUP and not child.attrib
        children += child if plain else [child]
    parent[:] = []
    for style, run in groupby(children, lambda child: child.get("style")):
        alike = list(run)
        if style and len(alike) > 1:
            group = Element(GROUP, {"style": style})
            for child in alike:
                del child.attrib["style"]
            group.extend(alike)
            alike = [group]
        parent.extend(alike)
