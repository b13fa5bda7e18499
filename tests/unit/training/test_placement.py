"""Few single operations run on a GPU before the first step. A part of the processor stands in for the GPU."""

import json
import os
import re
import subprocess
import sys
from collections import Counter

import keras
import pytest

from tests.conftest import ROOT

# They make variables and copy values: a GPU needs no kernel for them.
WITHOUT_KERNEL = {"VarHandleOp", "AssignVariableOp", "ReadVariableOp", "_EagerConst", "Shape", "Reshape"}
EVALUATION = {"Cast", "Mul", "AddV2", "_MklMatMul", "MatMul", "BiasAdd", "Relu"}  # of the untrained network


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="JAX compiles these operations")
def test_before_the_first_step_a_gpu_computes_only_the_figures_of_the_untrained_network():
    command = [sys.executable, "-m", "tests.unit.training.on_second_device", "chollet"]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "0", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == {"same weights": True, "devices": ["CPU:1"], "trained": True}
    before, _, after = done.stderr.partition("BEGIN")[2].partition("FIRST CALL")
    executed = Counter(re.findall(r"Executing op (\w+) in device \S*CPU:1", before))
    assert set(executed) <= WITHOUT_KERNEL | EVALUATION, executed
    assert sum(executed[name] for name in EVALUATION) <= 8  # there were 58
    assert executed.total() <= 55  # there were 159
    assert executed["VarHandleOp"]
    assert re.search(r"Executing op __inference\w* in device \S*CPU:1", after)
