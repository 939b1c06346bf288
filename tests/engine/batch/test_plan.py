"""What a batch is to do: inputs, references, outputs, clashes, bad manifest lines."""

import io
import os
from pathlib import Path

import pytest

from rltn_cli.engine.batch.plan import Guide, PaintingTask, plan_batch
from rltn_cli.errors import UsageError

REF = Guide((Path("ref.jpg"),))
OUT = Path("out")


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def touch(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"")


def pairs(tasks: list[PaintingTask]) -> list[tuple[str, str]]:
    return [(str(task.sketch), str(task.output)) for task in tasks]


def test_a_folder_gives_its_pictures_in_order_and_not_those_below() -> None:
    touch("in/b.png", "in/a.v2.jpg", "in/notes.txt", "in/.hidden.png", "in/sub/c.png")
    tasks = plan_batch(["in"], OUT, REF)
    assert pairs(tasks) == [("in/a.v2.jpg", "out/a.v2.png"), ("in/b.png", "out/b.png")]
    assert all(task.references == (Path("ref.jpg"),) for task in tasks)


def test_a_tree_is_kept_and_the_output_folder_is_no_input() -> None:
    touch("in/a.png", "in/sub/a.png", "in/out/a.png")
    tasks = plan_batch(["in"], Path("in/out"), REF, recursive=True, ending="webp")
    assert pairs(tasks) == [("in/a.png", "in/out/a.webp"), ("in/sub/a.png", "in/out/sub/a.webp")]


def test_files_patterns_and_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    touch("a.png", "b1.psd", "b2.psd", "[c].png")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"d.png\n\ne with space.png\n")))
    tasks = plan_batch(["a.png", "b*.psd", "[c].png", "missing.png", "-"], OUT, REF)
    names = ["a.png", "b1.psd", "b2.psd", "[c].png", "missing.png", "d.png", "e with space.png"]
    assert [str(task.sketch) for task in tasks] == names


def test_a_file_that_is_named_twice_is_painted_once() -> None:
    touch("in/a.png")
    assert len(plan_batch(["in/a.png", "in/*.png"], OUT, REF)) == 1


@pytest.mark.parametrize("sources", [["empty"], ["*.png"], ["empty.csv"]])
def test_nothing_to_paint_is_wrong_usage(sources: list[str]) -> None:
    Path("empty").mkdir()
    Path("empty.csv").write_text("sketch,reference\n", encoding="utf-8")
    with pytest.raises(UsageError):
        plan_batch(sources, OUT, REF)


@pytest.mark.parametrize(
    "names",
    [("in/a.png", "in/a.jpg"), ("in/a.png", "other/a.png"), ("in/a.png", "in/A.png")],
    ids=["endings", "folders", "case"],
)
def test_two_inputs_for_one_output_are_both_named(names: tuple[str, str]) -> None:
    touch(*names)
    with pytest.raises(UsageError) as error:
        plan_batch(list(names), OUT, REF)
    assert all(name in str(error.value) for name in (*names, "would both become out/"))


def test_outputs_that_are_one_file_through_a_link_clash() -> None:
    touch("in/a.png", "a.png")
    OUT.mkdir()
    Path("out/link").symlink_to(OUT.resolve())
    Path("pages.csv").write_text("sketch,output\nin/a.png,x\na.png,link/x\n", encoding="utf-8")
    with pytest.raises(UsageError, match="would both become"):
        plan_batch(["pages.csv"], OUT, REF)


@pytest.mark.parametrize("guide", [REF, Guide((Path("out/a.png"),))], ids=["sketch", "reference"])
def test_no_output_is_an_input(guide: Guide) -> None:
    touch("in/a.png", "out/a.png")
    source = "out/a.png" if guide is REF else "in/a.png"
    with pytest.raises(UsageError, match="is also an input"):
        plan_batch([source], OUT, guide)


def test_references_by_name_from_a_folder() -> None:
    touch("in/a.png", "in/b.png", "in/c.png", "in/sub/a.png", "in/d.png")
    touch("refs/a.jpg", "refs/sub/a.jpg", "refs/deep/b.webp", "refs/d.png", "refs/d.jpg")
    tasks = plan_batch(["in"], OUT, Guide(folder=Path("refs")), recursive=True)
    found = {str(task.sketch): [str(path) for path in task.references] for task in tasks}
    assert found == {
        "in/a.png": ["refs/a.jpg"],
        "in/b.png": ["refs/deep/b.webp"],
        "in/c.png": [],
        "in/d.png": [],
        "in/sub/a.png": ["refs/sub/a.jpg"],
    }
    problems = {str(task.sketch): task.problem or "" for task in tasks}
    assert "contains no picture named c" in problems["in/c.png"]
    assert "refs/d.jpg" in problems["in/d.png"]
    assert "refs/d.png" in problems["in/d.png"]


def test_all_references_of_a_folder_are_candidates() -> None:
    touch("in/a.png", "refs/x.jpg", "refs/sub/y.jpg")
    (task,) = plan_batch(["in"], OUT, Guide(folder=Path("refs"), choose=True))
    assert task.choose
    assert [str(path) for path in task.references] == ["refs/x.jpg", "refs/sub/y.jpg"]


@pytest.mark.parametrize("guide", [Guide(), Guide(folder=Path("none")), Guide(folder=Path("in/empty"))])
def test_no_reference_at_all_is_wrong_usage(guide: Guide) -> None:
    touch("in/a.png")
    Path("in/empty").mkdir()
    with pytest.raises(UsageError):
        plan_batch(["in"], OUT, guide)


def test_manifest_paths_start_at_its_folder_and_outputs_at_the_output_folder() -> None:
    touch("book/a.png", "book/b.png", "book/c.png")
    Path("book/pages.csv").write_text(
        "\ufeffsketch,reference,output\n\na.png,x.jpg; y.jpg,deep/one\nb.png,,two.jpg\nc.png,/abs.png\n",
        encoding="utf-8",
    )
    tasks = plan_batch(["book/pages.csv"], OUT, REF)
    assert pairs(tasks) == [
        ("book/a.png", "out/deep/one.png"),
        ("book/b.png", "out/two.jpg"),
        ("book/c.png", "out/c.png"),
    ]
    references = [[str(path) for path in task.references] for task in tasks]
    assert references == [["book/x.jpg", "book/y.jpg"], ["ref.jpg"], ["/abs.png"]]


def test_a_manifest_of_json_lines() -> None:
    Path("pages.jsonl").write_text(
        '{"sketch": "a.png", "reference": ["x.jpg", "y.jpg"]}\n\n{"sketch": "b.png", "reference": "z.jpg"}\n',
        encoding="utf-8",
    )
    tasks = plan_batch(["pages.jsonl"], OUT, Guide())
    assert [[str(path) for path in task.references] for task in tasks] == [["x.jpg", "y.jpg"], ["z.jpg"]]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "sketch,reference\na.png,r.png\n,r.png\n", "a.csv, line 3: it names no sketch"),
        ("a.csv", "sketch,reference\na.png,r.png,o.png\n", "a.csv, line 2: 3 values for 2 columns"),
        ("a.csv", "drawing,reference\na.png,r.png\n", "a.csv, line 1: the columns must be"),
        ("a.csv", 'sketch,reference\n"a.png,r.png\n', "a.csv, line 2: "),
        ("a.jsonl", '{"sketch": "a.png"}\n{oops}\n', "a.jsonl, line 2: not JSON"),
        ("a.jsonl", '{"sketch": "a.png"}\n[1]\n', "a.jsonl, line 2: not an object"),
        ("a.jsonl", '{"sketch": "a.png", "ref": "b.png"}\n', "a.jsonl, line 1: unknown key 'ref'"),
        ("a.jsonl", '{"sketch": 3}\n', "a.jsonl, line 1: it names no sketch"),
        ("a.jsonl", '{"sketch": "a.png", "reference": 3}\n', "a.jsonl, line 1: the reference must be"),
        ("a.jsonl", '{"sketch": "a.png", "output": 3}\n', "a.jsonl, line 1: the output must be"),
        ("a.jsonl", '{"sketch": "a\\u0000.png"}\n', "a.jsonl, line 1: a name contains a NUL byte"),
    ],
)
def test_a_bad_line_is_named_by_its_number(name: str, text: str, message: str) -> None:
    Path(name).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as error:
        plan_batch([name], OUT, REF)
    assert str(error.value).startswith(message)


def test_a_line_without_a_reference_is_named_where_nothing_else_gives_one() -> None:
    Path("a.csv").write_text("sketch,reference\na.png,r.png\nb.png\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"a\.csv, line 3: b\.png: no reference"):
        plan_batch(["a.csv"], OUT, Guide())
    tasks = plan_batch(["a.csv"], OUT, Guide((Path("s.png"),)))
    assert [task.references for task in tasks] == [(Path("r.png"),), (Path("s.png"),)]


def test_lines_that_say_the_same_are_one_task() -> None:
    Path("a.csv").write_text("sketch,reference\na.png,r.png\na.png,r.png\n", encoding="utf-8")
    assert len(plan_batch(["a.csv"], OUT, Guide())) == 1


def test_a_manifest_that_cannot_be_read_says_so() -> None:
    Path("a.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="UTF-8"):
        plan_batch(["a.csv"], OUT, REF)
    with pytest.raises(UsageError, match="No such file"):
        plan_batch(["b.csv"], OUT, REF)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("b.gif", "unknown picture format"),
        ("../b.png", r"the output \.\./b\.png lies outside out"),
        ("x/../../b.png", "lies outside"),
        ("/tmp/b.png", "lies outside"),
        ("..", "lies outside"),
        ("link/b.png", "lies outside"),
        ("link.png", "lies outside"),
        ("lost.png", "lies outside"),
    ],
)
@pytest.mark.parametrize("manifest", ["a.csv", "a.tsv", "a.jsonl"])
def test_an_output_that_may_not_be_written_is_a_bad_line(manifest: str, output: str, message: str) -> None:
    touch("a.png", "elsewhere/b.png")
    OUT.mkdir()
    Path("out/link").symlink_to(Path("elsewhere").resolve())
    Path("out/link.png").symlink_to(Path("elsewhere/b.png").resolve())
    Path("out/lost.png").symlink_to("../nowhere.png")
    rows = {
        "a.csv": f"sketch,output\na.png,{output}\n",
        "a.tsv": f"sketch\toutput\na.png\t{output}\n",
        "a.jsonl": f'\n{{"sketch": "a.png", "output": "{output}"}}\n',
    }
    Path(manifest).write_text(rows[manifest], encoding="utf-8")
    with pytest.raises(UsageError, match=f"{manifest}, line 2: .*{message}"):
        plan_batch([manifest], OUT, REF)


@pytest.mark.parametrize("output", ["b.png", "sub/b.png", "x/../b.png", "inside/b.png", "..b.png"])
def test_an_output_may_lie_anywhere_in_the_folder(output: str) -> None:
    (OUT / "sub").mkdir(parents=True)
    (OUT / "inside").symlink_to((OUT / "sub").resolve())
    Path("a.csv").write_text(f"sketch,output\na.png,{output}\n", encoding="utf-8")
    (task,) = plan_batch(["a.csv"], OUT, REF)
    assert task.output == OUT / output


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_manifests_of_spreadsheets(encoding: str, end: str, delimiter: str) -> None:
    rows = [["Sketch", "Reference"], ["ä b.png", "1.png;2.png"], ["c.png", "d,e.png"]]
    text = end.join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    Path("a.csv").write_bytes((text + end).encode(encoding))
    tasks = plan_batch(["a.csv"], OUT, Guide())
    assert [(task.sketch.name, [path.name for path in task.references]) for task in tasks] == [
        ("ä b.png", ["1.png", "2.png"]),
        ("c.png", ["d,e.png"]),
    ]


def test_results_in_the_folder_of_the_sketches_are_not_painted_again() -> None:
    touch("in/a.png", "in/a.webp", "in/more/b.png", "in/more/painted/b.webp")
    for folder, name in (("in", "a.webp"), ("in/more/painted", "b.webp")):
        entry = f'{{"output": "{name}", "status": "done", "output_sha256": "x"}}\n'
        Path(folder, "manifest.jsonl").write_text(entry, encoding="utf-8")
    tasks = plan_batch(["in"], Path("in"), REF, ending="webp", recursive=True)
    assert [task.sketch.as_posix() for task in tasks] == ["in/a.png", "in/more/b.png"]


def test_a_pipe_that_is_named_is_refused_and_in_a_folder_passed_over() -> None:
    touch("in/a.png")
    os.mkfifo("in/pipe.png")
    assert [task.sketch.name for task in plan_batch(["in"], OUT, REF)] == ["a.png"]
    tasks = plan_batch(["in/a.png", "in/pipe.png"], OUT, REF)
    assert [task.problem for task in tasks] == [None, "in/pipe.png: is a pipe or a device; name a file"]
