"""Is all well here? Looks at the machine, the libraries, the data sets and the results folder, and trains a tiny
network twice and by every engine. What is wrong is said with the command that mends it.

ablate doctor                          everything; most of its time is the import of TensorFlow
ablate doctor numerics.device=gpu      whether runs on a GPU are possible
ablate doctor --skip-training --json   all but the last part, for another program
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ablate.checkup.findings import Finding, Level, Trouble
from ablate.cli.output import Output, plain_table
from ablate.cli.verbs import Invocation
from ablate.cli.wording import counted
from ablate.core.errors import ExitCode, UsageError
from ablate.core.specs import Numerics, RunSpec
from ablate.datasets.arrays import DataError
from ablate.operations.request import read_run
from ablate.runner.devices import DeviceAbsent

WORDS = "setting"
WORDS_HELP = "results_dir=…, data_dir=…, numerics.device=…: what the runs will be given"

CODES: Mapping[Trouble, ExitCode] = {
    Trouble.INSTALLATION: ExitCode.INTERNAL_ERROR,
    Trouble.DATA: ExitCode.DATA_PROBLEM,
    Trouble.DEVICE: ExitCode.DEVICE_ABSENT,
}
MARKS: Mapping[Level, str] = {Level.FINE: "ok", Level.NOTE: "note", Level.WRONG: "wrong"}
DEVICE, NUMERICS = "numerics.device", "numerics"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object with everything that was found")
    parser.add_argument("--skip-training", action="store_true", help="do not train: all the rest takes a second or two")


def execute(invocation: Invocation, output: Output) -> int:
    _, strangers = invocation.settings(also=(NUMERICS,))
    if strangers:
        raise UsageError(f"{strangers[0]} is no setting of the doctor: it takes {WORDS_HELP}")
    found: dict[str, list[Finding]] = {}
    for title, findings in examinations(invocation):
        found[title] = list(findings)
        if not invocation.options.json:
            show_section(title, found[title], output)
    every = [finding for findings in found.values() for finding in findings]
    wrong = [finding for finding in every if finding.level is Level.WRONG]
    if invocation.options.json:
        output.data({title: [each.to_json() for each in findings] for title, findings in found.items()})
    else:
        show_mends(every, output)
        if not wrong:
            output.result("All is well." if "training" in found else "All is well, as far as was looked.")
    return CODES[wrong[0].trouble] if wrong else ExitCode.DONE


def examinations(invocation: Invocation) -> Iterator[tuple[str, Iterable[Finding]]]:
    """Title → what is found, the quick parts first; each looks when it is iterated over."""
    from ablate.checkup.data import look_at_data
    from ablate.checkup.devices import look_at_devices
    from ablate.checkup.libraries import look_at_libraries
    from ablate.checkup.machine import look_at_machine
    from ablate.checkup.results import look_at_results

    settings, _ = invocation.settings(also=(NUMERICS,))
    yield "libraries", look_at_libraries()
    yield "devices", look_at_devices(asked_device(invocation.words))
    spec = tested_run(invocation)
    yield "machine", look_at_machine(Numerics("cpu", "xla", 1) if spec is None else spec.numerics)
    yield "data sets", look_at_data(invocation.folders.tree(), settings.data_dir)
    yield "results", look_at_results(settings.results_dir)
    if spec is not None and not invocation.options.skip_training:
        from ablate.checkup.loop import look_at_loop

        yield "training", look_at_loop(spec)


def asked_device(words: Sequence[str]) -> str:
    values = [word.partition("=")[2] for word in words if word.partition("=")[0] == DEVICE]
    return values[-1] if values else "auto"


def tested_run(invocation: Invocation) -> RunSpec | None:
    """What the self-test trains; None where it cannot be, for a reason that another part says."""
    from ablate.checkup.loop import WORDS as TINY

    numerics = (word for word in invocation.words if word.startswith(f"{NUMERICS}."))
    try:
        return read_run((*TINY, *numerics), invocation.folders)
    except (DataError, DeviceAbsent):
        return None


def show_section(title: str, findings: Sequence[Finding], output: Output) -> None:
    columns = [("", "left"), (title, "left"), ("", "left")]
    output.result(plain_table(columns, [[MARKS[each.level], each.subject, each.says] for each in findings]))
    output.result("")


def show_mends(findings: Sequence[Finding], output: Output) -> None:
    """What is to be done about it, what is wrong last: there the eye is."""
    for level in (Level.NOTE, Level.WRONG):
        for each in findings:
            if each.level is level and each.mend:
                output.result(f"{MARKS[level]}: {each.subject}: {each.mend}")
    wrong = sum(each.level is Level.WRONG for each in findings)
    if wrong:
        output.result(f"{counted(wrong, 'thing')} to mend.")
