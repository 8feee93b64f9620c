"""The configuration of an agency's NATS server, as the text it reads (JSON is part of NATS's own format).

Accounts wall the agency from its partners: `agency` holds its streams; `to-R` all that partner R may reach, and R's link is bound
to it; `from-G` has no streams, and the link to giver G is bound to it. Between accounts pass only the subjects that are named
here (decision 0006).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .credentials import Key
from .stream_plan import HOME, AgencyPlan, export_account, export_name, link_account

ROLES = ("admin", "services", "reader")
PING_S, PINGS_MISSED = 10, 2  # a line that falls silent is noticed after so many missed answers
_READS = [
    "$JS.API.INFO", "$JS.API.STREAM.INFO.*", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST", "$JS.API.STREAM.MSG.GET.*",
    "$JS.API.DIRECT.GET.>", "$JS.API.CONSUMER.CREATE.>", "$JS.API.CONSUMER.INFO.>", "$JS.API.CONSUMER.MSG.NEXT.>",
]  # fmt: skip
_SERVES = ["$JS.API.CONSUMER.>", "$JS.ACK.>", "$JS.FC.>"]


@dataclass(frozen=True, slots=True)
class Tls:
    """Files for links between agencies: our certificate and its key, and who signed the partners'."""

    certificate: Path
    key: Path
    authority: Path


@dataclass(frozen=True, slots=True)
class Remote:
    """A giver's server to link to, and the key it knows us by."""

    giver: str
    host: str
    port: int
    key: Key


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a server listens, for its own agency's programs and for links of partners."""

    host: str
    port: int
    link_host: str
    link_port: int


@dataclass(frozen=True, slots=True)
class Files:
    """What a server keeps on disk, and how much of it."""

    store: Path
    log: Path
    pid: Path
    log_bytes: int = 16 << 20
    log_files: int = 4


def configuration(
    plan: AgencyPlan,
    listening: Listening,
    files: Files,
    users: Mapping[str, Mapping[str, str]],
    remotes: Sequence[Remote],
    tls: Tls | None = None,
    store_bytes: int = 0,
) -> str:
    """Return the configuration, which holds secrets; `users` has public keys by account and role (`link` for a partner's).

    All streams together may take `store_bytes`, or what the plan needs if that is more.
    """
    secure = _tls(tls)
    scheme = "tls" if tls else "nats-leaf"
    linked = [
        {
            "urls": [f"{scheme}://{one.host}:{one.port}"],
            "account": link_account(one.giver),
            "nkey": one.key.seed,
            "ignore_discovered_servers": True,  # a link goes the way that was set, as through a tunnel, and no other
        }
        | secure
        for one in remotes
    ]
    return json.dumps(
        {
            "server_name": plan.agency,
            "listen": f"{listening.host}:{listening.port}",
            "max_payload": 1 << 20,
            "ping_interval": f"{PING_S}s",
            "ping_max": PINGS_MISSED,
            "pid_file": str(files.pid),
            "log_file": str(files.log),
            "logfile_size_limit": files.log_bytes,
            "logfile_max_num": files.log_files,
            "jetstream": {
                "store_dir": str(files.store),
                "domain": plan.agency,
                "sync_interval": "always",
                "max_file_store": max(plan.max_bytes, store_bytes) + (64 << 20),
                "max_memory_store": 64 << 20,
            },
            "leafnodes": {"listen": f"{listening.link_host}:{listening.link_port}", "no_advertise": True, "remotes": linked}
            | secure,
            "system_account": "system",
            "accounts": _accounts(plan, users),
        },
        indent=2,
    )


def _tls(tls: Tls | None) -> dict[str, Any]:
    if tls is None:
        return {}
    files = {"cert_file": str(tls.certificate), "key_file": str(tls.key), "ca_file": str(tls.authority)}
    return {"tls": files | {"verify": True}}


def _accounts(plan: AgencyPlan, users: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    imports, from_givers = _taking(plan)
    exports, to_receivers = _giving(plan)
    home = {
        "jetstream": "enabled",
        "users": [_user(key, _permissions(plan.agency, role)) for role, key in users[HOME].items()],
        "exports": exports,
        "imports": imports,
    }
    for receiver in plan.gives:
        account = export_account(receiver)
        keys = users[account]
        to_receivers[account]["users"] = [
            _user(keys["admin"], None),
            _user(keys["link"], _link_permissions(plan, receiver), connection="LEAFNODE"),
        ]
    return {"system": {}, HOME: home} | to_receivers | from_givers


def _user(key: str, permissions: dict[str, Any] | None, connection: str = "STANDARD") -> dict[str, Any]:
    rights = {"permissions": permissions} if permissions else {}
    return {"nkey": key, "allowed_connection_types": [connection]} | rights


def _permissions(agency: str, role: str) -> dict[str, Any] | None:
    if role == "admin":
        return None
    own = f"{agency}.>"
    publish = [own, *_READS, *_SERVES] if role == "services" else _READS
    answers = {"allow_responses": True} if role == "services" else {}  # between services: to what was asked of one
    return {"publish": {"allow": publish}, "subscribe": {"allow": ["_INBOX.>", own]}} | answers


def _link_permissions(plan: AgencyPlan, receiver: str) -> dict[str, Any]:
    """A partner's link may ask for a consumer on its export streams and answer flow control; it hears nothing but that."""
    exports = [export_name(plan.agency, token) for token in plan.gives[receiver]]
    asks = [f"{_take(plan.agency)}.CONSUMER.CREATE.{name}" for name in exports]
    return {
        "publish": {"allow": [*asks, *(f"$JS.FC.{name}.>" for name in exports)]},
        "subscribe": {"allow": [f"given.{plan.agency}.{receiver}.>", "_R_.>"]},  # _R_: answers to what it asked
    }


def _take(giver: str) -> str:
    return f"take.{giver}"


def _giving(plan: AgencyPlan) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """Return what the home account lets out, and the accounts of the partners, which see that alone."""
    served: dict[tuple[str, str], list[str]] = {}
    accounts: dict[str, dict[str, Any]] = {}
    for receiver, by_kind in plan.gives.items():
        account, imports, mappings = export_account(receiver), [], {}
        for token, subjects in by_kind.items():
            stream, name = token.upper(), export_name(plan.agency, token)
            # The filter of a source stands in the subject of its request, so that no other can be asked for.
            asks = [f"CONSUMER.CREATE.{stream}.*.{subject}" for subject in subjects]
            for ask in asks:
                served.setdefault(("service", f"$JS.API.{ask}"), []).append(account)
                imports.append({"service": {"account": HOME, "subject": f"$JS.API.{ask}"}, "to": f"own.{ask}"})
            served.setdefault(("service", f"$JS.FC.{stream}.>"), []).append(account)
            imports.append({"service": {"account": HOME, "subject": f"$JS.FC.{stream}.>"}})
            mappings[f"{_take(plan.agency)}.CONSUMER.CREATE.{name}"] = f"$JS.API.CONSUMER.CREATE.{name}"
        served[("stream", f"give.{receiver}.>")] = [account]
        imports.append({"stream": {"account": HOME, "subject": f"give.{receiver}.>"}})
        accounts[account] = {"jetstream": "enabled", "mappings": mappings, "imports": imports}
    return [{what: subject, "accounts": to} for (what, subject), to in served.items()], accounts


def _taking(plan: AgencyPlan) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """Return what the home account takes in, and the accounts of the links, which let through that alone."""
    imports: list[dict[str, Any]] = []
    accounts: dict[str, dict[str, Any]] = {}
    for giver, by_kind in plan.takes.items():
        names = [export_name(giver, token) for token in by_kind]
        passed = [{"service": f"{_take(giver)}.CONSUMER.CREATE.{name}"} for name in names]
        passed += [{"service": f"$JS.FC.{name}.>"} for name in names]
        passed.append({"stream": f"given.{giver}.{plan.agency}.>"})
        account = link_account(giver)
        for one in passed:
            imports += [{what: {"account": account, "subject": subject}} for what, subject in one.items()]
        accounts[account] = {"exports": [one | {"accounts": [HOME]} for one in passed]}
    return imports, accounts
