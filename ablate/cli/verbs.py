"""The verbs, the options that each takes, and a command line taken apart."""

from __future__ import annotations

import argparse
import importlib
import shutil
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ablate import __version__
from ablate.cli.output import write_result
from ablate.sanitize.paths import user_folder

if TYPE_CHECKING:
    from ablate.config.runs import Settings
    from ablate.operations.folders import ConfigFolders

__all__ = [
    "RUN_WORDS",
    "RUN_WORDS_HELP",
    "VERBS",
    "Invocation",
    "add_json_option",
    "add_run_options",
    "folder",
    "module_of",
    "verb_parser",
]

# Verb to what `ablate --help` says of it; each is a module of this package with a function of its name.
VERBS = {
    "run": "train what is missing, write the report (may be left out)",
    "plan": "say what would be trained, without training",
    "report": "write the tables and the report of a study again",
    "compare": "put runs, arms or studies side by side",
    "analyse": "give verdicts on a table that was made elsewhere",
    "gate": "say by its exit code whether a new side is worse than its base",
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
    "serve": "show the store in a browser, on this machine",
    "completion": "print what makes bash, zsh or fish complete the words of ablate",
}

# A terminal may say that it has one column.
NARROWEST = 20
RUN_WORDS = "override"
RUN_WORDS_HELP = "a setting in Hydra's grammar: optimizer=sgd, model.dropout=0.3, +sweep=optimizers"


@dataclass(frozen=True)
class Invocation:
    """A command line taken apart.

    `words` are overrides (`optimizer=sgd`) for run and plan, names for the other verbs; `options` holds
    what the verb declares by itself.
    """

    words: tuple[str, ...]
    folders: ConfigFolders
    options: argparse.Namespace

    def settings(self, also: tuple[str, ...] = ()) -> tuple[Settings, tuple[str, ...]]:
        """For verbs that take names: the settings, and the words that are not about them.

        Args:
            also: further root keys whose words are settings of the verb.
        """
        from ablate.operations.request import read_settings, split_settings

        about, names = split_settings(self.words, also)
        return read_settings(about, self.folders), names

    def results_dir(self) -> tuple[Path, tuple[str, ...]]:
        """For verbs that need no other setting, sooner: the results folder, and the words that are not about one."""
        from ablate.operations.folders import results_dir_of, split_settings

        about, names = split_settings(self.words)
        return results_dir_of(about, self.folders), names


def module_of(verb: str) -> ModuleType:
    """The module that takes the words of a verb."""
    return importlib.import_module(f"ablate.cli.{verb}")


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """The options of `run` and of `plan`, which take the same words."""
    parser.add_argument(
        "-m", "--multirun", action="store_true", help="train the grid of all values: -m optimizer=sgd,adam seed=0,1"
    )
    parser.add_argument(
        "--same-environment",
        action="store_true",
        help="train anew what is stored and was computed with other versions of ablate, Python, TensorFlow or Keras",
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="where another study has this name, start it anew: its runs stay, its folder is kept in studies/_replaced",
    )


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """What every verb that shows something has: its result as `ablate.to_json` gives it."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON, for another program")


def folder(given: str) -> Path:
    """The type of an option that names a folder to write into: refused before anything is read or loaded for it.

    Raises:
        argparse.ArgumentTypeError: where it can be none.
    """
    try:
        return user_folder(given)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"the folder {error}") from error


def verb_parser(verb: str, module: ModuleType) -> argparse.ArgumentParser:
    """The options of a verb, those that all have included."""
    parser = _Parser(
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
    parser.add_argument("--debug", action="store_true", help="show where an error comes from, and what libraries log")
    parser.add_argument("--version", action="version", version=f"ablate {__version__}")
    return parser


class _Parser(argparse.ArgumentParser):
    def _print_message(self, message: str, file: Any = None) -> None:
        """argparse itself would not say that a help or a version could not be written."""
        if file is sys.stdout:
            write_result(message)
        else:
            super()._print_message(message, file)


def _folded(text: str) -> str:
    """The text with no line wider than the terminal; line ends are kept, for examples stand in lines."""
    width = max(shutil.get_terminal_size().columns - 2, NARROWEST)
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
