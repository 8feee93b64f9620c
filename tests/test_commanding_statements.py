"""What people sign: every octet counts, and every reason for which a statement counts for nothing has a name."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from aelita.commanding import (
    Act,
    Keyring,
    Revocation,
    SignedStatement,
    Statement,
    Why,
    key_id,
    revocation_body,
    sign,
    statement_from,
)
from aelita.errors import DataError, UsageError
from evidence_material import AGENCY_KEYS, ANN, BEN, DMITRI, EVA, FOR_A_DAY, PEOPLE, PUBLIC, T0, Person, S, keyring, prepare

PREPARED = prepare()
AT = T0 + 60 * S
SIGNED = BEN.says(Act.CHECK, PREPARED, AT)
KEYS = keyring()


def refused(signed: SignedStatement = SIGNED, now_ns: int = AT + S, keys: Keyring = KEYS, **changes: Any) -> Why | None:
    asked: dict[str, Any] = {"request": "r1", "digest": PREPARED.digest, "spacecraft": "probe", "now_ns": now_ns} | changes
    found = keys.refused(signed, **asked)
    return found.why if found is not None else None


def test_the_octets_are_what_the_book_of_this_room_says() -> None:
    said = SIGNED.statement
    expected = (
        b'aelita-statement-1\n{"act":"check","agency":"us","at_ns":%d,"centre":"hill","comment":"","digest":"%s","key":"%s",'
        b'"not_after_ns":%d,"not_before_ns":%d,"person":"ben","request":"r1","role":"checker","spacecraft":"probe","v":1}'
        % (AT, said.digest.encode(), said.key.encode(), AT + 600 * S, AT)
    )
    assert said.octets == expected and said.id == hashlib.sha256(expected).hexdigest()
    raw = BEN.key.public_key().public_bytes_raw()
    assert said.key == hashlib.sha256(raw).hexdigest()[:16] == key_id(BEN.key.public_key())
    Ed25519PublicKey.from_public_bytes(raw).verify(SIGNED.signature, expected)  # as anybody without this code would
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(raw).verify(SIGNED.signature, expected + b" ")


def test_a_good_statement_counts_and_comes_back_from_its_body() -> None:
    assert refused() is None
    assert statement_from(SIGNED.body()) == SIGNED and statement_from(SIGNED.body()).statement.id == SIGNED.statement.id


@given(field=st.sampled_from([one for one in Statement.__dataclass_fields__ if one not in ("octets", "id")]), data=st.data())
def test_a_changed_statement_is_altered(field: str, data: st.DataObject) -> None:
    was = getattr(SIGNED.statement, field)
    if isinstance(was, Act):
        new: Any = data.draw(st.sampled_from([act for act in Act if act is not was]))
    elif isinstance(was, int):
        new = data.draw(st.integers(0, 2**62).filter(lambda value: value != was))
    else:
        new = data.draw(st.text(max_size=20).filter(lambda value: value != was))
    changed = SignedStatement(replace(SIGNED.statement, **{field: new}), SIGNED.signature)
    assert refused(changed) is (Why.UNKNOWN_KEY if field == "key" else Why.ALTERED)


@given(bit=st.integers(0, 511))
def test_a_changed_signature_is_altered(bit: int) -> None:
    octets = bytearray(SIGNED.signature)
    octets[bit // 8] ^= 1 << bit % 8
    assert refused(SignedStatement(SIGNED.statement, bytes(octets))) is Why.ALTERED


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"request": "r2"}, Why.OTHER_REQUEST),  # replayed
        ({"digest": "0" * 64}, Why.OTHER_DIGEST),  # octets altered after approval
        ({"spacecraft": "twin"}, Why.OTHER_SPACECRAFT),
        ({"now_ns": AT + 600 * S}, None),
        ({"now_ns": AT + 600 * S + 1}, Why.EXPIRED),
        ({"now_ns": AT - 2 * S}, Why.CLOCK),
        ({"now_ns": AT - S, "tolerance_ns": S}, Why.NOT_YET),
        ({"now_ns": T0 + FOR_A_DAY + S}, Why.EXPIRED),
        ({"keys": Keyring()}, Why.UNKNOWN_KEY),
    ],
)
def test_each_reason_has_its_name(changes: dict[str, Any], why: Why | None) -> None:
    assert refused(**changes) is why


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"role": "director"}, Why.ROLE),
        ({"person": "ann"}, Why.IDENTITY),
        ({"agency": "them"}, Why.IDENTITY),
        ({"centre": "plain"}, Why.IDENTITY),
        ({"at_ns": T0 - S}, Why.CLOCK),  # signed with a clock set back, before the credential began
        ({"not_before_ns": AT + 10 * S}, Why.NOT_YET),
    ],
)
def test_what_a_person_signs_and_may_not(changes: dict[str, Any], why: Why) -> None:
    assert refused(BEN.says(Act.CHECK, PREPARED, AT, **changes)) is why


def test_a_credential_that_expired_makes_what_was_signed_with_it_void() -> None:
    late = T0 + FOR_A_DAY
    signed = BEN.says(Act.CHECK, PREPARED, late - S)
    assert refused(signed, late) is None and refused(signed, late + 1) is Why.CREDENTIAL


def test_a_revoked_key_counts_for_nothing_and_comes_back_under_no_credential() -> None:
    key = BEN.credential().key
    gone = KEYS.with_revocation(revocation_body(Revocation(key, "us", AT, "lost"), AGENCY_KEYS["us"]), PUBLIC)
    assert refused(keys=gone) is Why.REVOKED and refused() is None
    with pytest.raises(DataError, match="was revoked"):
        gone.with_credential(BEN.body(issued_ns=T0 + S), PUBLIC)
    for agency, message in (("them", "cannot revoke"), ("others", "no key of agency")):
        with pytest.raises(DataError, match=message):
            KEYS.with_revocation(revocation_body(Revocation(key, agency, AT), AGENCY_KEYS.get(agency, AGENCY_KEYS["us"])), PUBLIC)


def test_an_agency_speaks_for_its_own_people_alone() -> None:
    stolen = DMITRI.credential(agency="us", centre="hill", roles=("director",), issued_ns=T0 + S)
    body = {"credential": stolen.said, "signature": BEN.body()["signature"]}
    with pytest.raises(DataError, match="forged or altered"):
        KEYS.with_credential(body, PUBLIC)
    with pytest.raises(DataError, match="belongs to dmitri of them"):
        KEYS.with_credential(Person("dmitri", "us", ("director",)).body(issued_ns=T0 + S), PUBLIC)


def test_an_old_credential_played_again_gives_no_roles_back() -> None:
    old = ANN.body()
    newer = KEYS.with_credential(ANN.body(roles=("checker",), issued_ns=T0 + S), PUBLIC)
    with pytest.raises(DataError, match="played again"):
        newer.with_credential(old, PUBLIC)
    assert newer.with_credential(ANN.body(roles=("checker",), issued_ns=T0 + S), PUBLIC) == newer
    assert refused(ANN.says(Act.RELEASE, PREPARED, AT, "director"), keys=newer) is Why.ROLE


def test_a_signature_of_one_kind_serves_for_no_other() -> None:
    body = EVA.body()
    as_revocation = {"revocation": Revocation(EVA.credential().key, "them", AT).said, "signature": body["signature"]}
    with pytest.raises(DataError, match="forged or altered"):
        KEYS.with_revocation(as_revocation, PUBLIC)


def test_one_signs_only_with_the_key_that_one_names() -> None:
    with pytest.raises(UsageError, match="names key"):
        sign(SIGNED.statement, ANN.key)
    with pytest.raises(UsageError, match="no name"):
        sign(replace(SIGNED.statement, person="a\nb"), BEN.key)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(name=st.sampled_from(sorted(SIGNED.statement.said)), value=_JSON, drop=st.booleans())
def test_no_body_crashes_the_reader(name: str, value: object, drop: bool) -> None:
    said = SIGNED.statement.said
    changed = {key: one for key, one in said.items() if key != name} if drop else said | {name: value}
    for body in ({"statement": changed, "signature": SIGNED.signature.hex()}, {"statement": value, "signature": value}):
        try:
            made = statement_from(body)
        except DataError:
            continue
        assert made.statement.said == changed


@given(name=st.sampled_from(["credential", "revocation"]), value=_JSON, inner=st.sampled_from(sorted(BEN.credential().said)))
def test_no_credential_crashes_the_keyring(name: str, value: object, inner: str) -> None:
    bodies: list[dict[str, Any]] = [
        {name: value, "signature": "00"},
        BEN.body() | {"credential": BEN.credential().said | {inner: value}},
    ]
    for body in bodies:
        for take in (KEYS.with_credential, KEYS.with_revocation):
            try:
                take(body, PUBLIC)
            except DataError:
                continue
            assert body["credential"] == BEN.credential().said


def test_everybody_of_the_material_has_a_key_of_their_own() -> None:
    assert len({one.credential().key for one in PEOPLE}) == len(PEOPLE) == len(KEYS.credentials)
