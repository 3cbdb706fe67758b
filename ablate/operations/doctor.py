"""Whether all is well here: the machine, the libraries, the data sets, the results folder, and training itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ablate.checkup.findings import Finding, Level
from ablate.config.runs import Settings
from ablate.core.errors import UsageError
from ablate.core.specs import Numerics, RunSpec
from ablate.datasets.arrays import DataError
from ablate.operations.as_json import document, shows
from ablate.operations.request import ConfigFolders, read_run, read_settings, split_settings
from ablate.runner.devices import DeviceAbsent

__all__ = ["TAKES", "Diagnosis", "Section", "doctor"]

TAKES = "results_dir=…, data_dir=…, numerics.device=…: what the runs will be given"
DEVICE, NUMERICS = "numerics.device", "numerics"
TRAINING = "training"
# The config folders that everybody has.
HERE = ConfigFolders()


shows("subject", "says", "level", "mend", "trouble=trouble_if_wrong")(Finding)


@dataclass(frozen=True)
class Section:
    """What was found in one part of the examination."""

    title: str
    findings: tuple[Finding, ...]


@document("doctor", version=1)
@dataclass(frozen=True)
class Diagnosis:
    """Everything that was found, the parts in the order in which they were looked at."""

    sections: tuple[Section, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for section in self.sections for finding in section.findings)

    @property
    def wrong(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level is Level.WRONG)

    @property
    def has_trained(self) -> bool:
        """Whether training was looked at, too: it may have been left out, or impossible."""
        return any(section.title == TRAINING for section in self.sections)


def doctor(
    words: Sequence[str] = (),
    folders: ConfigFolders = HERE,
    *,
    skip_training: bool = False,
    observe: Callable[[Section], None] = lambda _: None,
) -> Diagnosis:
    """Looks at everything; what is wrong is a finding, no error.

    Args:
        words: settings that runs will be given, see `TAKES`.
        skip_training: whether to leave out the self-test, which waits for TensorFlow.
        observe: is given each part as soon as it was looked at, the quick ones first.

    Raises:
        UsageError: for words that are no settings of it.
        ConfigError: when a setting cannot be.
    """
    about, strangers = split_settings(words, also=(NUMERICS,))
    settings = read_settings(about, folders)
    if strangers:
        raise UsageError(f"{strangers[0]} is no setting of the doctor: it takes {TAKES}")
    sections = []
    for title, findings in _examinations(words, folders, settings, skip_training):
        sections.append(Section(title, tuple(findings)))
        observe(sections[-1])
    return Diagnosis(tuple(sections))


def _examinations(
    words: Sequence[str], folders: ConfigFolders, settings: Settings, skip_training: bool
) -> Iterator[tuple[str, Iterable[Finding]]]:
    """Title → what is found, the quick parts first; each looks when it is iterated over."""
    from ablate.checkup.data import look_at_data
    from ablate.checkup.devices import look_at_devices
    from ablate.checkup.libraries import look_at_libraries
    from ablate.checkup.machine import look_at_machine
    from ablate.checkup.results import look_at_results

    yield "libraries", look_at_libraries()
    yield "devices", look_at_devices(_asked_device(words))
    spec = _tested_run(words, folders)
    yield "machine", look_at_machine(Numerics("cpu", "xla", 1) if spec is None else spec.numerics)
    yield "data sets", look_at_data(folders.tree(), settings.data_dir)
    yield "results", look_at_results(settings.results_dir)
    if spec is not None and not skip_training:
        from ablate.checkup.loop import look_at_loop

        yield TRAINING, look_at_loop(spec)


def _asked_device(words: Sequence[str]) -> str:
    values = [word.partition("=")[2] for word in words if word.partition("=")[0] == DEVICE]
    return values[-1] if values else "auto"


def _tested_run(words: Sequence[str], folders: ConfigFolders) -> RunSpec | None:
    """What the self-test trains; None where it cannot be, for a reason that another part says."""
    from ablate.checkup.loop import WORDS as TINY

    numerics = (word for word in words if word.startswith(f"{NUMERICS}."))
    try:
        return read_run((*TINY, *numerics), folders)
    except (DataError, DeviceAbsent):
        return None
