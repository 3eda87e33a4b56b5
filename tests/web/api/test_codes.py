"""Whatever pydantic or the framework refuses has a code of ours, with words in both languages."""

from __future__ import annotations

from pydantic_core._pydantic_core import list_all_errors

from service.messages.catalog import LANGUAGES, Catalog
from service.web.api.problems import CODE_OF_STATUS, CODE_OF_TYPE, VALUE_OF_FACT, code_of_type


def test_every_code_of_the_tables_has_words(catalog: Catalog) -> None:
    codes = {*CODE_OF_STATUS.values(), *CODE_OF_TYPE.values()}
    assert codes <= set(catalog.errors)


def test_no_refusal_of_a_value_is_left_without_words_or_their_values(catalog: Catalog) -> None:
    facts = {each["type"]: each.get("example_context") or {} for each in list_all_errors()}
    for kind, known in facts.items():
        code = code_of_type(kind)
        values = {VALUE_OF_FACT[name]: 1 for name in known if name in VALUE_OF_FACT}
        for language in LANGUAGES:
            assert catalog.error(code, language, **values), kind
