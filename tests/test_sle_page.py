"""The state tables on the page about SLE are those of the code. `python tests/test_sle_page.py` writes them."""

import re
from pathlib import Path
from typing import Any

from aelita.sle import PROVIDER_TABLE, TML_TABLE, USER_TABLE, ProviderState, UserState
from aelita.sle.association import table_as_markdown
from aelita.sle.cltu_user import CLTU_USER_TABLE
from aelita.sle.provider import CLTU_PROVIDER_TABLE, Provision
from aelita.sle.tml import TmlCause, TmlState
from aelita.sle.user import Ask

PAGE = Path(__file__).parents[1] / "docs" / "sle.md"
MESSAGES = (TmlCause.CONTEXT, TmlCause.PDU, TmlCause.HEARTBEAT)


def missing(state: Any, cause: Any) -> str:
    if isinstance(cause, TmlCause):
        return "abort" if cause in MESSAGES and state in (TmlState.STARTING, TmlState.OPEN) else ""
    if isinstance(cause, Provision):
        return ""
    return "refused" if isinstance(cause, Ask) else "abort"


def tables() -> dict[str, str]:
    provider = [state for state in ProviderState if state is not ProviderState.OVER]
    user = [state for state in UserState if state is not UserState.OVER]
    return {
        "TML": table_as_markdown(TML_TABLE, TmlState, missing),
        "PROVIDER": table_as_markdown(PROVIDER_TABLE, provider, missing),
        "USER": table_as_markdown(USER_TABLE, user, missing),
        "CLTU PROVIDER": table_as_markdown(CLTU_PROVIDER_TABLE, provider, missing),
        "CLTU USER": table_as_markdown(CLTU_USER_TABLE, user, missing),
    }


def written(page: str) -> str:
    for name, table in tables().items():
        page = re.sub(rf"<!-- {name} -->\n(\n(\|.*\n)*)?", lambda _, n=name, t=table: f"<!-- {n} -->\n\n{t}", page)
    return page


def test_page_has_the_tables_of_the_code() -> None:
    page = PAGE.read_text()
    assert written(page) == page


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
