"""What no report may say, wherever it comes from."""

from __future__ import annotations

import re

FORBIDDEN = (
    r"\btrends?\b",
    r"\btrending\b",
    r"marginally significant",
    r"\b(statistically )?significant(ly)?\b",
    r"\bprov(e|es|ed|en)\b",
    r"\bno effect\b",
    r"\bno (significant )?difference\b",
    r"\bnan\b",
    r"\bNone\b",
    r"\bthe best (arm|choice|level|optimizer|model)\b",
    r"\*\*[^*\n]*\bbest\b[^*\n]*\*\*",
)
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_QUESTION = re.compile(r"^\*\*.*\?\*\*$", re.MULTILINE)
_P = re.compile(r"\bp\s*[=<]", re.IGNORECASE)


def forbidden(report: str) -> list[str]:
    """What a report in markdown says and must not: words that say too much or nothing, and a p without an effect
    and an interval beside it. Code and the author's own questions are not the report's words."""
    text = _QUESTION.sub("", _CODE.sub("", report)).replace("&lt;", "<")
    said = [found[0] for pattern in FORBIDDEN for found in re.finditer(pattern, text, _flags(pattern))]
    bare = [line for line in text.splitlines() if _P.search(line) and not _has_effect_and_interval(line)]
    return [*said, *bare]


def _flags(pattern: str) -> int:
    return 0 if "None" in pattern else re.IGNORECASE


def _has_effect_and_interval(line: str) -> bool:
    return bool(re.search(r"[+−×] ?\d", line)) and ("CI" in line or "interval" in line or line.startswith("|"))
