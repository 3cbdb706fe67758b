from __future__ import annotations

import pytest

from tests.reporting.wording import forbidden


@pytest.mark.parametrize(
    "text",
    [
        "There is a trend towards less loss.",
        "The difference is marginally significant.",
        "This proves that dropout helps.",
        "Dropout has no effect.",
        "**adam is best**",
        "adam is the best arm",
        "`adam` differs (p=.03).",
        "`adam` differs by +0.3 (p=.03).",
        "mean nan",
        "mean None",
    ],
)
def test_what_is_forbidden_is_found(text: str) -> None:
    assert forbidden(text)


@pytest.mark.parametrize(
    "text",
    [
        "`a trend` in code",
        "**Is there a trend?**",
        "+0.3 (95% CI +0.1..+0.5; Holm p=.03)",
        "no practical difference",
        "best epoch",
        "nonesuch",
    ],
)
def test_what_is_allowed_is_not(text: str) -> None:
    assert forbidden(text) == []
