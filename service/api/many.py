"""Requests about many units that are answered together: settlements and comparisons."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from mmap import mmap
from time import monotonic
from typing import Any

from flask import Response

from rules import (
    CohortRefused,
    EngineFailed,
    EvaluatorsDisagree,
    Posted,
    Problem,
    Problems,
    Refused,
    problem,
    shown,
    written,
)

from ..jsonarrays import ArrayBroken, JsonArray, TooMany, array_below
from ..jsonlines import MOST_BYTES, parse
from ..problems import Failure, kind_of_many
from ..settings import Settings
from ..workflows import undecided
from .bodies import JSON, Places, check_type, mapped, pieces, spool, streamed, too_many
from .counting import Counting
from .parameters import parameters
from .schemas import AN_ARRAY, NothingSchema

NOTHING = NothingSchema()
# All that is wrong with all units of a large cohort would take more memory than the cohort.
MOST_PROBLEMS = 100_000


class Many:
    """
    A body: `around` is all of it without the elements of the array `name`, which are read one by one.

    Only what stands around them is held in memory, and the `problems` of the request. `at` is the place of the element
    that was looked at last.
    """

    def __init__(self, text: mmap | bytes, name: str, settings: Settings):
        self.name = name
        self.seconds = settings.batch_seconds
        self.end = monotonic() + self.seconds
        self.most = settings.batch_sheets
        self.at = ""
        self.problems = Problems()
        self.array = self._array(text)
        inside = (self.array.begin + 1, self.array.end) if self.array is not None else (0, 0)
        if len(text) - (inside[1] - inside[0]) > MOST_BYTES:
            raise Failure("body_too_large", (problem("body_too_large", limit=MOST_BYTES),))
        self.around, found = parse(text[: inside[0]] + text[inside[1] :])
        if found is not None and len(text) <= MOST_BYTES:
            _, found = parse(text[:])  # which says where in the body that is
        if found is not None:
            raise Failure("body_broken", (found,))

    def _array(self, text: mmap | bytes) -> JsonArray | None:
        try:
            return array_below(text, self.name, self.most)
        except TooMany:
            raise too_many(self.most) from None
        except ArrayBroken as broken:
            found = parse(text[:])[1] if len(text) <= MOST_BYTES else None
            raise Failure("body_broken", (found or broken.problem,)) from None

    def check(self, times: int = 1) -> None:
        """Note that there is no array, or nothing in it; refuse more than may be decided, each so many times."""
        if self.array is not None:
            if len(self.array) * times > self.most:
                raise too_many(self.most // times)
            if not len(self.array):
                self.problems.add("cohort_empty", f"/{self.name}")
        elif isinstance(self.around, dict) and self.name in self.around:
            value = shown(self.around[self.name])
            self.problems.add("value_bad", f"/{self.name}", value=value, right=AN_ARRAY)

    def posted(self) -> Iterator[Posted]:
        """Each of them with its place."""
        for line in self.array.lines() if self.array is not None else ():
            yield Posted(f"/{self.name}/{line.number - 1}", line.value, line.problem)

    def begin(self, posted: Posted, problems: int) -> None:
        """Note which one is looked at now; 503 when the time is up, and 409 when there are too many problems."""
        self.at = posted.at
        if problems > MOST_PROBLEMS:
            self.problems.add("too_many_problems", self.at, limit=MOST_PROBLEMS)
            raise CohortRefused(self.problems.found)
        if monotonic() > self.end:
            raise Failure("time_is_up", (problem("time_is_up", self.at, limit=self.seconds),))

    def broken(self) -> list[Problem]:
        """What is no JSON among them, where nobody has looked at them."""
        return [each.problem.below(each.at) for each in self.posted() if each.problem is not None]


# A summary, and a row for each unit.
Answer = tuple[Mapping[str, Any], Iterable[Mapping[str, Any]]]


class Together:
    """Takes such requests, a few at a time, and answers them."""

    def __init__(self, settings: Settings, counting: Counting, places: Places):
        self.settings = settings
        self.counting = counting
        self.places = places

    def answer(self, name: str, answer_of: Callable[[Many], Answer]) -> Response:
        """What `answer_of` makes of the body, whose array `name` has the units, as `{"summary", "units"}`."""
        check_type((JSON,))
        parameters(NOTHING)
        with self.places.take() as held:
            file = held.enter_context(closing(spool(self.settings.batch_bytes)))
            summary, rows = self._made(Many(mapped(file), name, self.settings), answer_of)
            let_go = held.pop_all().close
        before = f'{{"summary": {written(summary)}, "units": ['
        return streamed(pieces(map(written, rows), before, ",\n", "]}\n"), JSON, let_go)

    def _made(self, many: Many, answer_of: Callable[[Many], Answer]) -> Answer:
        try:
            return answer_of(many)
        except Failure as failure:
            self.counting.refused(failure.problems)
            raise
        except Refused as refused:
            problems = [*refused.problems, *([] if many.at else many.broken())]
            self.counting.refused(problems)
            raise Failure(kind_of_many(problems), problems) from None
        except (EvaluatorsDisagree, EngineFailed) as failed:
            self.counting.failed(failed)
            found = undecided(failed).below(many.at)
            raise Failure(found.code, (found,)) from None
