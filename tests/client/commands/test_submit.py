import json

import pytest

TRAINING = ("--epochs", "2", "--batch-size", "16", "--optimizer", "sgd", "--loss", "mse", "--seed", "1")


def test_a_model_and_data_are_trained_and_followed(kerasd, client, model_path, points_path):
    callbacks = model_path.with_name("callbacks.json")
    callbacks.write_text('[{"class_name": "TerminateOnNaN", "config": {}}]')
    optimizer = '{"class_name": "SGD", "config": {"lr": 0.05}}'

    done = kerasd(
        *("submit", model_path, points_path, *TRAINING, "--optimizer", optimizer, "--metrics", "mae,mse"),
        *(
            "--x",
            "x",
            "--y",
            "y",
            "--validation-split",
            "0.25",
            "--callbacks",
            callbacks,
            "--name",
            "two points",
        ),
        *("--tag", "first", "--tag", "second", "--priority", "3", "--time-limit", "60"),
        *("--mixed-precision", "bfloat16"),
    )

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(" - ")[0] for line in lines if line.startswith("epoch")] == ["epoch 1/2", "epoch 2/2"]
    assert "val_mean_absolute_error: " in done.stdout
    job = client.jobs.get(done.stderr.strip())
    assert (job.name, job.tags, job.priority, job.time_limit_seconds) == (
        "two points",
        ["first", "second"],
        3,
        60,
    )
    assert job.spec["compile"]["optimizer"] == {"class_name": "SGD", "config": {"lr": 0.05}}
    assert job.spec["callbacks"][0]["class_name"] == "TerminateOnNaN"
    assert (job.spec["fit"]["validation_split"], job.spec["seed"]) == (0.25, 1)
    assert job.spec["mixed_precision"] == "bfloat16"


def test_detached_it_prints_the_id_alone(kerasd, client, model_path, points_path):
    done = kerasd("submit", model_path, points_path, *TRAINING, "--detach")
    assert done.returncode == 0, done.stderr
    assert client.jobs.wait(done.stdout.strip(), timeout_seconds=60).state == "succeeded"


def test_a_specification_names_files_beside_it_and_options_win(kerasd, client, model_path, points_path):
    folder = model_path.parent / "elsewhere"
    folder.mkdir()
    model_path.rename(folder / "model.json")
    spec = {
        "model": "model.json",
        "compile": {"optimizer": "adam", "loss": "mae"},
        "fit": {"epochs": 7, "batch_size": 8},
    }
    (folder / "job.json").write_text(json.dumps({**spec, "dataset": str(points_path)}))

    done = kerasd("submit", "--spec", folder / "job.json", "--epochs", "1", "--loss", "mse", "--detach")

    job = client.jobs.get(done.stdout.strip())
    assert job.spec["compile"]["optimizer"] == "adam"
    assert job.spec["compile"]["loss"] == "mse"
    assert (job.spec["fit"]["epochs"], job.spec["fit"]["batch_size"]) == (1, 8)
    client.jobs.wait(job.id, timeout_seconds=60)


def test_ids_stand_for_what_was_sent_before(kerasd, client, definition, points_path):
    model, dataset = client.models.create(definition), client.datasets.upload(points_path)
    done = kerasd("submit", model.id, dataset.id, *TRAINING, "--detach")
    job = client.jobs.wait(done.stdout.strip(), timeout_seconds=60)
    assert (job.model_id, job.dataset_id) == (model.id, dataset.id)


def test_what_the_service_refuses_is_told_with_its_place(kerasd, model_path, points_path):
    done = kerasd("submit", model_path, points_path, *TRAINING, "--loss", "no_such_loss")
    assert done.returncode == 1
    assert "/compile/loss" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("submit", "missing.json", "missing.npz"), "missing.json"),
        (("submit", "mdl_1"), "dataset is missing"),
        (("submit", "mdl_1", "dst_1", "--optimizer", "{x"), "not"),
        (("submit", "--spec", "nowhere.json"), "nowhere.json"),
    ],
)
def test_a_wrong_command_line_is_told(kerasd, arguments, complaint):
    done = kerasd(*arguments)
    assert done.returncode == 2
    assert complaint in done.stderr
