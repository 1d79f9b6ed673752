"""The dashboard of a service that needs keys."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from core.access.keys import create_key, revoke_key
from core.access.projects import open_project
from core.access.scopes import Scope
from core.tables import ApiKey
from tests.dashboard.conftest import Api, note_violation

DEADLINE_MILLISECONDS = 15_000


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    server = Api(tmp_path_factory.mktemp("guarded"), require_keys=True)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def make_key(guarded: Api, project: str, scope: Scope = Scope.SUBMIT) -> tuple[str, str]:
    with guarded.session() as session:
        row, key = create_key(session, open_project(session, project).id, "mine", scope)
        return row.id, key


def open_job(guarded: Api, key: str, name: str) -> str:
    """Open a run that trains elsewhere, with three epochs. Returns its id."""
    with httpx.Client(base_url=guarded.url, headers={"X-API-Key": key}, timeout=60) as client:
        job_id: str = client.post("/v1/jobs", json={"name": name, "external": True, "epochs": 9}).json()["id"]
        for epoch in range(3):
            data = {"data": f'{{"epoch": {epoch}, "loss": {3 - epoch}}}'}
            client.post(f"/v1/jobs/{job_id}/publish/epoch/end/", data=data)
    return job_id


@pytest.fixture
def page(browser: Browser, guarded: Api) -> Iterator[Page]:
    context = browser.new_context(base_url=guarded.url)
    context.set_default_timeout(DEADLINE_MILLISECONDS)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: note_violation(message, errors))
    yield page
    context.close()
    assert errors == []


def sign_in(page: Page, key: str) -> None:
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()


def test_a_key_opens_the_list_of_its_project(guarded: Api, page: Page) -> None:
    _, ours = make_key(guarded, "ours")
    _, theirs = make_key(guarded, "theirs")
    job_id, hidden = open_job(guarded, ours, "our job"), open_job(guarded, theirs, "their job")
    page.goto("/dashboard/")
    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    sign_in(page, "kerasd_aaaaaaaa_" + "a" * 43)
    expect(page.get_by_role("alert")).to_contain_text("not known")
    sign_in(page, ours)
    expect(page.locator(f'tr[data-id="{job_id}"]')).to_be_visible()
    expect(page.locator(f'tr[data-id="{hidden}"]')).to_have_count(0)
    expect(page.locator("#session")).to_contain_text("ours · submit")
    assert page.evaluate("document.cookie") == ""
    assert ours not in page.evaluate("JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")


def test_all_of_a_job_s_page_works_with_the_cookie(guarded: Api, page: Page) -> None:
    _, key = make_key(guarded, "ours")
    job_id = open_job(guarded, key, "followed")
    page.goto(f"/dashboard/job.html?id={job_id}")
    sign_in(page, key)
    page.locator("#connection[data-status=live]").wait_for()  # news come by Server-Sent Events
    with httpx.Client(base_url=guarded.url, headers={"X-API-Key": key}) as client:
        client.post(f"/v1/jobs/{job_id}/publish/epoch/end/", data={"data": '{"epoch": 3, "loss": 0.125}'})
    expect(page.locator("#values")).to_contain_text("0.125")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    assert len(Path(download.value.path()).read_text().splitlines()) == 5
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.locator("#state")).to_have_text(re.compile("cancel"))
    page.get_by_role("link", name="Open the whole log").click()
    expect(page).to_have_url(re.compile(f"/v1/jobs/{job_id}/logs$"))
    assert "unauthorized" not in page.content()


def test_readers_are_told_what_they_may_not(guarded: Api, page: Page) -> None:
    _, key = make_key(guarded, "ours")
    _, reader = make_key(guarded, "ours", Scope.READ)
    job_id = open_job(guarded, key, "read only")
    page.goto(f"/dashboard/job.html?id={job_id}")
    sign_in(page, reader)
    page.locator("#cancel").click()
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.locator("#notices")).to_contain_text("scope")
    expect(page.locator("#state")).to_have_text("running")


def test_signing_out_forgets_the_key(guarded: Api, page: Page) -> None:
    _, key = make_key(guarded, "ours")
    page.goto("/dashboard/")
    sign_in(page, key)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    assert page.context.cookies(f"{guarded.url}/v1/jobs") == []


def test_a_revoked_key_is_asked_for_anew(guarded: Api, page: Page) -> None:
    key_id, key = make_key(guarded, "ours")
    page.goto("/dashboard/")
    sign_in(page, key)
    expect(page.locator("#session")).to_contain_text("ours")
    with guarded.session() as session:
        revoke_key(session.get_one(ApiKey, key_id))
    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    _, fresh = make_key(guarded, "ours")
    sign_in(page, fresh)
    expect(page.locator("#session")).to_contain_text("ours")
