"""The independent implementation of channel codes that the tests compare with."""

import ctypes
import ctypes.util
import os
from typing import Any

import pytest


@pytest.fixture(scope="module")
def libfec() -> Any:
    name = ctypes.util.find_library("fec")
    if name is None:
        message = "libfec is absent (Debian: apt install libfec-dev)"
        if os.environ.get("AELITA_REQUIRE_DATA") == "1":
            pytest.fail(message)
        pytest.skip(message)
    library = ctypes.CDLL(name)
    library.init_rs_char.restype = ctypes.c_void_p
    return library
