"""Frames of WebSockets that are made once for all sockets, against those of an independent library."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from aelita.api.sockets import framed


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 100_000])
def test_frames_of_any_length(size: int) -> None:
    text = "a" * size
    assert framed(text) == Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


@given(st.text(max_size=200))
def test_frames_of_any_text(text: str) -> None:
    assert framed(text) == Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
