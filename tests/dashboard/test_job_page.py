"""The page of one job."""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Locator, Page, expect

from core.database import session_scope
from core.jobs import events, lease, transitions
from core.jobs.metrics import MetricPoint
from core.jobs.recording import lock, record
from core.jobs.states import JobState

if TYPE_CHECKING:
    from tests.dashboard.conftest import Api

OpenJob = Callable[[str], Page]


def chart(page: Page, metric: str) -> Locator:
    return page.locator(f'.chart[data-metric="{metric}"]')


def traces(page: Page, metric: str) -> dict[str, dict[str, Any]]:
    """What the chart of a metric draws: x and y by the name of the line."""
    drawn = (
        chart(page, metric)
        .locator(".plot")
        .evaluate("plot => plot.data.map(({name, x, y, customdata}) => ({name, x, y, customdata}))")
    )
    return {trace["name"]: trace for trace in drawn}


def layout(page: Page, metric: str) -> dict[str, Any]:
    found: dict[str, Any] = chart(page, metric).locator(".plot").evaluate("plot => plot.layout")
    return found


def wait_for_points(page: Page, metric: str, name: str, count: int) -> None:
    page.wait_for_function(
        """([metric, name, count]) => document.querySelector(`.chart[data-metric="${metric}"] .plot`)
            ?.data?.find((trace) => trace.name === name)?.x.length === count""",
        arg=[metric, name, count],
    )


@pytest.fixture
def curves(api: "Api", open_job: OpenJob) -> Page:
    """The page of a run with four epochs."""
    job_id = api.open_external("curves")
    for epoch, loss in enumerate([4.0, 2.0, 1.0, 0.5]):
        api.publish(job_id, epoch, loss=loss, val_loss=[4.5, 2.5, 1.5, 3.0][epoch], acc=1 - loss / 5)
    page = open_job(job_id)
    wait_for_points(page, "loss", "val_loss", 4)
    return page


class TestCurves:
    def test_training_and_validation_share_a_chart(self, curves: Page) -> None:
        drawn = traces(curves, "loss")
        assert drawn["loss"]["x"] == [1, 2, 3, 4]
        assert drawn["loss"]["y"] == [4.0, 2.0, 1.0, 0.5]
        assert drawn["val_loss"]["y"] == [4.5, 2.5, 1.5, 3.0]
        assert curves.locator(".chart h3").all_text_contents() == ["loss", "acc"]

    def test_grow_as_epochs_come_in(self, api: "Api", open_job: OpenJob) -> None:
        job_id = api.open_external("growing")
        page = open_job(job_id)
        expect(page.locator("#no-metrics")).to_be_visible()
        api.publish(job_id, 0, loss=2.0)
        wait_for_points(page, "loss", "loss", 1)
        api.publish(job_id, 1, loss=1.0, val_loss=1.5)
        wait_for_points(page, "loss", "loss", 2)
        assert traces(page, "loss")["val_loss"]["x"] == [2]
        expect(page.locator("#no-metrics")).to_be_hidden()
        expect(page.locator("#progress-text")).to_have_text("epoch 2 of 10")

    def test_an_epoch_told_again_replaces_the_first_telling(self, api: "Api", open_job: OpenJob) -> None:
        job_id = api.open_external("again")
        api.publish(job_id, 0, loss=2.0)
        page = open_job(job_id)
        wait_for_points(page, "loss", "loss", 1)
        api.publish(job_id, 0, loss=1.0)
        page.wait_for_function("() => document.querySelector('.plot').data[0].y[0] === 1")
        assert traces(page, "loss")["loss"]["x"] == [1]

    def test_hover_tells_every_value_of_an_epoch(self, curves: Page) -> None:
        plot = chart(curves, "loss").locator(".plot")
        box = plot.locator(".nsewdrag").bounding_box()
        assert box
        curves.mouse.move(box["x"] + box["width"] * 0.36, box["y"] + box["height"] / 2)
        hover = plot.locator(".hoverlayer")
        expect(hover).to_contain_text("epoch 2")
        expect(hover).to_contain_text("val_loss : 2.5")
        expect(hover).to_contain_text("loss : 2")

    def test_cannot_be_sent_to_the_makers_of_the_chart_library(self, curves: Page) -> None:
        buttons = chart(curves, "loss").locator(".modebar-btn")
        titles = {button.get_attribute("data-title") for button in buttons.all()}
        assert titles == {"Download plot as a PNG", "Zoom", "Pan", "Zoom in", "Zoom out", "Reset axes"}

    def test_scales_turn_logarithmic(self, curves: Page) -> None:
        curves.get_by_label("Log x").check()
        curves.get_by_label("Log y").check()
        drawn = layout(curves, "loss")
        assert (drawn["xaxis"]["type"], drawn["yaxis"]["type"]) == ("log", "log")
        curves.get_by_label("Log x").uncheck()
        assert layout(curves, "loss")["xaxis"]["type"] == "linear"

    def test_smoothing_averages_without_bias_and_keeps_the_values_in_sight(self, curves: Page) -> None:
        curves.get_by_label("Smoothing").fill("0.5")
        drawn = traces(curves, "loss")
        # Weights 1/3 and 2/3 for the second point: (4 * 0.25 + 2 * 0.5) / 0.75.
        assert drawn["loss"]["y"][:2] == pytest.approx([4.0, 8 / 3])
        assert drawn["loss as it is"]["y"] == [4.0, 2.0, 1.0, 0.5]
        assert drawn["loss"]["customdata"] == ["4", "2", "1", "0.5"]

    def test_the_best_value_is_marked(self, curves: Page) -> None:
        best = traces(curves, "loss")["best val_loss"]
        assert (best["x"], best["y"]) == ([3], [1.5])
        expect(chart(curves, "loss").locator(".best")).to_have_text("best val_loss 1.5 at epoch 3")
        expect(chart(curves, "acc").locator(".best")).to_have_text("best acc 0.9 at epoch 4")

    def test_last_and_best_values_stand_in_a_table(self, curves: Page) -> None:
        row = curves.locator("#values tr", has=curves.get_by_role("rowheader", name="val_loss", exact=True))
        expect(row.locator("td")).to_have_text(["3", "1.5", "epoch 3"])

    def test_batches_are_drawn_on_request(self, api: "Api", open_job: OpenJob) -> None:
        job_id = api.open_external("batches")
        points = [MetricPoint("batch", step, 0, {"loss": 3.0 - step}, 0.0) for step in range(3)]
        with session_scope(api.db_engine) as session:
            connection = session.connection()
            record(connection, lock(connection, job_id), points)
        page = open_job(job_id)
        page.get_by_text("Batches", exact=True).click()
        wait_for_points(page, "loss", "loss", 3)
        assert layout(page, "loss")["xaxis"]["title"]["text"] == "batch"
        expect(page.get_by_role("link", name="Download CSV")).to_have_attribute(
            "href", re.compile("kind=batch")
        )

    def test_fit_into_their_cards(self, curves: Page) -> None:
        for width in (1280, 390):
            curves.set_viewport_size({"width": width, "height": 800})
            curves.wait_for_function(
                """() => [...document.querySelectorAll(".plot")].every((plot) =>
                    Math.abs(plot.querySelector(".main-svg").clientWidth - plot.clientWidth) < 2)"""
            )
            assert curves.evaluate("document.documentElement.scrollWidth") == width

    def test_come_as_csv(self, curves: Page, tmp_path: Path) -> None:
        with curves.expect_download() as download:
            curves.get_by_role("link", name="Download CSV").click()
        path = tmp_path / "history.csv"
        download.value.save_as(path)
        header, *rows = path.read_text().splitlines()
        assert header.split(",")[3:] == ["acc", "loss", "val_loss"]
        assert [row.split(",")[4] for row in rows] == ["4.0", "2.0", "1.0", "0.5"]

    def test_what_is_not_finite_is_marked_and_named(self, api: "Api", open_job: OpenJob) -> None:
        job_id = api.open_external("diverged")
        for epoch, loss in enumerate([2.0, 3.0, math.nan, math.nan]):
            api.publish(job_id, epoch, loss=loss, val_loss=-math.inf if epoch == 3 else 1.0)
        page = open_job(job_id)
        wait_for_points(page, "loss", "loss", 4)
        drawn = traces(page, "loss")
        assert drawn["loss"]["y"] == [2.0, 3.0, None, None]
        assert drawn["loss not finite"] | {"y": [3.0, 3.0]} == drawn["loss not finite"]
        assert drawn["loss not finite"]["customdata"] == ["NaN", "NaN"]
        assert drawn["val_loss not finite"]["customdata"] == ["-∞"]
        text = "loss is NaN at epoch 3 and 1 more. val_loss is -∞ at epoch 4."
        expect(chart(page, "loss").locator(".broken")).to_have_text(text)


class TestNews:
    def test_a_worker_s_states_and_log_appear(self, api: "Api", open_job: OpenJob) -> None:
        job_id = api.queue("worked-on")
        page = open_job(job_id)
        with session_scope(api.db_engine) as session:
            lease.claim(session, job_id, "trainer", 60)
        with session_scope(api.db_engine) as session:
            transitions.move(session, job_id, JobState.RUNNING, attempt=1)
            events.append_log(session, job_id, ["Epoch 1/4", "<i>as text</i>"], 1)
        expect(page.locator("#transitions .state")).to_have_text(["queued", "starting", "running"])
        expect(page.locator("#transitions time")).to_have_text([re.compile(r"\d:\d\d")] * 3)
        expect(page.locator("#log")).to_have_text("Epoch 1/4\n<i>as text</i>\n")
        expect(page.locator("#state")).to_have_text("running")

    def test_the_end_is_told(self, api: "Api", open_job: OpenJob) -> None:
        job_id = api.open_external("ending")
        page = open_job(job_id)
        api.finish(job_id, "succeeded")
        expect(page.locator("#state")).to_have_text("succeeded")
        expect(page.locator("#connection")).to_have_attribute("data-status", "finished")
        expect(page.get_by_role("button", name="Cancel", exact=True)).to_be_hidden()

    def test_a_failure_is_told_with_its_reason(self, api: "Api", open_job: OpenJob) -> None:
        job_id = api.queue("failing")
        error = {
            "type": "x",
            "title": "Out of memory",
            "detail": "Use smaller batches.",
            "traceback": "File 1",
        }
        with session_scope(api.db_engine) as session:
            lease.claim(session, job_id, "trainer", 60)
        with session_scope(api.db_engine) as session:
            transitions.move(session, job_id, JobState.FAILED, attempt=1, error=error)
        alert = open_job(job_id).get_by_role("alert")
        expect(alert).to_contain_text("Out of memory")
        expect(alert).to_contain_text("Use smaller batches.")
        alert.get_by_text("Traceback").click()
        expect(alert.get_by_text("File 1")).to_be_visible()

    def test_polling_takes_over_where_streams_are_blocked(self, api: "Api", page: Page) -> None:
        job_id = api.open_external("polled")
        page.route(re.compile(r"/events\?since="), lambda route: route.abort())
        page.goto(f"/dashboard/job.html?id={job_id}")
        page.locator("#connection[data-status=polling]").wait_for()
        api.publish(job_id, 0, loss=1.0)
        wait_for_points(page, "loss", "loss", 1)
        expect(page.locator("#transitions .state")).to_have_text(["running"])

    def test_nothing_is_lost_or_doubled_when_the_server_is_killed(
        self, api: "Api", open_job: OpenJob
    ) -> None:
        job_id = api.queue("survivor")
        with session_scope(api.db_engine) as session:
            lease.claim(session, job_id, "trainer", 3600)
            events.append_log(session, job_id, ["before"], 1)
            connection = session.connection()
            record(connection, lock(connection, job_id), [MetricPoint("epoch", 0, 0, {"loss": 2.0}, 0.0)], 1)
        page = open_job(job_id)
        wait_for_points(page, "loss", "loss", 1)
        api.kill()
        page.locator("#connection[data-status=offline]").wait_for()
        with session_scope(api.db_engine) as session:
            events.append_log(session, job_id, ["while away"], 1)
            connection = session.connection()
            record(connection, lock(connection, job_id), [MetricPoint("epoch", 1, 1, {"loss": 1.0}, 0.0)], 1)
        api.start()
        page.locator("#connection[data-status=live]").wait_for()
        with session_scope(api.db_engine) as session:
            events.append_log(session, job_id, ["after"], 1)
        expect(page.locator("#log")).to_have_text("before\nwhile away\nafter\n")
        expect(page.locator("#transitions .state")).to_have_text(["queued", "starting"])
        assert traces(page, "loss")["loss"]["y"] == [2.0, 1.0]


def test_cancel_ends_the_job(api: "Api", open_job: OpenJob) -> None:
    page = open_job(api.queue("unwanted"))
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.locator("#state")).to_have_text("cancelled")


def test_one_button_pauses_resumes_and_retries(api: "Api", open_job: OpenJob) -> None:
    page = open_job(api.queue("asked"))
    state, request = page.locator("#state"), page.locator("#request")
    for label, following in (("Pause", "paused"), ("Resume", "queued")):
        expect(request).to_have_text(label)
        request.click()
        expect(state).to_have_text(following)
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel the job").click()
    expect(state).to_have_text("cancelled")
    expect(request).to_have_text("Retry")
    request.click()
    expect(state).to_have_text("queued")
    expect(request).to_have_text("Pause")


def test_configuration_shows_the_request(api: "Api", open_job: OpenJob) -> None:
    spec = {"fit": {"epochs": 4, "batch_size": 32, "class_weight": None}, "seed": 7, "callbacks": []}
    configuration = open_job(api.queue("configured", spec=spec)).locator("#configuration")
    expect(configuration).to_contain_text('"batch_size": 32')
    expect(configuration).to_contain_text("seed7")
    expect(configuration).not_to_contain_text(re.compile("callbacks|class_weight"))


def test_an_external_run_says_how_to_report(api: "Api", open_job: OpenJob) -> None:
    job_id = api.open_external("elsewhere")
    hint = f'keras.callbacks.RemoteMonitor(root="{api.url}/v1/jobs/{job_id}")'
    expect(open_job(job_id).locator("#external-code")).to_have_text(hint)


def test_an_unknown_job_is_named(page: Page) -> None:
    page.goto("/dashboard/job.html?id=job_nowhere")
    expect(page.get_by_role("heading", name="There is no such job")).to_be_visible()
    expect(page.locator("#missing-text")).to_contain_text("job_nowhere")
    expect(page.locator("#found")).to_be_hidden()


def test_everything_comes_from_the_server_itself(api: "Api", page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    job_id = api.open_external("local")
    api.publish(job_id, 0, loss=1.0)
    page.goto(f"/dashboard/job.html?id={job_id}")
    wait_for_points(page, "loss", "loss", 1)
    assert f"{api.url}/dashboard/plotly.min.js" in asked
    assert [url for url in asked if not url.startswith((api.url, "data:"))] == []
