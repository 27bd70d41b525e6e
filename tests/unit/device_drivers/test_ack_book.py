"""Acknowledgements: in order of arrival, and only for the connection that delivered."""

from hypothesis import given
from hypothesis import strategies as st

from device_drivers.links.mqtt_ack_book import AckBook


def test_what_comes_later_waits_for_what_came_before() -> None:
    book = AckBook()
    first, second, third = (book.arrive(number) for number in (7, 8, 9))
    assert book.commit([third]) == []
    assert book.commit([first]) == [7]
    assert book.commit([second]) == [8, 9]
    assert len(book) == 0


def test_tokens_of_another_connection_are_nothing_to_this_one() -> None:
    old, new = AckBook(), AckBook()
    stale = old.arrive(1)
    new.arrive(1)
    assert new.commit([stale, None, "token"]) == []


def test_a_message_that_is_committed_twice_is_acknowledged_once() -> None:
    book = AckBook()
    token = book.arrive(1)
    assert book.commit([token, token]) == [1]
    assert book.commit([token]) == []


def test_no_token_ever_fits_two_connections() -> None:
    assert AckBook().arrive(1) != AckBook().arrive(1)
    assert AckBook().arrive(1) != AckBook().arrive(1)


@given(st.permutations(range(1, 9)))
def test_in_whatever_order_commits_come_acknowledgements_go_out_in_order(order: list[int]) -> None:
    book = AckBook()
    tokens = {number: book.arrive(number) for number in range(1, 9)}
    sent = [number for each in order for number in book.commit([tokens[each]])]
    assert sent == list(range(1, 9))
