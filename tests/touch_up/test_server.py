import json
import random
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient
from support.painted import BAR, BOX, DISC, PAPER, painting

from rltn_cli.painting.finish import FinishOptions
from rltn_cli.painting.saved import open_painting, save_painting
from rltn_cli.touch_up.desk import Desk
from rltn_cli.touch_up.guard import LARGEST_BODY
from rltn_cli.touch_up.server import make_app

TOKEN, HOST, TAB = "a-token", "127.0.0.1:8123", "tab-number-one"
SAME = {"Origin": f"http://{HOST}", "X-Tab": TAB}


class Site:
    """A server of out.rltn, and a tab of a browser."""

    def __init__(self, path: Path) -> None:
        self.desk = Desk(path)
        self.done = 0
        self.client = TestClient(make_app(self.desk, TOKEN, self.end), base_url=f"http://{HOST}")

    def end(self) -> None:
        self.done += 1

    def get(self, name: str, **headers: str):
        return self.client.get(f"/{TOKEN}/{name}", headers=headers)

    def post(self, name: str, values: object = None, **headers: str):
        content = values if isinstance(values, bytes) else json.dumps({} if values is None else values)
        return self.client.post(f"/{TOKEN}/{name}", content=content, headers={**SAME, **headers})

    def region(self, point: tuple[int, int]) -> int:
        return int(self.desk.labels[point[1], point[0]])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_painting(tmp_path / "out.rltn", painting(), FinishOptions("flat"))
    return tmp_path / "out.rltn"


@pytest.fixture
def site(path: Path) -> Iterator[Site]:
    site = Site(path)
    yield site
    site.desk.close()


def test_the_page_fetches_nothing_from_elsewhere(site: Site) -> None:
    for name in ("", "touch_up.css", "touch_up.js"):
        answer = site.get(name)
        assert answer.status_code == 200 and "//" not in answer.text.replace("// ", "")
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"


def test_the_page_is_told_of_the_painting(site: Site) -> None:
    facts = site.get("facts.json").json()
    assert facts["name"] == "out.rltn" and facts["size"] == [240, 192] and len(facts["palette"]) == 4
    region = site.region(BOX)
    assert facts["alternatives"][region][0] == 1 and sum(facts["votes"][region]) == pytest.approx(1, abs=0.01)
    labels = np.frombuffer(site.get("regions").content, "<u4").reshape(192, 240)
    np.testing.assert_array_equal(labels, site.desk.labels)
    with Image.open(BytesIO(site.get("picture.png").content)) as picture:
        assert picture.size == (240, 192) and picture.getpixel(BOX) == (220, 30, 40)
    with Image.open(BytesIO(site.get("drawing.png").content)) as drawing:
        assert drawing.getpixel(BOX) == (255, 255, 255)
    assert Image.open(BytesIO(site.get("references/1").content)).size == (64, 64)
    assert site.get("references/2").status_code == site.get("references/0").status_code == 404


def test_a_click_an_undo_a_save_and_an_export(site: Site, path: Path) -> None:
    state = site.post("fix", {"region": site.region(BOX), "color": "#00c800", "alike": False}).json()
    assert state["colors"][site.region(BOX)] == "#00c800" and state["unsaved"] and state["done"] == 1
    site.post("fix", {"region": site.region(BAR), "color": "#123456", "alike": False})
    assert site.post("undo").json()["undone"] == 1
    assert not site.post("save").json()["unsaved"]
    _, options = open_painting(path)
    assert [fix.color for fix in options.fixes] == [(0, 200, 0)]
    answer = site.get("export/png")
    assert answer.headers["content-disposition"] == 'attachment; filename="out.png"'
    with Image.open(BytesIO(answer.content)) as picture:
        assert [picture.getpixel(point) for point in (BOX, BAR)] == [(0, 200, 0), (250, 200, 40)]
    assert site.get("export/ora").content.startswith(b"PK")
    assert site.get("export/psd").content.startswith(b"8BPS")
    assert site.post("finish", {"finish": "cel"}).json()["finish"] == "cel"
    assert site.post("redo").json()["colors"][site.region(BAR)] == "#123456"
    site.post("done")
    assert site.done == 1


@pytest.mark.parametrize(
    ("method", "address", "headers", "status"),
    [
        ("GET", "/", {}, 404),
        ("GET", "/wrong-token/", {}, 404),
        ("GET", "/a-toke\u0301n/", {}, 404),
        ("POST", "/wrong-token/save", SAME, 404),
        ("GET", f"/{TOKEN}/", {"Host": "evil.example"}, 403),
        ("GET", f"/{TOKEN}/", {"Host": "127.0.0.1.evil.example:8123"}, 403),
        ("GET", f"/{TOKEN}/", {"Host": "evil@127.0.0.1"}, 403),
        ("GET", f"/{TOKEN}/", {"Host": "127.0.0.1:port"}, 403),
        ("GET", f"/{TOKEN}/", {"Host": "[::1"}, 403),
        ("GET", f"/{TOKEN}/state.json", {"Origin": "http://evil.example"}, 403),
        ("GET", f"/{TOKEN}/state.json", {"Origin": "null"}, 403),
        ("POST", f"/{TOKEN}/save", {**SAME, "Origin": "http://127.0.0.1:9999"}, 403),
        ("POST", f"/{TOKEN}/save", {"X-Tab": TAB}, 403),
        ("PUT", f"/{TOKEN}/save", SAME, 405),
        ("GET", f"/{TOKEN}/save", {}, 405),
        ("POST", f"/{TOKEN}/state.json", SAME, 404),
        ("POST", f"/{TOKEN}/delete", SAME, 404),
        ("GET", f"/{TOKEN}/export/exe", {}, 404),
        ("GET", f"/{TOKEN}/export/..%2f..%2fetc%2fpasswd", {}, 404),
        ("GET", f"/{TOKEN}/../../out.rltn", {}, 404),
        ("GET", f"/{TOKEN}/touch_up.html", {}, 405),
        ("GET", f"/{TOKEN}/references/1.5", {}, 404),
    ],
    ids=str,
)
def test_what_is_not_for_this_page_is_refused(
    site: Site, method: str, address: str, headers: dict[str, str], status: int
) -> None:
    answer = site.client.request(method, address, headers=headers, follow_redirects=False)
    assert answer.status_code == status and answer.text.count("\n") == 1 and len(answer.text) < 120
    assert site.desk.history.done == 0


def test_a_tunnel_may_have_another_port(site: Site) -> None:
    assert site.get("", Host="localhost:9000").status_code == 200
    assert site.post("undo", Host="localhost:9000", Origin="http://localhost:9000").status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"region": 999, "color": "#000000", "alike": False}, 400, "there is no region 999"),
        ({"region": 10**400, "color": "#000000", "alike": False}, 400, "there is no region 1000"),
        ({"region": -1, "color": "#000000", "alike": False}, 400, "there is no region -1"),
        ({"region": "../1", "color": "#000000", "alike": False}, 400, "there is no region ../1"),
        ({"region": 1, "color": "javascript:", "alike": False}, 400, "no colour"),
        ({"region": 1, "color": "#000000"}, 400, "must hold region, color, alike"),
        ({"region": 1, "color": "#000000", "alike": False, "path": "/x"}, 400, "must hold region, color"),
        ([1], 400, "must hold"),
        (b"{", 400, "is not JSON"),
        (b"\xff", 400, "is not JSON"),
        (b"[" * 4000, 400, "is not JSON"),
        (b" " * (LARGEST_BODY + 1), 413, "too large"),
        (b"1" * (1 << 24), 413, "too large"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_requests_that_make_no_sense_are_refused_in_a_line(
    site: Site, body: object, status: int, message: str
) -> None:
    answer = site.post("fix", body)
    assert answer.status_code == status and message in answer.text and answer.text.count("\n") == 1
    assert site.desk.history.done == 0


def test_a_second_tab_only_reads(site: Site) -> None:
    other = {"X-Tab": "tab-number-two"}
    assert site.post("claim").json()["writes"]
    assert not site.post("claim", **other).json()["writes"]
    fix = {"region": site.region(BOX), "color": "#00c800", "alike": False}
    answer = site.post("fix", fix, **other)
    assert answer.status_code == 409 and "another tab" in answer.text
    site.post("release")
    assert site.post("fix", fix, **other).status_code == 200
    assert site.post("fix", fix).status_code == 409
    assert site.post("fix", fix, **{"X-Tab": ""}).status_code == 409


def test_a_second_server_says_that_it_only_reads(site: Site, path: Path) -> None:
    second = Site(path)
    assert second.get("state.json").json()["reads_only"]
    answer = second.post("fix", {"region": second.region(BOX), "color": "#00c800", "alike": False})
    assert answer.status_code == 409 and "another process" in answer.text
    second.desk.close()


def test_two_hundred_random_clicks_with_ten_new_servers_lose_nothing(path: Path) -> None:
    chance, site = random.Random(1), Site(path)
    for number in range(200):
        name = chance.choice(["fix"] * 6 + ["undo", "redo", "save"])
        values = None
        if name == "fix":
            point, color = chance.choice((PAPER, BOX, DISC, BAR)), f"#{chance.randrange(1 << 24):06x}"
            values = {"region": site.region(point), "color": color, "alike": chance.random() < 0.2}
        state = site.post(name, values).json()
        if number % 20 == 19:
            site.desk._journal._file.close()  # as a kill does
            site = Site(path)
            again = site.get("state.json").json()
            assert {**again, "version": 0} == {**state, "version": 0}
    site.desk.close()
