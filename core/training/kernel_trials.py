"""XLA tries several kernels for each product when it compiles for a GPU. Dense networks only lose time by it.

On an H100 with TensorFlow 2.21, a whole run of `chollet` took 6.0 s with these trials and 3.9 to 4.4 s without them.
Convolutions need them: three epochs of `best` took 16.4 s with them and 25.9 s without.
"""

import os

from core.config.run_config import RunConfig
from core.devices.computing import device_kind
from core.network.architecture import is_dense

_TRIALS = "--xla_gpu_autotune_level"


def skip_for_dense(config: RunConfig) -> None:
    """Lets TensorFlow compile without trials if `config` is a dense network on a GPU. The user's own value wins.

    Called by a process that trains only this network, before it compiles anything: XLA reads its flags once, so a
    process that has warmed up keeps the trials. For JAX, `engine_jax` says it to each program.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    needs_none = is_dense(config) and not config.redraws_images
    on_tensorflow = os.environ.get("KERAS_BACKEND") != "jax"
    if needs_none and on_tensorflow and _TRIALS not in flags and device_kind(config.device) == "gpu":
        os.environ["XLA_FLAGS"] = f"{flags} {_TRIALS}=0".strip()
