import logging

import pytest

from rltn_cli.engine.runtime.quiet_logging import without_warnings


def test_warnings_are_left_out_and_errors_are_not(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("some.package.module")
    with without_warnings("some.package"):
        log.warning("once")
        log.error("twice")
    log.warning("three times")
    assert [record.getMessage() for record in caplog.records] == ["twice", "three times"]
