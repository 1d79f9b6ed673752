"""Steps take no memory from the system that the steps before them have freed."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest

# Activations of 8 MiB each, which glibc by itself takes from the system anew at each step.
SCRIPT = textwrap.dedent("""
    import json, resource
    from pathlib import Path
    import numpy as np
    from engine import backend as K
    from engine.layers import Activation, Conv2D, GlobalAveragePooling2D
    from engine.models import Sequential

    def count_faults():
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

    def find_resident_mib():
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20

    images = np.zeros((8, 128, 128, 1), "float32")
    model = Sequential([Conv2D(16, 1, input_shape=(128, 128, 1)), Activation("tanh"), Conv2D(16, 1),
                        Activation("tanh"), GlobalAveragePooling2D()])
    model.compile("sgd", "mse")
    targets = np.zeros((8, 16), "float32")
    for _ in range(12):
        model.train_on_batch(images, targets)
    before = count_faults()
    for _ in range(4):
        model.train_on_batch(images, targets)
    faults = count_faults() - before
    held = find_resident_mib()
    K.clear_session()
    print(json.dumps([faults * resource.getpagesize() / 2**20 / 4, held - find_resident_mib()]))
""")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the C library is not told")
def test_steps_reuse_memory_and_a_cleared_session_gives_it_back() -> None:
    result = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    taken_mib, given_back_mib = json.loads(result.stdout)
    assert taken_mib < 4
    assert given_back_mib > 16
