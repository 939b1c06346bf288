import random

from rltn_cli.touch_up.history import History


def test_every_step_can_be_undone_and_done_again() -> None:
    history = History({1: (1, 2, 3)})
    states, chance = [dict(history.fixed)], random.Random(0)
    for _ in range(300):
        color = None if chance.random() < 0.2 else (chance.randrange(256), 0, 0)
        history.give(chance.sample(range(1, 9), 3), color)
        states.append(dict(history.fixed))
    for state in reversed(states[:-1]):
        assert history.undo() and history.fixed == state
    assert not history.undo()
    for state in states[1:]:
        assert history.redo() and history.fixed == state
    assert not history.redo()


def test_a_new_step_forgets_what_was_undone() -> None:
    history = History({})
    history.give([1], (0, 0, 0))
    history.undo()
    history.give([2], (0, 0, 0))
    assert (history.done, history.undone, history.redo()) == (1, 0, False)
