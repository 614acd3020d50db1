"""Promises and tests are checked against each other, both ways."""

from tests.architecture.markers import marked
from tests.requirements import DELIVERED, REQUIREMENTS, Part


def _named() -> set[str]:
    return marked("requirement", str)


def test_every_promise_of_a_delivered_part_has_a_test() -> None:
    promised = {item.id for item in REQUIREMENTS if item.part in DELIVERED}
    assert promised - _named() == set()


def test_no_test_names_an_unknown_promise() -> None:
    assert _named() - {item.id for item in REQUIREMENTS} == set()


def test_every_promise_is_listed_once() -> None:
    ids = [item.id for item in REQUIREMENTS]
    assert len(ids) == len(set(ids))


def test_parts_that_are_not_delivered_are_listed_as_such() -> None:
    open_parts = {item.part for item in REQUIREMENTS} - DELIVERED
    assert open_parts == set(Part) - DELIVERED
