"""From the arguments of the command line to a verb, and from what it raises to a message and an exit code."""

from __future__ import annotations

import atexit
import gc
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ablate.cli.output import Output, OutputLost, settle, with_open_streams, with_plain_signs
from ablate.cli.verbs import VERBS, Invocation, module_of, verb_parser
from ablate.core.errors import AblateError, ExitCode, Interrupted

__all__ = ["complete", "explain", "main"]

# What a shell calls at every Tab; see `ablate.cli.completion`.
COMPLETE = "__complete"

# These are Hydra's own; they show the configuration and train nothing.
HYDRA_FLAGS = ("--cfg", "--info", "--hydra-help", "--shell-completion")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line, that of this process by default; its exit code."""
    if arguments is None:
        # The process ends with it: to look for garbage among half a million objects then took 0.3 seconds.
        atexit.register(gc.freeze)
    code = _executed(list(sys.argv[1:] if arguments is None else arguments))
    try:
        settle()
    except (OutputLost, BrokenPipeError) as error:
        return code or explain(error, Output())
    return code


def _executed(given: list[str]) -> int:
    if given[:1] == [COMPLETE]:
        return complete(given[1:])
    with_open_streams()
    with_plain_signs()
    if not _is_somewhere():
        Output().problem("The current folder is gone: another process removed it. Change into one that is there.")
        return ExitCode.BAD_INPUT
    if any(word.split("=")[0] in HYDRA_FLAGS for word in given):
        from ablate.cli.hydra_flags import show

        try:
            return show(given)
        except (AblateError, BrokenPipeError) as error:
            return explain(error, Output())
    if given and _is_no_verb(given[0]):
        Output().problem(_unknown_verb(given[0]))
        return ExitCode.BAD_INPUT
    verb, rest = (given[0], given[1:]) if given and given[0] in VERBS else ("run", given)
    try:
        module = module_of(verb)
        parsed = verb_parser(verb, module).parse_intermixed_args(rest)
    except SystemExit as exit_:  # argparse has printed help, a version, or what is wrong
        return int(exit_.code or 0)
    except (OutputLost, BrokenPipeError) as error:
        return explain(error, Output())
    output = Output(quiet=parsed.quiet)
    try:
        from ablate.operations.folders import ConfigFolders

        folders = ConfigFolders(tuple(parsed.config_dir), tuple(parsed.allow_target))
        invocation = Invocation(tuple(parsed.words), folders, parsed)
        if not parsed.debug:
            from ablate.runner.quiet import quiet_backend

            quiet_backend()
        with output.hearing(libraries=parsed.debug), collecting_less():
            return int(module.execute(invocation, output))
    except BaseException as error:
        if parsed.debug:
            output.problem(traceback.format_exc())
        return explain(error, output)


@contextmanager
def collecting_less() -> Iterator[None]:
    """Garbage is looked for once in a hundred thousand objects, not in seven hundred, and among those that have stayed
    once in five million: a study of ten thousand runs is millions of objects that all stay, and each look goes through
    them again."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, *before[2:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def complete(words: Sequence[str]) -> int:
    """Prints what the last of the words could become. Nothing goes wrong aloud in the middle of a line."""
    with suppress(Exception):
        from ablate.cli.completion import candidates

        sys.stdout.writelines(f"{word}\n" for word in candidates(words))
    return ExitCode.DONE


def explain(error: BaseException, output: Output) -> int:
    """Says what went wrong and what to do about it; the exit code for it."""
    if isinstance(error, (SystemExit, BrokenPipeError)):  # rich leaves so when the reader of a pipe has left
        return ExitCode.SIGNAL + signal.SIGPIPE
    message, hint, code = explanation(error)
    output.problem("\n".join(filter(None, (message, hint))))
    return code


def explanation(error: BaseException) -> tuple[str, str, int]:
    """Message, hint and exit code."""
    match error:
        case AblateError() | Interrupted():
            return str(error), error.hint, error.exit_code
        case KeyboardInterrupt():
            return "Stopped.", "", ExitCode.SIGNAL + signal.SIGINT
        case ModuleNotFoundError(name=str(name)):
            missing = f"{name} is not installed for {sys.executable}"
            return missing, "ablate doctor says what is missing, and what mends it.", ExitCode.BAD_INPUT
    return f"internal error: {type(error).__name__}: {error}", "--debug shows where.", ExitCode.INTERNAL_ERROR


def _is_somewhere() -> bool:
    """Whether the current folder, from which every path is seen, is there still."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True


def _is_no_verb(word: str) -> bool:
    """Whether a first word can only have been meant as a verb: it is neither an option nor an override."""
    return word not in VERBS and word[:1] not in ("-", "+", "~", "") and "=" not in word


def _unknown_verb(word: str) -> str:
    from ablate.config.problems import nearest

    closest = nearest(word, VERBS)
    hint = f"did you mean ablate {closest}?" if closest else "ablate --help says more."
    return f"{word} is neither a verb ({', '.join(VERBS)}) nor a setting (key=value); {hint}"
