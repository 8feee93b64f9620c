"""Why things may not be in commanding, in Russian: known reasons by code, each with the English that services and journals say.

Reasons come as English sentences, since journals keep them so for ever. One that is known is told in the language of who looks;
one that is not, or a text that a person wrote, stays as it is. Names in braces stand for what differs.
"""

import json
import re

REASONS: dict[str, tuple[str, str]] = {
    # what is missing
    "missing": ("{n} person must {act} it: {who}", "нужно: {act} (1 чел.): {who}"),
    "missing.several": ("{n} persons must {act} it: {who}", "нужно: {act} ({n} чел.): {who}"),
    "missing.of": ("{n} person of {agency} must {act} it: {who}", "нужно: {act} от {agency} (1 чел.): {who}"),
    "missing.several.of": ("{n} persons of {agency} must {act} it: {who}", "нужно: {act} от {agency} ({n} чел.): {who}"),
    # rules
    "no.rule": ("nobody may send {command} to {craft}: no rule allows it", "{command} нельзя послать на {craft}: правила нет"),
    "not.requester": ("{who} may not request {command} of {craft}", "{who} не может просить {command} для {craft}"),
    "who.may": ("who may: {who}", "могут: {who}"),
    "no.commands": ("the request has no commands", "в заявке нет команд"),
    "rejected.why": ("rejected by {who} ({place}): {comment}", "отклонено: {who} ({place}): {comment}"),
    "rejected": ("rejected by {who} ({place})", "отклонено: {who} ({place})"),
    # statements that do not count
    "role": ("the {act} of {who} does not count: {place} may not {what} this", "{act} ({who}) не в счёт: {place} этого не может"),
    "own": ("the {act} of {who} does not count: it is their own request", "{act} ({who}) не в счёт: это своя заявка"),
    "same": (
        "the {act} of {who} does not count: the same person said {other} already",
        "{act} ({who}) не в счёт: тот же человек уже подписал",
    ),
    "not.needed": ("the {act} of {who} is not needed", "{act} ({who}) уже не нужно"),
    "forged": ("the signature is not of {who}: the statement was forged or altered", "подпись не {who}: подделана или изменена"),
    "other.request": ("the {act} of {who} is about request {request}", "{act} ({who}) о заявке {request}"),
    "other.octets": (
        "the {act} of {who} is about other octets: they were altered after it",
        "{act} ({who}) о других октетах: их потом изменили",
    ),
    "other.craft": ("the {act} of {who} is about {craft}", "{act} ({who}) об аппарате {craft}"),
    "future": (
        "the {act} of {who} was signed {s} s in the future: a clock was set back",
        "{act} ({who}) на {s} с в будущем: часы переведены назад",
    ),
    "not.yet": ("the {act} of {who} is not yet valid, for {s} s more", "{act} ({who}) начнёт действовать через {s} с"),
    "expired": ("the {act} of {who} expired {s} s ago", "{act} ({who}) истекло {s} с назад"),
    "revoked": ("the key of {who} was revoked: {reason}", "ключ {who} отозван: {reason}"),
    "unknown.key": ("key {key}, which {who} is said to use, has no credential", "у ключа {key} ({who}) нет свидетельства"),
    "no.role": ("{who} does not have the role {role}", "у {who} нет роли {role}"),
    "key.expired": ("the credential of {who} has expired", "свидетельство {who} истекло"),
    "before.key": (
        "{who} signed before the credential began: a clock was set back",
        "{who} подписывает раньше начала свидетельства: часы переведены назад",
    ),
    # the gate
    "other.holder": (
        "{agency} has {craft} now, so this gate may not release to it",
        "{craft} сейчас у {agency}: этот шлюз не отправляет",
    ),
    "no.link": ("this gate has no command link of {craft}", "у шлюза нет командной линии {craft}"),
    "clock": (
        "the clock was set back by {s} s since the last release",
        "часы переведены назад на {s} с после последней отправки",
    ),
    "again": ("request {request} was released before", "заявка {request} уже отправлялась"),
    "same.octets": (
        "exactly these octets were released before, as request {request}",
        "эти же октеты уже отправлены заявкой {request}",
    ),
    "window.over": ("its window of release ended {s} s ago", "окно отправки закрылось {s} с назад"),
    "window.ahead": ("its window of release begins in {s} s", "окно отправки откроется через {s} с"),
    "numbers": (
        "{frames} frames need as many numbers of security, {left} are left",
        "кадров {frames}, а номеров защиты осталось {left}",
    ),
    "no.ad": ("the AD service is not active: initiate it, or send by BD", "служба AD не работает: запустите её или шлите по BD"),
    "has.now": ("{agency} has {craft} now", "{craft} сейчас у {agency}"),
    "ended": ("the commanding service ended before it was sent", "служба командования закончилась раньше отправки"),
    "ad.ended": ("the AD service ended before it was sent", "служба AD закончилась раньше отправки"),
    "cop1": ("COP-1 did not take it: {reason}", "COP-1 не принял: {reason}"),
    # geometry
    "not.now": ("{craft} cannot be reached from {station} now", "{craft} сейчас не достать с {station}"),
    "looked.for": ("when it can is being looked for", "ближайшее окно ищется"),
    "no.uplink": (
        "the mission does not tell that {station} uplinks to {craft} then",
        "миссия не говорит, что {station} тогда шлёт на {craft}",
    ),
    "low": ("{craft} stands {deg} deg over {station} at that time", "{craft} тогда на высоте {deg}° над {station}"),
    "low.needed": ("at least {deg} are needed", "нужно хотя бы {deg}°"),
    "behind.until": (
        "it would arrive at {time} while {craft} is behind {body} (until {end})",
        "придёт в {time}, когда {craft} за телом {body} (до {end})",
    ),
    "behind": ("it would arrive at {time} while {craft} is behind {body}", "придёт в {time}, когда {craft} за телом {body}"),
    "closes": (
        "the window closes at {time}, {s} s before all is radiated",
        "окно закроется в {time}, за {s} с до конца излучения",
    ),
    "next.window": ("next radiation possible at {time}", "излучать можно с {time}"),
    "no.window": ("no window within {n} days", "окна нет в ближайшие дни: {n}"),
    # keys
    "key.revoked": ("It is revoked", "Отозван"),
    "key.over": ("Its credential is over: renew it", "Срок свидетельства истёк: продлите"),
    "key.lost": (
        "The password that sealed it was replaced: make a new key, and revoke this one",
        "Пароль, под которым он закрыт, заменён: создайте новый ключ и отзовите этот",
    ),
    "key.inactive": ("{who} has no active account here: revoke it", "У {who} здесь нет действующей записи: отзовите его"),
    "key.roles": ("{who} is no {roles} any more: renew or revoke it", "{who} больше не {roles}: продлите или отзовите"),
    "key.untold": ("No journal tells of it yet", "В журналах его пока нет"),
    # the interface
    "password": ("The password is wrong", "Пароль неверен"),
    "passphrase": ("The passphrase of key {key} is wrong", "Парольная фраза ключа {key} неверна"),
    "tries": ("Too many wrong passwords: the next try may be in {s} s", "Слишком много неверных паролей: попробуйте через {s} с"),
    "fresh": (
        "Log in again through your organisation: a key is made within {m} min of that",
        "Войдите снова через вашу организацию: ключ создаётся в течение {m} мин после входа",
    ),
    "seen": (
        "The octets of request {request} are not those of digest {digest}: look at it again",
        "Октеты заявки {request} не от отпечатка {digest}: откройте её снова",
    ),
}

ACTS = {"check": "проверка", "approve": "одобрение", "release": "отправка", "reject": "отклонение"}
KINDS = {
    "act": "check|approve|release|reject", "what": "check|approve|release|reject", "other": "check|approve|release|reject",
    "n": r"\d+", "m": r"\d+", "frames": r"\d+", "left": r"\d+", "s": r"[\d.]+", "deg": r"-?[\d.]+", "command": r"\S+",
    "craft": ".+?", "agency": r"\S+", "key": "[0-9a-f]+",
}  # fmt: skip
_NAME = re.compile(r"\{(\w+)\}")


def pattern_of(code: str) -> tuple[str, list[str]]:
    """Return the regular expression of a reason's English, good in Python and in browsers, and the names of its groups."""
    parts = _NAME.split(REASONS[code][0])
    texts = [re.escape(one).replace("\\ ", " ").replace("\\-", "-") for one in parts[::2]]
    groups = [f"({KINDS.get(name, '.+?')})" for name in parts[1::2]]
    return "^" + "".join(text + group for text, group in zip(texts, [*groups, ""], strict=True)) + r"\.?$", parts[1::2]


_PATTERNS = {code: (re.compile(found), names) for code in REASONS for found, names in (pattern_of(code),)}


def code_of(text: str) -> str:
    """Return the code of a reason, empty for one that is not known."""
    return next((code for code, (pattern, _) in _PATTERNS.items() if pattern.match(text)), "")


def in_russian(text: str) -> str:
    """Return reasons, one or several behind semicolons, in Russian where they are known."""
    return "; ".join(_one(part) for part in text.split("; "))


def _one(text: str) -> str:
    for code, (pattern, names) in _PATTERNS.items():
        found = pattern.match(text)
        if found is not None:
            told = {name: ACTS.get(value, value) for name, value in zip(names, found.groups(), strict=True)}
            return REASONS[code][1].format(**told)
    return text


def reasons_script() -> str:
    """Return a script by which browser components tell reasons as `in_russian` does: `window.aelitaReason`."""
    table = [[*pattern_of(code), REASONS[code][1]] for code in REASONS]
    return _SCRIPT.replace("TABLE", json.dumps([table, ACTS], ensure_ascii=False, separators=(",", ":")), 1)


_SCRIPT = r"""
window.aelitaReason = (([known, acts]) => {
  const rows = known.map(([pattern, names, told]) => [new RegExp(pattern), names, told]);
  const one = (text) => {
    for (const [pattern, names, told] of rows) {
      const found = pattern.exec(text);
      const value = (name) => found[names.indexOf(name) + 1];
      if (found) return told.replace(/{(\w+)}/g, (_, name) => acts[value(name)] ?? value(name));
    }
    return text;
  };
  return (text) => String(text).split("; ").map(one).join("; ");
})(TABLE);
"""
