"""Batches of images from arrays and from folders."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.preprocessing.image import (
    DirectoryIterator,
    ImageDataGenerator,
    Iterator,
    NumpyArrayIterator,
    img_to_array,
    load_img,
)
from engine.training.sequence import Sequence

LABELS = np.arange(8) * 10


class TestOrder:
    def test_epochs_follow_each_other(self, images: np.ndarray) -> None:
        batches = ImageDataGenerator().flow(images, LABELS, batch_size=3, shuffle=False)
        assert isinstance(batches, Sequence)
        assert (batches.n, batches.batch_size, len(batches)) == (8, 3, 3)
        for _ in range(2):
            for part in (slice(0, 3), slice(3, 6), slice(6, 8)):
                x, y = next(batches)
                np.testing.assert_array_equal(x, images[part])
                np.testing.assert_array_equal(y, LABELS[part])
        assert batches.total_batches_seen == 6

    def test_a_shuffled_epoch_has_every_image_once(self, images: np.ndarray) -> None:
        batches = ImageDataGenerator().flow(images, LABELS, batch_size=3)
        epochs = [np.concatenate([next(batches)[1] for _ in range(3)]) for _ in range(2)]
        for labels in epochs:
            assert sorted(labels) == LABELS.tolist()
        assert epochs[0].tolist() != epochs[1].tolist()

    def test_a_seed_gives_keras_order(self, images: np.ndarray) -> None:
        batches = ImageDataGenerator().flow(images, LABELS, batch_size=8, seed=5)
        for epoch in range(3):
            labels = next(batches)[1]
            np.random.seed(5 + epoch)
            np.testing.assert_array_equal(labels, LABELS[np.random.permutation(8)])

    def test_reset_begins_an_epoch(self, images: np.ndarray) -> None:
        batches = ImageDataGenerator().flow(images, LABELS, batch_size=3, shuffle=False)
        next(batches)
        batches.reset()
        np.testing.assert_array_equal(next(batches)[1], LABELS[:3])

    def test_by_number(self, images: np.ndarray) -> None:
        batches = ImageDataGenerator().flow(images, LABELS, batch_size=3)
        labels = [batches[index][1] for index in (2, 0, 1)]
        assert [len(part) for part in labels] == [2, 3, 3]
        assert sorted(np.concatenate(labels)) == LABELS.tolist()
        before = batches.index_array
        batches.on_epoch_end()
        assert sorted(batches.index_array) == list(range(8))
        assert batches.index_array.tolist() != before.tolist()
        for index in (3, -1):
            with pytest.raises(ValueError, match=f"no batch {index}: this Sequence has 3 batches"):
                batches[index]

    def test_another_process_goes_by_the_same_order(self, images: np.ndarray) -> None:
        batches = ImageDataGenerator(rescale=0.5).flow(images, LABELS, batch_size=3)
        copies = [pickle.loads(pickle.dumps(batches)) for _ in range(2)]
        assert sorted(np.concatenate([copies[0][0][1], copies[1][1][1], copies[0][2][1]])) == LABELS.tolist()
        assert len(next(copies[0])[1]) == 3

    def test_threads_share_an_epoch(self, images: np.ndarray) -> None:
        batches = ImageDataGenerator(rotation_range=20).flow(images, LABELS, batch_size=1)
        with ThreadPoolExecutor(4) as pool:
            labels = list(pool.map(lambda _: next(batches)[1][0], range(16)))
        assert sorted(labels) == sorted([*LABELS, *LABELS])

    def test_iterators_of_ones_own(self) -> None:
        class Squares(Iterator):
            def _get_batches_of_transformed_samples(self, index_array: np.ndarray) -> np.ndarray:
                return index_array**2

        squares = Squares(5, batch_size=2, shuffle=False, seed=None)
        assert [next(squares).tolist() for _ in range(4)] == [[0, 1], [4, 9], [16], [0, 1]]
        assert squares.index_generator is not None
        with pytest.raises(ValueError, match="at least one sample"):
            Squares(0, 2, False, None)


class TestNumpyArrayIterator:
    def test_images_are_changed_by_the_seed(self, images: np.ndarray) -> None:
        generator = ImageDataGenerator(rotation_range=40, horizontal_flip=True, rescale=0.1)
        x = next(generator.flow(images, batch_size=8, shuffle=False, seed=2))
        np.random.seed(2)
        expected = [generator.random_transform(one) * np.float32(0.1) for one in images]
        np.testing.assert_allclose(x, expected, rtol=1e-5)

    def test_images_and_masks_stay_paired(self, images: np.ndarray) -> None:
        options: dict[str, Any] = {"rotation_range": 90, "width_shift_range": 0.2, "vertical_flip": True}
        pictures = ImageDataGenerator(**options).flow(images, batch_size=3, seed=1)
        masks = ImageDataGenerator(**options).flow(images * 2, batch_size=3, seed=1)
        for (x, mask), _ in zip(zip(pictures, masks), range(7)):
            np.testing.assert_allclose(mask, x * 2, rtol=1e-5)

    def test_the_array_is_left_alone(self, images: np.ndarray) -> None:
        def darken(x: np.ndarray) -> np.ndarray:
            x *= 0
            return x

        before = images.copy()
        next(ImageDataGenerator(preprocessing_function=darken).flow(images))
        np.testing.assert_array_equal(images, before)

    def test_weights_come_third(self, images: np.ndarray) -> None:
        flow = ImageDataGenerator(validation_split=0.25).flow(
            images, LABELS, shuffle=False, subset="validation", sample_weight=LABELS / 2
        )
        _, y, weights = next(flow)
        np.testing.assert_array_equal(weights, y / 2)

    def test_subsets_part_the_images(self, images: np.ndarray) -> None:
        generator = ImageDataGenerator(validation_split=0.3)
        validation = generator.flow(images, LABELS, shuffle=False, subset="validation")
        training = generator.flow(images, LABELS, shuffle=False, subset="training")
        np.testing.assert_array_equal(next(validation)[1], LABELS[:2])
        x, y = next(training)
        np.testing.assert_array_equal(y, LABELS[2:])
        np.testing.assert_array_equal(x, images[2:])

    def test_images_are_saved(self, images: np.ndarray, tmp_path: Path) -> None:
        flow = ImageDataGenerator().flow(
            images,
            batch_size=8,
            shuffle=False,
            save_to_dir=str(tmp_path),
            save_prefix="noise",
            save_format="jpeg",
        )
        next(flow)
        next(flow)
        names = sorted(path.name for path in tmp_path.iterdir())
        assert len(names) == 16
        assert names[0].startswith("noise_0_")
        with Image.open(tmp_path / names[0]) as saved:
            assert (saved.format, saved.size) == ("JPEG", (8, 6))

    def test_channels_first(self, images: np.ndarray) -> None:
        x = images.transpose(0, 3, 1, 2)
        iterator = NumpyArrayIterator(x, None, ImageDataGenerator(), data_format="channels_first")
        assert next(iterator).shape == (8, 3, 6, 8)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"x": np.zeros((4, 3, 3))}, r"rank 4. Found the shape \(4, 3, 3\)"),
            ({"y": LABELS[:5]}, r"`x` and `y` must be equally long. .* \(8, 6, 8, 3\) and \(5,\)"),
            ({"sample_weight": LABELS[:5]}, "`x` and `sample_weight` must be equally long"),
            ({"subset": "test"}, "Found: 'test'"),
            ({"subset": "validation"}, "at least one sample"),
            ({"batch_size": 0}, "`batch_size` must be at least 1. Found: 0"),
        ],
    )
    def test_refusals(self, images: np.ndarray, arguments: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            ImageDataGenerator().flow(**{"x": images, **arguments})


class TestDirectoryIterator:
    def test_classes_are_folders(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        iterator = ImageDataGenerator().flow_from_directory(str(folder), target_size=(6, 8), shuffle=False)
        assert capsys.readouterr().out == "Found 8 images belonging to 2 classes.\n"
        assert isinstance(iterator, DirectoryIterator)
        assert iterator.class_indices == {"cats": 0, "dogs": 1}
        assert iterator.classes.tolist() == [0, 0, 0, 1, 1, 1, 1, 1]
        assert iterator.classes.dtype == np.int32
        assert (iterator.samples, iterator.n, iterator.num_classes) == (8, 8, 2)
        assert iterator.filenames[2:4] == ["cats/2.png", "dogs/b/c/0.png"]
        assert iterator.image_shape == (6, 8, 3)
        x, y = next(iterator)
        np.testing.assert_array_equal(x[0, 0, 0], [100, 0, 0])
        np.testing.assert_array_equal(x[4, 0, 0], [0, 0, 110])
        np.testing.assert_array_equal(y, np.eye(2, dtype="float32")[iterator.classes])

    @pytest.mark.parametrize(
        ("class_mode", "dtype"), [("binary", "float32"), ("sparse", "int32"), ("categorical", "float32")]
    )
    def test_class_modes(self, folder: Path, class_mode: str, dtype: str) -> None:
        iterator = ImageDataGenerator().flow_from_directory(folder, class_mode=class_mode, shuffle=False)
        y = next(iterator)[1]
        assert y.dtype == dtype
        numbers = y.argmax(1) if class_mode == "categorical" else y
        np.testing.assert_array_equal(numbers, [0, 0, 0, 1, 1, 1, 1, 1])

    def test_the_images_themselves_or_nothing(self, folder: Path) -> None:
        generator = ImageDataGenerator(rescale=1 / 255, rotation_range=20)
        x, y = next(generator.flow_from_directory(folder, target_size=(6, 8), class_mode="input"))
        np.testing.assert_array_equal(x, y)
        alone = next(generator.flow_from_directory(folder, target_size=(6, 8), class_mode=None))
        assert alone.shape == (8, 6, 8, 3)

    def test_size_color_and_data_format(self, folder: Path) -> None:
        generator = ImageDataGenerator(data_format="channels_first")
        x = next(
            generator.flow_from_directory(
                folder,
                target_size=(3, 5),
                color_mode="grayscale",
                class_mode=None,
                shuffle=False,
                interpolation="bilinear",
            )
        )
        assert x.shape == (8, 1, 3, 5)
        loaded = load_img(folder / "cats" / "1.png", True, (3, 5), "bilinear")
        np.testing.assert_array_equal(x[1], img_to_array(loaded, "channels_first"))

    def test_the_default_size_is_256(self, folder: Path) -> None:
        assert ImageDataGenerator().flow_from_directory(folder).image_shape == (256, 256, 3)

    def test_chosen_classes_in_the_order_given(self, folder: Path) -> None:
        (folder / "birds").mkdir()
        iterator = ImageDataGenerator().flow_from_directory(folder, classes=["dogs", "birds", "cats"])
        assert iterator.class_indices == {"dogs": 0, "birds": 1, "cats": 2}
        assert iterator.classes.tolist() == [0] * 5 + [2] * 3
        only = ImageDataGenerator().flow_from_directory(folder, classes=["dogs"])
        assert only.samples == 5

    def test_a_class_without_a_folder_is_pointed_out(self, folder: Path) -> None:
        with pytest.warns(UserWarning, match=r"no folders \['dog'\]. Found: \['cats', 'dogs'\]"):
            iterator = ImageDataGenerator().flow_from_directory(folder, classes=["cats", "dog"])
        assert iterator.class_indices == {"cats": 0, "dog": 1}

    def test_subsets_part_each_class(self, folder: Path) -> None:
        generator = ImageDataGenerator(validation_split=0.4)
        validation = generator.flow_from_directory(folder, subset="validation")
        training = generator.flow_from_directory(folder, subset="training")
        assert validation.filenames == ["cats/0.png", "dogs/b/c/0.png", "dogs/b/c/1.png"]
        assert validation.classes.tolist() == [0, 1, 1]
        assert sorted(validation.filenames + training.filenames) == sorted(
            generator.flow_from_directory(folder).filenames
        )

    def test_links_are_followed_only_on_demand(self, folder: Path, tmp_path: Path) -> None:
        more = tmp_path / "more"
        more.mkdir()
        Image.new("RGB", (2, 2)).save(more / "linked.JPG")
        (folder / "cats" / "link").symlink_to(more, target_is_directory=True)
        generator = ImageDataGenerator()
        assert generator.flow_from_directory(folder).samples == 8
        followed = generator.flow_from_directory(folder, follow_links=True)
        assert "cats/link/linked.JPG" in followed.filenames

    def test_images_are_saved(self, folder: Path, tmp_path: Path) -> None:
        saved = tmp_path / "saved"
        saved.mkdir()
        next(ImageDataGenerator().flow_from_directory(folder, save_to_dir=str(saved), save_prefix="pet"))
        assert len(list(saved.glob("pet_*.png"))) == 8

    def test_a_broken_image_is_named(self, folder: Path) -> None:
        (folder / "cats" / "1.png").write_text("no image")
        with pytest.raises(OSError, match=r"cats/1\.png can't be read as an image"):
            next(ImageDataGenerator().flow_from_directory(folder))

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"color_mode": "rgba"}, "Unknown `color_mode`: 'rgba'. Use one of 'rgb', 'grayscale'"),
            ({"class_mode": "multi"}, "Unknown `class_mode`: 'multi'.*'input', None"),
            ({"interpolation": "cubic"}, "Unknown `interpolation`: 'cubic'"),
            ({"subset": "test"}, "Found: 'test'"),
            ({"classes": []}, "No images were found .* 0 classes"),
        ],
    )
    def test_refusals(self, folder: Path, arguments: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            ImageDataGenerator().flow_from_directory(folder, **arguments)

    def test_a_missing_folder_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match="nowhere"):
            ImageDataGenerator().flow_from_directory(tmp_path / "nowhere")
