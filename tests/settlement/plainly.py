"""A second settlement, as plain as it can be: for each cohort it looks at everybody again and again."""

from fractions import Fraction


class Plainly:
    """What a method makes of a cohort."""

    def __init__(self, method, units, absent):
        self.method, self.units, self.absent = method, units, absent
        self.districts = {name: each for each in method.policy.districts for name in (each.name, *each.aliases)}
        self.grades = {each.unit.id: each.grade.key for each in units}
        for cap in method.caps:
            for where in {self.cohort_of(each, cap) for each in units}:
                self.lower(cap, where)

    def cohort_of(self, unit, cap):
        """The district and the standard that the unit is ranked in; empty where it is all of them."""
        district = self.districts[unit.unit.district]
        alone = not district.bound and not self.method.following_bound
        return (
            "" if cap and cap.overall and not alone else district.name,
            unit.standard if cap and cap.apart else "",
        )

    def worth(self, unit, cap):
        """What the unit is ranked by."""
        return Fraction(unit.score, self.method.attainable[unit.standard] if cap and cap.by_share else 1)

    def rank(self, unit):
        """One more than there are better ones."""
        if unit.score is None:
            return None
        cap = self.method.caps[0] if self.method.caps else None
        rivals = [each for each in self.units if self.cohort_of(each, cap) == self.cohort_of(unit, cap)]
        scored = [each for each in rivals if each.score is not None]
        return 1 + len([each for each in scored if self.worth(each, cap) > self.worth(unit, cap)])

    def room(self, cap, where):
        """How many places there are."""
        if cap.number is not None:
            return cap.number
        here = [each for each in self.units if self.cohort_of(each, cap) == where]
        scored = [each for each in here if each.score is not None]
        absent = [each for each in self.absent if self.cohort_of(each, cap) == where]
        exact = cap.share * (len(scored) if cap.scored_only else len(here) + len(absent)) / 100
        return int(exact + Fraction(1, 2)) if cap.half_up else int(exact)

    def lower(self, cap, where):
        """Give the places to the best groups, and lower everybody else."""
        holding = [
            each
            for each in self.units
            if each.score is not None
            and self.cohort_of(each, cap) == where
            and self.grades[each.unit.id] == cap.grade.key
        ]
        room, inside = self.room(cap, where), []
        for points in sorted({self.worth(each, cap) for each in holding}, reverse=True):
            group = [each.unit.id for each in holding if self.worth(each, cap) == points]
            if len(inside) + len(group) > room and not (cap.group_goes_in and len(inside) < room):
                break
            inside += group
        for each in holding:
            if cap.hard and each.unit.id not in inside:
                self.grades[each.unit.id] = cap.becomes.key

    def subsidy(self, unit, average):
        """In fen."""
        grade, rank, pays = self.grades[unit.unit.id], self.rank(unit), self.method.subsidy
        exact = average * pays.ratios.get(grade, 0) / 100
        total = int(exact + Fraction(1, 2)) if pays.rounding == "half_up" else int(exact)
        total += pays.amounts.get(grade, 0)
        return total + sum(each.amount for each in pays.by_rank if rank is not None and each.first <= rank <= each.last)

    def outcome(self, average):
        """Final grade, rank and subsidy of every unit, by id."""
        return {
            each.unit.id: (self.grades[each.unit.id], self.rank(each), self.subsidy(each, average))
            for each in self.units
        }
