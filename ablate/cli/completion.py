"""Print what makes a shell complete verbs, settings, choices, studies and run ids.

eval "$(ablate completion bash)"            in ~/.bashrc
eval "$(ablate completion zsh)"             in ~/.zshrc, after compinit
ablate completion fish | source             in ~/.config/fish/config.fish
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ablate.cli.output import Output
from ablate.cli.verbs import VERBS, Invocation, module_of, verb_parser
from ablate.core.errors import ExitCode, UsageError
from ablate.operations import complete
from ablate.sanitize.paths import user_path

WORDS = "shell"
WORDS_HELP = "bash, zsh or fish"

RESULTS_DIR = "results"
# A shell puts a word into the line as it is: what it would act on, such as `;` in the name of a file, is never offered.
SAFE = re.compile(r"[\w.+=:,@/\[\]-]+")

# Each calls `ablate __complete WORD…`, the last word being the one to complete, for one candidate a line.
SCRIPTS = {
    "bash": """_ablate() {
    local line="${COMP_LINE:0:COMP_POINT}" words current before
    read -ra words <<< "$line"
    [[ "$line" == *[[:space:]] ]] && words+=("")
    current="${words[${#words[@]}-1]}"
    local IFS=$'\\n'
    COMPREPLY=($("${words[0]}" __complete "${words[@]:1}" 2>/dev/null))
    # bash replaces what stands behind the last = or : of a word, so candidates begin there
    before="${current%"${current##*[=:]}"}"
    COMPREPLY=("${COMPREPLY[@]#"$before"}")
    [[ "${COMPREPLY[0]}" == *[=:.] ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -F _ablate ablate
""",
    "zsh": """#compdef ablate
_ablate() {
    local -a found
    found=("${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    found=(${found:#})
    compadd -Q -S '' -- ${(M)found:#*[=:.]}
    compadd -Q -- ${found:#*[=:.]}
}
compdef _ablate ablate
""",
    "fish": """function __ablate_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] __complete $words[2..] 2>/dev/null
end
complete -c ablate -f -a '(__ablate_complete)'
""",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    del parser


def execute(invocation: Invocation, output: Output) -> int:
    shells = invocation.words
    if len(shells) != 1 or shells[0] not in SCRIPTS:
        raise UsageError(f"For which shell? There are {', '.join(SCRIPTS)}.")
    output.result(SCRIPTS[shells[0]])
    return ExitCode.DONE


def candidates(words: Sequence[str]) -> list[str]:
    """The words that begin as the last of `words` does and can stand there: `["compare", "optimizers:"]` gives the
    arms of that study."""
    *before, current = words or [""]
    has_verb = before[:1] != [] and before[0] in VERBS
    verb = before[0] if has_verb else "run"
    if current.startswith("-"):
        found: Iterable[str] = _flags(verb)
    elif verb in ("run", "plan"):
        found = [*(() if before else VERBS), *complete.overrides(current, before)]
    else:
        found = _names(verb, current, _results_dir(before))
    return sorted({word for word in found if word.startswith(current) and SAFE.fullmatch(word)})


def _flags(verb: str) -> list[str]:
    parser = verb_parser(verb, module_of(verb))
    return [flag for action in parser._actions for flag in action.option_strings if flag.startswith("--")]


def _names(verb: str, current: str, results_dir: Path) -> Iterable[str]:
    """What the verbs take that are about something there is already."""
    match verb:
        case "completion":
            return SCRIPTS
        case "list":
            return complete.filters()
        case "fsck" | "gc":  # of the whole store
            return ()
        case "show":
            return complete.run_ids(results_dir)
        case "compare" | "export" | "predict" | "reproduce":
            arms = complete.arms(current, results_dir)
            return (*complete.studies(results_dir), *arms, *complete.run_ids(results_dir))
    return complete.studies(results_dir)


def _results_dir(words: Sequence[str]) -> Path:
    given = [word.partition("=")[2] for word in words if word.startswith("results_dir=")]
    return user_path(given[-1]) if given else Path(RESULTS_DIR)
