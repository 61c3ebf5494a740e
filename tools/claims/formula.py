"""Small formulas over named numbers, ``sqrt(a)`` or ``(a - b) / a``, in a text cell's metadata."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from typing import Any

FUNCTIONS: dict[str, Callable[..., float]] = {
    "sqrt": math.sqrt,
    "log": math.log,
    "exp": math.exp,
    "abs": abs,
}
OPERATORS: dict[type, Callable[..., float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Pow: operator.pow, ast.USub: operator.neg,
}  # fmt: skip


class BindingError(ValueError):
    """What is wrong with a declaration."""


def evaluate(formula: str, known: dict[str, list[float]]) -> Any:
    """A number, or a list of numbers.

    Parameters
    ----------
    formula
        In Python's notation; `OPERATORS`, `FUNCTIONS`, tuples and indices are known.
    known
        The values of each name; a name with one value is that number.

    Raises
    ------
    BindingError
        It cannot be computed.
    """
    try:
        return _value(ast.parse(formula.strip(), mode="eval").body, known)
    except (ArithmeticError, SyntaxError, TypeError, ValueError, LookupError) as error:
        raise BindingError(f"cannot compute {formula!r}: {error}") from error


def _value(node: ast.AST, known: dict[str, list[float]]) -> Any:
    match node:
        case ast.Constant(value=int() | float()):
            return node.value
        case ast.Name():
            values = known[node.id]
            return values[0] if len(values) == 1 else values
        case ast.Tuple():
            return [_value(element, known) for element in node.elts]
        case ast.Subscript(slice=ast.Constant(value=int())):
            return _value(node.value, known)[node.slice.value]
        case ast.UnaryOp():
            return OPERATORS[type(node.op)](_value(node.operand, known))
        case ast.BinOp():
            left, right = _value(node.left, known), _value(node.right, known)
            return OPERATORS[type(node.op)](left, right)
        case ast.Call(func=ast.Name()):
            return FUNCTIONS[node.func.id](*(_value(argument, known) for argument in node.args))
    raise ValueError("only numbers, names, + - * / // ** and a few functions are known")
