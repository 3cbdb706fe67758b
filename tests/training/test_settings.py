"""The settings of training: defaults, and every setting that cannot be."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from ablate.training.settings import Clip, EarlyStopping, InvalidSettings, Plateau, TrainingSettings


def problems(**settings: Any) -> list[str]:
    with pytest.raises(InvalidSettings) as caught:
        TrainingSettings(**settings)
    return [problem.key for problem in caught.value.problems]


def test_defaults_are_valid_and_change_nothing_by_themselves() -> None:
    settings = TrainingSettings()
    assert (settings.epochs, settings.batch_size) == (30, 32)
    assert settings.early_stopping.patience is None
    assert settings.plateau.patience is None
    assert settings.clip.limits == {}


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"epochs": 0}, "epochs"),
        ({"batch_size": -1}, "batch_size"),
        ({"early_stopping": EarlyStopping(patience=0)}, "early_stopping.patience"),
        ({"early_stopping": EarlyStopping(min_delta=-0.1)}, "early_stopping.min_delta"),
        ({"early_stopping": EarlyStopping(min_delta=float("nan"))}, "early_stopping.min_delta"),
        ({"plateau": Plateau(patience=0)}, "plateau.patience"),
        ({"plateau": Plateau(factor=1.0)}, "plateau.factor"),
        ({"plateau": Plateau(factor=0.0)}, "plateau.factor"),
        ({"plateau": Plateau(min_delta=-1e-9)}, "plateau.min_delta"),
        ({"plateau": Plateau(min_lr=-1e-9)}, "plateau.min_lr"),
        ({"clip": Clip(value=0.0)}, "clip.value"),
        ({"clip": Clip(norm=-1.0)}, "clip.norm"),
        ({"clip": Clip(global_norm=float("nan"))}, "clip.global_norm"),
        ({"clip": Clip(value=1.0, norm=1.0)}, "clip"),
    ],
)
def test_a_setting_that_cannot_be_is_named(settings: dict[str, Any], key: str) -> None:
    assert problems(**settings) == [key]


def test_values_on_the_boundary_are_allowed() -> None:
    stopping, plateau = EarlyStopping(patience=1, min_delta=0.0), Plateau(patience=1, min_delta=0.0, min_lr=0.0)
    TrainingSettings(epochs=1, batch_size=1, early_stopping=stopping, plateau=plateau, clip=Clip(norm=1e-12))


def test_all_problems_come_at_once() -> None:
    found = problems(epochs=0, batch_size=0, plateau=Plateau(factor=2.0), clip=Clip(value=-1.0, norm=1.0))
    assert found == ["epochs", "batch_size", "plateau.factor", "clip.value", "clip"]


def test_the_message_names_key_value_and_what_is_allowed() -> None:
    with pytest.raises(InvalidSettings, match=r"^epochs is 0, must be a whole number from 1$"):
        TrainingSettings(epochs=0)


def test_limits_hold_the_kind_of_clipping_that_is_set() -> None:
    assert Clip(global_norm=5.0).limits == {"global_norm": 5.0}


def test_importing_the_settings_imports_no_tensorflow() -> None:
    script = "import sys, ablate.training.settings; assert not {'tensorflow', 'keras'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
