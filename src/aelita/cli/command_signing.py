"""`aelita command key` and the acts that are signed with it: the private half lies in a file of its owner, and nowhere else."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .output import print_pairs, say

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from ..commanding import Credential, PreparedCommand, SignedStatement, Standing

USUAL_S, LONGEST_S = 86_400.0, 31 * 86_400.0  # as the interface has them
keys = typer.Typer(no_args_is_help=True, help="Your key for signing commands, in a file that only you can read.")
FileArgument = Annotated[Path, typer.Argument(help="The file of the private key.")]
KeyOption = Annotated[Path, typer.Option("--key", help="The file of your private key.")]
IdArgument = Annotated[str, typer.Argument(help="The name of a request.")]
RoleOption = Annotated[str, typer.Option(help="In which of your roles; needed when your key has several.")]
ForOption = Annotated[float, typer.Option("--for", min=1.0, max=LONGEST_S, help="How many seconds it is good for a release.")]
CommentOption = Annotated[str, typer.Option("--comment", "-c", help="What to tell the others; it is signed too.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Sign without asking, in scripts.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(keys, name="key")
    for act, help_ in (
        ("check", "Sign that you checked a request."), ("approve", "Sign that you approve a request."),
        ("release", "Sign that a request may be released."), ("reject", "Sign that a request must not go: it ends."),
    ):  # fmt: skip
        app.command(act, help=f"{help_} Shows what it is, and asks, before it signs.")(_act(act))


@keys.command("make")
def make(
    context: typer.Context,
    file: FileArgument,
    centre: Annotated[str, typer.Option(help="The centre at which you work.")],
    role: Annotated[list[str], typer.Option(help="A role of yours there; may be repeated.")],
    person: Annotated[str, typer.Option(help="Your name; default: the user of this machine.")] = "",
    passphrase: Annotated[bool, typer.Option(help="Ask for words that seal the file.")] = True,
) -> None:
    """Make a key, and have the agency give its public half a credential for your roles."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from ..services import live
    from .commanding import place, who

    installation, _, _ = place(context, "", reading=True)
    found = installation.mission.organisation.centres.get(centre)
    if found is None:
        raise UsageError(f"the mission has no centre {centre!r}", remedy="See `aelita mission show`")
    key = Ed25519PrivateKey.generate()
    words = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=True) if passphrase else ""
    _write(file, key, words)
    public = key.public_key().public_bytes_raw().hex()
    what = {"person": who(person), "centre": centre, "roles": role, "public": public, "by": who("")}
    try:
        told = asyncio.run(live.ask_commanding(installation, found.agency, "enrol", **what))
    except BaseException:
        file.unlink(missing_ok=True)  # a key without a credential signs nothing
        raise
    print(told["key"])
    say(f"The private half is in {file}. Who has that file and its passphrase signs in your name.")


@keys.command("show")
def show(context: typer.Context, file: FileArgument) -> None:
    """Show whose key it is, in which roles and until when. Exit code 1 when it does not count."""
    from ..commanding import key_id
    from ..time import utc_from_tai_ns
    from .commanding import place, read

    installation, key, now = place(context, "", reading=True)
    public = _read(file).public_key()
    ring = read(installation, key).keyring
    one = ring.credentials.get(key_id(public))
    pairs: list[tuple[str, Any]] = [("key", key_id(public)), ("public", public.public_bytes_raw().hex())]
    good = one is not None and key_id(public) not in ring.revoked and now <= one.not_after_ns
    if one is not None:
        pairs += [("person", one.person), ("centre", one.centre), ("roles", ", ".join(one.roles))]
        pairs += [("until", utc_from_tai_ns(one.not_after_ns, 0))]
    state = "revoked" if key_id(public) in ring.revoked else "good" if good else "over" if one else "without a credential"
    print_pairs(str(file), [*pairs, ("state", state)])
    if not good:
        raise typer.Exit(1)


def what(prepared: "PreparedCommand") -> list[tuple[str, str]]:
    """Return what a signature would be about, in lines for people: sentences, octets, digest."""
    asked = prepared.request
    return [
        ("spacecraft", asked.spacecraft),
        *(("command", _written(call)) for call in asked.calls),
        *(("it will", text) for text in prepared.sentences),
        *(("octets", one.hex(" ")) for one in prepared.packets),
        *([("directive", prepared.directive)] if prepared.directive else []),
        ("significance", prepared.significance),
        ("goes as", f"{asked.service} on virtual channel {prepared.virtual_channel}"),
        ("digest", prepared.digest),
    ]


def _written(call: Any) -> str:
    return " ".join((call.command, *(f"{name}={value}" for name, value in call.arguments)))


def _act(act: str) -> Any:
    def signs(
        context: typer.Context,
        request: IdArgument,
        key: KeyOption,
        role: RoleOption = "",
        validity_s: ForOption = USUAL_S,
        comment: CommentOption = "",
        yes: YesOption = False,
    ) -> None:
        _sign(context, act, request, key, role, validity_s, comment, yes)

    return signs


def _sign(
    context: typer.Context, act: str, request: str, file: Path, role: str, validity_s: float, comment: str, yes: bool
) -> None:  # fmt: skip
    from ..commanding import key_id
    from ..services import live
    from .commanding import known, place, read

    installation, agency, _ = place(context, "", reading=True)
    private = _read(file)
    standing = read(installation, agency)
    name = key_id(private.public_key())
    held = standing.keyring.credentials.get(name)
    if held is None or name in standing.keyring.revoked:
        raise UsageError(f"key {name} counts for nothing", where=str(file), remedy="See `aelita command key show`")
    if held.agency != agency:  # who signs sees what their own agency knows
        installation, agency, _ = place(context, held.agency)
        standing = read(installation, agency)
    one = known(standing, request)
    _as_said(act, installation, one.prepared)
    asked = one.prepared.request.requester
    pairs = [("requested by", f"{asked.person} ({asked.role}@{asked.centre})"), *what(one.prepared)]
    print_pairs(f"{act} {request}", [*pairs, ("signed as", f"{held.person} ({_role(held, role)}@{held.centre})")])
    if not yes:
        typer.confirm(f"{act.capitalize()} exactly this?", abort=True)
    now = place(context, agency)[2]
    signed = _statement(standing, act, request, held, private, (_role(held, role), now, validity_s, comment))
    told = asyncio.run(live.ask_commanding(installation, agency, "sign", body=signed.body()))
    print(told["state"])
    for text in [*told["notes"], *told["wanted"]]:
        say(text)


def _as_said(act: str, installation: Any, prepared: "PreparedCommand") -> None:
    """Refuse to sign anything but a rejection over octets that are not what is said of them."""
    from ..api import read_octets

    found = [] if act == "reject" else [str(one) for one in read_octets(installation, prepared).differences]
    if found:
        raise UsageError(f"the octets are not what the request says of them: {'; '.join(found)}", remedy="Reject it")


def _statement(
    standing: "Standing", act: str, request: str, held: "Credential", private: "Ed25519PrivateKey",
    how: tuple[str, int, float, str],
) -> "SignedStatement":  # fmt: skip
    from ..commanding import Act, Statement, sign
    from ..time import SECOND

    role, now, validity_s, comment = how
    prepared = standing.board.requests[request].prepared
    said = Statement(
        Act(act), request, prepared.digest, prepared.request.spacecraft, now, now + round(validity_s * SECOND), held.agency,
        held.centre, role, held.person, held.key, now, comment,
    )  # fmt: skip
    return sign(said, private)


def _role(held: "Credential", role: str) -> str:
    if role and role not in held.roles:
        raise UsageError(f"{held.person} does not have the role {role!r}", remedy=f"Roles: {', '.join(held.roles)}")
    if not role and len(held.roles) > 1:
        raise UsageError("your key has several roles", remedy=f"Give --role: {', '.join(held.roles)}")
    return role or held.roles[0]


def _write(file: Path, key: "Ed25519PrivateKey", words: str) -> None:
    """Write a private key, sealed by words where there are any, into a new file that only its owner may read."""
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

    sealing = BestAvailableEncryption(words.encode()) if words else NoEncryption()
    octets = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealing)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(octets)
    except FileExistsError as error:
        raise UsageError("there is a file already", where=str(file), remedy="Name another: a key is never overwritten") from error
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(file)) from error


def _read(file: Path) -> "Ed25519PrivateKey":
    """Return the private key in a file; its passphrase is asked for when it has one. Raises UsageError."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        octets = file.read_bytes()
        if file.stat().st_mode & 0o077:
            raise UsageError("others may read it", where=str(file), remedy=f"chmod 600 {file}")
        words = typer.prompt("Passphrase", hide_input=True).encode() if b"ENCRYPTED" in octets else None
        key = load_pem_private_key(octets, words)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(file)) from error
    except ValueError as error:
        raise UsageError("not a private key, or not its passphrase", where=str(file)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError("not a key of Ed25519", where=str(file), remedy="Make one with `aelita command key make`")
    return key
