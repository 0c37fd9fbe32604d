"""``trainplat pipeline schema``: what a template's file can say."""

import json
from typing import Any

import click

from resources.pipelines.catalogue import TEMPLATES, template
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.output import out, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


@click.command(cls=Command, help=mark("Show the parameters of TEMPLATE, or without one the templates."))
@click.argument("template_name", metavar="TEMPLATE", required=False)
@option("--json", "as_json", is_flag=True, help=mark("Print the JSON schema."))
def schema(template_name: str | None, as_json: bool) -> None:
    """Show them."""
    if template_name is None:
        if as_json:
            print_json({"templates": {name: one.schema() for name, one in TEMPLATES.items()}})
            return
        show_table(
            [_("TEMPLATE"), _("TYPE"), _("WHAT IT IS FOR")],
            [[one.name, one.type, _(one.summary)] for one in TEMPLATES.values()],
        )
        return
    chosen = template(template_name)
    if as_json:
        print_json(chosen.schema())
        return
    told = chosen.schema()
    required = set(told.get("required", ()))
    show_table(
        [_("PARAMETER"), _("TYPE"), _("USUALLY"), _("WHAT IT IS")],
        [
            [
                name,
                kind(one, told),
                _("required") if name in required else json.dumps(one.get("default"), ensure_ascii=False),
                _(one.get("description", "")),
            ]
            for name, one in told["properties"].items()
        ],
    )
    out().print(f"\ntype: {chosen.type}", markup=False)


def kind(one: dict[str, Any], whole: dict[str, Any]) -> str:
    """The type of a parameter in a word or two."""
    if "$ref" in one:
        return kind(whole["$defs"][one["$ref"].rpartition("/")[2]], whole)
    if "enum" in one:
        return " | ".join("null" if value is None else str(value) for value in one["enum"])
    if "anyOf" in one:
        return " | ".join(dict.fromkeys(kind(inner, whole) for inner in one["anyOf"]))
    if one.get("type") == "array" and isinstance(one.get("items"), dict):
        return f"[{kind(one['items'], whole)}]"
    return str(one.get("type", "object"))
