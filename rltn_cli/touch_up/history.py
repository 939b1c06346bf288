"""States of the work, one a step, with undo and redo without limit."""

from rltn_cli.touch_up.work import Work


class History:
    """The state that counts, and those before and after it."""

    def __init__(self, work: Work) -> None:
        """Begin with a state."""
        self._states = [work]
        self._now = 0

    @property
    def now(self) -> Work:
        """The state that counts."""
        return self._states[self._now]

    @property
    def done(self) -> int:
        """How many steps can be undone."""
        return self._now

    @property
    def undone(self) -> int:
        """How many steps can be done again."""
        return len(self._states) - 1 - self._now

    def add(self, work: Work) -> None:
        """Take a step; what was undone is forgotten."""
        self._states[self._now + 1 :] = [work]
        self._now += 1

    def undo(self) -> bool:
        """Undo the last step, and return whether there was one."""
        if not self.done:
            return False
        self._now -= 1
        return True

    def redo(self) -> bool:
        """Do the step again that was undone last, and return whether there was one."""
        if not self.undone:
            return False
        self._now += 1
        return True
