"""Is all well here? Looks at the machine, the libraries, the data sets and the results folder, and trains a tiny
network twice and by every engine. What is wrong is said with the command that mends it.

ablate doctor                          everything; most of its time is the import of TensorFlow
ablate doctor numerics.device=gpu      whether runs on a GPU are possible
ablate doctor --skip-training --json   all but the last part, for another program
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from ablate.checkup.findings import Finding, Level, Trouble
from ablate.cli.output import Output, plain_table
from ablate.cli.verbs import Invocation, add_json_option
from ablate.cli.wording import counted
from ablate.core.errors import ExitCode
from ablate.operations.as_json import to_json
from ablate.operations.doctor import TAKES, Section, doctor

WORDS = "setting"
WORDS_HELP = TAKES

CODES: Mapping[Trouble, ExitCode] = {
    Trouble.INSTALLATION: ExitCode.INTERNAL_ERROR,
    Trouble.DATA: ExitCode.DATA_PROBLEM,
    Trouble.DEVICE: ExitCode.DEVICE_ABSENT,
}
MARKS: Mapping[Level, str] = {Level.FINE: "ok", Level.NOTE: "note", Level.WRONG: "wrong"}


def add_options(parser: argparse.ArgumentParser) -> None:
    add_json_option(parser)
    parser.add_argument("--skip-training", action="store_true", help="do not train: all the rest takes a second or two")


def execute(invocation: Invocation, output: Output) -> int:
    options = invocation.options

    def show(section: Section) -> None:
        if not options.json:
            show_section(section, output)

    found = doctor(invocation.words, invocation.folders, skip_training=options.skip_training, observe=show)
    if options.json:
        output.data(to_json(found))
    else:
        show_mends(found.findings, output)
        if not found.wrong:
            output.result("All is well." if found.has_trained else "All is well, as far as was looked.")
    return CODES[found.wrong[0].trouble] if found.wrong else ExitCode.DONE


def show_section(section: Section, output: Output) -> None:
    columns = [("", "left"), (section.title, "left"), ("", "left")]
    output.result(plain_table(columns, [[MARKS[each.level], each.subject, each.says] for each in section.findings]))
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
