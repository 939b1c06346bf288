from rltn_cli.touch_up.tabs import Tabs


def test_one_tab_writes_until_it_is_closed_or_silent() -> None:
    now = [0.0]
    tabs = Tabs(lambda: now[0])
    assert tabs.claim("first-tab") and not tabs.claim("second-tab")
    tabs.release("second-tab")
    assert not tabs.claim("second-tab")
    tabs.release("first-tab")
    assert tabs.claim("second-tab") and not tabs.claim("first-tab")
    now[0] = 91.0
    assert tabs.claim("first-tab")
    assert not tabs.claim("") and not tabs.claim("no name\n")
