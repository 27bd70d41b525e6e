from simulators.agenda import Agenda


def test_things_happen_in_order_at_their_own_instants() -> None:
    agenda, seen = Agenda(100.0), list[float]()
    agenda.at(130.0, lambda: seen.append(agenda.now))
    agenda.after(10.0, lambda: seen.append(agenda.now))
    agenda.run_until(120.0)
    assert seen == [110.0]
    assert agenda.now == 120.0
    agenda.run_until(140.0)
    assert seen == [110.0, 130.0]


def test_what_is_added_on_the_way_still_happens_in_its_place() -> None:
    agenda, seen = Agenda(0.0), list[str]()
    agenda.at(1.0, lambda: agenda.after(1.0, lambda: seen.append("second")))
    agenda.at(3.0, lambda: seen.append("third"))
    agenda.run_until(3.0)
    assert seen == ["second", "third"]


def test_of_two_things_at_one_instant_the_first_one_written_comes_first() -> None:
    agenda, seen = Agenda(0.0), list[str]()
    agenda.at(1.0, lambda: seen.append("a"))
    agenda.at(1.0, lambda: seen.append("b"))
    agenda.run_until(1.0)
    assert seen == ["a", "b"]


def test_a_clock_set_back_does_not_move_the_agenda_back() -> None:
    agenda = Agenda(50.0)
    agenda.run_until(40.0)
    assert agenda.now == 50.0


def test_what_was_due_before_now_happens_now() -> None:
    agenda, seen = Agenda(50.0), list[float]()
    agenda.at(10.0, lambda: seen.append(agenda.now))
    agenda.run_until(50.0)
    assert seen == [50.0]
