"""The page of all jobs."""

import math
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, Page, expect

from core.database import session_scope, utc_now
from core.identifiers import new_id
from core.jobs import lease
from core.tables import Worker

if TYPE_CHECKING:
    from tests.dashboard.conftest import Api


@pytest.fixture
def jobs(page: Page) -> Page:
    page.goto("/dashboard/")
    page.locator("#connection[data-status=live]").wait_for()
    return page


def row_of(page: Page, job_id: str) -> Locator:
    return page.locator(f'tr[data-id="{job_id}"]')


def test_root_leads_to_the_jobs(page: Page) -> None:
    page.goto("/")
    expect(page).to_have_url(re.compile("/dashboard/$"))
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()


class TestRow:
    def test_shows_state_progress_and_last_metrics(self, api: "Api", jobs: Page) -> None:
        job_id = api.open_external("shown", tags=["shown-tag"])
        api.publish(job_id, 3, loss=0.25, val_loss=0.123456)
        row = row_of(jobs, job_id)
        expect(row.locator(".state")).to_have_text("running")
        expect(row.locator(".progress-words")).to_have_text("epoch 4 of 10")
        expect(row.locator("progress")).to_have_js_property("value", 0.4)
        expect(row.locator(".last-metrics")).to_have_text(re.compile(r"loss0\.25.*val_loss0\.1235"))
        expect(row.locator(".tag")).to_have_text("shown-tag")
        expect(row.locator(".place")).to_have_text("elsewhere")

    def test_changes_by_itself_and_keeps_the_focus(self, api: "Api", jobs: Page) -> None:
        job_id = api.open_external("changing")
        cancel = row_of(jobs, job_id).locator(".cancel")
        cancel.focus()
        api.publish(job_id, 0, loss=1.0)
        expect(row_of(jobs, job_id).locator(".progress-words")).to_have_text("epoch 1 of 10")
        expect(cancel).to_be_focused()

    def test_shows_what_is_not_finite(self, api: "Api", jobs: Page) -> None:
        job_id = api.open_external("diverged")
        api.publish(job_id, 0, loss=math.nan, val_loss=math.inf)
        expect(row_of(jobs, job_id).locator("dd")).to_have_text(["NaN", "∞"])

    def test_shows_markup_in_a_name_as_text(self, api: "Api", jobs: Page) -> None:
        job_id = api.open_external("<img src=x onerror=alert(1)>")
        api.publish(job_id, 0, **{"<b>bold</b>": 1.0})
        row = row_of(jobs, job_id)
        expect(row.get_by_role("link")).to_have_text("<img src=x onerror=alert(1)>")
        expect(row.locator("dt")).to_have_text("<b>bold</b>")
        assert row.locator("img, b").count() == 0

    def test_leads_to_the_page_of_the_job(self, api: "Api", jobs: Page) -> None:
        job_id = api.open_external("linked")
        row_of(jobs, job_id).get_by_role("link").click()
        expect(jobs).to_have_url(re.compile(f"job.html\\?id={job_id}"))
        expect(jobs.locator("#name")).to_have_text("linked")


class TestQueue:
    def test_shows_the_place_in_the_queue_and_the_worker_of_a_run(self, api: "Api", jobs: Page) -> None:
        running, first, second = (api.queue(name, priority=100) for name in ("claimed", "first", "second"))
        with session_scope(api.db_engine) as session:
            assert lease.claim(session, running, "trainer", 60)
            session.add(
                Worker(
                    id=new_id("wrk"),
                    hostname="trainer",
                    pid=1,
                    device="cuda:0",
                    slots=1,
                    running=[running],
                    seen_at=utc_now(),
                )
            )
        expect(row_of(jobs, first).locator(".progress-words")).to_have_text("queue position 1")
        expect(row_of(jobs, second).locator(".progress-words")).to_have_text("queue position 2")
        expect(row_of(jobs, running).locator(".place")).to_have_text("trainer · cuda:0")
        worker = jobs.locator(".worker", has_text="trainer")
        expect(worker).to_have_attribute("data-activity", "busy")
        expect(worker).to_contain_text("1 of 1 busy")


class TestFilter:
    def test_by_state_is_kept_in_the_address(self, api: "Api", jobs: Page) -> None:
        ended, open_run = api.open_external("ended"), api.open_external("open")
        api.finish(ended, "succeeded")
        jobs.get_by_label("State").select_option("succeeded")
        expect(row_of(jobs, ended)).to_be_visible()
        expect(row_of(jobs, open_run)).to_have_count(0)
        jobs.reload()
        expect(row_of(jobs, ended)).to_be_visible()
        expect(row_of(jobs, open_run)).to_have_count(0)
        jobs.get_by_label("State").select_option("active")
        expect(row_of(jobs, open_run)).to_be_visible()
        expect(row_of(jobs, ended)).to_have_count(0)

    def test_by_tag_is_set_and_lifted_by_a_click(self, api: "Api", jobs: Page) -> None:
        tagged, plain = api.open_external("tagged", tags=["only-here"]), api.open_external("plain")
        row_of(jobs, tagged).locator(".tag").click()
        expect(row_of(jobs, plain)).to_have_count(0)
        expect(jobs).to_have_url(re.compile("tag=only-here"))
        jobs.get_by_role("button", name="Remove the filter by tag only-here").click()
        expect(row_of(jobs, plain)).to_be_visible()

    def test_that_matches_nothing_says_so(self, jobs: Page) -> None:
        jobs.goto("/dashboard/?tag=nobody-has-this")
        expect(jobs.locator("#empty")).to_have_text(re.compile("No job matches the filter."))


class TestCancel:
    def test_happens_only_after_a_yes(self, api: "Api", jobs: Page) -> None:
        job_id = api.open_external("kept")
        row_of(jobs, job_id).get_by_role("button", name="Cancel kept").click()
        jobs.get_by_role("button", name="Keep running").click()
        expect(jobs.get_by_role("dialog")).to_be_hidden()
        assert api.client.get(f"/v1/jobs/{job_id}").json()["state"] == "running"

    def test_ends_a_queued_job(self, api: "Api", jobs: Page) -> None:
        job_id = api.queue("unwanted")
        row_of(jobs, job_id).get_by_role("button", name="Cancel unwanted").click()
        jobs.get_by_role("button", name="Cancel the job").click()
        expect(jobs.get_by_role("status").filter(has_text="Asked unwanted to stop.")).to_be_visible()
        expect(row_of(jobs, job_id).locator(".state")).to_have_text("cancelled")
        expect(row_of(jobs, job_id).locator(".cancel")).to_be_hidden()
        assert api.client.get(f"/v1/jobs/{job_id}").json()["state"] == "cancelled"

    def test_that_the_server_refuses_is_told(self, api: "Api", jobs: Page) -> None:
        job_id = api.open_external("stubborn")
        problem = {"title": "Refused", "detail": "not today", "status": 409}
        jobs.route("**/cancel", lambda route: route.fulfill(status=409, json=problem))
        row_of(jobs, job_id).get_by_role("button", name="Cancel stubborn").click()
        jobs.get_by_role("button", name="Cancel the job").click()
        expect(
            jobs.get_by_role("status").filter(has_text="stubborn was not cancelled: not today")
        ).to_be_visible()


def test_rows_come_fifty_at_a_time(api: "Api", jobs: Page) -> None:
    for number in range(60):
        api.queue(f"many {number}", tags=["many"])
    jobs.goto("/dashboard/?tag=many")
    expect(jobs.locator("#jobs tr")).to_have_count(50)
    jobs.get_by_role("button", name="Show more jobs").click()
    expect(jobs.locator("#jobs tr")).to_have_count(60)
    expect(jobs.get_by_role("button", name="Show more jobs")).to_be_hidden()


def test_a_reader_by_keyboard_can_skip_the_header(jobs: Page) -> None:
    jobs.keyboard.press("Tab")
    expect(jobs.get_by_role("link", name="Skip to the jobs")).to_be_focused()
    jobs.keyboard.press("Enter")
    expect(jobs.locator("main")).to_be_focused()


def test_the_theme_chosen_is_kept(jobs: Page) -> None:
    jobs.get_by_role("button", name="Dark theme").click()
    jobs.reload()
    assert jobs.evaluate("document.documentElement.dataset.theme") == "dark"
    assert jobs.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 20, 27)"


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(api: "Api", jobs: Page, width: int) -> None:
    job_id = api.open_external("a-name-without-any-space-" * 6, tags=["a", "b"])
    api.publish(job_id, 0, loss=1.0, acc=0.5, val_loss=1.0, val_acc=0.5)
    row_of(jobs, job_id).wait_for()
    jobs.set_viewport_size({"width": width, "height": 800})
    assert jobs.evaluate("document.documentElement.scrollWidth") == width
