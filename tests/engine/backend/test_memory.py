"""What takes memory from the system: no step what the steps before it have freed, no weight more than itself."""

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


TABLE_SCRIPT = textwrap.dedent("""
    import json
    from pathlib import Path
    import numpy as np
    from engine.layers import Dense, Embedding, GlobalAveragePooling1D
    from engine.models import Sequential

    def find_peak_mib():
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def train(rows):
        model = Sequential([Embedding(rows, 128, input_length=4), GlobalAveragePooling1D(), Dense(1)])
        model.compile("sgd", "mse")
        words = np.arange(128).reshape(32, 4)
        model.fit(words, np.zeros((32, 1)), epochs=8, verbose=0)
        return model

    train(16_384)
    before = find_peak_mib()
    model = train(262_144)
    peak = find_peak_mib() - before
    moments = model.optimizer.get_weights()[1]
    print(json.dumps([peak, float(abs(moments[:128]).max()), float(abs(moments[128:]).max())]))
""")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere pages are counted in other ways")
def test_a_large_table_takes_its_own_memory_once_and_moments_that_nobody_writes_none() -> None:
    result = subprocess.run([sys.executable, "-c", TABLE_SCRIPT], capture_output=True, text=True, check=True)
    peak_mib, largest_moment, largest_of_unread_rows = json.loads(result.stdout)
    assert peak_mib < 1.15 * 128
    assert largest_moment > 0 == largest_of_unread_rows
