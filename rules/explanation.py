"""
Clauses and findings in sentences.

A clause's sentence says what it would do; a finding's says what it did, with the facts that made it fire.
"""

from fractions import Fraction

from .decision import Finding
from .expressions.sentences import number_words, quantity, reason, sentence
from .expressions.syntax import Condition, facts_of
from .facts import Choice, Fact, Flag, Percent, base_facts
from .language import Text, joined
from .numbers import cut, plain
from .policy.model import (
    Amount,
    Award,
    Banded,
    Bonus,
    Ceiling,
    Clause,
    Deduct,
    Fixed,
    Judged,
    PerOccurrence,
    Proportion,
    Score,
    Stepped,
    Veto,
)
from .sheets import Sheet

_VERBS = {"deduct": Text("扣", "minus"), "award": Text("得", "plus"), "bonus": Text("加", "bonus of")}


def points_words(units: Fraction | int, per_one: int) -> Text:
    """`2 分`, `1 point`."""
    text = plain(units, per_one)
    return Text(f"{text} 分", f"{text} point{'' if text == '1' else 's'}")


def clause_sentence(clause: Clause, per_one: int) -> Text:
    """What the clause does: `当年还款率低于 80%：扣 2 分`."""
    return _colon(sentence(clause.when), _effect_words(clause, per_one))


def _colon(condition: Text, effect: Text) -> Text:
    if not condition.zh:
        return effect
    return Text(f"{condition.zh}：{effect.zh}", f"{condition.en}: {effect.en}")


def _effect_words(clause: Clause, per_one: int) -> Text:
    match clause.effect:
        case Deduct(amount) | Award(amount) | Bonus(amount):
            return _amount_words(amount, _VERBS[clause.effect_name], per_one)
    return _whole_effect(clause, per_one)


def _whole_effect(clause: Clause, per_one: int) -> Text:
    match clause.effect:
        case Veto():
            return Text("一票否决", "the unit is vetoed")
        case Score(0):
            return Text("不得分", "the item scores nothing")
        case Score(points):
            words = points_words(points, per_one)
            return Text(f"得 {words.zh}", f"the item scores {words.en}")
        case Ceiling(grade):
            return Text(f"等次不得高于“{grade.title.zh}”", f"the grade is at most {grade.title.en}")
    raise AssertionError(clause.effect)


def _verb(verb: Text, points: int, per_one: int) -> Text:
    words = points_words(points, per_one)
    return Text(f"{verb.zh} {words.zh}", f"{verb.en} {words.en}")


def _limited(words: Text, verb: Text, at_most: int | None, per_one: int) -> Text:
    if at_most is None:
        return words
    most = points_words(at_most, per_one)
    return Text(f"{words.zh}，最多{verb.zh} {most.zh}", f"{words.en}, at most {most.en}")


def _amount_words(amount: Amount, verb: Text, per_one: int) -> Text:
    match amount:
        case Fixed(points):
            return _verb(verb, points, per_one)
        case Judged(fact):
            low, high = plain(fact.lowest, per_one), plain(fact.highest, per_one)
            return Text(
                f"由评估人酌情{verb.zh} {low}–{high} 分", f"{verb.en} {low}–{high} points at the assessor's discretion"
            )
        case PerOccurrence():
            return _per_occurrence(amount, verb, per_one)
        case Stepped():
            return _stepped(amount, verb, per_one)
        case Banded(_, bands):
            each = [_colon(sentence(band.range), _verb(verb, band.points, per_one)) for band in bands]
            return joined(each, "；", "; ")
        case Proportion(rate, points):
            most = points_words(points, per_one)
            zh = f"按{rate.title.zh}的比例{verb.zh}分，满分 {most.zh}"
            return Text(zh, f"{verb.en} {most.en} x {rate.title.en}")
    raise AssertionError(amount)


def _per_occurrence(amount: PerOccurrence, verb: Text, per_one: int) -> Text:
    words, points = number_words(amount.number), points_words(amount.points, per_one)
    fact = next(iter(facts_of(amount.number)))
    step = quantity(fact, amount.every)
    step = Text(fact.unit.zh, "one") if amount.every == 1 and fact.unit.zh else Text(f" {step.zh}", step.en)
    zh = f"{words.zh}每{step.zh}{verb.zh} {points.zh}"
    return _limited(Text(zh, f"{words.en}: {verb.en} {points.en} for each {step.en}"), verb, amount.at_most, per_one)


def _stepped(amount: Stepped, verb: Text, per_one: int) -> Text:
    words, first = number_words(amount.number), points_words(amount.first, per_one)
    then = points_words(amount.then, per_one)
    fact = next(iter(facts_of(amount.number)))
    limit, every = quantity(fact, amount.limit), quantity(fact, amount.every)
    if isinstance(fact, Percent):
        every = Text(f"{plain(amount.every)} 个百分点", f"{plain(amount.every)} percentage points")
    side, further = (Text("低于", "below"), "低") if amount.below else (Text("高于", "above"), "高")
    full = Text("满", "full") if not amount.begun else Text("", "begun")
    begun = "（不足的按一档计）" if amount.begun else ""
    start = Text(f"{verb.zh} {first.zh}，", f"{verb.en} {first.en}, and ") if amount.first else Text("", f"{verb.en} ")
    zh = f"{words.zh}{side.zh} {limit.zh}，{start.zh}每再{further}{full.zh} {every.zh}{begun}再{verb.zh} {then.zh}"
    en = f"{words.en} {side.en} {limit.en}: {start.en}{then.en} for each {full.en} {every.en} further"
    return _limited(Text(zh, en), verb, amount.at_most, per_one)


def because(finding: Finding, sheet: Sheet) -> Text:
    """Why the clause fired and what it did, with the values that made it so."""
    clause, per_one = finding.clause, sheet.standard.policy.points_per_one
    words = _colon(reason(_told(clause), sheet.values), _done(finding, per_one))
    values = _values(clause, sheet)
    if values.zh:
        words = Text(f"{words.zh}（{values.zh}）", f"{words.en} ({values.en})")
    if isinstance(clause.amount, Judged):
        given = sheet.reasons.get(clause.amount.fact.name)
        if given:
            words = Text(f"{words.zh}；理由：{given}", f"{words.en}; reason: {given}")
    return words


def _told(clause: Clause) -> Condition:
    """The condition worth telling: that a judgement is above 0 needs no words."""
    return clause.when if isinstance(clause.amount, Judged | Fixed | Proportion) else clause.fires


def _done(finding: Finding, per_one: int) -> Text:
    clause = finding.clause
    if finding.points is None or isinstance(clause.effect, Score):
        return _whole_effect(clause, per_one)
    verb = _VERBS[clause.effect_name]
    words = _verb(verb, finding.points, per_one)
    if isinstance(clause.amount, Judged):
        words = Text(f"酌情{words.zh}", f"{words.en} at the assessor's discretion")
    elif isinstance(clause.amount, Proportion):
        words = Text(f"按比例{words.zh}", f"{words.en} in proportion")
    if finding.counted != finding.points:
        counted = points_words(finding.counted or 0, per_one)
        words = Text(f"{words.zh}，实{verb.zh} {counted.zh}", f"{words.en}, of which {counted.en} counted")
    return words


def _values(clause: Clause, sheet: Sheet) -> Text:
    """The numbers behind a finding; flags and choices are told by the condition's own words."""
    named: dict[str, Fact] = {}
    for fact in clause.named:
        named[fact.name] = fact
        for base in base_facts(fact):
            named[base.name] = base
    told = clause.amount.fact.name if isinstance(clause.amount, Judged) else None
    return joined(
        (_value(fact, sheet) for fact in named.values() if _is_told(fact, sheet) and fact.name != told), "，", ", "
    )


def _is_told(fact: Fact, sheet: Sheet) -> bool:
    if isinstance(fact, Percent):
        return fact.part.name in sheet.values and fact.whole.name in sheet.values
    return not isinstance(fact, Flag | Choice) and fact.name in sheet.values


def _value(fact: Fact, sheet: Sheet) -> Text:
    if isinstance(fact, Percent):
        rate = cut(fact.rate(sheet.values), 2)
        return Text(f"{fact.title.zh} {rate}%", f"{fact.title.en} {rate}%")
    words = fact.words(sheet.values[fact.name])
    return Text(f"{fact.title.zh} {words.zh}", f"{fact.title.en} {words.en}")
