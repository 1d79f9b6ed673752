"""The pure functions of the modules, run in the browser that will run them."""

import math
from typing import Any

import pytest
from playwright.sync_api import Page


@pytest.fixture
def modules(page: Page) -> Page:
    page.goto("/dashboard/style.css")
    return page


def call(page: Page, module: str, function: str, *arguments: Any) -> Any:
    return page.evaluate(
        "async ([module, name, args]) => (await import(`/dashboard/modules/${module}.js`))[name](...args)",
        [module, function, list(arguments)],
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.123456, "0.1235"),
        (3, "3"),
        (0, "0"),
        (0.00001234, "1.234e-5"),
        (-1234567.8, "-1.235e+6"),
        (123.456, "123.5"),
        ("NaN", "NaN"),
        ("Infinity", "∞"),
        ("-Infinity", "-∞"),
        (None, "\N{EN DASH}"),
    ],
)
def test_numbers_are_written_short(modules: Page, value: Any, text: str) -> None:
    assert call(modules, "numbers", "formatNumber", value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.6, "1 m 00 s"), (125, "2 m 05 s"), (7260, "2 h 01 m"), (93600, "1 d 02 h")],
)
def test_durations_are_written_in_two_units(modules: Page, seconds: float, text: str) -> None:
    assert call(modules, "numbers", "formatDuration", seconds) == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (8 * 1024**3, "8.0 GiB")]
)
def test_sizes_are_written_with_a_unit(modules: Page, size: int, text: str) -> None:
    assert call(modules, "numbers", "formatBytes", size) == text


def test_smoothing_leaves_out_what_is_not_finite(modules: Page) -> None:
    smoothed = call(modules, "history", "smooth", [1.0, math.nan, 3.0], 0.5)
    assert smoothed[0] == 1.0
    assert math.isnan(smoothed[1])
    assert smoothed[2] == pytest.approx((0.25 * 1 + 0.5 * 3) / 0.75)


@pytest.mark.parametrize(
    ("name", "best"),
    [
        ("loss", {"step": 2, "value": 0.1}),
        ("val_mean_absolute_error", {"step": 2, "value": 0.1}),
        ("val_acc", {"step": 3, "value": 0.9}),
        ("precision", {"step": 3, "value": 0.9}),
        ("lr", None),
    ],
)
def test_best_is_least_or_greatest_by_the_metric_s_name(modules: Page, name: str, best: Any) -> None:
    points = {"steps": [1, 2, 3, 4], "values": [0.5, 0.1, 0.9, math.nan]}
    assert call(modules, "history", "findBest", name, points) == best


def test_the_loss_stands_first_and_the_learning_rate_last(modules: Page) -> None:
    names = ["lr", "val_acc", "val_loss", "acc", "loss", "mean_squared_error"]
    ordered = modules.evaluate(
        "async (names) => names.sort((await import('/dashboard/modules/history.js')).compareNames)", names
    )
    assert ordered == ["loss", "val_loss", "acc", "val_acc", "mean_squared_error", "lr"]
