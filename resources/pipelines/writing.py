"""From parameters to the text of a file."""

from collections.abc import Mapping
from typing import Any

import yaml

from resources.pipelines.catalogue import Template
from resources.pipelines.reading import ATTRIBUTES, TYPE, checked


def file_text(template: Template, given: Mapping[str, Any]) -> str:
    """A file with these parameters, and those that must be there at their usual places.

    It need not be a pipeline: reading it tells what is wrong.
    """
    attributes = {name: given[name] for name in template.spec.model_fields if name in given}
    attributes |= {name: value for name, value in given.items() if name not in attributes}
    document = {TYPE: template.type, ATTRIBUTES: attributes}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


def value_of(template: Template, field: str, text: str) -> Any:
    """What a person typed for a parameter, as its file would say it: a number, a list, a text.

    Where the parameter takes a text only, ``1`` is one.
    """
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    wrong = {one.field.partition(".")[0] for one in checked(template, {field: found})[1]}
    as_text = {one.field.partition(".")[0] for one in checked(template, {field: text})[1]}
    return text if field in wrong and field not in as_text else found
