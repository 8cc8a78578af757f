"""Hypothesis strategies for every command and every event, from the structs themselves."""

from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

import msgspec
from hypothesis import strategies as st

from socketchat.protocol.limits import LARGEST_NUMBER

SCALARS = {
    str: st.text(),
    int: st.integers(-(2**63), 2**63 - 1),
    bool: st.booleans(),
    NoneType: st.none(),
    msgspec.Raw: st.dictionaries(st.text(), st.text() | st.integers(0, 9) | st.none()).map(
        lambda body: msgspec.Raw(msgspec.json.encode(body))
    ),
}


def values(kind):
    """Return a strategy for the values of a field's type."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in SCALARS:
        return SCALARS[kind]
    if origin is Annotated:
        return st.integers(0, LARGEST_NUMBER)
    if origin in {Union, UnionType}:
        return st.one_of(*map(values, arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is list:
        return st.lists(values(arguments[0]), max_size=4)
    if origin is dict:
        return st.dictionaries(*map(values, arguments), max_size=4)
    return st.builds(kind, **{field.name: values(field.type) for field in msgspec.structs.fields(kind)})
