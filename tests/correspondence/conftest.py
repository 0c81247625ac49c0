from tests.statements.ministory import (  # noqa: F401  fixtures
    both,
    cast_only,
    facts_template,
    people_template,
    story,
    told_story,
    told_template,
)
