#!/usr/bin/env bash
#SBATCH --job-name=clip-embed
#SBATCH --array=0-9
#SBATCH --cpus-per-task=8
#SBATCH --mem=8G
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --output=clip-embed-%A_%a.log
#
# Embeds the pictures of webdataset archives by an array of tasks, each of which takes every tenth of them.
#
# usage: sbatch slurm.sh 'data/{00000..00999}.tar' OUTPUT [options of clip embed]
#
# A task that is killed and queued again goes on after its last finished archive. The number of a task says which archives are its own, so
# some tasks alone are done again by: sbatch --array=3,7 slurm.sh ...
# More tasks need their number twice: TASKS=100 sbatch --array=0-99 slurm.sh ...
set -euo pipefail

pattern=$1 output=$2
shift 2
exec "${CLIP:-clip}" embed --shards "$pattern" --output "$output" --format parquet \
    --shard-index "$SLURM_ARRAY_TASK_ID/${TASKS:-10}" --threads "$SLURM_CPUS_PER_TASK" "$@"
