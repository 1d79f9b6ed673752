import json
from pathlib import Path

import pytest

from client import KerasdError


class TestCreate:
    def test_an_object_a_text_and_files_give_the_same_model(self, client, definition, tmp_path):
        text = json.dumps(definition)
        json_path = tmp_path / "three two.json"
        json_path.write_text(text)
        yaml_path = tmp_path / "model.yaml"
        yaml_path.write_text(
            "class_name: Sequential\nconfig:\n- class_name: Dense\n"
            "  config: {name: dense_1, batch_input_shape: [null, 3], units: 2, activation: linear}\n"
        )

        models = [client.models.create(form) for form in (definition, text, json_path, yaml_path)]

        assert {model.parameters.total for model in models} == {8}
        assert {tuple(model.inputs[0].shape) for model in models} == {(None, 3)}
        assert models[2].name == "three_two"
        assert not models[0].has_weights

    def test_a_whole_model_file_brings_its_weights_and_tells_its_progress(self, client, trained_id, tmp_path):
        path = client.jobs.fetch(trained_id, "model.h5", tmp_path)
        seen = []

        model = client.models.create(path, progress=lambda done, total: seen.append((done, total)))

        assert model.has_weights
        assert seen[-1] == (path.stat().st_size, path.stat().st_size)

    def test_weights_join_a_definition(self, client, definition, trained_id, tmp_path):
        weights = client.jobs.fetch(trained_id, "weights.h5", tmp_path)
        assert client.models.create(definition, weights=weights).has_weights

    def test_the_wrong_layer_is_pointed_at(self, client, definition):
        wrong = {**definition, "config": [{"class_name": "Dance", "config": {"name": "dance_1"}}]}
        with pytest.raises(KerasdError, match="Dance") as caught:
            client.models.create(wrong)
        assert caught.value.pointer == "/config/0/class_name"

    def test_a_file_of_another_kind_is_refused(self, client, tmp_path):
        with pytest.raises(ValueError, match=r"\.json, \.yaml"):
            client.models.create(Path(tmp_path, "model.pkl"))


class TestRead:
    def test_the_definition_comes_back(self, client, definition):
        model = client.models.create(definition)
        config = json.loads(client.models.definition(model.id))["config"]
        assert config[0]["config"]["units"] == 2

    def test_pages_hold_everything_once(self, client, definition):
        created = [client.models.create(definition).id for _ in range(3)]
        first = client.models.list(limit=2)
        assert [model.id for model in first.data] == created[:0:-1]
        assert first.has_more
        second = client.models.list(limit=1, after=first.next)
        assert [model.id for model in second.data] == created[:1]
        assert [model.id for model in client.models.iterate()][:3] == created[::-1]

    def test_a_deleted_model_is_gone(self, client, definition):
        model = client.models.create(definition)
        client.models.delete(model.id)
        with pytest.raises(KerasdError) as caught:
            client.models.get(model.id)
        assert caught.value.status == 404
