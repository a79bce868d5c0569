"""
The CEL environments of a definition: one in which its expressions are checked, one in which they run.

Only :mod:`engine.rules` imports this, when the first expression is needed: CEL and protobuf take 0.2 s to load. Two
environments, because a field that a protobuf message lacks reads as zero and a key that a map lacks does not:
``members`` are messages when types are checked, and maps when a rule runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from cel_expr_python import cel
from google.protobuf import descriptor_pb2, descriptor_pool

_T = cel.Type
_TYPES = {
    "string": _T.STRING, "int": _T.INT, "yuan": _T.INT, "double": _T.DOUBLE, "day": _T.INT, "bool": _T.BOOL,
    "list": _T.List(_T.STRING),
}  # fmt: skip
_PROTO = {"string": 9, "int": 3, "yuan": 3, "double": 1, "day": 3, "bool": 8, "list": 9}
_OPTIONAL, _REPEATED = 1, 3


def _first_of_month(day: int, months: int) -> int:
    """The first day of the month that is *months* after the one in which *day* lies; days by their ordinal."""
    found = date.fromordinal(day)
    index = found.year * 12 + found.month - 1 + months
    return date(index // 12, index % 12 + 1, 1).toordinal()


#: What expressions may call besides CEL's own functions.
_FUNCTIONS = [
    cel.FunctionDecl("first_of_month", [cel.Overload("first_of_month", _T.INT, [_T.INT, _T.INT], impl=_first_of_month)])
]


class Environments:
    """
    Of the case and of one member, each to check and to run.

    Args:
        case: Names that an expression about the case may use, by kind (see engine/rules.py).
        member: Those of an expression about one member.
        fields: What a record of ``members`` has.
    """

    def __init__(self, case: Mapping[str, str], member: Mapping[str, str], fields: Mapping[str, str]) -> None:
        file = descriptor_pb2.FileDescriptorProto(name="facts.proto", package="facts", syntax="proto2")
        message = file.message_type.add(name="member")
        for number, (name, kind) in enumerate(fields.items(), 1):
            label = _REPEATED if kind == "list" else _OPTIONAL
            message.field.add(name=name, number=number, label=label, type=_PROTO[kind])
        pool = descriptor_pool.DescriptorPool()
        pool.Add(file)
        self._checked, self._running = {}, {}
        for of_member, names in ((False, case), (True, member)):
            variables = {name: _TYPES[kind] for name, kind in names.items()}
            variables |= {"passed": _T.List(_T.STRING), "today": _T.INT}
            records = {"members": _T.List(_T("facts.member"))}
            self._checked[of_member] = cel.NewEnv(
                descriptor_pool=pool, variables=variables | records, functions=_FUNCTIONS
            )
            records = {"members": _T.List(_T.Map(_T.STRING, _T.DYN))}
            self._running[of_member] = cel.NewEnv(variables=variables | records, functions=_FUNCTIONS)

    def kind(self, text: str, of_member: bool) -> str:
        """
        The kind of value that *text* gives: string, int, double, bool or list; else CEL's own name of its type.

        Raises:
            RuntimeError: It is not an expression over these names and types; CEL's message, with places.
        """
        found = self._checked[of_member].compile(text).return_type()
        kinds = {"string": _T.STRING, "int": _T.INT, "double": _T.DOUBLE, "bool": _T.BOOL, "list": _TYPES["list"]}
        return next((kind for kind, type_ in kinds.items() if found == type_), str(found.name()).lower())

    def compile(self, text: str, of_member: bool) -> Any:
        """The program of *text*, which may be shared by threads."""
        return self._running[of_member].compile(text)
