"""Templates of letters, rendered where nothing can be reached and nothing goes on for ever. Pure.

A template reads the values of one letter and nothing else: no calls, no arithmetic, no assignments, no macros, no
attributes of Python. What it may say is checked on its syntax tree before it runs; the passes of its loops, together,
and the length of what it writes are counted while it runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.runtime import LoopContext, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from app.notices.owntexts.filters import ASK, PLAIN, Printed

LONGEST_SOURCE = 8_000
LONGEST_TEXT = 6_000
PASSES = 5_000
DEEPEST = 3  # loops in loops
LOOP = frozenset({"first", "last", "index", "length"})
TESTS = frozenset({"none"})
ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem,
    nodes.Filter, nodes.Test, nodes.If, nodes.For, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or,
    nodes.Not, nodes.Concat,
)  # fmt: skip
TOLD: dict[type[nodes.Node], str] = {
    nodes.Call: "calls something; a template reads values and calls nothing, not even range()",
    nodes.CallBlock: "calls something; a template reads values and calls nothing",
    nodes.Macro: "defines a macro; write the text out",
    nodes.Assign: "assigns a value; write the value where it is needed",
    nodes.AssignBlock: "assigns a value; write the value where it is needed",
    nodes.Include: "includes another file; a template stands alone",
    nodes.Import: "imports another file; a template stands alone",
    nodes.FromImport: "imports another file; a template stands alone",
    nodes.Extends: "extends another file; a template stands alone",
    nodes.Block: "defines a block; write the text out",
}
Problem = tuple[int, str]
"""Line of the template, and what is wrong there."""


class Refused(Exception):
    """The template cannot be used: where, and why in words a person can act on."""

    def __init__(self, line: int, reason: str) -> None:
        self.line, self.reason = line, reason
        super().__init__(f"line {line}: {reason}" if line else reason)


class _Budget:
    """The passes left to all loops of one rendering, together."""

    def __init__(self) -> None:
        self.left = PASSES

    def counted(self, value: Any) -> Iterator[Any]:
        if isinstance(value, jinja2.Undefined):
            str(value)  # raises, naming what is not there
        if not isinstance(value, tuple | list):
            raise Refused(0, "a loop runs over a list of the letter, such as sites or body.known")
        for item in value:
            self.left -= 1
            if self.left < 0:
                raise Refused(0, f"its loops take more than {PASSES} passes together")
            yield item


class _Closed(SandboxedEnvironment):
    """Looks names up in the letter's values, never in Python's objects."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, LoopContext) and attribute in LOOP:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping) and isinstance(argument, str) and argument in obj:
            return obj[argument]
        if isinstance(obj, tuple | list) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        return self.undefined(obj=obj, name=argument)


def environment(printed: Printed, budget: _Budget | None = None) -> SandboxedEnvironment:
    """With these filters and names alone."""
    made = _Closed(undefined=StrictUndefined, autoescape=False, finalize=_said, trim_blocks=True, lstrip_blocks=True)
    made.globals, made.tests = {}, {"none": lambda value: value is None}
    kept = {name: made.filters[name] for name in PLAIN}
    made.filters = kept | printed.filters() | {"_counted": (budget or _Budget()).counted}
    return made


def _said(value: Any) -> Any:
    """What is printed. A letter never says "None"."""
    if value is None:
        raise Refused(0, "prints a value that this letter does not have; ask for it first: " + ASK)
    if isinstance(value, date):
        raise Refused(0, "prints a moment as it is kept; take a filter: {{ header.as_at|moment }}")
    if isinstance(value, bool) or not isinstance(value, str | int | jinja2.Undefined):
        raise Refused(0, "prints a whole record or list; name the value in it, or take the filter listed")
    return value


def parsed(source: str, env: SandboxedEnvironment) -> nodes.Template:
    """The syntax tree of a template that may run. Raises Refused."""
    if len(source) > LONGEST_SOURCE:
        raise Refused(0, f"is longer than {LONGEST_SOURCE} characters")
    try:
        tree = env.parse(source)
        _looked_at(tree, 0)
    except jinja2.TemplateSyntaxError as error:
        raise Refused(error.lineno, f"is not a template: {error.message}") from None
    except RecursionError:
        raise Refused(0, "is nested too deeply") from None
    return tree


def _looked_at(node: nodes.Node, loops: int) -> None:
    if not isinstance(node, ALLOWED):
        raise Refused(node.lineno, TOLD.get(type(node), f"has {type(node).__name__.lower()}, which is not allowed"))
    for name in _names(node):
        if name.startswith("_"):
            raise Refused(node.lineno, f"asks for {name}; names that begin with _ are not there")
    match node:
        case nodes.Filter() if node.name not in PLAIN | set(Printed("en", "UTC").filters()):
            known = ", ".join(sorted(PLAIN | set(Printed("en", "UTC").filters())))
            raise Refused(node.lineno, f"has the filter {node.name}; there are {known}")
        case nodes.Test() if node.name not in TESTS:
            raise Refused(node.lineno, f"has the test {node.name}; there is only none: {{% if x is not none %}}")
        case nodes.Getitem() if not isinstance(node.arg, nodes.Const):
            raise Refused(node.lineno, "looks up a name that is itself looked up; write the name")
        case nodes.For():
            if node.recursive:
                raise Refused(node.lineno, "has a loop that calls itself")
            if loops >= DEEPEST:
                raise Refused(node.lineno, f"has more than {DEEPEST} loops in one another")
            if not isinstance(node.target, nodes.Name):
                raise Refused(node.lineno, "has a loop over pairs; name one value: {% for site in sites %}")
            if node.target.name == "loop":
                raise Refused(node.lineno, "calls a loop's value loop, which is the loop's own name")
    for child in node.iter_child_nodes():
        _looked_at(child, loops + isinstance(node, nodes.For))


def _names(node: nodes.Node) -> Iterator[str]:
    match node:
        case nodes.Name():
            yield node.name
        case nodes.Getattr():
            yield node.attr
        case nodes.Filter() | nodes.Test():
            yield node.name
        case nodes.Getitem() if isinstance(node.arg, nodes.Const):
            yield str(node.arg.value)


def rendered(source: str, values: Mapping[str, Any], printed: Printed) -> str:
    """What the template writes of these values. Raises Refused."""
    budget = _Budget()
    env = environment(printed, budget)
    tree = parsed(source, env)
    for loop in tree.find_all(nodes.For):
        loop.iter = nodes.Filter(loop.iter, "_counted", [], [], None, None, lineno=loop.lineno)
    try:
        template = env.template_class.from_code(env, env.compile(tree), {})
        out, length = [], 0
        for piece in template.generate(**values):
            out.append(piece)
            length += len(piece)
            if length > LONGEST_TEXT:
                raise Refused(0, f"writes more than {LONGEST_TEXT} characters")
    except jinja2.UndefinedError as error:
        raise Refused(0, f"asks for something that is not there: {error.message}") from None
    except jinja2.TemplateError as error:
        raise Refused(getattr(error, "lineno", 0) or 0, str(error)) from None
    except (ValueError, TypeError, SyntaxError, RecursionError, OverflowError) as error:
        raise Refused(0, f"cannot be rendered: {error}") from None
    return "".join(out)


def paragraphs(text: str) -> tuple[str, ...]:
    """The text's paragraphs, set apart by empty lines, each in one line."""
    parts = re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n"))
    return tuple(said for part in parts if (said := " ".join(part.split())))
