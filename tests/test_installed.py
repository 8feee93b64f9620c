"""What a user's installation has, and what only the tests have: commands go without the second.

Numba takes products of vectors and matrices (`@`, `dot`, `linalg`) from SciPy, which is an oracle of the tests and no dependency.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aelita.ephemeris import __file__ as _inside

SOURCE = Path(_inside).parents[1]
COMPILERS = {"compiled", "kept", "inner", "loops", "njit", "jit"}
FROM_SCIPY = {"dot", "vdot", "matmul", "linalg"}
TEST_ONLY = ("scipy", "heyoka", "jplephem", "lamberthub", "hypothesis", "pytest", "playwright", "schemathesis", "ccsdspy", "sle")
WITHOUT = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {TEST_ONLY!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
from aelita.cli import main
main()
"""


def products(source: str) -> Iterator[str]:
    """Yield what compiled functions of a module would take from SciPy."""
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        makers = [one.func if isinstance(one, ast.Call) else one for one in function.decorator_list]
        if not {one.id if isinstance(one, ast.Name) else getattr(one, "attr", "") for one in makers} & COMPILERS:
            continue
        for node in ast.walk(function):
            if (isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.MatMult)) or (
                isinstance(node, ast.Attribute) and node.attr in FROM_SCIPY
            ):
                yield f"{function.name}, line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("text", ["a @ b", "np.dot(a, b)", "a.dot(b)", "np.linalg.norm(a)", "np.vdot(a, b)"])
def test_a_product_is_found(text: str) -> None:
    for maker in ("@compiled", "@kept()", "@numba.njit(cache=True)"):
        assert list(products(f"{maker}\ndef f(a, b):\n    return {text}\n"))
    assert not list(products(f"def f(a, b):\n    return {text}\n"))


def test_no_compiled_loop_takes_its_products_from_scipy() -> None:
    found = {path.relative_to(SOURCE).as_posix(): list(products(path.read_text("utf-8"))) for path in SOURCE.rglob("*.py")}
    assert len(found) > 300 and not {path: those for path, those in found.items() if those}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nav", "launch", "exomars-2016", "--json"), "separation"),
        (("nav", "transfer", "--depart", "2016-03-14", "--arrive", "2016-10-19", "--days", "20", "--json"), "c3"),
        (("nav", "passes", "MARS", "--start", "2016-10-19", "--station", "malargue", "--json"), "malargue"),
        (("nav", "cruise", "--json"), "DSM-1"),
    ],
)
def test_commands_go_without_what_only_tests_have(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, "--data", str(tmp_path), *words], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert said in done.stdout
