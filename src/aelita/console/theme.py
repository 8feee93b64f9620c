"""Design tokens: one set of colours for the dark and one for the light face; the stylesheet knows colours by these names only."""

from pathlib import Path

Colours = dict[str, str]

DARK: Colours = {
    "bg0": "#090c11", "bg1": "#0f141b", "bg2": "#151c25", "bg3": "#1c2531", "line": "#1d2733", "line2": "#2c3948",
    "fg0": "#e8eef5", "fg1": "#a7b4c4", "fg2": "#8291a3", "acc": "#58b7ff", "acc-bg": "#58b7ff1f", "on-acc": "#04121f",
    "brand": "#ff7d4d", "ok": "#41d18f", "watch": "#5cc8ff", "warn": "#ffc247", "distress": "#ff9a4d", "crit": "#ff5d5d",
    "severe": "#ff4d8d", "stale": "#8290a3",
    "s1": "#58b7ff", "s2": "#ffb454", "s3": "#7be0ad", "s4": "#d58cff", "s5": "#ff8f8f", "s6": "#5fe3e3", "s7": "#c9d36a",
    "s8": "#b0bccb",
}  # fmt: skip
LIGHT: Colours = {
    "bg0": "#eef1f5", "bg1": "#ffffff", "bg2": "#f5f7fa", "bg3": "#e8edf3", "line": "#dde3ea", "line2": "#c3ccd7",
    "fg0": "#131a22", "fg1": "#43505f", "fg2": "#5d6b7a", "acc": "#0b67c2", "acc-bg": "#0b67c217", "on-acc": "#ffffff",
    "brand": "#c9481a", "ok": "#0c7a4a", "watch": "#066ba9", "warn": "#8a5a00", "distress": "#b34a00", "crit": "#c8252c",
    "severe": "#b00058", "stale": "#5d6b7a",
    "s1": "#0b67c2", "s2": "#b86a00", "s3": "#0f8a54", "s4": "#8a3fc4", "s5": "#c8252c", "s6": "#007f8c", "s7": "#6b7400",
    "s8": "#56636f",
}  # fmt: skip
SERIES = 8
_SHEETS = [
    Path(__file__).parent / name for name in ("console.css", "operations.css", "commanding.css", "onboard.css", "navigation.css")
]


def stylesheet() -> str:
    """Return the whole stylesheet: the tokens of both faces, then the rules that use them."""
    return f':root{{{_tokens(DARK)}color-scheme:dark}}\n:root[data-theme="light"]{{{_tokens(LIGHT)}color-scheme:light}}\n' + (
        "\n".join(sheet.read_text("utf-8") for sheet in _SHEETS)
    )


def _tokens(colours: Colours) -> str:
    return "".join(f"--{name}:{value};" for name, value in colours.items())
