"""Mutants of Solidity sources: one small change each, found in solc's syntax tree.

What is changed: operators, conditions, literals, casts, modifiers, names (for the next one of the
same type, and addresses for `msg.sender`), `msg.sender` for `tx.origin`, the order of arguments and
of calls, which error is raised; a statement or an initial value is left out. Two things are not
done: a `revert` in place of a statement, which any test that comes by notices, and changes that gas
alone can tell.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Tree = dict[str, Any]

OTHERS = {
    "+": ["-", "*"],
    "-": ["+", "*"],
    "*": ["/", "+"],
    "/": ["*"],
    "%": ["*", "/"],
    "&": ["|", "^"],
    "|": ["&"],
    "^": ["&", "|"],
    "<<": [">>"],
    ">>": ["<<"],
    "==": ["!="],
    "!=": ["==", "<", ">"],
    "<": ["<=", ">", "!="],
    ">": [">=", "<", "!="],
    "<=": ["<", ">="],
    ">=": [">", "<="],
    "&&": ["||"],
    "||": ["&&"],
    "+=": ["-=", "="],
    "-=": ["+=", "="],
}
YUL = {"add": "sub", "mul": "add", "revert": "return", "mload": "not"}
DELETED = {"ExpressionStatement", "EmitStatement", "RevertStatement", "Return"}


@dataclass(frozen=True)
class Mutant:
    """`file` with the bytes from `start` to `end` replaced."""

    file: str
    function: str
    start: int
    end: int
    text: str

    def apply(self, source: bytes) -> bytes:
        """The source with the change."""
        return source[: self.start] + self.text.encode() + source[self.end :]

    def line(self, source: bytes) -> int:
        """The line, from 1, where the change begins."""
        return source.count(b"\n", 0, self.start) + 1

    def lines(self, source: bytes) -> tuple[str, str]:
        """The changed lines before and after, without their indentation."""
        begin = source.rfind(b"\n", 0, self.start) + 1
        end = source.find(b"\n", self.end)
        after = source[begin : self.start] + self.text.encode() + source[self.end : end]
        return _squeezed(source[begin:end]), _squeezed(after)


def _squeezed(source: bytes) -> str:
    return re.sub(r"\s+", " ", source.decode()).strip()


def mutants_of(trees: dict[str, Tree], sources: dict[str, bytes], files: list[str]) -> list[Mutant]:
    """All mutants of `files`, by file and place. `trees` has the syntax trees of all sources."""
    errors = [
        node
        for tree in trees.values()
        for node, _ in _walk(tree)
        if node["nodeType"] == "ErrorDefinition"
    ]
    found = {
        mutant: None
        for file in files
        for mutant in _Finder(file, sources[file], trees[file], errors).mutants()
    }
    return sorted(found, key=lambda m: (m.file, m.start, m.end, m.text))


def _walk(node: Any, parents: tuple[Tree, ...] = ()) -> Iterator[tuple[Tree, tuple[Tree, ...]]]:
    """Every node with the nodes around it, outermost first."""
    if isinstance(node, list):
        for item in node:
            yield from _walk(item, parents)
    elif isinstance(node, dict):
        if "nodeType" in node:
            yield node, parents
            parents = (*parents, node)
        for value in node.values():
            if isinstance(value, list | dict):
                yield from _walk(value, parents)


def _type(node: Tree) -> str:
    found: str = (node.get("typeDescriptions") or {}).get("typeString") or ""
    return re.sub(r" (storage|memory|calldata)( ref| pointer)?", "", found)


class _Finder:
    """The mutants of one file."""

    def __init__(self, file: str, source: bytes, tree: Tree, errors: list[Tree]) -> None:
        self._file, self._source, self._tree = file, source, tree
        self._errors = errors
        self._names: dict[int, list[Tree]] = defaultdict(list)
        for node, parents in _walk(tree):
            if node["nodeType"] == "VariableDeclaration" and node["name"]:
                self._names[_scope(parents)].append(node)

    def mutants(self) -> Iterator[Mutant]:
        for node, parents in _walk(self._tree):
            find: Callable[..., Iterator[tuple[int, int, str]]] | None
            find = getattr(self, f"_of_{node['nodeType']}", None)
            changes = list(find(node, parents)) if find else []
            changes += self._left_out(node, parents) + self._swapped_calls(node)
            for start, end, text in changes:
                if self._source[start:end] != text.encode():
                    yield Mutant(self._file, _function(parents), start, end, text)

    # -- places

    def _span(self, node: Tree) -> tuple[int, int]:
        start, length, _ = map(int, node["src"].split(":"))
        return start, start + length

    def _text(self, node: Tree) -> str:
        start, end = self._span(node)
        return self._source[start:end].decode()

    def _between(self, left: Tree, right: Tree, operator: str) -> tuple[int, int]:
        """Where the operator between two operands stands."""
        after, before = self._span(left)[1], self._span(right)[0]
        at = self._source.index(operator.encode(), after, before)
        return at, at + len(operator)

    # -- operators and conditions

    def _of_BinaryOperation(self, node: Tree, _: Any) -> Iterator[tuple[int, int, str]]:
        left, right, operator = node["leftExpression"], node["rightExpression"], node["operator"]
        place = self._between(left, right, operator)
        yield from ((*place, other) for other in OTHERS.get(operator, []))
        if operator in ("&&", "||"):
            yield from ((*self._span(node), self._text(side)) for side in (left, right))

    def _of_Assignment(self, node: Tree, _: Any) -> Iterator[tuple[int, int, str]]:
        operator = node["operator"]
        place = self._between(node["leftHandSide"], node["rightHandSide"], operator)
        yield from ((*place, other) for other in OTHERS.get(operator, []))

    def _of_UnaryOperation(self, node: Tree, _: Any) -> Iterator[tuple[int, int, str]]:
        start, end = self._span(node)
        other = {"++": "--", "--": "++", "!": ""}.get(node["operator"])
        if other is None:
            return
        size = len(node["operator"])
        yield (start, start + size, other) if node["prefix"] else (end - size, end, other)

    def _of_IfStatement(self, node: Tree, _: Any) -> Iterator[tuple[int, int, str]]:
        yield from ((*self._span(node["condition"]), value) for value in ("true", "false"))

    _of_Conditional = _of_IfStatement
    _of_ForStatement = _of_IfStatement

    # -- values

    def _of_Literal(self, node: Tree, _: Any) -> Iterator[tuple[int, int, str]]:
        if node["kind"] == "string":
            text = node["value"]
            others = [f'"{text[:-1]}"' if text else '" "', f'"{text[1:]}"' if text else '"x"']
        elif node["kind"] == "hexString":
            others = [f'hex"{other.hex()}"' for other in _bytes(bytes.fromhex(node["hexValue"]))]
        elif node["kind"] == "number":
            others = _numbers(node["value"])
        else:
            others = []
        yield from ((*self._span(node), other) for other in others)

    def _of_YulLiteral(self, node: Tree, _: Any) -> Iterator[tuple[int, int, str]]:
        if node["kind"] == "number":
            yield from ((*self._span(node), other) for other in _numbers(node["value"]))

    def _of_YulFunctionCall(self, node: Tree, _: Any) -> Iterator[tuple[int, int, str]]:
        name = node["functionName"]
        other = YUL.get(name["name"])
        if other:
            yield (*self._span(name), other)

    def _of_ElementaryTypeNameExpression(
        self, node: Tree, parents: tuple[Tree, ...]
    ) -> Iterator[tuple[int, int, str]]:
        start, end = self._span(node)
        found = re.fullmatch(r"uint(\d+)", self._text(node))
        if found and int(found[1]) < 256:
            yield start, end, f"uint{int(found[1]) - 8}"
        if parents[-1].get("kind") == "typeConversion":
            yield start, end, ""

    def _of_Identifier(
        self, node: Tree, parents: tuple[Tree, ...]
    ) -> Iterator[tuple[int, int, str]]:
        kind, meant = _type(node), node["referencedDeclaration"]
        for scope in (_scope(parents), _scope(())):
            alike = [n for n in self._names[scope] if _type(n) == kind]
            at = next((i for i, n in enumerate(alike) if n["id"] == meant), None)
            if at is not None:
                yield (*self._span(node), alike[(at + 1) % len(alike)]["name"])
                if kind == "address":
                    yield (*self._span(node), "msg.sender")

    def _of_MemberAccess(self, node: Tree, _: Any) -> Iterator[tuple[int, int, str]]:
        if self._text(node) == "msg.sender":
            yield (*self._span(node), "tx.origin")

    # -- calls and statements

    def _of_FunctionCall(self, node: Tree, _: Any) -> Iterator[tuple[int, int, str]]:
        given = node["arguments"]
        for left, right in pairwise(given):
            if _type(left) == _type(right):
                start, end = self._span(left)[0], self._span(right)[1]
                between = self._source[self._span(left)[1] : self._span(right)[0]].decode()
                yield start, end, self._text(right) + between + self._text(left)

    def _of_RevertStatement(self, node: Tree, _: Any) -> Iterator[tuple[int, int, str]]:
        raised = node["errorCall"]["expression"]
        alike = [e for e in self._errors if _inputs(e) == self._inputs_of(raised)]
        at = [e["id"] for e in alike].index(raised["referencedDeclaration"])
        other = alike[(at + 1) % len(alike)]["name"]
        start, end = self._span(raised)
        yield start, end, re.sub(r"\w+$", other, self._text(raised))

    def _inputs_of(self, raised: Tree) -> list[str]:
        return next(_inputs(e) for e in self._errors if e["id"] == raised["referencedDeclaration"])

    def _of_ModifierInvocation(self, node: Tree, _: Any) -> Iterator[tuple[int, int, str]]:
        yield (*self._span(node), "")

    def _of_VariableDeclarationStatement(
        self, node: Tree, _: Any
    ) -> Iterator[tuple[int, int, str]]:
        declared, value = node["declarations"], node["initialValue"]
        if value and len(declared) == 1:
            yield self._span(declared[0])[1], self._span(value)[1], ""

    def _left_out(self, node: Tree, parents: tuple[Tree, ...]) -> list[tuple[int, int, str]]:
        if node["nodeType"] not in DELETED:
            return []
        if parents[-1]["nodeType"] == "ForStatement" and parents[-1]["body"] is not node:
            return []
        start, end = self._span(node)
        return [(start, self._source.index(b";", end - 1) + 1, "{}")]

    def _swapped_calls(self, node: Tree) -> list[tuple[int, int, str]]:
        """Two calls in a row, in the other order: checks, effects and interactions."""
        changes = []
        statements = node.get("statements") or []
        for first, second in pairwise(statements):
            if all(
                s.get("expression", {}).get("nodeType") == "FunctionCall"
                and (s["nodeType"] == "ExpressionStatement")
                for s in (first, second)
            ):
                start, end = self._span(first)[0], self._span(second)[1]
                between = self._source[self._span(first)[1] : self._span(second)[0]].decode()
                changes.append((start, end, self._text(second) + between + self._text(first)))
        return changes


def _scope(parents: tuple[Tree, ...]) -> int:
    """The id of the function or modifier around a node; 0 outside of any."""
    kinds = ("FunctionDefinition", "ModifierDefinition")
    return next((p["id"] for p in reversed(parents) if p["nodeType"] in kinds), 0)


def _function(parents: tuple[Tree, ...]) -> str:
    kinds = ("FunctionDefinition", "ModifierDefinition")
    around = [p for p in parents if p["nodeType"] in kinds]
    return (around[-1]["name"] or around[-1]["kind"]) if around else "(state)"


def _inputs(error: Tree) -> list[str]:
    return [_type(p) for p in error["parameters"]["parameters"]]


def _numbers(text: str) -> list[str]:
    """One less and one more; masks keep their digits."""
    value = int(text.replace("_", ""), 0)
    others = [other for other in (value - 1, value + 1) if other >= 0]
    if text.startswith("0x"):
        return [f"0x{other:0{len(text) - 2}x}" for other in others]
    return [str(other) for other in others]


def _bytes(value: bytes) -> list[bytes]:
    """Each byte one more, in turn."""
    return [value[:n] + bytes([(byte + 1) % 256]) + value[n + 1 :] for n, byte in enumerate(value)]
