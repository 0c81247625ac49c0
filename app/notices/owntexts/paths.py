"""Whether every name a template asks for is one that a letter of its kind has, also where no sample comes by. Pure."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from jinja2 import nodes
from pydantic import BaseModel

from app.notices.owntexts.sandbox import LOOP, Refused

Shape = Any
"""A type as a model's field is annotated, or a set of names where a value has nothing but those."""
LEAF = frozenset[str]()


def asked_for(tree: nodes.Node, shapes: Mapping[str, Shape]) -> None:
    """Raises Refused for the first name that no letter of this shape has, with the names there are."""
    _walk(tree, dict(shapes))


def _walk(node: nodes.Node, known: dict[str, Shape]) -> None:
    match node:
        case nodes.For():
            inside = known | {"loop": LOOP}
            assert isinstance(node.target, nodes.Name)
            inside[node.target.name] = _item(_shape(node.iter, known), node.lineno)
            if node.test is not None:
                _walk(node.test, inside)
            for child in node.body:
                _walk(child, inside)
            for child in node.else_:
                _walk(child, known)
        case nodes.Name() | nodes.Getattr() | nodes.Getitem():
            _shape(node, known)
        case _:
            for child in node.iter_child_nodes():
                _walk(child, known)


def _shape(node: nodes.Node, known: Mapping[str, Shape]) -> Shape:
    match node:
        case nodes.Name():
            return _one_of(known, node.name, "the letter", node.lineno)
        case nodes.Getattr():
            return _inside(_shape(node.node, known), node.attr, node.lineno)
        case nodes.Getitem() if isinstance(node.arg, nodes.Const):
            shape = _shape(node.node, known)
            if isinstance(node.arg.value, int):
                return _item(shape, node.lineno)
            return _inside(shape, str(node.arg.value), node.lineno)
        case nodes.Filter() if node.node is not None:
            shape = _shape(node.node, known)
            return _item(shape, node.lineno) if node.name in ("first", "last") else LEAF
    _walk(node, dict(known))
    return LEAF


def _inside(shape: Shape, name: str, line: int) -> Shape:
    shape = _bare(shape)
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        fields = {key: field.annotation for key, field in shape.model_fields.items()}
        return _one_of(fields, name, "it", line)
    if isinstance(shape, frozenset) and name in shape:
        return LEAF
    raise Refused(line, f"asks for {name} of something that has no parts")


def _one_of(there: Mapping[str, Shape], name: str, of: str, line: int) -> Shape:
    if name not in there:
        listed = ", ".join(sorted(there))
        raise Refused(line, f"asks for {name}, which is not there; {of} has {listed}")
    return there[name]


def _item(shape: Shape, line: int) -> Shape:
    shape = _bare(shape)
    origin: Any = get_origin(shape)
    if origin in (tuple, list):
        return get_args(shape)[0]
    raise Refused(line, "takes one of something that is no list; lists are sites, body.known and the like")


def _bare(shape: Shape) -> Shape:
    """Without what it may be refused for, and without None."""
    while True:
        origin: Any = get_origin(shape)
        if origin is Annotated:
            shape = get_args(shape)[0]
        elif origin in (Union, types.UnionType):
            parts = [part for part in get_args(shape) if part is not type(None)]
            shape = parts[0] if len(parts) == 1 else LEAF
        else:
            return shape
