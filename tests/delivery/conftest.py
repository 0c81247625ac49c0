from tests.statements.ministory import facts_template, people_template, story  # noqa: F401  fixtures
