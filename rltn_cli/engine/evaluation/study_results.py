"""The results of a user study: the paper's Table 3, with confidence intervals."""

import dataclasses
import json
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rltn_cli.engine.evaluation.study_page import FORMAT
from rltn_cli.errors import DataError
from rltn_cli.optional_packages import library

logger = logging.getLogger(__name__)

CONFIDENCE = 0.95
BEST_MARK = 10


@dataclass(frozen=True, slots=True)
class Rating:
    """One person's marks for one version of a drawing."""

    trial: str
    method: str
    quality: int
    similarity: int


@dataclass(frozen=True, slots=True)
class Answers:
    """One person's results file."""

    study: str
    data: str
    participant: str
    ratings: tuple[Rating, ...]


@dataclass(frozen=True, slots=True)
class Opinion:
    """The mean of the persons' mean marks."""

    mean: float
    margin: float | None
    """Half the width of the 95 % confidence interval (Student's t over persons); None for one person."""


@dataclass(frozen=True, slots=True)
class StudyTable:
    """Table 3 of the paper for one set of data."""

    data: str
    people: int
    ratings: int
    quality: Mapping[str, Opinion]
    """By method, in descending order of quality."""
    similarity: Mapping[str, Opinion]


def read_answers(paths: Sequence[Path]) -> list[Answers]:
    """Read results files; if a person has several, the most complete one counts.

    Raises:
        DataError: no file, a file without results of a study, or files of different studies.
    """
    if not paths:
        raise DataError("no results to read: name the JSON files that the study's page saved")
    people: dict[str, Answers] = {}
    first: tuple[Path, str] | None = None
    for path in paths:
        answers = _read(path)
        first = first or (path, answers.study)
        if answers.study != first[1]:
            raise DataError(
                f"{path}: results of another study ({answers.study}) than {first[0]} ({first[1]}): "
                "evaluate each study separately"
            )
        earlier = people.get(answers.participant)
        if earlier:
            logger.warning("%s: the same person as in another file; the more complete file counts", path)
        if earlier is None or len(answers.ratings) > len(earlier.ratings):
            people[answers.participant] = answers
    return list(people.values())


def _read(path: Path) -> Answers:
    """Read one results file."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path}: not a readable JSON file ({error})") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise DataError(f"{path}: not the results of a study by this version of rltn")
    try:
        ratings = tuple(_rating(entry, path) for entry in values["ratings"])
        answers = Answers(str(values["study"]), str(values["data"]), str(values["participant"]), ratings)
    except (KeyError, TypeError) as error:
        raise DataError(f"{path}: a broken results file ({error!r} is wrong or missing)") from error
    if not ratings:
        raise DataError(f"{path}: contains no marks; leave it out")
    if len({(rating.trial, rating.method) for rating in ratings}) < len(ratings):
        raise DataError(f"{path}: marks the same version of a drawing twice")
    return answers


def _rating(entry: Any, path: Path) -> Rating:
    rating = Rating(**{field.name: entry[field.name] for field in dataclasses.fields(Rating)})
    for mark in (rating.quality, rating.similarity):
        if type(mark) is not int or not 0 <= mark <= BEST_MARK:
            raise DataError(f"{path}: a mark must be a whole number from 0 to {BEST_MARK}, not {mark!r}")
    return rating


def tabulate_study(people: Sequence[Answers]) -> StudyTable:
    """Return the mean marks of each method over people; each person counts once."""
    marks: dict[str, dict[str, list[float]]] = {"quality": defaultdict(list), "similarity": defaultdict(list)}
    for answers in people:
        for method in {rating.method for rating in answers.ratings}:
            own = [rating for rating in answers.ratings if rating.method == method]
            for name, by_method in marks.items():
                by_method[method].append(float(np.mean([getattr(rating, name) for rating in own])))
    opinions = {
        name: {method: _opinion(by_method[method]) for method in by_method}
        for name, by_method in marks.items()
    }
    order = sorted(opinions["quality"], key=lambda method: (-opinions["quality"][method].mean, method))
    return StudyTable(
        data=people[0].data,
        people=len(people),
        ratings=sum(len(answers.ratings) for answers in people),
        quality={method: opinions["quality"][method] for method in order},
        similarity={method: opinions["similarity"][method] for method in order},
    )


def _opinion(means: Sequence[float]) -> Opinion:
    mean = float(np.mean(means))
    if len(means) < 2:
        return Opinion(mean, None)
    quantile = library("scipy.stats").t.ppf((1 + CONFIDENCE) / 2, len(means) - 1)
    return Opinion(mean, float(quantile * np.std(means, ddof=1) / np.sqrt(len(means))))


def study_markdown(table: StudyTable) -> str:
    """Return Table 3 as Markdown."""

    def show(opinion: Opinion) -> str:
        return f"{opinion.mean:.2f}" + ("" if opinion.margin is None else f" ± {opinion.margin:.2f}")

    lines = ["| method | quality | similarity |", "| --- | ---: | ---: |"]
    for method, quality in table.quality.items():
        name = method.replace("|", "\\|")
        lines.append(f"| {name} | {show(quality)} | {show(table.similarity[method])} |")
    meaning = "mean of the persons' mean marks from 0 to 10" + (
        ", ± half of the 95 % confidence interval (Student's t over persons)"
        if table.people > 1
        else "; one person alone gives no confidence interval"
    )
    people = "1 person" if table.people == 1 else f"{table.people} people"
    head = f"# User study on {table.data}: {people}, {table.ratings} marked pictures"
    return "\n".join([head, "", *lines, "", meaning[0].upper() + meaning[1:] + "."]) + "\n"


def study_json(table: StudyTable) -> str:
    """Return the table as JSON."""
    return json.dumps(dataclasses.asdict(table), indent=1) + "\n"
