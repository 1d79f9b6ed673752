import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest


def test_the_sample_is_trained_tested_and_left_here(service, find_processes, tmp_path):
    home = tmp_path / "home"
    done = subprocess.run(
        [service.command, "up", "--sample", "--once", "--port", "0", "--home", home],
        capture_output=True,
        text=True,
        timeout=200,
        cwd=tmp_path,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "epoch 15/15 - loss: " in done.stdout
    accuracy = float(done.stdout.split("it never saw: ")[1].split()[0])
    assert accuracy >= 0.97
    trained = tmp_path / "digits.h5"
    assert str(trained) in done.stdout
    assert trained.read_bytes().startswith(b"\x89HDF")
    assert "/dashboard/" in done.stdout
    assert find_processes(home) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_sample_trains_stops_every_process(
    service, find_processes, read_until, tmp_path, number
):
    home = tmp_path / "home"
    process = subprocess.Popen(
        [service.command, "up", "--sample", "--port", "0", "--home", home],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=tmp_path,
    )
    read_until(process, "epoch 1/15")
    process.send_signal(number)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0, printed
    assert "Stopping every process" in printed
    assert find_processes(home) == []


def test_a_killed_command_takes_its_processes_along(service, find_processes, read_until, tmp_path):
    home = tmp_path / "home"
    process = subprocess.Popen(
        [service.command, "up", "--port", "0", "--home", home], stdout=subprocess.PIPE, text=True
    )
    read_until(process, "Serving.")
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 30
    while find_processes(home) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert find_processes(home) == []


def run_up(service, *arguments, **environment):
    return subprocess.run(
        [service.command, "up", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )


def test_a_port_that_is_taken_is_named(service, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_up(service, "--port", port, "--home", tmp_path)
    assert done.returncode == 1
    assert f"127.0.0.1:{port} cannot be used" in done.stderr
    assert "--port" in done.stderr
    assert list(Path(tmp_path).iterdir()) == []


def test_a_home_that_is_in_use_is_named_and_the_other_goes_on(service):
    done = run_up(service, "--port", "0", "--home", service.settings.home)
    assert done.returncode == 1
    assert f"{service.settings.home} is in use" in done.stderr
    assert httpx.get(f"{service.url}/readyz").status_code == 200


def test_a_setting_that_makes_no_sense_is_told(service, tmp_path):
    done = run_up(service, "--port", "0", "--home", tmp_path, KERASD_WORKER_SLOTS="none")
    assert done.returncode == 1
    assert "came down" in done.stderr
    assert "worker_slots" in done.stderr
    assert "Traceback" not in done.stderr


def test_once_needs_the_sample(service):
    done = run_up(service, "--once")
    assert done.returncode == 2
    assert "--sample" in done.stderr
