"""Print what makes a shell complete verbs, settings, choices, studies and run ids.

eval "$(ablate completion bash)"            in ~/.bashrc
eval "$(ablate completion zsh)"             in ~/.zshrc, after compinit
ablate completion fish | source             in ~/.config/fish/config.fish
"""

from __future__ import annotations

import argparse

from ablate.cli.output import Output
from ablate.cli.verbs import Invocation
from ablate.core.errors import ExitCode, UsageError

WORDS = "shell"
WORDS_HELP = "bash, zsh or fish"

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
