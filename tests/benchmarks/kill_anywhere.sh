#!/bin/sh
# Kill it anywhere, run the same command again: a sweep is killed twice, with all its processes, then left alone, and
# comes to the tables of one that nothing befell.
#
#     tests/benchmarks/kill_anywhere.sh [PYTHON]
#
# PYTHON is one that has ablate; .venv/bin/python by default. Everything happens in a temporary folder. Both sweeps run
# one worker, and the kills come after the third and the seventh run, so that what is printed is nearly the same each time.
set -eu

python=$(realpath --no-symlinks "${1:-.venv/bin/python}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

sweep="+sweep=optimizers sweep.factors.optimizer=[sgd,adam,adamw] sweep.seeds=4 training.epochs=3 executor.workers=1"

# Starts the sweep in a session of its own, waits until so many runs are stored, and kills the whole of it.
killed_after() {
    printf '$ ablate %s &\n' "$sweep"
    # shellcheck disable=SC2086
    setsid "$python" -m ablate $sweep 2>&1 &
    group=$!
    while [ "$(ls -d results/runs/??/* 2>/dev/null | wc -l)" -lt "$1" ]; do
        kill -0 "$group" || exit 1
        sleep 0.05
    done
    printf '$ kill -9 -%s\n' "$group"
    kill -9 "-$group"
    wait "$group" || true
}

# Of six tables in the current folder, the beginning of each digest.
digests() {
    sha256sum runs.* history.* verdicts.* | cut -c1-16,65-
}

mkdir killed undisturbed
cd killed
killed_after 3
killed_after 7
printf '$ ablate %s\n' "$sweep"
# shellcheck disable=SC2086
"$python" -m ablate $sweep 2>&1
cd ../undisturbed
# shellcheck disable=SC2086
"$python" -m ablate $sweep >/dev/null 2>&1
cd ..
for place in killed undisturbed; do
    printf '$ cd %s/results/studies/optimizers && sha256sum runs.* history.* verdicts.* | cut -c1-16,65-\n' "$place"
    (cd "$place/results/studies/optimizers" && digests)
done
for table in runs history verdicts; do
    for ending in csv parquet; do
        cmp "killed/results/studies/optimizers/$table.$ending" "undisturbed/results/studies/optimizers/$table.$ending"
    done
done
echo "The tables are equal, byte for byte."
