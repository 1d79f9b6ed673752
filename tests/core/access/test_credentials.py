"""Keys and tokens: how they look and what is kept of them."""

import pytest

from core.access import credentials
from core.access.scopes import Scope
from core.identifiers import new_id


def test_keys_are_all_different_and_known_by_their_prefix() -> None:
    made = [credentials.make_key() for _ in range(200)]
    assert len({key for key, _ in made}) == len({prefix for _, prefix in made}) == 200
    for key, prefix in made:
        assert len(key) == len("kerasd_") + 8 + 1 + 43
        assert credentials.read_key_prefix(key) == prefix
        assert credentials.read_job_id(key) is None


def test_a_token_names_its_job() -> None:
    job_id = new_id("job")
    token = credentials.make_job_token(job_id)
    assert credentials.read_job_id(token) == job_id
    assert credentials.read_key_prefix(token) is None
    assert credentials.make_job_token(job_id) != token


def test_only_the_same_credential_matches() -> None:
    key, _ = credentials.make_key()
    kept = credentials.hash_credential(key)
    assert len(kept) == 64
    assert key[16:] not in kept
    assert credentials.matches(key, kept)
    assert not credentials.matches(key[:-1] + ("a" if key[-1] != "a" else "b"), kept)
    assert not credentials.matches(key, None)


@pytest.mark.parametrize("text", ["", "kerasd", "kerasd_a_b", "kerasd_12345678_" + "x" * 42, "é" * 59])
def test_other_text_is_neither(text: str) -> None:
    assert credentials.read_key_prefix(text) is None
    assert credentials.read_job_id(text) is None
    assert not credentials.is_well_formed(text)


def test_each_scope_allows_those_below_it() -> None:
    allowed = {
        scope: {needed for needed in Scope if scope.allows(needed)} for scope in (Scope.READ, Scope.SUBMIT)
    }
    assert allowed == {Scope.READ: {Scope.READ}, Scope.SUBMIT: {Scope.READ, Scope.SUBMIT}}
    assert all(Scope.ADMIN.allows(needed) for needed in Scope)
