"""Where the parts meet: settings in, an application out."""

from importlib.metadata import version
from typing import Any

import structlog
from flask import Flask
from flask.json.provider import JSONProvider

from rules import written

from .api import errors
from .api.bodies import Places
from .api.comparisons import comparisons
from .api.counting import Counting
from .api.documentation import bodies, bodies_of_many, documentation, many_schemas, sheet_schemas, words
from .api.documented import make_api
from .api.evaluations import evaluations
from .api.many import Together
from .api.operations import operations
from .api.policies import policies
from .api.responses import AnswerSchema, ComparedSchema, RefusalSchema, SettledSchema
from .api.settlements import settlements
from .catalogue import Catalogue
from .jsonlines import parse
from .logs import configure
from .metrics import Metrics
from .settings import Settings
from .watch import WATCH, Watch
from .workflows import Scoring

log = structlog.get_logger()


class ExactJson(JSONProvider):
    """Flask's JSON, with numbers digit by digit."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """As a line."""
        return written(obj) + "\n"

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """The value, or a `ValueError`."""
        value, found = parse(s.encode() if isinstance(s, str) else s)
        if found is not None:
            raise ValueError(str(found))
        return value


def create_app(settings: Settings, metrics: Metrics | None = None) -> Flask:
    """The application, ready to score: policies read, every standard compiled."""
    configure(settings.log_level, facts=settings.log_facts)
    metrics = metrics or Metrics()
    scoring = Scoring(Catalogue(settings.policies), settings.compiled)
    scoring.compile()
    for withheld in scoring.withheld:
        log.error(
            "policy_withheld", directory=str(withheld.directory), problems=[str(each) for each in withheld.problems]
        )

    app = Flask("kaohe", static_folder=None)
    app.extensions["kaohe"] = scoring
    app.json = ExactJson(app)
    # A redirect to a tidier address would be an answer that no program asked for.
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False
    watch = app.extensions[WATCH] = Watch(app.wsgi_app, metrics)
    app.wsgi_app = watch  # type: ignore[method-assign, assignment]
    errors.register(app)

    api = make_api(app, version("kaohe"))
    for name, schema in {**sheet_schemas(scoring), **many_schemas(scoring)}.items():
        api.spec.components.schema(name, schema)
    api.spec.components.schema("Answer", schema=AnswerSchema)
    api.spec.components.schema("Refusal", schema=RefusalSchema)
    api.spec.components.schema("Settled", schema=SettledSchema)
    api.spec.components.schema("Compared", schema=ComparedSchema)
    about = words(scoring)
    counting = Counting(metrics, facts=settings.log_facts)
    places = Places(settings.batches)
    together, of_many = Together(settings, counting, places), bodies_of_many(scoring)
    api.register_blueprint(evaluations(scoring, settings, counting, places, bodies(scoring)))
    api.register_blueprint(settlements(scoring, counting, together, of_many))
    api.register_blueprint(comparisons(scoring, together, of_many))
    api.register_blueprint(policies(scoring, about))
    api.register_blueprint(operations(scoring, metrics))
    app.register_blueprint(documentation(api.spec.to_dict))
    return app
