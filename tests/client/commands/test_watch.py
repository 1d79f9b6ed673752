import os
import pty
import re
import signal
import subprocess
import time

import pytest


def run_on_terminal(service, *arguments, until=None, interrupt=False):
    """Run a command on a terminal of its own. Returns: exit status and what appeared."""
    near, far = pty.openpty()
    # What began in the background, as nohup does, ignores Ctrl-C, and whatever it starts does too.
    process = subprocess.Popen(
        ["env", "--default-signal=INT", service.command, *arguments],
        stdin=far,
        stdout=far,
        stderr=far,
        env={**service.environment, "TERM": "xterm", "COLUMNS": "100", "LINES": "40"},
        start_new_session=True,
    )
    os.close(far)
    shown = b""
    deadline = time.monotonic() + 120
    try:
        while time.monotonic() < deadline and (block := os.read(near, 65536)):
            shown += block
            if interrupt and until in shown:
                process.send_signal(signal.SIGINT)
                interrupt = False
    except OSError:  # the terminal's other end was closed: the command has ended
        pass
    os.close(near)
    try:
        status = process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        pytest.fail(f"it goes on; it was interrupted: {not interrupt}; it showed: {shown.decode()[-2000:]!r}")
    return status, re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode())


@pytest.mark.parametrize(("state", "status"), [("succeeded", 0), ("failed", 1)])
def test_the_end_of_a_job_is_the_exit_status(kerasd, client, job_id, state, status):
    client.jobs.publish(job_id, 0, {"loss": 0.5, "val_loss": 0.25})
    client.jobs.publish(job_id, 1, {"loss": float("nan"), "val_loss": 0.5})
    client.jobs.finish(job_id, state)

    done = kerasd("watch", job_id)

    assert done.returncode == status
    lines = done.stdout.splitlines()
    assert "epoch 1/3 - loss: 0.5000 - val_loss: 0.2500" in lines
    assert "epoch 2/3 - loss: nan - val_loss: 0.5000" in lines
    assert f"{job_id} {state}" in lines
    assert "  best val_loss: 0.2500 (epoch 1)" in lines


def test_a_cancelled_job_is_status_2(kerasd, job_id):
    cancelled = kerasd("cancel", job_id)
    assert cancelled.returncode == 0
    assert job_id in cancelled.stdout
    assert kerasd("watch", job_id).returncode == 2


def test_an_unknown_job_is_told(kerasd):
    done = kerasd("watch", "job_00000000000000000000000000")
    assert done.returncode == 1
    assert "There is no job" in done.stderr


def test_a_terminal_shows_progress_a_table_with_the_best_and_the_log(service, client, job_id):
    for epoch, loss in enumerate([0.5, 0.25, 0.75]):
        client.jobs.publish(job_id, epoch, {"loss": loss})
    service.write_log(job_id, "a line of the log")
    client.jobs.finish(job_id)

    status, shown = run_on_terminal(service, "watch", job_id)

    assert status == 0
    assert "3/3 epochs" in shown
    assert "0.2500 *" in shown
    assert "0.7500 *" not in shown
    assert "a line of the log" in shown


def test_ctrl_c_leaves_the_job_running_and_says_so(service, client, job_id):
    client.jobs.publish(job_id, 0, {"loss": 0.125})

    status, shown = run_on_terminal(service, "watch", job_id, until=b"0.1250", interrupt=True)

    assert status == 130
    assert f"{job_id} goes on running" in shown
    assert client.jobs.get(job_id).state == "running"
    client.jobs.finish(job_id)
