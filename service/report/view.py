"""Everything that the page may use, in one language: words and figures are made here, the template only places them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from rules import visible

from .chart import Chart, draw
from .figures import NOTHING, Exact, money, places, points, ranged, share, signed, signed_money, way

OPEN = "open"
SIDES = ("from", "to")


class Language(NamedTuple):
    """One of the two languages that the page speaks."""

    key: str  # as in the data
    tag: str  # as in HTML

    def __call__(self, zh: str, en: str) -> str:
        """What is said in this language."""
        return zh if self.key == "zh" else en

    def of(self, text: Mapping[str, str]) -> str:
        """A text of the data."""
        return visible(text[self.key])


LANGUAGES = (Language("zh", "zh-CN"), Language("en", "en"))


@dataclass(frozen=True, slots=True)
class Version:
    """
    A version as the page names it: `label` beside figures, `name` in headings; both say what is no official text.

    `short` does not, and stands only where the sentence does.
    """

    short: str
    label: str
    name: str
    title: str
    key: str
    revision: int
    status: str
    readings: str
    policy_hash: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure, and which way it went: `up`, `down` or nowhere."""

    text: str
    way: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One of the figures at the head of a step."""

    title: str
    value: str
    notes: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A count of the grade migration; `tone` says where it stands: `same`, `up`, `down`, `far` down, `open`."""

    count: str
    tone: str
    strength: int = 0  # 1 to 3: how many they are beside the others


@dataclass(frozen=True, slots=True)
class Migration:
    """How many units went from which grade to which."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...], int], ...]
    totals: tuple[int, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Reason:
    """What moved a unit's score, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Mover:
    """A unit that changed, and why."""

    key: str
    name: str
    district: str
    before: str
    after: str
    difference: Figure
    grade: str
    subsidy: Figure
    reasons: tuple[Reason, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """An item that changed, over all units."""

    no: str
    title: str
    units: int
    open: int
    difference: Figure


@dataclass(frozen=True, slots=True)
class District:
    """The totals of one district, or of all."""

    name: str
    units: int
    mean: str
    grades: tuple[str, ...]
    capped: str
    subsidy: str
    difference: Figure


@dataclass(frozen=True, slots=True)
class Step:
    """From one version to the next."""

    before: Version
    after: Version
    final: bool
    money: bool
    notices: tuple[str, ...]
    changed: int
    cards: tuple[Card, ...]
    migration: Migration
    chart: Chart | None
    unscored: str
    movers: tuple[Mover, ...]
    more: int
    items: tuple[tuple[str, tuple[Item, ...]], ...]
    grades: tuple[str, ...]
    districts: tuple[District, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page in one language."""

    say: Language
    title: str
    subtitle: str
    illustrations: str
    versions: tuple[Version, ...]
    steps: tuple[Step, ...]


def page(summary: Mapping[str, Any], say: Language) -> Page:
    """The page of a comparison's summary (`comparison_summary`) in one language."""
    versions = _versions(summary["versions"], say)
    made_up = [
        version.short
        for version, data in zip(versions, summary["versions"], strict=True)
        if data["status"] == "illustration"
    ]
    return Page(
        say=say,
        title=" → ".join(version.name for version in versions),
        subtitle=_subtitle(summary, say),
        illustrations=_illustrations(made_up, say),
        versions=versions,
        steps=tuple(_step(summary, at, versions[at : at + 2], say) for at in range(len(summary["steps"]))),
    )


def _illustrations(names: Sequence[str], say: Language) -> str:
    if not names:
        return ""
    named = say("、", ", ").join(names)
    return say(
        f"{named} 是示例，非正式文本，不得作为考核依据。",
        f"{named}: an illustration, not an official text. Nothing may be assessed by it.",
    )


def _subtitle(summary: Mapping[str, Any], say: Language) -> str:
    names = [visible(each["district"]) for each in summary["steps"][0]["districts"] if each["district"] is not None]
    units = summary["units"]
    count = say(f"{units:,} 个单位", f"{units:,} {'unit' if units == 1 else 'units'}")
    where = ""
    if len(names) == 1:
        where = say(f"{names[0]} · ", f" in {names[0]}")
    elif names:
        where = say(f"{names[0]}等 {len(names)} 个辖区 · ", f" in {len(names)} districts")
    settled = ""
    if any(step["final"] for step in summary["steps"]):
        settled = say("　含名额结算", ", places settled")
        if any(_has_money(step) for step in summary["steps"]):
            settled = say("　含名额和补贴结算", ", places and subsidies settled")
    return say(f"同一批评估表：{where}{count}{settled}", f"The same sheets: {count}{where}{settled}")


def _versions(data: Sequence[Mapping[str, Any]], say: Language) -> tuple[Version, ...]:
    """Each with the shortest name that no other version has: its year, its policy, or these and a number."""
    short = [str(each["year"]) for each in data]
    if len(set(short)) < len({(each["policy"], each["revision"]) for each in data}):
        short = [each["policy"] for each in data]
    labels = [visible(name) + _number(short, at, say) for at, name in enumerate(short)]
    return tuple(_version(each, label, say) for each, label in zip(data, labels, strict=True))


def _number(names: Sequence[str], at: int, say: Language) -> str:
    """What tells a name from the same name elsewhere, where it stands elsewhere too."""
    if names.count(names[at]) == 1:
        return ""
    number = names[: at + 1].count(names[at])
    return say(f"（{number}）", f" ({number})")


def _version(data: Mapping[str, Any], label: str, say: Language) -> Version:
    illustration, short = data["status"] == "illustration", label
    readings = say("，", ", ").join(f"{name}={choice}" for name, choice in data["readings"].items())
    name = label + say(f"（{readings}）", f" ({readings})") if readings else label
    if illustration:
        name += say("（示例，非正式文本）", " (an illustration, not an official text)")
        label += say("（示例）", " (illustration)")
    status = say("示例，非正式文本", "an illustration, not an official text") if illustration else data["status"]
    return Version(
        short=short,
        label=label,
        name=name,
        title=say.of(data["title"]),
        key=data["policy"],
        revision=data["revision"],
        status=say("正式文本", "official") if status == "official" else status,
        readings=readings or say("均为默认", "all as by default"),
        policy_hash=data["policy_hash"],
    )


class _Context(NamedTuple):
    """What every part of a step needs."""

    say: Language
    step: Mapping[str, Any]
    versions: Sequence[Version]
    data: Sequence[Mapping[str, Any]]  # of the two versions
    settlements: Sequence[Mapping[str, Any] | None]
    grades: Mapping[str, str]  # titles by key, `open` among them


def _step(summary: Mapping[str, Any], at: int, versions: Sequence[Version], say: Language) -> Step:
    step, data = summary["steps"][at], summary["versions"][at : at + 2]
    settlements = summary["settlements"][at : at + 2] or (None, None)
    grades = {grade["key"]: say.of(grade["title"]) for each in data for grade in each["grades"]}
    context = _Context(say, step, versions, data, settlements, {**grades, OPEN: say("未定", "open")})
    movers = step["movers"]
    keys = [key for key in context.grades if any(key in step["total"][side]["grades"] for side in SIDES)]
    return Step(
        before=versions[0],
        after=versions[1],
        final=step["final"],
        money=_has_money(step),
        notices=tuple(_notices(context, cohort=summary["cohort"])),
        changed=step["changed"],
        cards=tuple(_cards(context, summary["units"])),
        migration=_migration(context),
        chart=_chart(context, summary["distribution"], at),
        unscored=_unscored(context, summary["units"]),
        movers=_movers(context, movers),
        more=step["changed"] - len(movers),
        items=_items(context),
        grades=tuple(context.grades[key] for key in keys),
        districts=tuple(_districts(context, summary["units"], keys)),
    )


def _has_money(step: Mapping[str, Any]) -> bool:
    """Whether subsidies can be compared: there are settlements, and something is paid."""
    return step["final"] and any(step["total"][side]["subsidy"] is not None for side in SIDES)


def _notices(context: _Context, *, cohort: bool) -> Iterable[str]:
    """What hangs on missing facts, and what could not be settled because of them."""
    say = context.say
    for version, side in zip(context.versions, SIDES, strict=True):
        lacking = context.step["lacking"][side]
        if lacking["units"]:
            facts = say("、", ", ").join(say.of(each["title"]) for each in lacking["facts"])
            yield say(
                f"{version.label}：{lacking['units']:,} 份评估表缺少指标 {facts}。"
                "这些单位的得分以“最低…最高”表示，等次不能确定的记为“未定”，不计入平均分和分布。",
                f"{version.label}: {lacking['units']:,} of the sheets lack facts: {facts}. Their scores are given as "
                "lowest…highest; a grade that cannot be told is “open”; means and distributions leave them out.",
            )
    if cohort and not context.step["final"]:
        yield say(
            "因缺少指标而不能完整结算，等次只按各自得分比较，不含名额和补贴。",
            "Facts are missing, so not every settlement can be told: grades are compared as scored, "
            "without places and subsidies.",
        )


# Cards


def _cards(context: _Context, units: int) -> Iterable[Card]:
    yield _grade_card(context, units)
    yield _mean_card(context)
    if _has_money(context.step):
        yield _money_card(context)
    if context.step["final"]:
        yield _cap_card(context)


def _grade_card(context: _Context, units: int) -> Card:
    """Grades that changed for sure; those that nobody can tell are counted by themselves."""
    say, opened, changed = context.say, context.step["open"], context.step["grade_changed"]
    notes = [Figure(share(changed, units) if units else "")]
    if opened:
        notes.append(Figure(say(f"另有 {opened:,} 个未定", f"{opened:,} more are open")))
    final = context.step["final"]
    return Card(
        say("最终等次变化", "Final grade changed") if final else say("等次变化", "Grade changed"),
        say(f"{changed:,} 个", f"{changed:,} {'unit' if changed == 1 else 'units'}"),
        tuple(notes),
    )


def _mean_card(context: _Context) -> Card:
    say, (before, after) = context.say, (context.step["total"][side] for side in SIDES)
    means, decimals = [before["mean"], after["mean"]], _mean_places(context)
    notes = []
    if None not in means:
        moved = after["mean"] - before["mean"]
        notes.append(Figure(signed(moved, decimals), way(moved)))
    counts = (
        f"{before['scored']:,}"
        if before["scored"] == after["scored"]
        else f"{before['scored']:,} → {after['scored']:,}"
    )
    notes.append(Figure(say(f"{counts} 个有得分的单位", f"over {counts} units with a score")))
    return Card(say("平均分", "Mean score"), _from_to(*(_points(mean, decimals) for mean in means)), tuple(notes))


def _mean_places(context: _Context) -> int:
    """The decimals of every mean: they are rounded alike, and one that ends in a zero is no exacter than another."""
    totals = [context.step["total"], *context.step["districts"]]
    return places(each[side]["mean"] for each in totals for side in SIDES)


def _money_card(context: _Context) -> Card:
    say, (before, after) = context.say, (context.step["total"][side]["subsidy"] for side in SIDES)
    standards = [_average(context, settlement) for settlement in context.settlements]
    given = standards[1] if standards[0] == standards[1] else _from_to(*standards)
    title = say("补贴总额", "Subsidies in all")
    if given != NOTHING:
        title += say(f"（平均标准 {given} 元）", f" (average standard {given} CNY)")
    notes = []
    if before is not None and after is not None:
        notes.append(
            Figure(
                say(f"{signed_money(after - before)} 元", f"{signed_money(after - before)} CNY"), way(after - before)
            )
        )
    was = NOTHING if before is None else money(before)
    notes.append(Figure(say(f"{context.versions[0].label}：{was}", f"{context.versions[0].label}: {was}")))
    return Card(title, NOTHING if after is None else money(after), tuple(notes))


def _average(context: _Context, settlement: Mapping[str, Any] | None) -> str:
    """The average standard, or one for each standard."""
    amount = settlement["average_standard"] if settlement else None
    if amount is None:
        return NOTHING
    if not isinstance(amount, Mapping):
        return money(amount)
    return context.say("、", ", ").join(f"{key} {money(each)}" for key, each in amount.items() if each is not None)


def _cap_card(context: _Context) -> Card:
    say, caps = context.say, [cap for each in context.settlements if each for cap in each["caps"]]
    grades = say("、", ", ").join(dict.fromkeys(context.grades[cap["grade"]] for cap in caps))
    counts = (f"{context.step['total'][side]['capped']:,}" for side in SIDES)
    limits = [_limit(context, each) for each in context.settlements]
    return Card(
        say(f"因名额落选{grades}", f"Kept from {grades} by the cap" if grades else "Kept out by a cap"),
        " → ".join(counts),
        (Figure(say("上限 ", "limit ") + (limits[0] if limits[0] == limits[1] else " → ".join(limits))),),
    )


def _limit(context: _Context, settlement: Mapping[str, Any] | None) -> str:
    """`30%`, or the number of places."""
    say, caps = context.say, settlement["caps"] if settlement else []
    if not caps:
        return say("无", "none")
    shares = list(dict.fromkeys(cap["share"] for cap in caps))
    room = sum(cap["room"] for cap in caps)
    limit = say(f"{room:,} 个", f"{room:,} places")
    if None not in shares:
        limit = say("、", ", ").join(f"{points(each)}%" for each in shares)
    advisory = all(cap["binding"] == "advisory" for cap in caps)
    return limit + say("（只作提示）", " (advisory)") if advisory else limit


# The migration and the chart


def _migration(context: _Context) -> Migration:
    data = context.step["migration"]
    told = [[key for key in data[side] if key != OPEN] for side in SIDES]
    alike, most = told[0] == told[1], max((max(row, default=0) for row in data["counts"]), default=0)
    rows = []
    for before, counts in zip(data["from"], data["counts"], strict=True):
        cells = [
            Cell(f"{count:,}", _tone(before, after, told[0], alike=alike), _strength(count, most))
            for after, count in zip(data["to"], counts, strict=True)
        ]
        rows.append((context.grades[before], tuple(cells), sum(counts)))
    totals = tuple(sum(column) for column in zip(*data["counts"], strict=True))
    return Migration(tuple(context.grades[key] for key in data["to"]), tuple(rows), totals, sum(totals))


def _tone(before: str, after: str, order: Sequence[str], *, alike: bool) -> str:
    """Where a count stands: grades are listed best first, and have an order only where both versions list the same."""
    if OPEN in (before, after):
        return "open"
    if before == after:
        return "same"
    if not alike:
        return ""
    fell = order.index(after) - order.index(before)
    return "up" if fell < 0 else "down" if fell == 1 and after != order[-1] else "far"


def _strength(count: int, most: int) -> int:
    return 0 if not count else 1 + 2 * count // most


def _chart(context: _Context, distribution: Mapping[str, Any], at: int) -> Chart | None:
    if distribution["width"] > 1:
        return None  # scores that are so far apart make no chart
    one, other = distribution["counts"][at : at + 2]
    starts = tuple(
        [(context.say.of(grade["title"]), grade["from"]) for grade in each["grades"]] for each in context.data
    )
    return draw(distribution["first"], distribution["width"], (one, other), starts)


def _unscored(context: _Context, units: int) -> str:
    """How many the chart leaves out, under each version."""
    say, without = context.say, [units - context.step["total"][side]["scored"] for side in SIDES]
    if not any(without):
        return ""
    counts = f"{without[0]:,}" if without[0] == without[1] else f"{without[0]:,} → {without[1]:,}"
    return say(
        f"没有得分的 {counts} 个（一票否决或缺少指标）不在图中。",
        f"Without a score and not drawn: {counts} (vetoed, or facts missing).",
    )


# Units, items, districts


def _movers(context: _Context, movers: Sequence[Mapping[str, Any]]) -> tuple[Mover, ...]:
    ends = [each[end][side] for each in movers for end in ("low", "high") for side in SIDES]
    decimals = places([*ends, *(each["difference"]["score"] for each in movers)])
    return tuple(_mover(context, each, decimals) for each in movers)


def _mover(context: _Context, data: Mapping[str, Any], decimals: int) -> Mover:
    say, unit, moved = context.say, data["unit"], data["difference"]
    final = data["final_grade"]
    grades = final if None not in final.values() else data["grade"]
    named = [context.grades[grades[side] or OPEN] for side in SIDES]
    subsidy = moved["subsidy"]
    reasons = tuple(
        Reason(say.of(each["what"]), say.of(each["why"]) if each["why"] else "") for each in data["reasons"]
    )
    notes = tuple(_cap_notes(context, data))
    if not reasons and not notes:
        notes = (_plain_reason(data, say),)
    return Mover(
        key=visible(unit["id"]),
        name=visible(unit["name"] or ""),
        district=visible(unit["district"] or ""),
        before=_score(data, "from", decimals, say),
        after=_score(data, "to", decimals, say),
        difference=_moved(moved, decimals),
        grade=named[0] if named[0] == named[1] else " → ".join(named),
        subsidy=Figure(NOTHING) if subsidy is None else Figure(signed_money(subsidy), way(subsidy)),
        reasons=reasons,
        notes=notes,
    )


def _score(data: Mapping[str, Any], side: str, decimals: int, say: Language) -> str:
    """The score, from where to where it may be, or why there is none."""
    low, high = data["low"][side], data["high"][side]
    if low is None:
        return say("未定", "open") if data["grade"][side] is None else say("一票否决", "vetoed")
    return ranged(low, high, decimals)


def _moved(moved: Mapping[str, Any], decimals: int) -> Figure:
    low, high = moved["low"], moved["high"]
    if low is None:
        return Figure(NOTHING)
    return Figure(ranged(low, high, decimals, sign=True), way(low) if low * high > 0 else "")


def _cap_notes(context: _Context, data: Mapping[str, Any]) -> Iterable[str]:
    """Where the final grade is not the one that was scored."""
    for version, side in zip(context.versions, SIDES, strict=True) if context.step["final"] else ():
        grade, final, rank = data["grade"][side], data["final_grade"][side], data["rank"][side]
        if grade is not None and final is not None and grade != final:
            scored, ended = context.grades[grade], context.grades[final]
            yield context.say(
                f"{version.label}：按得分为{scored}，第 {rank} 名，名额之外，定为{ended}",
                f"{version.label}: {scored} by its score, rank {rank}, beyond the places, so {ended}",
            )


def _plain_reason(data: Mapping[str, Any], say: Language) -> str:
    """Why a unit changed whose items did not."""
    if data["grade"]["from"] != data["grade"]["to"]:
        return say("得分相同，等次的起点分不同", "the same score; grades start elsewhere")
    return say("得分和等次相同，补贴标准不同", "the same score and grade; another subsidy")


def _items(context: _Context) -> tuple[tuple[str, tuple[Item, ...]], ...]:
    """The items that changed, by standard in the order of the later version."""
    titles = {key["key"]: context.say.of(key["title"]) for each in context.data for key in each["standards"]}
    decimals = places(each["difference"] for each in context.step["items"])
    groups = (
        (title, [each for each in context.step["items"] if each["standard"] == key]) for key, title in titles.items()
    )
    return tuple((title, tuple(_item(context, each, decimals) for each in items)) for title, items in groups if items)


def _item(context: _Context, data: Mapping[str, Any], decimals: int) -> Item:
    say, before, after = context.say, data["no"]["from"], data["no"]["to"]
    no = before if before == after else f"{before or NOTHING} → {after or NOTHING}"
    title = say.of(data["title"])
    if before is None:
        title += say("（新增）", " (new)")
    elif after is None:
        title += say("（取消）", " (gone)")
    return Item(
        no, title, data["units"], data["open"], Figure(signed(data["difference"], decimals), way(data["difference"]))
    )


def _districts(context: _Context, units: int, keys: Sequence[str]) -> Iterable[District]:
    """Each district, and the total below."""
    rows = [
        (each, visible(each["district"] or "") or context.say("（未填辖区）", "(no district)"))
        for each in context.step["districts"]
    ]
    total = {"units": units, **context.step["total"]}
    decimals = _mean_places(context)
    for data, name in [*rows, (total, context.say("合计", "All"))]:
        before, after = (data[side] for side in SIDES)
        paid = before["subsidy"], after["subsidy"]
        moved = None if None in paid else paid[1] - paid[0]
        yield District(
            name=name,
            units=data["units"],
            mean=_from_to(*(_points(each["mean"], decimals) for each in (before, after))),
            grades=tuple(_from_to(*(f"{each['grades'].get(key, 0):,}" for each in (before, after))) for key in keys),
            capped=_from_to(
                *(NOTHING if each["capped"] is None else f"{each['capped']:,}" for each in (before, after))
            ),
            subsidy=_from_to(*(NOTHING if each is None else money(each) for each in paid)),
            difference=Figure(NOTHING) if moved is None else Figure(signed_money(moved), way(moved)),
        )


def _points(value: Exact | None, decimals: int) -> str:
    return NOTHING if value is None else points(value, decimals)


def _from_to(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"
