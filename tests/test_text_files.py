import csv

import pytest

from rltn_cli.text_files import decode_text, table_rows

COLUMNS = ("sketch", "reference", "output")
TEXT = "sketch,reference\r\nÄpfel.png,b.png\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_text_is_read_in_the_encodings_that_programs_write(encoding):
    assert decode_text(TEXT.encode(encoding)) == TEXT


def test_big_endian_text_with_a_mark():
    assert decode_text(b"\xfe\xff" + TEXT.encode("utf-16-be")) == TEXT


def test_other_encodings_are_refused_unless_asked_otherwise():
    with pytest.raises(UnicodeDecodeError):
        decode_text("Äpfel".encode("latin-1"))
    assert decode_text("Äpfel".encode("latin-1"), "surrogateescape") == "\udcc4pfel"
    assert decode_text(b"a\0b\0") == "a\0b\0"  # names that end in zeros
    assert decode_text(b"") == ""
    assert decode_text(b"\xff\xfea\0\0\xd8", "surrogateescape") == "a\ufffd"  # damaged UTF-16


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("before", ["", "sep={}\r\n", "\n\n"])
def test_tables_have_commas_semicolons_or_tabs(delimiter, end, before):
    rows = [["sketch", "reference"], ["a b.png", "1, 2;3\t4.png"], ["c.png", ""]]
    text = before.format(delimiter)
    text += end.join(delimiter.join(f'"{cell}"' if cell else "" for cell in row) for row in rows)
    assert [row for _, row in table_rows(text, COLUMNS)] == rows
    numbers = [number for number, _ in table_rows(text, COLUMNS)]
    first = 1 + before.count("\n")
    assert numbers == [first, first + 1, first + 2]


def test_one_column_needs_no_delimiter():
    assert [row for _, row in table_rows("Sketch\na;b.png\n\n", COLUMNS)] == [["Sketch"], ["a;b.png"]]


def test_a_broken_row_has_its_number():
    with pytest.raises(csv.Error) as caught:
        list(table_rows('sketch\na\n"b" c\n', COLUMNS))
    assert caught.value.args[1] == 3
