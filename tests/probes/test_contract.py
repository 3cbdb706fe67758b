"""Each probe of the package keeps the contract of all probes."""

from __future__ import annotations

import pytest

from ablate.core.artefacts import PROBES
from ablate.probes import Subject
from ablate.testing.probes import ProbeContract
from tests.probes.subjects import linear_regression

# Of a regression without a hidden layer these make no sense.
UNFIT = ("calibration", "coadaptation", "dead_units", "probabilities", "sensitivity")


@pytest.mark.parametrize("probe", PROBES)
class TestEveryProbe(ProbeContract):
    @pytest.fixture(autouse=True)
    def named(self, probe: str) -> None:
        self.probe = probe  # type: ignore[misc]

    def unfit_subject(self) -> Subject | None:
        return linear_regression() if self.probe in UNFIT else None
