"""Scores the sheet on standard input by a client that was generated: python3 generated.py http://127.0.0.1:8000"""

import json
import sys

from kaohe_client import Client
from kaohe_client.api.evaluations import evaluate
from kaohe_client.api.policies import get_policy
from kaohe_client.models import Answer, Policy, Problem


def show(outcome):
    """Print a decision, or why there is none."""
    if isinstance(outcome, Answer):
        print(outcome.unit.id, outcome.grade, outcome.score, outcome.policy_hash)
    elif isinstance(outcome, Problem):
        print(outcome.status, outcome.code)
        for each in outcome.problems:
            print(each.code, each.path, each.message)


with Client(base_url=sys.argv[1], headers={"Accept-Language": "en"}, timeout=10) as client:
    policy = get_policy.sync("changzhou-2012", client=client)
    assert isinstance(policy, Policy)
    print(policy.title.en, *(grade.key for grade in policy.grades))

    # Scored only if the policy still means what it meant when it was looked at.
    sheet = json.load(sys.stdin)
    sheet["policy_hash"] = policy.policy_hash
    show(evaluate.sync(client=client, body=sheet))

    sheet["facts"]["loans_repaid"] = None
    show(evaluate.sync(client=client, body=sheet))
