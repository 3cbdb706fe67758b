#!/usr/bin/env bash
# A study on several machines of a SLURM cluster that share a file system:
#
#     sbatch --array=0-7 experiments/slurm.sh +experiment=mnist_dynamics results_dir=/shared/results
#     sbatch --array=0-3 --gres=gpu:1 experiments/slurm.sh +sweep=optimizers numerics.device=gpu
#
# Every task is the same command on the same results_dir. Claims in that folder keep the tasks disjoint: a run is
# trained by one of them, the others go on with what is left, and each waits for the last run and writes the same
# tables and report. Nothing has to be divided beforehand, and tasks may come and go:
#   - A task that is added later, or started again, takes what is missing.
#   - A task whose time is up gets SIGTERM, gives back its runs and ends with exit code 143.
#   - A machine that is lost gives nothing back; the others take its runs over after a minute without a sign of it.
#
# The file system has to keep file locks across machines (NFS 4 does; Lustre when mounted with -o flock). Where it
# shows new files late, a run may be trained twice; the first outcome is kept, and the second is compared with it.

#SBATCH --job-name=ablate
#SBATCH --nodes=1
#SBATCH --ntasks=1
# The workers of a task: one for each core, or for each GPU if the runs are on GPUs.
#SBATCH --cpus-per-task=4
#SBATCH --time=04:00:00
# SIGTERM two minutes before the end, in good time to give the runs back; B: to this script, which is ablate by then.
#SBATCH --signal=B:TERM@120
#SBATCH --output=slurm-%A_%a.log

set -euo pipefail

if [[ $# -eq 0 ]]; then
    echo "usage: sbatch --array=0-7 $0 +sweep=NAME [key=value ...]" >&2
    exit 2
fi

# Where the environment is not the one of the shell that called sbatch, activate it here:
#     source /shared/ablate/.venv/bin/activate

# exec: signals of SLURM then reach ablate itself and no shell before it.
exec ablate "$@"
