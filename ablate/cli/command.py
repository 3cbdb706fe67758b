"""From the arguments of the command line to a verb, and from what it raises to a message and an exit code."""

from __future__ import annotations

import argparse
import gc
import importlib
import shutil
import signal
import sys
import textwrap
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from types import ModuleType

from ablate import __version__
from ablate.cli.output import Output, UsageError

__all__ = ["VERBS", "ExitCode", "Invocation", "complete", "explain", "main", "verb_parser"]

# Verb to what `ablate --help` says of it; each is a module of this package with a function of its name.
VERBS = {
    "run": "train what is missing, write the report (may be left out)",
    "plan": "say what would be trained, without training",
    "report": "write the tables and the report of a study again",
    "compare": "put runs, arms or studies side by side",
    "analyse": "give verdicts on a table that was made elsewhere",
    "list": "say which studies and runs there are",
    "show": "say everything about a run",
    "reproduce": "train stored runs again and say whether they come out again",
    "doctor": "say whether all is well here, and what mends what is not",
    "predict": "say what a trained run reads in photographs",
    "interpolate": "say whether two ways of training ended in one valley",
    "export": "write trained models for Keras, or histories for TensorBoard",
    "fsck": "verify everything in the store, and mend what can be mended",
    "gc": "say what no study needs, and remove it if told to",
    "watch": "follow a study that another terminal is training",
    "completion": "print what makes bash, zsh or fish complete the words of ablate",
}
# What a shell calls at every Tab; see `ablate.cli.completion`.
COMPLETE = "__complete"

# These are Hydra's own; they show the configuration and train nothing.
HYDRA_FLAGS = ("--cfg", "--info", "--hydra-help", "--shell-completion")


class ExitCode(IntEnum):
    DONE = 0
    INTERNAL_ERROR = 1
    BAD_INPUT = 2
    SOME_RUNS_FAILED = 3
    DATA_PROBLEM = 4
    DEVICE_ABSENT = 5
    SIGNAL = 128  # plus the number of the signal


@dataclass(frozen=True)
class Invocation:
    """A command line taken apart.

    `words` are overrides (`optimizer=sgd`) for run and plan, names for the other verbs; `options` holds
    what the verb declares by itself.
    """

    words: tuple[str, ...]
    config_dirs: tuple[Path, ...]
    allow_targets: tuple[str, ...]
    options: argparse.Namespace


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line; its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == [COMPLETE]:
        return complete(given[1:])
    if any(word.split("=")[0] in HYDRA_FLAGS for word in given):
        from ablate.cli.hydra_flags import show

        return show(given)
    if given and _is_no_verb(given[0]):
        Output().problem(_unknown_verb(given[0]))
        return ExitCode.BAD_INPUT
    verb, rest = (given[0], given[1:]) if given and given[0] in VERBS else ("run", given)
    try:
        module = importlib.import_module(f"ablate.cli.{verb}")
        parsed = verb_parser(verb, module).parse_intermixed_args(rest)
    except SystemExit as exit_:  # argparse has printed help, a version, or what is wrong
        return int(exit_.code or 0)
    output = Output(quiet=parsed.quiet)
    invocation = Invocation(tuple(parsed.words), tuple(parsed.config_dir), tuple(parsed.allow_target), parsed)
    try:
        with output.hearing(), collecting_less():
            return int(module.execute(invocation, output))
    except BaseException as error:
        if parsed.debug:
            output.problem(traceback.format_exc())
        return explain(error, output)


@contextmanager
def collecting_less() -> Iterator[None]:
    """Garbage is looked for once in a hundred thousand objects, not in seven hundred: a study of ten thousand runs is
    millions of objects that all stay, and each look goes through them again."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def complete(words: Sequence[str]) -> int:
    """Prints what the last of the words could become. Nothing goes wrong aloud in the middle of a line."""
    with suppress(Exception):
        from ablate.cli.complete import candidates

        sys.stdout.writelines(f"{word}\n" for word in candidates(words))
    return ExitCode.DONE


def explain(error: BaseException, output: Output) -> int:
    """Says what went wrong and what to do about it; the exit code for it."""
    from ablate.config import ConfigError
    from ablate.datasets.arrays import DataError
    from ablate.runner.devices import DeviceAbsent
    from ablate.runner.session import ExecutorUnavailable, Interrupted, StoppedEarly
    from ablate.storage.atomic import WriteFailed
    from ablate.storage.garbage import UnknownNeeds
    from ablate.storage.runs import AmbiguousPrefix, MissingArtefact, MissingRun, UnreadableRecord
    from ablate.storage.studies import AnotherStudy, UnreadablePlan

    if isinstance(error, (SystemExit, BrokenPipeError)):  # rich leaves so when the reader of a pipe has left
        return ExitCode.SIGNAL + signal.SIGPIPE
    message, code = str(error), int(ExitCode.INTERNAL_ERROR)
    match error:
        case (
            ConfigError() | UsageError() | MissingRun() | MissingArtefact() | AmbiguousPrefix() | ExecutorUnavailable()
        ):
            code = ExitCode.BAD_INPUT
        case AnotherStudy():
            message += f"\nTo keep both, give this one a name of its own: study={error.name}_2"
            code = ExitCode.BAD_INPUT
        case DataError() | UnknownNeeds():
            code = ExitCode.DATA_PROBLEM
        case UnreadableRecord() | UnreadablePlan():
            message += "\nIt stays as it is: the version that wrote it reads it. This one can use another results_dir."
            code = ExitCode.DATA_PROBLEM
        case DeviceAbsent():
            code = ExitCode.DEVICE_ABSENT
        case StoppedEarly():
            message += "\nTo try them all the same: executor.keep_going=true"
            code = ExitCode.SOME_RUNS_FAILED
        case Interrupted():
            message = (
                f"Stopped. {error.done} runs of this call are kept, {error.remaining} remain; "
                "the same command goes on from here."
            )
            code = ExitCode.SIGNAL + error.signal_number
        case KeyboardInterrupt():
            message, code = "Stopped.", ExitCode.SIGNAL + signal.SIGINT
        case ModuleNotFoundError(name=str(name)):
            message = (
                f"{name} is not installed for {sys.executable}\nablate doctor says what is missing, and what mends it."
            )
            code = ExitCode.BAD_INPUT
        case WriteFailed():
            message += "\nWhat was finished before is kept; the same command goes on from here."
            code = ExitCode.DATA_PROBLEM
        case _:
            message = f"internal error: {type(error).__name__}: {error}\n--debug shows where."
    output.problem(message)
    return code


def _is_no_verb(word: str) -> bool:
    """Whether a first word can only have been meant as a verb: it is neither an option nor an override."""
    return word not in VERBS and word[:1] not in ("-", "+", "~", "") and "=" not in word


def _unknown_verb(word: str) -> str:
    from ablate.config.problems import nearest

    closest = nearest(word, VERBS)
    hint = f"did you mean ablate {closest}?" if closest else "ablate --help says more."
    return f"{word} is neither a verb ({', '.join(VERBS)}) nor a setting (key=value); {hint}"


def verb_parser(verb: str, module: ModuleType) -> argparse.ArgumentParser:
    """The options of a verb, those that all have included."""
    parser = argparse.ArgumentParser(
        prog="ablate" if verb == "run" else f"ablate {verb}",
        description=_folded(module.__doc__ or ""),
        epilog=_folded(_epilog()) if verb == "run" else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("words", nargs="*", metavar=module.WORDS, help=module.WORDS_HELP)
    module.add_options(parser)
    parser.add_argument("--config-dir", action="append", default=[], type=Path, help="a further folder like conf/")
    parser.add_argument("--allow-target", action="append", default=[], help="a package that a _target_ may name")
    parser.add_argument("--quiet", action="store_true", help="print nothing but what was asked for, and problems")
    parser.add_argument("--debug", action="store_true", help="show where an error comes from")
    parser.add_argument("--version", action="version", version=f"ablate {__version__}")
    return parser


def _folded(text: str) -> str:
    """The text with no line wider than the terminal; line ends are kept, for examples stand in lines."""
    width = shutil.get_terminal_size().columns - 2
    indents = {line: " " * 4 if "  " in line else "" for line in text.splitlines()}
    return "\n".join(textwrap.fill(line, width, subsequent_indent=indents[line]) for line in text.splitlines())


def _epilog() -> str:
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {verb:<{width}} {purpose}" for verb, purpose in VERBS.items())
    return f"""verbs:
{verbs}
  ablate VERB --help says more

configuration (shown, nothing is trained):
  --cfg job, --info, --hydra-help, --shell-completion are Hydra's own
"""
