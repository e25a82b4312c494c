"""
Every error that the library raises, and every sentence of a refusal.

* KaoheError
  - Refused             something that was given is not good; carries all problems together
    * PolicyRefused     a policy directory cannot become a policy
    * SheetRefused      a sheet cannot be scored under a standard
    * CohortRefused     a cohort cannot be settled, or sheets cannot be compared
    * RequestRefused    an unknown policy, standard or reading was asked for
  - EngineFailed        durable_rules broke its side of the contract
  - EvaluatorsDisagree  two evaluators gave different decisions for one sheet
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .language import Text, nearest, visible

# Each code and its sentence, written once. The words in braces are filled in where the problem is found.
SENTENCES: dict[str, Text] = {
    # reading files
    "file_missing": Text("缺少文件 {name}", "the file {name} is missing"),
    "file_unreadable": Text("无法读取文件：{why}", "the file cannot be read: {why}"),
    "file_too_large": Text("文件超过 {limit} 字节", "the file is larger than {limit} bytes"),
    "file_too_full": Text("文件中的键和值超过 {limit} 个", "the file has more than {limit} keys and values"),
    "yaml_broken": Text("不是合格的 YAML：{why}", "this is not good YAML: {why}"),
    "yaml_alias": Text(
        "政策文件中不得使用锚点和别名（&、*）", "anchors and aliases (& and *) may not be used in a policy file"
    ),
    "yaml_too_deep": Text("嵌套超过 {limit} 层", "nested more than {limit} levels deep"),
    "key_twice": Text("“{name}”出现两次", "`{name}` is written twice"),
    "key_unknown": Text("不认识“{name}”", "`{name}` is not known here"),
    "key_missing": Text("缺少“{name}”", "`{name}` is missing"),
    "value_empty": Text("“{name}”不能为空", "`{name}` must not be empty"),
    "value_bad": Text("“{value}”不合要求，应为 {right}", "`{value}` is not good here; {right} is expected"),
    # the meaning of a policy
    "defined_twice": Text("“{name}”重复定义", "`{name}` is defined twice"),
    "fact_unused": Text("没有任何条款用到指标“{name}”", "no clause uses the fact `{name}`"),
    "grades_out_of_order": Text(
        "等次“{name}”的起点分应低于前一等次", "the grade `{name}` must start below the grade before it"
    ),
    "bands_overlap": Text(
        "第 {first} 档与第 {second} 档重叠", "band {first} and band {second} overlap: a value can be in both"
    ),
    "band_empty": Text("第 {first} 档不含任何数值", "no value can be in band {first}"),
    "off_scale": Text(
        "{value} 不是计分单位 {scale} 的整数倍", "{value} is not a whole multiple of the points scale {scale}"
    ),
    "reading_unused": Text(
        "没有任何地方用到读法“{name}”的选项“{choice}”", "nothing uses the choice `{choice}` of the reading `{name}`"
    ),
    "item_without_points": Text(
        "分值为 0 的项目只能使用一票否决、加分和等次上限",
        "an item of 0 points may only veto, give a bonus or set a ceiling",
    ),
    "cap_raises": Text(
        "“{name}”名额以外的须定为更低的等次，“{becomes}”不是",
        "whoever does not fit among `{name}` must become something lower, and `{becomes}` is not",
    ),
    "weights_off": Text(
        "各部分的权重合计 {value}%，应为 100%", "the weights of the parts add up to {value}%, not to 100%"
    ),
    "effect_missing": Text("条款须有且只有一种效果：{right}", "a clause needs exactly one effect of {right}"),
    "condition_missing": Text("一票否决和等次上限须有条件", "a veto or a ceiling needs a condition"),
    # the condition language
    "condition_broken": Text("条件写法有误：{why}", "the condition cannot be read: {why}"),
    "condition_too_long": Text(
        "条件超过 {limit} 个字符或 {depth} 层", "longer than {limit} characters or deeper than {depth} levels"
    ),
    "condition_not_allowed": Text("条件中不能使用“{value}”", "`{value}` cannot be used in a condition"),
    "fact_of_wrong_type": Text(
        "“{name}”的类型是{kind}，此处应为{right}", "`{name}` is {kind}; {right} is expected here"
    ),
    "wrong_kind": Text("{left}不能与{right}比较或相加", "{left} cannot be compared with or added to {right}"),
    "not_a_condition": Text(
        "“{value}”不是条件，须与某值比较", "`{value}` is not a condition: compare it with something"
    ),
    "not_a_number": Text("“{value}”不是数", "`{value}` is not a number"),
    # lowering
    "clause_too_wide": Text(
        "条款展开后有 {count} 个比较，最多 {limit} 个：请拆成几条",
        "the clause comes to {count} comparisons, at most {limit}: split it",
    ),
    # sheets
    "json_broken": Text("不是合格的 JSON：{why}", "this is not good JSON: {why}"),
    "line_too_long": Text("一行超过 {limit} 字节", "the line is longer than {limit} bytes"),
    "fact_missing": Text("缺少“{title}”", "“{title}” is missing"),
    "fact_unknown": Text("没有名为“{name}”的指标", "there is no fact `{name}`"),
    "fact_of_other_standard": Text(
        "“{title}”是“{standard}”的指标，本标准不用", "{title} belongs to the standard `{standard}`, not to this one"
    ),
    "fact_of_other_reading": Text(
        "“{title}”只在读法 {reading} 下使用", "{title} is known only under the reading {reading}"
    ),
    "fact_derived": Text("“{title}”由 {part} 和 {whole} 算出，不能填报", "{title} is derived from {part} and {whole}"),
    "wrong_type": Text("“{title}”须为 {right}，收到的是 {value}", "{title} must be {right}, not {value}"),
    "not_a_choice": Text("“{title}”须为 {right} 之一，收到的是 {value}", "{title} must be one of {right}, not {value}"),
    "out_of_bounds": Text(
        "“{title}”须在 {low} 至 {high} 之间，收到的是 {value}", "{title} must be from {low} to {high}, not {value}"
    ),
    "too_many_decimals": Text(
        "“{title}”只能是 {scale} 的整数倍，收到的是 {value}", "{title} must be a whole multiple of {scale}, not {value}"
    ),
    "count_with_decimals": Text(
        "“{title}”须写成整数，不带小数点和指数，收到的是 {value}",
        "{title} must be written as a whole number, without a point or an exponent, not {value}",
    ),
    "too_many_digits": Text("“{title}”超过 {limit} 位数字", "{title} has more than {limit} digits"),
    "part_exceeds_whole": Text(
        "“{part}”{part_value} 不能超过“{whole}”{whole_value}",
        "{part} ({part_value}) must not exceed {whole} ({whole_value})",
    ),
    "reason_missing": Text("“{title}”未给满分，须说明理由", "{title} is below full points and needs a reason"),
    "reason_for_nothing": Text(
        "“{name}”不是酌情评分的指标，不能附理由", "`{name}` is not a judgement, so it takes no reason"
    ),
    "text_unreadable": Text(
        "须为可读的文字：不能全为空格，不能含控制字符或不可见字符",
        "text that can be read is expected: not only blanks, no control characters, nothing invisible",
    ),
    "item_unknown": Text("本标准没有第 {name} 项", "this standard has no item {name}"),
    # settling
    "cohort_empty": Text("没有可结算的单位", "there is nobody to settle"),
    "unit_twice": Text("单位“{name}”出现 {times} 次：{where}", "the unit `{name}` is there {times} times: {where}"),
    "best_otherwise": Text(
        "单位“{name}”填报的“{title}”为 {given}，而本次结算的单位中最高为 {best}",
        "the unit `{name}` gives {title} as {given}, but the best of this cohort is {best}",
    ),
    "unit_unscored": Text(
        "单位“{name}”的评估表不能评定，原因见后；可要求不评而计入总数",
        "the sheet of the unit `{name}` cannot be scored, see below; it may be left out on request and still counts",
    ),
    "district_missing": Text("单位“{name}”没有写明辖区", "the unit `{name}` names no district"),
    "district_unknown": Text(
        "单位“{unit}”的辖区“{name}”不在本政策之内，应为 {right}",
        "the district `{name}` of the unit `{unit}` is none of the policy's: {right}",
    ),
    "decided_otherwise": Text(
        "单位“{name}”评定所依据的 {key} 为 {found}，本次结算为 {wanted}",
        "the unit `{name}` was decided under the {key} {found}, and this settlement is under {wanted}",
    ),
    "attainable_unknown": Text(
        "标准“{name}”可得的最高分无法算出，不能按比例排名",
        "the highest total that the standard `{name}` allows cannot be told, so nobody can be ranked by share",
    ),
    "money_unwanted": Text(
        "本政策不按平均标准发放补贴，不需要{given}", "this policy pays by no average standard, so {given} is not taken"
    ),
    "money_of_other_kind": Text(
        "按所选读法，平均标准须以{right}给出，收到的是{given}",
        "under the chosen reading the average standard is given as {right}, not as {given}",
    ),
    "money_without_cohort": Text(
        "平均标准、资金总额和不评的要求只在结算时有用，须同时要求结算（cohort）",
        "an average standard, a pool and leaving out act in a settlement only: ask for whole cohorts too",
    ),
    "money_missing": Text("缺少标准“{name}”的平均标准", "the average standard of `{name}` is missing"),
    "pool_too_small": Text(
        "资金总额 {pool} 元不足以支付定额补贴 {fixed} 元",
        "the pool of {pool} CNY does not pay the fixed amounts of {fixed} CNY",
    ),
    # spot checks
    "sample_empty": Text("没有可抽取的单位", "there is nobody to draw from"),
    "stratum_unknown": Text(
        "单位“{unit}”没有“{name}”，无法按它分层", "the unit `{unit}` has no {name}, so it stands in no stratum"
    ),
    "recheck_empty": Text("市级文件中没有评估表", "there is no sheet in the city's file"),
    "unit_not_assessed": Text(
        "单位“{name}”在市级抽查之列，而区级文件中没有",
        "the unit `{name}` is in the city's file, but not in the district's",
    ),
    "checked_otherwise": Text(
        "单位“{name}”市级按标准“{found}”评估，区级按“{wanted}”",
        "the unit `{name}` was checked by the standard `{found}`, but assessed by `{wanted}`",
    ),
    # deciding
    "evaluators_disagree": Text("两种算法结果不一致，不予评定", "two evaluators disagree, so nothing is decided"),
    "engine_failed": Text("规则引擎出错，不予评定：{why}", "the rule engine failed, so nothing is decided: {why}"),
    # asking
    "policy_unknown": Text("没有名为“{name}”的政策", "there is no policy `{name}`"),
    "standard_unknown": Text("该政策没有名为“{name}”的标准", "this policy has no standard `{name}`"),
    "reading_unknown": Text("没有名为“{name}”的读法", "there is no reading `{name}`"),
    "choice_unknown": Text(
        "读法“{name}”没有选项“{choice}”，可选 {right}",
        "the reading `{name}` has no choice `{choice}`; there is {right}",
    ),
    "sample_missing": Text("标准“{name}”没有样表", "the standard `{name}` has no sample sheet"),
    "year_unknown": Text(
        "没有 {year} 年度的政策，现有 {right}", "there is no policy for the year {year}; there is {right}"
    ),
    "year_shared": Text(
        "{year} 年度有多个政策，请用 policy 指明其一：{right}",
        "the year {year} has several policies; name one by `policy`: {right}",
    ),
    "policy_withheld": Text(
        "政策“{name}”有问题，已停用：{why}", "the policy `{name}` is not good and is withheld: {why}"
    ),
    "policy_changed": Text(
        "政策“{name}”现为 {found}，与所要求的 {wanted} 不同",
        "the policy `{name}` is now {found}, not {wanted} as was asked for",
    ),
    "meaning_changed": Text(
        "“{name}”第 {revision} 版已经公布，含义不得再改；公布时为 {published}，现为 {found}",
        "revision {revision} of `{name}` has been published as {published} and must not change; it is now {found}",
    ),
    "body_too_large": Text("请求正文超过 {limit} 字节", "the body is larger than {limit} bytes"),
    "too_many_sheets": Text("一批超过 {limit} 份评估表", "the batch has more than {limit} sheets"),
    "too_many_problems": Text(
        "问题超过 {limit} 个，自此以后的单位未看",
        "there are more than {limit} problems; from here on nobody was looked at",
    ),
    "http_broken": Text("不是合格的 HTTP 请求：{why}", "this is not good HTTP: {why}"),
    "time_is_up": Text(
        "批量处理已满 {limit} 秒，未轮到本表", "the batch's {limit} seconds were over before this sheet"
    ),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what, where, and what would be right."""

    code: str
    message: Text
    path: str = ""  # JSON pointer into what was given
    near: str | None = None  # the known name that looks most like the unknown one
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def below(self, path: str) -> "Problem":
        """The same problem, its path below another one."""
        return replace(self, path=path + self.path)

    def as_data(self) -> dict[str, Any]:
        """What whoever sent something bad is told, as plain data."""
        return {"code": self.code, "path": self.path, "message": self.message.as_data(), "near": self.near}

    def __str__(self) -> str:
        """`file:line:column: code: Chinese / English (did you mean …?)`; the JSON pointer where there is no file."""
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        hint = f" (“{self.near}”？ did you mean `{self.near}`?)" if self.near else ""
        words = f"{self.code}: {self.message.zh} / {self.message.en}{hint}"
        return f"{where or self.path}: {words}" if where or self.path else words


def problem(code: str, path: str = "", known: Iterable[str] = (), **values: object) -> Problem:
    """
    Put a problem into words.

    `known` are the names that would have been right where `values["name"]` was given.
    """
    name = values.get("name")
    return Problem(
        code=code,
        message=SENTENCES[code].format(**{key: sayable(value) for key, value in values.items()}),
        path=path,
        near=nearest(name, known) if isinstance(name, str) else None,
    )


def shortened(value: object) -> object:
    """What was given, short enough to be read in a sentence."""
    if isinstance(value, str) and len(value) > 80:
        return value[:77] + "…"
    return value


def sayable(value: object) -> object:
    """What was given, shortened, and without characters that act on a terminal."""
    return visible(value) if isinstance(value := shortened(value), str) else value


def pointer(*parts: object) -> str:
    """A JSON pointer (RFC 6901) from its parts; a very long name is shortened."""
    return "".join("/" + str(shortened(str(part))).replace("~", "~0").replace("/", "~1") for part in parts)


class KaoheError(Exception):
    """The root of the tree above."""


class Refused(KaoheError):
    """Something is not good; `problems` has everything that is wrong with it, in reading order."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        super().__init__("\n".join(str(each) for each in self.problems))


class PolicyRefused(Refused):
    """A policy directory cannot become a policy."""


class SheetRefused(Refused):
    """A sheet cannot be scored under a standard."""


class CohortRefused(Refused):
    """A cohort cannot be settled, or sheets cannot be compared."""


class RequestRefused(Refused):
    """An unknown policy, standard or reading was asked for."""


class EngineFailed(KaoheError):
    """durable_rules broke its side of the contract; nothing may be concluded from the sheet."""


class EvaluatorsDisagree(KaoheError):
    """Two evaluators gave different decisions for one sheet, so none is answered."""


def in_reading_order(problems: Iterable[Problem], files: Sequence[str]) -> list[Problem]:
    """Problems of files from top to bottom, the files in the order given, then as they come."""
    order: dict[str | None, int] = {file: at for at, file in enumerate(files)}
    found = list(problems)
    for each in found:
        order.setdefault(each.file, len(order))
    return sorted(found, key=lambda each: (order[each.file], each.line or 0, each.column or 0))


# To look for the nearest of many names takes a third of a millisecond.
MOST_NEAR = 100


@dataclass(slots=True)
class Problems:
    """Collects problems, so that they are reported together."""

    found: list[Problem] = field(default_factory=list)

    def add(self, code: str, path: str = "", known: Iterable[str] = (), **values: object) -> None:
        """Note one more problem; see `problem`. Behind the first hundred nobody looks for a nearest name."""
        self.found.append(problem(code, path, known if len(self.found) < MOST_NEAR else (), **values))

    def refuse(self, error: type[Refused]) -> None:
        """Raise `error` with everything that was found, if anything was."""
        if self.found:
            raise error(self.found)
