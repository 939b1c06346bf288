import base64
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
from rltn_cli.touch_up.chapter import Chapter
from rltn_cli.touch_up.guard import LARGEST_BODY
from rltn_cli.touch_up.server import ACTIONS, make_app
from rltn_cli.touch_up.server import PAGE as SERVED

TOKEN, HOST, TAB = "a-token", "127.0.0.1:8123", "tab-number-one"
PAGE = "pages/1/"
OF_A_PAGE = {"facts.json", "map.json", "state.json", "offers.json", "regions", "picture.png", "drawing.png"}
SAME = {"Origin": f"http://{HOST}", "X-Tab": TAB}


class Site:
    """A server of out.rltn, and a tab of a browser."""

    def __init__(self, path: Path) -> None:
        self.chapter = Chapter([path])
        self.desk = self.chapter.desk(1)
        self.done = 0
        self.client = TestClient(make_app(self.chapter, TOKEN, self.end), base_url=f"http://{HOST}")

    def end(self) -> None:
        self.done += 1

    def get(self, name: str, **headers: str):
        return self.client.get(
            f"/{TOKEN}/{PAGE if name in OF_A_PAGE or '/' in name else ''}{name}", headers=headers
        )

    def post(self, name: str, values: object = None, **headers: str):
        content = values if isinstance(values, bytes) else json.dumps({} if values is None else values)
        folder = PAGE if name in ACTIONS else ""
        return self.client.post(f"/{TOKEN}/{folder}{name}", content=content, headers={**SAME, **headers})

    def fix(self, point: tuple[int, int], color: str, alike: bool = False, **headers: str):
        values = {"region": self.region(point), "color": color, "alike": alike, "map": self.desk.map_version}
        return self.post("fix", values, **headers)

    def region(self, point: tuple[int, int]) -> int:
        return self.desk.survey.region_at(point)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_painting(tmp_path / "out.rltn", painting(), FinishOptions("flat"))
    return tmp_path / "out.rltn"


@pytest.fixture
def site(path: Path) -> Iterator[Site]:
    site = Site(path)
    yield site
    site.chapter.close()


def test_the_page_fetches_nothing_from_elsewhere(site: Site) -> None:
    for name in SERVED:
        answer = site.get(name)
        assert answer.status_code == 200 and "//" not in answer.text.replace("// ", "")
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"


def test_the_page_is_told_of_the_painting(site: Site) -> None:
    facts = site.get("facts.json").json()
    assert facts["size"] == [240, 192] and facts["references"] == 1
    assert site.get("chapter.json").json() == {"pages": [{"name": "out.rltn", "unsaved": False}]}
    told, region = site.get("map.json").json(), site.region(BOX)
    assert len(told["palette"]) == 4 and told["own"] and told["size"] == [240, 192]
    assert told["alternatives"][region][0] == 1 and sum(told["votes"][region]) == pytest.approx(1, abs=0.01)
    labels = np.frombuffer(site.get("regions").content, "<u4").reshape(192, 240)
    np.testing.assert_array_equal(labels, site.desk.survey.labels)
    with Image.open(BytesIO(site.get("picture.png").content)) as picture:
        assert picture.size == (240, 192) and picture.getpixel(BOX) == (220, 30, 40)
    with Image.open(BytesIO(site.get("drawing.png").content)) as drawing:
        assert drawing.getpixel(BOX) == (255, 255, 255)
    assert Image.open(BytesIO(site.get("references/1").content)).size == (64, 64)
    assert site.get("references/2").status_code == site.get("references/0").status_code == 404


def test_a_click_an_undo_a_save_and_an_export(site: Site, path: Path) -> None:
    state = site.fix(BOX, "#00c800").json()
    assert state["colors"][site.region(BOX)] == "#00c800" and state["unsaved"] and state["done"] == 1
    site.fix(BAR, "#123456")
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
    assert site.post("redo").json()["colors"][site.region(BAR)] == "#123456"
    assert site.post("finish", {"finish": "cel"}).json()["finish"] == "cel"
    assert site.post("undo").json()["finish"] == "flat"
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
        ("GET", f"/{TOKEN}/{PAGE}state.json", {"Origin": "http://evil.example"}, 403),
        ("GET", f"/{TOKEN}/{PAGE}state.json", {"Origin": "null"}, 403),
        ("POST", f"/{TOKEN}/{PAGE}save", {**SAME, "Origin": "http://127.0.0.1:9999"}, 403),
        ("POST", f"/{TOKEN}/{PAGE}save", {"X-Tab": TAB}, 403),
        ("PUT", f"/{TOKEN}/{PAGE}save", SAME, 405),
        ("GET", f"/{TOKEN}/{PAGE}save", {}, 405),
        ("POST", f"/{TOKEN}/{PAGE}state.json", SAME, 404),
        ("POST", f"/{TOKEN}/{PAGE}delete", SAME, 404),
        ("GET", f"/{TOKEN}/{PAGE}export/exe", {}, 404),
        ("GET", f"/{TOKEN}/{PAGE}export/..%2f..%2fetc%2fpasswd", {}, 404),
        ("GET", f"/{TOKEN}/../../out.rltn", {}, 404),
        ("GET", f"/{TOKEN}/touch_up.html", {}, 404),
        ("GET", f"/{TOKEN}/pages/0/state.json", {}, 404),
        ("GET", f"/{TOKEN}/pages/2/state.json", {}, 404),
        ("GET", f"/{TOKEN}/pages/{10**30}/state.json", {}, 404),
        ("GET", f"/{TOKEN}/pages/-1/state.json", {}, 404),
        ("GET", f"/{TOKEN}/pages/out.rltn/state.json", {}, 404),
        ("POST", f"/{TOKEN}/pages/2/undo", SAME, 404),
        ("GET", f"/{TOKEN}/{PAGE}references/1.5", {}, 404),
    ],
    ids=str,
)
def test_what_is_not_for_this_page_is_refused(
    site: Site, method: str, address: str, headers: dict[str, str], status: int
) -> None:
    answer = site.client.request(method, address, headers=headers, follow_redirects=False)
    assert answer.status_code == status and answer.text.count("\n") == 1 and len(answer.text) < 120
    assert site.desk.steps[0] == 0


def test_a_tunnel_may_have_another_port(site: Site) -> None:
    assert site.get("", Host="localhost:9000").status_code == 200
    assert site.post("undo", Host="localhost:9000", Origin="http://localhost:9000").status_code == 200


def fix(region: object, color: object = "#000000") -> dict[str, object]:
    """Return a request."""
    return {"region": region, "color": color, "alike": False, "map": 1}


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (fix(999), 400, "there is no region 999"),
        (fix(10**400), 400, "there is no region 1000"),
        (fix(-1), 400, "there is no region -1"),
        (fix("../1"), 400, "there is no region ../1"),
        (fix(1, "javascript:"), 400, "no colour"),
        ({"region": 1, "color": "#000000"}, 400, "must hold region, color, alike, map"),
        (fix(1) | {"path": "/x"}, 400, "must hold region, color"),
        (fix(1) | {"map": 7}, 400, "the regions have changed"),
        ([1], 400, "must hold"),
        (b"{", 400, "is not JSON"),
        (b"\xff", 400, "is not JSON"),
        (b"[" * 60_000, 400, "is not JSON"),
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
    assert site.desk.steps[0] == 0


def test_strokes_and_palettes_are_steps_of_the_page(site: Site) -> None:
    before = site.get("map.json").json()
    state = site.post("split", {"stroke": [[50, 30], [50, 170]]}).json()
    assert state["map"] == before["version"] + 1 and len(state["colors"]) == len(before["places"]) + 1
    assert state["region"] == site.region((45, 100))
    state = site.post("merge", {"stroke": [list(BAR), [230, 100]]}).json()
    assert state["colors"][state["region"]] == "#fac828"
    state = site.post("palette", {"colors": ["#ffffff", "#123456"]}).json()
    told = site.get("map.json").json()
    assert told["palette"] == ["#ffffff", "#123456"] and not told["own"] and told["version"] == state["map"]
    assert [site.post("undo").json()["undone"] for _ in range(3)] == [1, 2, 3]
    assert site.get("map.json").json()["places"] == before["places"]


@pytest.mark.parametrize(
    ("action", "values", "message"),
    [
        ("split", {"stroke": [[5, 5], [9, 9]]}, "cuts nothing off"),
        ("split", {"stroke": [[5, 5], [10**9, 9]]}, "leaves the drawing"),
        ("merge", {"stroke": [[1, 1]] * 400}, "from 2 to 64 points, not 400"),
        ("merge", {"stroke": None}, "a stroke is a list of points"),
        ("palette", {"colors": []}, "a palette is a list of colours"),
        ("palette", {"colors": ["#12345"]}, "is no colour such as"),
        (
            "palette",
            {"colors": [f"#{number:06x}" for number in range(300)]},
            "from 1 to 256 colours, not 300",
        ),
        ("give", {"regions": [1, 99], "color": "#000000", "map": 1}, "there is no region 99"),
        ("give", {"regions": list(range(1, 900)), "color": "#000000", "map": 1}, "there is no region"),
        ("finish", {"finish": "raw"}, "the finish must be one of"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_steps_that_make_no_sense_are_refused_in_a_line(
    site: Site, action: str, values: dict[str, object], message: str
) -> None:
    answer = site.post(action, values)
    assert answer.status_code == 400 and message in answer.text and answer.text.count("\n") == 1
    assert site.desk.steps == (0, 0)


def test_palette_files_are_read_and_their_names_opened_never(site: Site, tmp_path: Path) -> None:
    def sent(name: object, data: bytes):
        return site.post("palette-file", {"name": name, "data": base64.b64encode(data).decode()})

    text = b"GIMP Palette\nName: mine\n#\n  1   2   3\tone\n255 255 255\ttwo\n"
    assert sent("mine.gpl", text).json() == {"colors": ["#010203", "#ffffff"]}
    assert sent("C:\\x\\..\\mine.GPL", text + b"#" * 50_000).json()["colors"] == ["#010203", "#ffffff"]
    (tmp_path / "there.gpl").write_bytes(text)
    for name, data, message in (
        (str(tmp_path / "there.gpl"), b"words", "not a GIMP palette"),
        ("/etc/passwd", b"words", "palettes are read from .gpl"),
        (7, b"words", "has a name, and data"),
    ):
        answer = sent(name, data)
        assert answer.status_code == 400 and message in answer.text and answer.text.count("\n") == 1
    assert site.post("palette-file", {"name": "a.gpl", "data": "%"}).status_code == 400
    assert sent("mine.gpl", b"#" * (2 << 20)).status_code == 413


def test_a_second_tab_only_reads(site: Site) -> None:
    other = {"X-Tab": "tab-number-two"}
    assert site.post("claim").json()["writes"]
    assert not site.post("claim", **other).json()["writes"]
    answer = site.fix(BOX, "#00c800", **other)
    assert answer.status_code == 409 and "another tab" in answer.text
    site.post("release")
    assert site.fix(BOX, "#00c800", **other).status_code == 200
    assert site.fix(BOX, "#00c800").status_code == site.post("done").status_code == 409
    assert site.fix(BOX, "#00c800", **{"X-Tab": ""}).status_code == 409


def test_a_second_server_says_that_it_only_reads(site: Site, path: Path) -> None:
    second = Site(path)
    assert second.get("state.json").json()["reads_only"]
    answer = second.fix(BOX, "#00c800")
    assert answer.status_code == 409 and "another process" in answer.text
    second.chapter.close()


def test_two_hundred_random_clicks_and_strokes_with_ten_new_servers_lose_nothing(path: Path) -> None:
    chance, site = random.Random(1), Site(path)
    for number in range(200):
        name = chance.choice(["fix"] * 6 + ["merge", "split", "undo", "redo", "save"])
        if name == "fix":
            color = f"#{chance.randrange(1 << 24):06x}"
            answer = site.fix(chance.choice((PAPER, BOX, DISC, BAR)), color, chance.random() < 0.2)
        elif name in ("merge", "split"):
            points = [[chance.randrange(240), chance.randrange(192)] for _ in range(chance.randrange(2, 6))]
            answer = site.post(name, {"stroke": points})
        else:
            answer = site.post(name)
        assert answer.status_code == 200 or (answer.status_code == 400 and "stroke" in answer.text)
        if number % 20 == 19:
            state = site.get("state.json").json()
            site.desk._record._journal._file.close()  # as a kill does
            site = Site(path)
            again = site.get("state.json").json()
            assert again | {"version": 0, "map": 0} == state | {"version": 0, "map": 0}
    assert site.desk.work.edits
    site.chapter.close()
