import random

from rltn_cli.touch_up.history import History
from rltn_cli.touch_up.work import Work


def work(number: int) -> Work:
    return Work("flat", (f"#{number:06x}",), (), ())


def test_every_step_can_be_undone_and_done_again() -> None:
    states = [work(number) for number in range(300)]
    history = History(states[0])
    for state in states[1:]:
        history.add(state)
    for state in reversed(states[:-1]):
        assert history.undo() and history.now == state
    assert not history.undo()
    for state in states[1:]:
        assert history.redo() and history.now == state
    assert not history.redo()


def test_a_new_step_forgets_what_was_undone() -> None:
    history, chance = History(work(0)), random.Random(0)
    for number in range(1, 100):
        for _ in range(chance.randrange(4)):
            history.undo()
        before = history.done
        history.add(work(number))
        assert (history.done, history.undone, history.redo()) == (before + 1, 0, False)
