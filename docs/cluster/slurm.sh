#!/bin/bash
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --time=08:00:00
# Digit Lab on four nodes of SLURM: `sbatch docs/cluster/slurm.sh` in the folder of Digit Lab, which all nodes share. The job ends with
# the dashboard. Not tried with SLURM: see docs/cluster.md.

head=$(hostname --ip-address | cut -d " " -f 1)   # this script runs on the first node
export PATH="$PWD/.venv/bin:$PATH"                # `ray symmetric-run` starts `ray` by its name
export RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0
(umask 077; [ -e ~/.ray/auth_token ] || ray get-auth-token --generate >/dev/null)

echo "When it says so below: ssh -L 8501:$head:8501 LOGIN-NODE, then open http://localhost:8501"
srun ray symmetric-run --address "$head:6379" --min-nodes "$SLURM_JOB_NUM_NODES" --num-cpus "$SLURM_CPUS_PER_TASK" \
  --node-manager-port=6380 --object-manager-port=6381 --runtime-env-agent-port=6382 --ray-client-server-port=6383 \
  --min-worker-port=6400 --max-worker-port=6999 \
  -- env RAY_ADDRESS="$head:6379" python -m digit_lab --headless --host "$head"
